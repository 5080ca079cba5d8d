"""Mann-Whitney U of every pair of conditions, with Bonferroni's correction."""

import itertools
import math

import numpy as np
import numpy.typing as npt

from mixeval.tables import frame_of
from mixeval_analysis.probability import Probability, two_sided_normal
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.symbols import LEGEND, symbol
from mixeval_analysis.tables import Table

Counts = npt.NDArray[np.int64]


def mann_whitney(ratings: Ratings) -> Table:
    """Test each pair of conditions on pooled ratings: two-sided, asymptotic, corrected for ties and continuity.

    As R's `wilcox.test(a, b, exact=FALSE, correct=TRUE)`; `U_a` is its W, the pairs in which a is above b and
    half of those that tie. p is multiplied by all m = k (k - 1) / 2 pairs and capped at 1. Cliff's delta is
    2 U / (n_a n_b) - 1, positive where a is rated higher; Vargha and Delaney's A is U / (n_a n_b).
    """
    counts = dict(zip(ratings.labels, ratings.histograms, strict=True))
    pairs = list(itertools.combinations(ratings.labels, 2))
    rows, notes = [], [LEGEND]
    for a, b in pairs:
        n_a, n_b = int(counts[a].sum()), int(counts[b].sum())
        u = _u(counts[a], counts[b])
        p = _p(u, counts[a], counts[b])
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


def _u(a: Counts, b: Counts) -> float:
    below = np.cumsum(b) - b
    # Twice U is whole, so U is exact.
    return int((a * (2 * below + b)).sum()) / 2


def _p(u: float, a: Counts, b: Counts) -> Probability | None:
    n_a, n_b = int(a.sum()), int(b.sum())
    n = n_a + n_b
    ties = (a + b).astype(np.float64)
    variance = n_a * n_b / 12 * ((n + 1) - float((ties**3 - ties).sum()) / (n * (n - 1)))
    if np.count_nonzero(ties) == 1:
        return None
    distance = abs(u - n_a * n_b / 2)
    return two_sided_normal(max(0.0, distance - 0.5) / math.sqrt(variance))
