"""Distance: how far a mix is from a reference, sample by sample and in its spectra.

All take two signals of one length, rate and number of channels, as they are: level, delay and polarity count. So
signals are aligned in loudness first where level should not, and a delay (:mod:`mixeval_stimuli.lag`) is worth
a look before a number is believed.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import rfft
from scipy.signal.windows import hann

from mixeval.audio import Audio, Samples
from mixeval.errors import AudioError

FFT_SIZES = (512, 1024, 2048)
"""Samples in each frame of the three resolutions; a frame begins every quarter of that."""

POWER_FLOOR = 1e-7
"""Below this a bin's power counts as this, or digital silence would decide the logarithms (Yamamoto et al.)."""

_VALUES_AT_ONCE = 2**21
"""Spectra are summed up in blocks of so many samples: 12 minutes would otherwise take several GB."""

Spectra = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Distance:
    """Distances between a mix and its reference; see the functions of the same names."""

    l1: float
    sdr_db: float
    mrstft: float


def distance(mix: Audio, reference: Audio) -> Distance:
    """Measure all distances of a mix from a reference.

    Raises AudioError when they differ in length, sample rate or channels, or when the reference is silent.
    """
    return Distance(l1(mix, reference), sdr_db(mix, reference), mrstft(mix, reference))


def l1(mix: Audio, reference: Audio) -> float:
    """Give the mean absolute difference over all channels and samples, full scale being 1.

    It is the loss that the paper's network is trained with (section 2.1).

    Raises AudioError as :func:`distance`.
    """
    _check_comparable(mix, reference)
    return float(np.mean(np.abs(_difference(mix, reference))))


def sdr_db(mix: Audio, reference: Audio) -> float:
    """Give the signal-to-distortion ratio in decibels, 10 log10(sum |ref|^2 / sum |ref - mix|^2).

    Both sums run over all channels and samples: the global SDR of the Music Demixing Challenge (Mitsufuji et
    al., Front. Signal Process. 1, 2022, doi:10.3389/frsip.2021.808395), without its epsilon, so that equal
    signals give infinity. It is neither BSS Eval's SDR, which forgives filters, nor scale-invariant.

    >>> one = Audio(np.ones((2, 8), dtype=np.float32), 44_100)
    >>> half = Audio(np.full((2, 8), 0.5, dtype=np.float32), 44_100)
    >>> round(sdr_db(half, one), 2)
    6.02

    Raises AudioError as :func:`distance`.
    """
    _check_comparable(mix, reference)
    signal = float(np.sum(np.square(reference.samples, dtype=np.float64)))
    distortion = float(np.sum(np.square(_difference(mix, reference))))
    return float(10.0 * math.log10(signal / distortion)) if distortion else math.inf


def mrstft(mix: Audio, reference: Audio) -> float:
    """Give the multi-resolution STFT distance: 0 for equal signals, no unit.

    The mean over :data:`FFT_SIZES` of spectral convergence, ||R - X|| / ||R|| (Frobenius norms over channels,
    bins and frames together), plus the mean of |ln R - ln X|, where R and X are magnitudes. Frames are periodic
    Hann windows of the FFT's length with a hop of a quarter, centred on multiples of the hop, the signal
    reflected at its ends; power is floored at 1e-7.

    Yamamoto, Song and Kim, "Parallel WaveGAN", Proc. ICASSP 2020, doi:10.1109/ICASSP40776.2020.9053795, and
    Steinmetz and Reiss, "auraloss", DMRN+15, 2020; both window with 47 to 59 % of the FFT's length instead.

    Raises AudioError as :func:`distance`, and when the signals are shorter than half the longest frame.
    """
    _check_comparable(mix, reference)
    if mix.frames <= max(FFT_SIZES) // 2:
        raise AudioError(
            f"the audio has {mix.frames} samples, its spectra need more than {max(FFT_SIZES) // 2}",
            remedy="choose a longer excerpt",
        )
    return float(np.mean([_stft_distance(mix.samples, reference.samples, size) for size in FFT_SIZES]))


def magnitudes(samples: npt.NDArray[np.floating], size: int, *, first: int, count: int) -> Spectra:
    """Give |STFT| of `count` frames from frame `first` on, of shape (channels, frames, size // 2 + 1).

    `samples` (channels, samples) are already padded by half a frame at each end.
    """
    hop = size // 4
    frames = np.lib.stride_tricks.sliding_window_view(samples, size, axis=1)[:, ::hop][
        :, first : first + count
    ]
    spectra = rfft(frames * hann(size, sym=False), axis=2)
    return np.asarray(np.sqrt(np.maximum(spectra.real**2 + spectra.imag**2, POWER_FLOOR)), dtype=np.float64)


def _stft_distance(mix: Samples, reference: Samples, size: int) -> float:
    channels, length = reference.shape
    ends = ((0, 0), (size // 2, size // 2))
    padded = [np.pad(signal.astype(np.float64), ends, mode="reflect") for signal in (mix, reference)]
    frames = 1 + length // (size // 4)
    at_once = max(1, _VALUES_AT_ONCE // (channels * size))
    apart = norm = logarithms = 0.0
    for first in range(0, frames, at_once):
        x, r = (magnitudes(signal, size, first=first, count=at_once) for signal in padded)
        apart += float(np.sum(np.square(r - x)))
        norm += float(np.sum(np.square(r)))
        logarithms += float(np.sum(np.abs(np.log(r) - np.log(x))))
    return math.sqrt(apart / norm) + logarithms / int(channels * frames * (size // 2 + 1))


def _difference(mix: Audio, reference: Audio) -> npt.NDArray[np.float64]:
    return reference.samples.astype(np.float64) - mix.samples


def _check_comparable(mix: Audio, reference: Audio) -> None:
    for what, ours, theirs in (
        ("sample rate", mix.sample_rate, reference.sample_rate),
        ("number of channels", mix.channels, reference.channels),
        ("number of samples", mix.frames, reference.frames),
    ):
        if ours != theirs:
            raise AudioError(
                f"the mix and its reference differ in their {what} ({ours} and {theirs})",
                remedy="bring both to one rate, length and number of channels",
            )
    if not reference.samples.any():
        raise AudioError(
            "the reference is silent, nothing can be measured against it",
            remedy="check that it holds the mix",
        )
