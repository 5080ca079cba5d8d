"""Dynamics: a feed-forward compressor whose curve and times are what they say.

Design after D. Giannoulis, M. Massberg and J. D. Reiss, "Digital Dynamic Range Compressor Design: A Tutorial and
Analysis", JAES 60(6), 2012: the level in decibels, a gain computer with a soft knee, then a smooth decoupled peak
detector. Both channels get one gain, so that the stereo image stays.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.signal import lfilter

from mixeval.errors import AudioError

Signal = npt.NDArray[np.float64]

_FLOOR = 1e-10
"""-200 dBFS: logarithms of less are of no use."""


@dataclass(frozen=True)
class Compressor:
    """What decides a compressor.

    `attack_seconds` and `release_seconds` are the times in which the gain reduction goes through 1 - 1/e (63 %)
    of a step up and down. With `look_ahead_seconds` the gain moves that much sooner; the audio is not delayed.
    Raises AudioError for values that make no compressor.
    """

    threshold_dbfs: float
    ratio: float
    knee_db: float
    attack_seconds: float
    release_seconds: float
    look_ahead_seconds: float = 0.0

    def __post_init__(self) -> None:
        if not (self.ratio >= 1.0 and self.knee_db >= 0.0):
            raise AudioError(
                f"a compressor of ratio {self.ratio:g} and knee {self.knee_db:g} dB would expand",
                remedy="use a ratio of at least 1 and a knee of at least 0 dB",
            )
        if not 0.0 < 1.05 * self.attack_seconds <= self.release_seconds:
            raise AudioError(
                f"a release of {self.release_seconds:g} s cannot follow an attack of {self.attack_seconds:g} s",
                remedy="make the release at least 5 % longer than the attack, and the attack more than 0",
            )
        if self.look_ahead_seconds < 0.0:
            raise AudioError(
                f"a look-ahead of {self.look_ahead_seconds:g} s would look back",
                remedy="make it 0 or more",
            )

    def reduction_db(self, level_dbfs: Signal) -> Signal:
        """Give the gain reduction (0 or more) for steady levels: the static curve with its soft knee.

        Input minus output of: x below the knee; x + (1/R - 1)(x - T + W/2)^2 / 2W within it; T + (x - T)/R above.
        """
        slope = 1.0 - 1.0 / self.ratio
        over = level_dbfs - self.threshold_dbfs
        reduction = slope * np.maximum(over, 0.0)
        if self.knee_db > 0.0:
            within = np.abs(over) < self.knee_db / 2.0
            knee = slope * np.square(over + self.knee_db / 2.0) / (2.0 * self.knee_db)
            reduction = np.where(within, knee, reduction)
        return reduction


@dataclass(frozen=True, eq=False)
class Compressed:
    """Samples of shape (channels, samples), and the gain reduction in decibels (0 or more) of shape (samples,)."""

    samples: Signal
    reduction_db: Signal


def compress(samples: Signal, sample_rate: int, compressor: Compressor) -> Compressed:
    """Compress samples (channels, samples), all channels by the gain that the loudest of them needs."""
    level_dbfs = 20.0 * np.log10(np.maximum(np.abs(samples).max(axis=0), _FLOOR))
    wanted_db = compressor.reduction_db(level_dbfs)
    reduction_db = smooth(
        wanted_db,
        sample_rate,
        attack_seconds=compressor.attack_seconds,
        release_seconds=compressor.release_seconds,
    )
    ahead = min(round(compressor.look_ahead_seconds * sample_rate), max(reduction_db.size - 1, 0))
    reduction_db = np.concatenate([reduction_db[ahead:], np.repeat(reduction_db[-1:], ahead)])
    return Compressed(samples * np.power(10.0, -reduction_db / 20.0), reduction_db)


def smooth(wanted: Signal, sample_rate: int, *, attack_seconds: float, release_seconds: float) -> Signal:
    """Smooth a non-negative control signal (samples,): the smooth decoupled detector (equation 17).

        y1[n] = max(x[n], r y1[n-1] + (1 - r) x[n])        release, at once upwards
        y[n]  = a y[n-1] + (1 - a) y1[n]                   attack

    Without a loop: less the linear part s[n] = r s[n-1] + (1 - r) x[n] the first line is
    d[n] = max(x[n] - s[n], r d[n-1]), which is a running maximum once r^n is divided out.
    """
    fall = 1.0 / (sample_rate * release_pole(attack_seconds, release_seconds))
    decay = np.exp(-fall)
    linear = _one_pole(wanted, decay)
    index = np.arange(wanted.size) * fall
    with np.errstate(divide="ignore"):
        # Where x is below s nothing new is held: its logarithm is minus infinity.
        held = np.log(np.maximum(wanted - linear, 0.0)) + index
    peaks = linear + np.exp(np.maximum.accumulate(held) - index)
    return _one_pole(peaks, np.exp(-1.0 / (sample_rate * attack_seconds)))


def release_pole(attack_seconds: float, release_seconds: float) -> float:
    """Find the time constant of the first stage with which both stages together release in the time asked for.

    The stages are in series, so a release takes about the sum of both times, as the paper notes. From a steady
    state the two poles t1, t2 fall as (t1 exp(-t/t1) - t2 exp(-t/t2)) / (t1 - t2), which is to be 1/e.
    """

    def left(pole: float) -> float:
        # The formula with t1 - t2 divided out, which holds for equal poles as well.
        gap = release_seconds / attack_seconds - release_seconds / pole
        share = -np.expm1(-gap) / gap if abs(gap) > 1e-9 else 1.0
        return float(np.exp(-release_seconds / pole) * (1.0 + release_seconds / pole * share) - np.exp(-1.0))

    return float(brentq(left, release_seconds / 500.0, release_seconds, xtol=1e-9))


def _one_pole(signal: Signal, pole: float) -> Signal:
    return np.asarray(lfilter([1.0 - pole], [1.0, -pole], signal), dtype=np.float64)
