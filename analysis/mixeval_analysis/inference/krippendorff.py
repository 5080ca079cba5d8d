"""Krippendorff's alpha of interval data: agreement where not everybody rated everything."""

import numpy as np

from mixeval_analysis.inference.blocks import sums_of
from mixeval_analysis.inference.intraclass import Estimate
from mixeval_analysis.inference.jackknife import jackknife_limits
from mixeval_analysis.ratings import Codes, Values

_ROUNDING_ERROR = 1e-12


def alpha_interval(observer: Codes, unit: Codes, values: Values) -> tuple[Estimate, int]:
    """Return alpha with limits by the jackknife over observers, and how many observers count.

    All arguments have shape (values,), one value per observer and unit at most, both numbered from 0. alpha is
    1 - observed disagreement / that expected by chance, of squared differences (K. Krippendorff, Content Analysis,
    4th ed. 2019, chapter 12). A unit with a single value has no pairs and does not count.
    """
    # Differences do not depend on the middle, but their rounding does.
    x = values - values.mean()
    units, observers = int(unit.max()) + 1, int(observer.max()) + 1
    m, s1, s2 = np.bincount(unit), sums_of(unit, x, units), sums_of(unit, x**2, units)
    paired = m[unit] > 1
    whole = _sums(m, s1, s2)
    total = whole.sum(axis=1)
    shorter = _sums(m[unit] - 1, s1[unit] - x, s2[unit] - x**2)
    raters = np.unique(observer[paired])
    changes = [sums_of(observer, row, observers)[raters] for row in shorter - whole[:, unit]]
    none = (_ROUNDING_ERROR * float(np.abs(values).max())) ** 2
    value = float(_alpha(total[:, None], none)[0])
    if np.isnan(value):
        return Estimate(None), len(raters)
    low, high = jackknife_limits(value, _alpha(total[:, None] + np.array(changes), none))
    return Estimate(value, low, None if high is None else min(1.0, high)), len(raters)


def _sums(m: Codes, s1: Values, s2: Values) -> Values:
    """Return what each unit adds: observed disagreement, number, sum and sum of squares of its paired values.

    Shape (4, units). The squared differences of all ordered pairs of m values sum to 2 (m s2 - s1^2).
    """
    paired = m > 1
    observed = 2 * (m * s2 - s1**2) / np.maximum(m - 1, 1)
    rows: Values = np.where(paired, np.stack([observed, m, s1, s2]), 0.0)
    return rows


def _alpha(sums: Values, none: float) -> Values:
    """Return alpha of sums, shape (4, sets); NaN where no values are paired or all are equal."""
    observed, n, s1, s2 = sums
    expected = 2 * (n * s2 - s1**2) / np.maximum(n - 1, 1)
    ratio: Values = np.divide(observed, expected, out=np.full(len(n), np.nan), where=expected > none * n)
    return 1 - ratio
