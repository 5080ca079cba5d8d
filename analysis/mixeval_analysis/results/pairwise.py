"""Mann-Whitney U of every pair of conditions, with Bonferroni's correction."""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mixeval.tables import frame_of
from mixeval_analysis.inference.probability import Probability, two_sided_normal
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.results.symbols import LEGEND, symbol
from mixeval_analysis.tables import Table

Counts = npt.NDArray[np.int64]
_VALUES_PER_BLOCK = 50_000


def mann_whitney(ratings: Ratings) -> Table:
    """Test each pair of conditions on pooled ratings: two-sided, asymptotic, corrected for ties and continuity.

    As R's `wilcox.test(a, b, exact=FALSE, correct=TRUE)`; `U_a` is its W, the pairs in which a is above b and
    half of those that tie. p is multiplied by all m = k (k - 1) / 2 pairs and capped at 1. Cliff's delta is
    2 U / (n_a n_b) - 1, positive where a is rated higher; Vargha and Delaney's A is U / (n_a n_b).
    """
    counts = ratings.histograms
    sizes, twice_u, variances = counts.sum(axis=1), _twice_u(counts), _variances(counts)
    pairs = list(itertools.combinations(enumerate(ratings.labels), 2))
    rows, notes = [], [LEGEND]
    for (first, a), (second, b) in pairs:
        n_a, n_b = int(sizes[first]), int(sizes[second])
        u = int(twice_u[first, second]) / 2
        p = _p(u, n_a, n_b, float(variances[first, second]))
        adjusted = None if p is None else p.times(len(pairs))
        if p is None:
            both = f"{ratings.labels[a]} and {ratings.labels[b]}"
            notes.append(f"{both}: all ratings are equal, so there is nothing to test.")
        rows.append(
            {
                "a": a,
                "b": b,
                "n_a": n_a,
                "n_b": n_b,
                "U_a": u,
                "p": p,
                "p_bonferroni": adjusted,
                "symbol": None if adjusted is None else symbol(float(adjusted)),
                "cliffs_delta": 2 * u / (n_a * n_b) - 1,
                "vda_A": u / (n_a * n_b),
            }
        )
    return Table(
        name="mann_whitney",
        title="Mann-Whitney U tests of all pairs",
        frame=frame_of(rows),
        method=(
            "Two-sided, asymptotic, corrected for ties and continuity; "
            f"Bonferroni over all m = {len(pairs)} pairs."
        ),
        level=f"Single ratings, pooled over {ratings.shape_in_words()}, taken as independent.",
        labels=ratings.labels,
        notes=tuple(notes),
        simulated=ratings.simulated,
    )


def _twice_u(counts: Counts) -> Counts:
    """Return 2 U of every condition over every other, which is whole, shape (conditions, conditions)."""
    twice, lower = (
        np.zeros((len(counts), len(counts)), dtype=np.int64),
        np.zeros((len(counts), 1), dtype=np.int64),
    )
    for block in _blocks(counts):
        upto = lower + np.cumsum(block, axis=1)
        twice += block @ (2 * upto - block).T
        lower = upto[:, -1:]
    return twice


def _variances(counts: Counts) -> Values:
    """Return the variance of U of every two conditions, corrected for ties; 0 where all ratings are equal."""
    k = len(counts)
    cubes, mixed, shared = np.zeros(k), np.zeros((k, k)), np.zeros((k, k))
    for block in _blocks(counts):
        own, there = block.astype(np.float64), (block > 0).astype(np.float64)
        cubes += (own**3).sum(axis=1)
        mixed += own**2 @ own.T
        shared += there @ there.T
    sizes = counts.sum(axis=1).astype(np.float64)
    n = sizes[:, None] + sizes
    # The sum of t^3 - t over the counts t of both together, in which (a + b)^3 is written out.
    ties = cubes[:, None] + cubes + 3 * (mixed + mixed.T) - n
    values = shared.diagonal()
    several = values[:, None] + values - shared > 1
    return np.where(several, sizes[:, None] * sizes / 12 * ((n + 1) - ties / (n * (n - 1))), 0.0)


def _blocks(counts: Counts) -> Iterator[Counts]:
    """Part the values: a million ratings without ties would fill the memory several times."""
    for start in range(0, counts.shape[1], _VALUES_PER_BLOCK):
        yield counts[:, start : start + _VALUES_PER_BLOCK]


def _p(u: float, n_a: int, n_b: int, variance: float) -> Probability | None:
    distance = abs(u - n_a * n_b / 2)
    return two_sided_normal(max(0.0, distance - 0.5) / math.sqrt(variance)) if variance > 0 else None
