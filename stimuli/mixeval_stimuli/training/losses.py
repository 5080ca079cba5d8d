"""Losses: how far a mix is from the engineer's, in a way that a network can learn from.

L1 over samples is the authors'. The multi-resolution STFT distance is that of R. Yamamoto, E. Song and J.-M. Kim,
"Parallel WaveGAN: A Fast Waveform Generation Model Based on Generative Adversarial Networks with Multi-Resolution
Spectrogram", ICASSP 2020, DOI 10.1109/ICASSP40776.2020.9053795, section 2.2.
"""

import math

import torch
from torch import Tensor

from mixeval.errors import ModelError

RESOLUTIONS = ((1024, 600, 120), (2048, 1200, 240), (512, 240, 50))
"""FFT size, window and hop in samples, as published (there at 24 kHz)."""

LONGEST_FFT = max(fft for fft, _, _ in RESOLUTIONS)

POWER_FLOOR = 1e-7
"""Of a bin, -70 dB: below it a spectrogram holds nothing to learn, and its logarithm nothing to trust."""

NORM_FLOOR = 1e-3
"""Level (RMS, full scale at 1) of the noise that a quieter mix counts as in spectral convergence.

The published ratio has no bound where the mix is silent, as it is ahead of a recording's first stroke.
"""


def distance(predicted: Tensor, mixes: Tensor, *, stft_weight: float = 0.0) -> Tensor:
    """Measure L1 between mixes (batch, channels, samples), plus the weighted STFT distance where it has a weight.

    It is a mean over the batch, so shares of a batch may be weighed and added.
    """
    loss = (predicted - mixes).abs().mean()
    return loss + stft_weight * stft_distance(predicted, mixes) if stft_weight else loss


def stft_distance(predicted: Tensor, mixes: Tensor) -> Tensor:
    """Measure the multi-resolution STFT distance between mixes (batch, channels, samples).

    At each resolution it is spectral convergence, ||S| - |P||_F / ||S||_F over both channels of a mix, plus the
    mean of |log |S| - log |P||; then the mean over resolutions and mixes. Only whole windows count: nothing is
    padded.

    Raises ModelError when the mixes are shorter than the longest window.
    """
    check_frames(mixes.shape[2])
    terms = [_distance_at(predicted, mixes, *resolution) for resolution in RESOLUTIONS]
    return torch.stack(terms).mean()


def check_frames(frames: int) -> None:
    """Refuse frames that are shorter than the longest window. Raises ModelError."""
    if frames < LONGEST_FFT:
        raise ModelError(
            f"the multi-resolution STFT distance takes frames of {LONGEST_FFT} samples or more, these have {frames}",
            remedy="raise output_frames, or leave stft_weight at 0",
        )


def _distance_at(predicted: Tensor, mixes: Tensor, fft: int, window: int, hop: int) -> Tensor:
    shape = torch.hann_window(window, device=mixes.device)
    ours, theirs = (_magnitudes(signal, fft, hop, shape) for signal in (predicted, mixes))
    # White noise of variance v has v times the window's energy in each bin (Parseval).
    floor = NORM_FLOOR * math.sqrt(theirs[0].numel() * float(shape.square().sum()))
    difference = _norms(theirs - ours)
    convergence = (difference / _norms(theirs).clamp(min=floor)).mean()
    return convergence + (theirs.log() - ours.log()).abs().mean()


def _magnitudes(signal: Tensor, fft: int, hop: int, window: Tensor) -> Tensor:
    """Give magnitudes (batch, channels, bins, windows)."""
    batch, channels, samples = signal.shape
    spectrum = torch.stft(
        signal.reshape(batch * channels, samples),
        fft,
        hop,
        len(window),
        window,
        center=False,
        return_complex=True,
    )
    power = spectrum.real.square() + spectrum.imag.square()
    return power.clamp(min=POWER_FLOOR).sqrt().reshape(batch, channels, *power.shape[1:])


def _norms(magnitudes: Tensor) -> Tensor:
    # The square root has no slope at 0, where the two are the same.
    return magnitudes.square().sum(dim=(1, 2, 3)).clamp(min=POWER_FLOOR).sqrt()
