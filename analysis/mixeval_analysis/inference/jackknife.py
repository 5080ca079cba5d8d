"""The jackknife over participants: limits of a measure from what it is without each of them."""

import math

import numpy as np
from scipy.special import stdtrit

from mixeval_analysis.ratings import Values


def jackknife_limits(value: float, without: Values) -> tuple[float | None, float | None]:
    """Return the 95 % limits of `value` by Student's t over its pseudo-values (Tukey 1958).

    `without`, shape (participants,), is the measure without each participant, NaN where it is not defined then; in
    that case, and with fewer than two participants, there are no limits.

    >>> low, high = jackknife_limits(3.0, np.array([3.5, 3.25, 3.0, 2.75, 2.5]))  # the mean of 1 .. 5
    >>> round(low, 3), round(high, 3)
    (1.037, 4.963)
    """
    n = len(without)
    if n < 2 or bool(np.isnan(without).any()):
        return None, None
    pseudo = n * value - (n - 1) * without
    half = float(stdtrit(n - 1, 0.975)) * float(pseudo.std(ddof=1)) / math.sqrt(n)
    return value - half, value + half
