"""Resampling: audio at another sample rate, for methods that know only one."""

import math

import numpy as np
from scipy.signal import resample_poly

from mixeval.audio import Audio


def resample(audio: Audio, sample_rate: int) -> Audio:
    """Give audio (channels, samples) at `sample_rate` in hertz; audio that has that rate already comes back as it is.

    Polyphase with SciPy's linear-phase low-pass, so nothing is delayed. The length is rounded up.
    """
    if audio.sample_rate == sample_rate:
        return audio
    divisor = math.gcd(audio.sample_rate, sample_rate)
    resampled = resample_poly(
        audio.samples.astype(np.float64), sample_rate // divisor, audio.sample_rate // divisor, axis=1
    )
    return Audio(resampled.astype(np.float32), sample_rate)
