"""Resampling: audio at another sample rate, for methods that know only one."""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.signal import firwin, kaiser_beta, kaiserord, resample_poly

from mixeval.audio import Audio

PASSED = 10 / 11
"""Share of the lower rate's band that passes untouched: 20 kHz of 44.1 kHz audio."""

REJECTION_DB = 110.0
"""Of images and aliases, and of the pass band's ripple: below the steps of 16 bits. SciPy's own filter leaves both
at 50 dB, which switching between mixes would make heard as another treble."""


def resample(audio: Audio, sample_rate: int) -> Audio:
    """Give audio (channels, samples) at `sample_rate` in hertz; audio that has that rate already comes back as it is.

    Polyphase with a linear-phase low-pass (Kaiser window), so nothing is delayed. The length is rounded up.
    """
    if audio.sample_rate == sample_rate:
        return audio
    divisor = math.gcd(audio.sample_rate, sample_rate)
    up, down = sample_rate // divisor, audio.sample_rate // divisor
    resampled = resample_poly(  # type: ignore[call-overload]  # its stubs know no filter of one's own
        audio.samples.astype(np.float64), up, down, axis=1, window=_low_pass(up, down)
    )
    return Audio(resampled.astype(np.float32), sample_rate)


@lru_cache(maxsize=8)
def _low_pass(up: int, down: int) -> npt.NDArray[np.float64]:
    """Design the filter at the rate that both rates divide; 1 is half of that rate."""
    edge = 1.0 / max(up, down)
    taps, _ = kaiserord(REJECTION_DB, (1.0 - PASSED) * edge)
    cutoff = 0.5 * (1.0 + PASSED) * edge
    return np.asarray(firwin(taps | 1, cutoff, window=("kaiser", kaiser_beta(REJECTION_DB))))
