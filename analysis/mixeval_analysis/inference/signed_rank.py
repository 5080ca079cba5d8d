"""Wilcoxon's signed-rank test of differences, one per participant, exact where others approximate.

With few participants and many pairs of conditions, the normal approximation cannot reach a small enough p after
correction; the exact conditional distribution can, and it stays exact where differences tie.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from mixeval_analysis.inference.probability import Probability, of_log, two_sided_normal
from mixeval_analysis.inference.walsh import walsh_averages_at

LARGEST_EXACT = 200
"""Differences up to which the distribution is counted out; beyond, the approximation is as good as exact."""
DECIMALS = 10
"""Differences of means are rounded to these: in floating point, equal ones would not tie."""

Differences = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SignedRank:
    """The test's result.

    `v` is R's V, the sum of the ranks of positive differences, zeros dropped. `p_exact` is conditional on the
    differences' sizes (midranks where they tie); `p_asymptotic` is R's `wilcox.test(exact=FALSE)`, corrected
    for ties and continuity. `p_greater` is the exact one-sided p of positive differences.
    """

    n: int
    n_nonzero: int
    v: float
    p_exact: Probability
    p_greater: Probability
    p_asymptotic: Probability

    @property
    def rank_biserial(self) -> float:
        """Return the matched rank-biserial correlation: 1 where all differences are positive, -1 where none."""
        return 4 * self.v / (self.n_nonzero * (self.n_nonzero + 1)) - 1


def signed_rank(differences: Sequence[float] | Differences) -> SignedRank | None:
    """Test whether differences, shape (n,), lie around zero; None where all of them are zero.

    >>> round(float(signed_rank([1.0, 2.0, 3.0, 4.0, 5.0]).p_exact), 4)
    0.0625
    """
    rounded = np.round(np.asarray(differences, dtype=np.float64), DECIMALS)
    nonzero = rounded[rounded != 0]
    m = len(nonzero)
    if m == 0:
        return None
    # Midranks are whole or end in a half: doubled, their sums are exact.
    doubled = np.rint(2 * rankdata(np.abs(nonzero))).astype(np.int64)
    v2, total = int(doubled[nonzero > 0].sum()), m * (m + 1)
    asymptotic = _asymptotic(v2 / 2, np.abs(nonzero))
    if m > LARGEST_EXACT:
        half = asymptotic.ln - math.log(2.0)
        exact, greater = asymptotic, of_log(half if v2 * 2 > total else math.log1p(-math.exp(half)))
    else:
        ways = _ways(doubled)
        exact = _doubled_tail(ways, max(v2, total - v2))
        greater = _tail(ways, v2)
    return SignedRank(
        n=len(rounded),
        n_nonzero=m,
        v=v2 / 2,
        p_exact=exact,
        p_greater=greater,
        p_asymptotic=asymptotic,
    )


def sign_test(differences: Sequence[float] | Differences) -> tuple[int, int]:
    """Count the positive and negative differences, for a binomial test."""
    rounded = np.round(np.asarray(differences, dtype=np.float64), DECIMALS)
    return int((rounded > 0).sum()), int((rounded < 0).sum())


def hodges_lehmann(differences: Differences) -> tuple[float, float | None, float | None]:
    """Return the median of Walsh averages of differences, and its exact 95 % limits.

    The limits are the shifts that the exact signed-rank test does not reject, counted for differences that do
    not tie (Hollander and Wolfe 1973, chapter 3); None where so few differences cannot exclude any shift.
    """
    n = len(differences)
    if n <= LARGEST_EXACT:
        c = _quantile(n)
    else:
        c = int(n * (n + 1) / 4 - 1.959963984540054 * math.sqrt(n * (n + 1) * (2 * n + 1) / 24))
    number = n * (n + 1) // 2
    middle = [(number - 1) // 2, number // 2]
    below, above, *limits = walsh_averages_at(differences, [*middle, *([c - 1, number - c] if c else [])])
    low, high = limits or (None, None)
    return (below + above) / 2, low, high


@cache
def _quantile(n: int) -> int:
    """Return R's qsignrank(0.025, n)."""
    ways = _ways(2 * np.arange(1, n + 1))[::2]
    return int(np.searchsorted(np.cumsum(ways), 0.025))


def _ways(doubled: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the probability of each doubled rank sum when every sign is a coin's, shape (total + 1,)."""
    ways = np.zeros(int(doubled.sum()) + 1)
    ways[0] = 1.0
    reach = 0
    for rank in doubled:
        moved = ways[: reach + 1] / 2
        ways[: reach + 1] = moved
        ways[rank : rank + reach + 1] += moved
        reach += int(rank)
    return ways


def _tail(ways: npt.NDArray[np.float64], v2: int) -> Probability:
    return of_log(min(0.0, math.log(float(ways[v2:].sum()))))


def _doubled_tail(ways: npt.NDArray[np.float64], v2: int) -> Probability:
    tail = float(ways[v2:].sum())
    return Probability(0.0, 1.0) if tail >= 0.5 else of_log(math.log(2 * tail))


def _asymptotic(v: float, sizes: Differences) -> Probability:
    m = len(sizes)
    ties = np.unique(sizes, return_counts=True)[1].astype(np.float64)
    variance = m * (m + 1) * (2 * m + 1) / 24 - float((ties**3 - ties).sum()) / 48
    distance = abs(v - m * (m + 1) / 4)
    return two_sided_normal(max(0.0, distance - 0.5) / math.sqrt(variance))
