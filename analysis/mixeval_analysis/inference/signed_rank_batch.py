"""Wilcoxon's signed-rank test of very many small panels at once, for simulations.

The p of each is the one that `signed_rank.signed_rank` gives. Most panels need none: bounds that are cheap for all
of them together tell those that are surely significant or surely not.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr
from scipy.stats import rankdata

from mixeval_analysis.inference.signed_rank import DECIMALS, LARGEST_EXACT, signed_rank
from mixeval_analysis.ratings import Values

_TAIL_FACTOR = 3.18
"""Sums of ranks with random signs have at most this many times the normal tail: Bentkus and Dzindzalieta,
Bernoulli 21(2), 2015, doi:10.3150/14-BEJ603 (their constant is 3.178...)."""
_ENOUGH, _SMALLEST_NEAR, _DOUBT = 20, 1e-3, 0.3
"""Of this many differences, the expansion is taken down to this p, and to be wrong by up to this part of it."""

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Panels:
    """Panels reduced to ranks, zeros dropped: everything the test knows of them.

    `doubled` is twice the midranks of the sizes of differences, 0 where a difference is, shape (panels, n); `v2` is
    twice the sum of the ranks of positive differences, `nonzero` how many are not 0, both of shape (panels,).
    """

    differences: Values
    doubled: Whole
    v2: Whole
    nonzero: Whole

    def bounds(self) -> tuple[Values, Values]:
        """Return limits between which each panel's exact p lies, of shape (panels,) each.

        Of 20 differences or more they are near: Edgeworth's expansion of the sum of ranks with random signs, in
        its fourth and sixth cumulants, with several times the error that it was found to have. Of fewer, and far out,
        the upper limit is Bentkus and Dzindzalieta's and there is none below.
        """
        ranks = self.doubled.astype(np.float64)
        squares = (ranks**2).sum(axis=1)
        variance = np.where(squares > 0, squares, 1.0)
        off = np.abs(2 * self.v2 - self.doubled.sum(axis=1)).astype(np.float64)
        rough = 2 * ndtr(-off / np.sqrt(variance))
        near = _edgeworth(
            np.maximum(0.0, off - np.gcd.reduce(self.doubled, axis=1)) / np.sqrt(variance),
            -2 * (ranks**4).sum(axis=1) / variance**2,
            16 * (ranks**6).sum(axis=1) / variance**3,
        )
        n = np.maximum(self.nonzero, 1)
        floor = _SMALLEST_NEAR * (_ENOUGH / n) ** 2
        factor = 1 + _DOUBT * _ENOUGH / n
        usable = (self.nonzero >= _ENOUGH) & (self.nonzero <= LARGEST_EXACT) & (near >= floor)
        above = np.minimum(1.0, _TAIL_FACTOR * rough)
        low = np.where(usable, near / factor, 0.0)
        high = np.where(usable, np.minimum(above, near * factor), above)
        # Nothing to test.
        return np.where(self.nonzero > 0, low, 1.0), np.where(self.nonzero > 0, high, 1.0)

    def exact(self, panel: int) -> float:
        """Return one panel's two-sided p; 1 where all differences are 0."""
        if self.nonzero[panel] == 0:
            return 1.0
        if self.nonzero[panel] > LARGEST_EXACT:
            result = signed_rank(self.differences[panel])
            return 1.0 if result is None else float(result.p_exact)
        ranks = self.doubled[panel][self.doubled[panel] > 0]
        # Ranks without ties are all even when doubled: half the sums, and the same p.
        step = int(np.gcd.reduce(ranks))
        ranks = np.sort(ranks // step)
        v, total = int(self.v2[panel]) // step, int(ranks.sum())
        return min(1.0, 2 * _lower_tail(ranks, min(v, total - v)))


def panels_of(differences: Values) -> Panels:
    """Reduce differences, shape (panels, n), to ranks."""
    rounded = np.round(differences, DECIMALS)
    there = rounded != 0
    sizes = np.abs(rounded)
    zeros = (~there).sum(axis=1, keepdims=True)
    # Zeros take the lowest ranks, which are taken off again.
    doubled = np.rint(2 * (rankdata(sizes, axis=1) - zeros)).astype(np.int64) * there
    return Panels(
        differences=rounded,
        doubled=doubled,
        v2=(doubled * (rounded > 0)).sum(axis=1),
        nonzero=there.sum(axis=1),
    )


def _edgeworth(z: Values, fourth: Values, sixth: Values) -> Values:
    """Return the two-sided normal tail at z, corrected for standardised cumulants of a symmetric sum."""
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    he3 = z**3 - 3 * z
    he5 = z**5 - 10 * z**3 + 15 * z
    he7 = z**7 - 21 * z**5 + 105 * z**3 - 105 * z
    return np.asarray(
        2 * (ndtr(-z) + density * (fourth / 24 * he3 + sixth / 720 * he5 + fourth**2 / 1152 * he7))
    )


def _lower_tail(ranks: Whole, highest: int) -> float:
    """Return the probability that the ranks of random signs that are positive sum to at most `highest`."""
    ways = np.zeros(highest + 1)
    ways[0] = 1.0
    for rank in ranks:
        if rank <= highest:
            ways[rank:] += ways[: highest + 1 - rank]  # NumPy copies where they overlap
    # At most 2^200, and a power of two divides without rounding.
    return float(ways.sum()) * 2.0 ** -len(ranks)
