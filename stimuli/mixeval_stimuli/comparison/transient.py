"""The transient to look at: the strongest onset of a mix that stands alone."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d

from mixeval.audio import Audio

BEFORE_SECONDS = 0.020
AFTER_SECONDS = 0.100
"""What is shown around an onset."""

_STEP_SECONDS = 0.001
_RISE_SECONDS = 0.010
"""Power over this time after a moment, against the same time before it: longer than a period of a kick drum's."""
_SAME_SECONDS = 0.012
"""Rises this near belong to one stroke."""
_ALONE_SECONDS = 0.100
"""Another rise within this counts against an onset."""


def strongest_onset(audio: Audio) -> float:
    """Find the strongest isolated onset of a mix, in seconds.

    A moment's rise is the amplitude (root mean square) of the 10 ms after it less that of the 10 ms before it. The
    onset is the moment whose rise stands highest above every other one within 100 ms. Moments whose picture would reach over the audio's ends come only where there
    is no other. Without any rise the answer is the start.
    """
    step = max(1, round(_STEP_SECONDS * audio.sample_rate))
    rise = _rises(np.mean(np.square(audio.samples, dtype=np.float64), axis=0), step)
    if not np.any(rise > 0):
        return 0.0
    seconds = np.arange(rise.size) * step / audio.sample_rate
    whole = (seconds >= BEFORE_SECONDS) & (seconds <= audio.seconds - AFTER_SECONDS)
    standing = rise - _highest_neighbour(rise)
    candidates = np.where(whole & (rise > 0), standing, -np.inf)
    best = int(np.argmax(candidates if np.isfinite(candidates).any() else rise))
    return float(seconds[best])


def _rises(power: npt.NDArray[np.float64], step: int) -> npt.NDArray[np.float64]:
    steps = round(_RISE_SECONDS / _STEP_SECONDS)
    count = -(-power.size // step)
    of_step = np.add.reduceat(power, np.arange(0, power.size, step)) / step
    total = np.concatenate([[0.0], np.cumsum(of_step)])
    here = np.arange(count)
    after = total[np.minimum(here + steps, count)] - total[here]
    before = total[here] - total[np.maximum(here - steps, 0)]
    return np.asarray(np.sqrt(after / steps) - np.sqrt(np.maximum(before, 0.0) / steps))


def _highest_neighbour(rise: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give the highest rise within 100 ms of each moment, its own stroke left out."""
    same, far = round(_SAME_SECONDS / _STEP_SECONDS), round(_ALONE_SECONDS / _STEP_SECONDS)
    found = np.zeros_like(rise)
    for first, last in ((same, far), (-far, -same)):
        width = last - first + 1
        # The filter's window is centred; shifted, it covers the steps from `first` to `last` of each moment.
        around = maximum_filter1d(np.pad(rise, abs(first) + abs(last)), width)
        centre = abs(first) + abs(last) + first + width // 2
        found = np.maximum(found, around[centre : centre + rise.size])
    return found
