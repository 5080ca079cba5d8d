"""Judges: closed forms, a second implementation by the transform's definition, and properties."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval.audio import Audio, read_audio
from mixeval.errors import AudioError
from mixeval_stimuli import distance as module
from mixeval_stimuli.distance import FFT_SIZES, distance, l1, mrstft, sdr_db

RATE = 44_100
DATA = Path(os.environ.get("MIXEVAL_DEV_DATA", "absent"))


def audio(samples, rate=RATE):
    return Audio(np.atleast_2d(samples).astype(np.float32), rate)


def noise(frames=3000, channels=2, seed=0, level=0.1):
    return audio(level * np.random.default_rng(seed).standard_normal((channels, frames)))


def second_mrstft(mix, reference):
    """Sum up each frame by the definition of the discrete Fourier transform, in loops."""
    total = 0.0
    for size in (512, 1024, 2048):
        k, n = np.arange(size // 2 + 1)[:, None], np.arange(size)[None, :]
        transform = np.exp(-2j * np.pi * k * n / size)
        window = np.sin(np.pi * np.arange(size) / size) ** 2
        squares, norm, logarithms = 0.0, 0.0, []
        for x, r in zip(mix.samples.astype(float), reference.samples.astype(float), strict=True):
            for centre in range(0, len(x) + 1, size // 4):
                found = []
                for signal in (x, r):
                    places = np.abs(np.arange(centre - size // 2, centre + size // 2))
                    places = np.where(places > len(x) - 1, 2 * (len(x) - 1) - places, places)
                    power = np.abs(transform @ (signal[places] * window)) ** 2
                    found.append(np.sqrt(np.maximum(power, 1e-7)))
                squares += np.sum((found[1] - found[0]) ** 2)
                norm += np.sum(found[1] ** 2)
                logarithms.append(np.abs(np.log(found[1]) - np.log(found[0])))
        total += math.sqrt(squares / norm) + np.mean(logarithms)
    return total / 3


def test_a_second_implementation_agrees_on_the_spectral_distance():
    mix, reference = noise(seed=1), noise(seed=2, level=0.03)
    assert mrstft(mix, reference) == pytest.approx(second_mrstft(mix, reference), rel=1e-9)


def test_digital_silence_at_an_end_does_not_decide_the_spectral_distance():
    mix, reference = noise(seed=1), noise(seed=2)
    mix.samples[:, 1500:] = 0.0
    assert mrstft(mix, reference) == pytest.approx(second_mrstft(mix, reference), rel=1e-9)
    assert mrstft(mix, reference) < 10


def test_torch_agrees_on_the_transform():
    torch = pytest.importorskip("torch", reason="torch is an extra")
    mix, reference = noise(seed=3), noise(seed=4)
    expected = 0.0
    for size in FFT_SIZES:
        window = torch.hann_window(size, dtype=torch.float64)
        x, r = (
            torch.stft(
                torch.from_numpy(signal.samples.astype(np.float64)),
                size,
                size // 4,
                window=window,
                return_complex=True,
            )
            .abs()
            .clamp(min=1e-7**0.5)
            for signal in (mix, reference)
        )
        expected += float((r - x).norm() / r.norm() + (r.log() - x.log()).abs().mean())
    assert mrstft(mix, reference) == pytest.approx(expected / 3, rel=1e-9)


def test_blocks_do_not_show(monkeypatch):
    mix, reference = noise(20_000, seed=1), noise(20_000, seed=2)
    whole = mrstft(mix, reference)
    monkeypatch.setattr(module, "_VALUES_AT_ONCE", 5000)
    assert mrstft(mix, reference) == pytest.approx(whole, rel=1e-12)


@given(st.floats(-60.0, -0.1))
def test_a_mix_that_is_quieter_by_so_many_decibels_has_the_sdr_of_what_is_missing(gain_db):
    reference = noise(2100)
    gain = 10 ** (gain_db / 20)
    mix = Audio((reference.samples * gain).astype(np.float32), RATE)
    assert sdr_db(mix, reference) == pytest.approx(-20 * math.log10(1 - gain), abs=0.02)
    assert l1(mix, reference) == pytest.approx(
        (1 - gain) * float(np.mean(np.abs(reference.samples))), rel=1e-3
    )


def test_independent_noise_40_db_below_has_an_sdr_of_40_db():
    reference = noise(200_000)
    added = noise(200_000, seed=9, level=0.001)
    mix = Audio(reference.samples + added.samples, RATE)
    assert sdr_db(mix, reference) == pytest.approx(40.0, abs=0.05)


def test_both_channels_count_alike():
    reference = noise()
    one_side = Audio(reference.samples.copy(), RATE)
    one_side.samples[1] = 0.0
    assert sdr_db(one_side, reference) == pytest.approx(3.0, abs=0.3)
    mirrored = Audio(np.ascontiguousarray(one_side.samples[::-1]), RATE)
    other = Audio(np.ascontiguousarray(reference.samples[::-1]), RATE)
    assert distance(mirrored, other) == distance(one_side, reference)


def test_equal_signals_are_at_no_distance():
    found = distance(noise(), noise())
    assert (found.l1, found.sdr_db, found.mrstft) == (0.0, math.inf, 0.0)


@pytest.mark.parametrize(
    ("mix", "words"),
    [
        (noise(2999), r"number of samples \(2999 and 3000\)"),
        (noise(3000, channels=1), r"number of channels \(1 and 2\)"),
        (Audio(noise().samples, 48_000), r"sample rate \(48000 and 44100\)"),
    ],
    ids=["length", "channels", "rate"],
)
@pytest.mark.parametrize("measure", [l1, sdr_db, mrstft, distance])
def test_what_cannot_be_compared_is_refused_by_name(measure, mix, words):
    with pytest.raises(AudioError, match=f"the mix and its reference differ in their {words}"):
        measure(mix, noise())


def test_a_silent_reference_and_a_short_one_are_refused():
    with pytest.raises(AudioError, match="the reference is silent"):
        sdr_db(noise(), audio(np.zeros((2, 3000))))
    with pytest.raises(AudioError, match="has 1024 samples, its spectra need more than 1024"):
        mrstft(noise(1024), noise(1024, seed=1))
    assert sdr_db(audio(np.zeros((2, 3000))), noise()) == 0.0


@pytest.mark.skipif(not (DATA / "paper-stimuli").is_dir(), reason="MIXEVAL_DEV_DATA names no paper-stimuli")
@pytest.mark.parametrize(
    ("process", "published_l1", "published_sdr_db"), [("dry", 0.0021, 21.2), ("wet", 0.0030, 18.6)]
)
def test_the_published_network_is_as_near_its_reference_as_measured_elsewhere(
    process, published_l1, published_sdr_db
):
    # Clip 066 at its published level, both sides through the MP3 coder.
    clip = DATA / "paper-stimuli" / "066_phrase_shuffle-blues_simple_slow_brushes"
    mix, reference = (read_audio(Path(f"{clip}_{name}.mp3")) for name in (process, f"target_{process}"))
    assert l1(mix, reference) == pytest.approx(published_l1, abs=5e-5)
    assert sdr_db(mix, reference) == pytest.approx(published_sdr_db, abs=0.05)
