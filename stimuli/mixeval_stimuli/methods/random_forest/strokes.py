"""Strokes: where a drum is struck, how fast it gets loud and how fast it fades.

For single stems, where the envelope (the largest magnitude in each millisecond) says it all and takes next to no time;
in whole mixes, where a soft cymbal hides behind a kick, `rhythm` and `transients` look at the spectrum.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d
from scipy.signal import find_peaks

from mixeval.audio import Samples

Signal = npt.NDArray[np.float64]

FLOOR_DB = -40.0
"""What is this far below the signal's peak does not count as a stroke."""

RISE_DB = 6.0
"""A stroke is this much louder than the 20 ms before it."""

APART_MS = 50
"""Strokes are at least so far apart: 16th notes at 300 BPM."""

_BEFORE_MS = 20
_PEAK_MS = 10
_LONGEST_RISE_MS = 50
_HALF_PERIOD_MS = 10
"""Of 50 Hz: how long a decaying tone's envelope may seem gone and come back."""


@dataclass(frozen=True, eq=False)
class Strokes:
    """Times in seconds, one for each stroke.

    `rise` goes from 10 to 90 % of the stroke's peak; `decay` from the peak to 20 dB below it, and is NaN where
    the next stroke or the end came first.
    """

    onset: npt.NDArray[np.float64]
    rise: npt.NDArray[np.float64]
    decay: npt.NDArray[np.float64]


def find_strokes(samples: Samples, sample_rate: int) -> Strokes:
    """Find the strokes in a signal of shape (samples,)."""
    step = sample_rate // 1000
    envelope = _envelope(samples, step)
    onsets = _onsets(envelope)
    ends = np.append(onsets, len(envelope))[1:]
    rise, decay = np.full(len(onsets), np.nan), np.full(len(onsets), np.nan)
    # What comes after a moment at most, within half a period: a tone's zero crossings are no silence.
    later = maximum_filter1d(envelope, _HALF_PERIOD_MS, origin=-(_HALF_PERIOD_MS // 2), mode="constant")
    for index, (onset, end) in enumerate(zip(onsets, ends, strict=True)):
        peak = onset + int(np.argmax(envelope[onset : min(end, onset + _PEAK_MS + _LONGEST_RISE_MS)]))
        rise[index] = _rise(envelope[max(0, peak - _LONGEST_RISE_MS) : peak + 1])
        below = np.flatnonzero(later[peak:end] <= 0.1 * envelope[peak])
        if below.size:
            decay[index] = below[0]
    seconds = step / sample_rate
    return Strokes(onsets.astype(np.float64) * seconds, rise * seconds, decay * seconds)


def _envelope(samples: Samples, step: int) -> Signal:
    whole = samples[: len(samples) // step * step].reshape(-1, step)
    return np.asarray(np.abs(whole).max(axis=1, initial=0.0), dtype=np.float64)


def _onsets(envelope: Signal) -> npt.NDArray[np.intp]:
    """Find where the next 10 ms are much louder than the last 20 ms."""
    peak = envelope.max(initial=0.0)
    if peak == 0.0:
        return np.empty(0, dtype=np.intp)
    level_db = 20.0 * np.log10(np.maximum(envelope, peak * 10.0 ** (FLOOR_DB / 20.0)))
    # Silence lies before the first sample, or a stroke at the very start would be none.
    level_db = np.concatenate([np.full(_BEFORE_MS, level_db.min()), level_db, [level_db.min()]])
    after = maximum_filter1d(level_db, _PEAK_MS, origin=-(_PEAK_MS // 2))
    before = maximum_filter1d(level_db, _BEFORE_MS, origin=_BEFORE_MS // 2 - 1)
    rise_db = after[1:] - before[:-1]
    places, properties = find_peaks(rise_db, height=RISE_DB, distance=APART_MS, plateau_size=1)
    # The rise is as high from the moment when the peak comes into view; the stroke begins where that ends.
    starts = np.asarray(properties["right_edges"], dtype=np.intp) + 1 - _BEFORE_MS
    return np.maximum(starts[: len(places)], 0)


def _rise(envelope: Signal) -> float:
    peak = envelope[-1]
    # The last time that it was below 10 %, or the window's start.
    below = np.flatnonzero(envelope < 0.1 * peak)
    start = below[-1] + 1 if below.size else 0
    return float(np.argmax(envelope[start:] >= 0.9 * peak))
