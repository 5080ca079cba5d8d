"""Rhythm: where strokes begin and how fast they follow each other.

Onset strength is spectral flux: how much louder the spectrum has become since the frame before. The tempo is where
its autocorrelation, weighted by how usual a tempo is, has its peak (D. P. W. Ellis, "Beat Tracking by Dynamic
Programming", J. New Music Research 36(1), 2007, doi:10.1080/09298210701653344, section 3.2).

A tempo has no unique answer: a groove at 80 beats a minute can be counted at 160. Of two such answers that repeat as
clearly, the one nearer to 120 (in octaves) is given.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import find_peaks

Signal = npt.NDArray[np.float64]

WINDOW_SECONDS = 2048 / 44_100
HOP_SECONDS = 0.01

SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0

USUAL_BPM = 120.0
"""Centre of the log-normal weighting, and the tempo that is used where none was found."""

USUAL_OCTAVES = 0.9
"""Standard deviation of the weighting in octaves."""

LEAST_CONFIDENCE = 0.1
"""A weaker repetition is chance. Short audio needs more, 3 / sqrt(frames): three standard deviations of the
autocorrelation of noise."""

_LEAST_FLUX = 1e-3
"""Mean rise over all bins, in units of log(1 + 1000 x), below which nothing has begun: rounding and beating."""


@dataclass(frozen=True, eq=False)
class OnsetStrength:
    """How strongly strokes begin, of shape (frames,); frame i is at `times_seconds[i]`, HOP_SECONDS apart."""

    values: Signal
    times_seconds: Signal

    @property
    def hop_seconds(self) -> float:
        """Give what HOP_SECONDS is after rounding to whole samples."""
        return float(self.times_seconds[1] - self.times_seconds[0]) if self.values.size > 1 else HOP_SECONDS


@dataclass(frozen=True)
class Tempo:
    """Beats a minute, and how sure: the autocorrelation's peak as a share of its value at lag 0.

    `found` is false where nothing repeats clearly enough; `bpm` is then USUAL_BPM.
    """

    bpm: float
    confidence: float
    found: bool

    @property
    def beat_seconds(self) -> float:
        return 60.0 / self.bpm


def onset_strength(signal: Signal, sample_rate: int) -> OnsetStrength:
    """Measure the spectral flux of a mono signal (samples,) whose peak is about 1.

    Each frame's magnitudes are compressed as log(1 + 1000 |X|), with |X| = 1 for a full-scale sine, so that
    ghost notes count beside accents.
    """
    window = round(WINDOW_SECONDS * sample_rate)
    hop = round(HOP_SECONDS * sample_rate)
    if signal.size < window + hop:
        return OnsetStrength(np.zeros(0), np.zeros(0))
    shape = np.hanning(window + 2)[1:-1]
    frames = np.lib.stride_tricks.sliding_window_view(signal, window)[::hop]
    magnitudes = np.log1p(1000.0 / (shape.sum() / 2.0) * np.abs(np.fft.rfft(frames * shape, axis=1)))
    flux = np.maximum(np.diff(magnitudes, axis=0), 0.0).mean(axis=1)
    flux[flux < _LEAST_FLUX] = 0.0
    # A frame rises when a stroke enters it, and most when the stroke passes the slope of its window.
    times = (np.arange(1, frames.shape[0]) * hop + 0.75 * window) / sample_rate
    return OnsetStrength(flux, times)


def estimate_tempo(strength: OnsetStrength) -> Tempo:
    """Find the tempo between SLOWEST_BPM and FASTEST_BPM; lags up to half the envelope's length count."""
    if not strength.values.any():
        return Tempo(USUAL_BPM, 0.0, found=False)
    hop = strength.hop_seconds
    correlation = _autocorrelation(strength.values - strength.values.mean())
    first = int(np.ceil(60.0 / FASTEST_BPM / hop))
    last = min(int(60.0 / SLOWEST_BPM / hop), strength.values.size // 2)
    lags = np.arange(first, last + 1)
    if lags.size == 0 or correlation[0] <= 0.0:
        return Tempo(USUAL_BPM, 0.0, found=False)
    octaves = np.log2(60.0 / (lags * hop) / USUAL_BPM)
    weighted = correlation[lags] * np.exp(-0.5 * np.square(octaves / USUAL_OCTAVES))
    lag = int(lags[np.argmax(weighted)])
    confidence = float(np.clip(correlation[lag] / correlation[0], 0.0, 1.0))
    if confidence < max(LEAST_CONFIDENCE, 3.0 / float(np.sqrt(strength.values.size))):
        return Tempo(USUAL_BPM, confidence, found=False)
    bpm = 60.0 / (hop * _vertex(correlation, lag))
    return Tempo(float(np.clip(bpm, SLOWEST_BPM, FASTEST_BPM)), confidence, found=True)


def onset_times(strength: OnsetStrength) -> Signal:
    """List in seconds where strokes begin, to about one hop: peaks of the flux above a tenth of the highest.

    Strokes nearer than 50 ms to a stronger one (flams, the second of two almost simultaneous drums) count as one.
    """
    if not strength.values.any():
        return np.zeros(0)
    apart = max(1, round(0.05 / strength.hop_seconds))
    # A stroke in the first or last frame is a peak too.
    padded = np.pad(strength.values, 1)
    peaks, _ = find_peaks(padded, height=0.1 * strength.values.max(), distance=apart)
    return np.asarray(strength.times_seconds[peaks - 1], dtype=np.float64)


def _autocorrelation(values: Signal) -> Signal:
    spectrum = np.fft.rfft(values, 2 * values.size)
    return np.asarray(np.fft.irfft(np.square(np.abs(spectrum)))[: values.size], dtype=np.float64)


def _vertex(values: Signal, index: int) -> float:
    """Find where the parabola through a peak and its neighbours has its top, in fractions of an index."""
    if not 0 < index < values.size - 1:
        return float(index)
    before, here, after = values[index - 1 : index + 2]
    curvature = before - 2.0 * here + after
    if curvature >= 0.0:
        return float(index)
    return index + float(np.clip(0.5 * (before - after) / curvature, -0.5, 0.5))
