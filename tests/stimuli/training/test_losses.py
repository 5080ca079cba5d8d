"""Judge: the formulae of Yamamoto, Song and Kim (ICASSP 2020, section 2.2) with NumPy's FFT."""

import numpy as np
import pytest
import torch
from scipy.signal import get_window

from mixeval.errors import ModelError
from mixeval_stimuli.training.losses import distance, stft_distance


def spectrogram(signal, fft, window, hop):
    """Give magnitudes (channels, windows, bins); shorter windows lie in the middle of the FFT's samples."""
    shape = np.zeros(fft)
    before = (fft - window) // 2
    shape[before : before + window] = get_window("hann", window)
    starts = range(0, signal.shape[1] - fft + 1, hop)
    frames = np.stack([signal[:, start : start + fft] * shape for start in starts], axis=1)
    return np.sqrt(np.maximum(np.abs(np.fft.rfft(frames)) ** 2, 1e-7))


def in_numpy(predicted, mix):
    terms = []
    for fft, window, hop in ((1024, 600, 120), (2048, 1200, 240), (512, 240, 50)):
        ours, theirs = (spectrogram(signal, fft, window, hop) for signal in (predicted, mix))
        convergence = np.linalg.norm(theirs - ours) / np.linalg.norm(theirs)
        terms.append(convergence + np.mean(np.abs(np.log(theirs) - np.log(ours))))
    return np.mean(terms)


@pytest.fixture
def pairs():
    """Three stereo mixes and what might have been predicted of them."""
    random = np.random.default_rng(3)
    mixes = 0.3 * random.standard_normal((3, 2, 4000))
    mixes[1] *= np.exp(-np.arange(4000) / 500)
    predicted = 0.8 * mixes + 0.05 * random.standard_normal(mixes.shape)
    return predicted, mixes


def test_the_stft_distance_is_the_published_one(pairs):
    predicted, mixes = pairs
    expected = np.mean([in_numpy(*pair) for pair in zip(predicted, mixes, strict=True)])
    found = stft_distance(*(torch.tensor(signals, dtype=torch.float64) for signals in pairs))
    assert found.item() == pytest.approx(expected, rel=1e-6)
    assert stft_distance(
        *(torch.tensor(signals, dtype=torch.float32) for signals in pairs)
    ).item() == pytest.approx(expected, rel=1e-4)


def test_the_loss_is_l1_and_the_weighted_stft_distance(pairs):
    predicted, mixes = (torch.tensor(signals) for signals in pairs)
    l1 = np.mean(np.abs(pairs[0] - pairs[1]))
    assert distance(predicted, mixes).item() == pytest.approx(l1)
    assert distance(predicted, mixes, stft_weight=0.25).item() == pytest.approx(
        l1 + 0.25 * stft_distance(predicted, mixes).item()
    )


def test_shares_of_a_batch_add_up_to_the_loss_of_the_whole(pairs):
    predicted, mixes = (torch.tensor(signals) for signals in pairs)
    whole = distance(predicted, mixes, stft_weight=1.0).item()
    first = distance(predicted[:2], mixes[:2], stft_weight=1.0).item()
    second = distance(predicted[2:], mixes[2:], stft_weight=1.0).item()
    assert 2 / 3 * first + 1 / 3 * second == pytest.approx(whole)


def test_equal_mixes_are_no_distance_apart_and_leave_the_weights_alone():
    mixes = torch.randn(1, 2, 3000, generator=torch.manual_seed(0))
    predicted = mixes.clone().requires_grad_()
    loss = stft_distance(predicted, mixes)
    loss.backward()
    assert loss.item() == pytest.approx(0.0, abs=1e-3)
    assert torch.isfinite(predicted.grad).all()


def test_a_silent_mix_has_a_bounded_distance_and_slope():
    predicted = (0.1 * torch.randn(1, 2, 3000, generator=torch.manual_seed(0))).requires_grad_()
    loss = stft_distance(predicted, torch.zeros(1, 2, 3000))
    loss.backward()
    # -20 dB of noise, against the -60 dB that silence counts as, is a hundred times too much.
    assert loss.item() == pytest.approx(100.0, rel=0.2)
    assert torch.isfinite(predicted.grad).all()


def test_frames_shorter_than_the_longest_window_are_refused():
    with pytest.raises(ModelError, match="takes frames of 2048 samples or more, these have 2047"):
        stft_distance(torch.zeros(1, 2, 2047), torch.zeros(1, 2, 2047))
