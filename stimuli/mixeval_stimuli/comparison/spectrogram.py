"""Spectrograms on a mel axis, of no more columns than a printed figure shows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import rfft
from scipy.signal.windows import hann

from mixeval.audio import Audio

HIGHEST_HZ = 20_000.0


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """Power per hertz in decibels of shape (bands, columns), bands evenly spaced in mel from 0 to `top_hz`.

    The columns fill the time from the start to the end of what was asked for.
    """

    level_db: npt.NDArray[np.float64]
    top_hz: float


def mel(frequency_hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Give the pitch in mel, 2595 log10(1 + f / 700) (O'Shaughnessy, Speech Communication, 1987).

    >>> round(float(mel(1000.0)))
    1000
    """
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(frequency_hz, dtype=np.float64) / 700.0))


def hertz(pitch_mel: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Give the frequency in hertz of a pitch in mel."""
    return np.asarray(700.0 * (10.0 ** (np.asarray(pitch_mel, dtype=np.float64) / 2595.0) - 1.0))


def spectrogram(
    audio: Audio, *, start: int, stop: int, fft_size: int, bands: int = 160, columns: int = 480
) -> Spectrogram:
    """Analyse the samples from `start` to `stop` in columns of equal time; beyond its ends audio is silent.

    The power of each column is that of a Hann-windowed frame centred in it, or the mean of several where a column
    is longer than half a frame; channels are averaged in power, so that opposite polarities do not cancel. Each
    band is the mean over a triangle two bands wide in mel, and one bin at least.
    """
    top_hz = min(HIGHEST_HZ, audio.sample_rate / 2)
    each = max(1, -(-(stop - start) // (columns * fft_size // 2)))
    centres = start + (np.arange(columns * each) + 0.5) * (stop - start) / (columns * each)
    padded = np.pad(audio.samples, ((0, 0), (fft_size, fft_size)))
    firsts = np.clip(np.round(centres).astype(np.int64) + fft_size // 2, 0, audio.frames + fft_size)
    window = hann(fft_size, sym=False)
    weights = _triangles(audio.sample_rate, fft_size, bands, top_hz)
    level = np.empty((bands, columns))
    for column in range(columns):
        at = firsts[column * each : (column + 1) * each]
        frames = np.stack([padded[:, first : first + fft_size] for first in at])
        power = np.mean(np.abs(rfft(frames * window, axis=2)) ** 2, axis=(0, 1))
        level[:, column] = weights @ power
    per_hertz = 2.0 / (audio.sample_rate * float(np.sum(window**2)))
    return Spectrogram(10.0 * np.log10(level * per_hertz + 1e-20), top_hz)


def _triangles(sample_rate: int, fft_size: int, bands: int, top_hz: float) -> npt.NDArray[np.float64]:
    bins_hz = np.arange(fft_size // 2 + 1) * sample_rate / fft_size
    width = float(mel(top_hz)) / bands
    centres = (np.arange(bands) + 0.5) * width
    # Low bands are narrower than a bin: there the two nearest bins are interpolated.
    narrowest = sample_rate / fft_size
    below = centres - np.minimum(mel(hertz(centres)), mel(np.maximum(hertz(centres) - narrowest, 0.0)))
    above = mel(hertz(centres) + narrowest) - centres
    distance = mel(bins_hz)[np.newaxis, :] - centres[:, np.newaxis]
    reach = np.where(
        distance < 0, np.maximum(below, width)[:, np.newaxis], np.maximum(above, width)[:, np.newaxis]
    )
    weights = np.clip(1.0 - np.abs(distance) / reach, 0.0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
