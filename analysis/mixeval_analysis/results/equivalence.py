"""Tests of equivalence: whether two conditions differ by less than a margin that was stated beforehand.

A large p of a test of difference does not show that two mixes are equally good. These tests turn the question
round: a small p says that the difference is smaller than the margin, a large one says nothing.
"""

import math
from typing import Any

import numpy as np
from scipy.special import stdtrit

from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.inference.pairs import Pair, pair_differences, pair_notes, pairs_of
from mixeval_analysis.inference.probability import holm, t_tail
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.tables import Table

_ROUNDING_ERROR = 1e-12


def equivalence(ratings: Ratings) -> Table | None:
    """Test each pair of conditions for a mean difference within the margin; None where no margin was stated.

    Two one-sided t tests of participants' mean differences a - b (Schuirmann, J. Pharmacokin. Biopharm. 15,
    1987, doi:10.1007/BF01068419), the larger p counting. It is below 0.05 where the 90 % interval of the
    difference lies inside -margin .. margin.
    """
    margin = ratings.settings.margin
    if margin is None:
        return None
    pairs = pairs_of(ratings.labels)
    differences = pair_differences(ratings.means("participant"))
    rows: list[dict[str, Any]] = []
    problems: list[tuple[Pair, str]] = []
    for (a, b), column in zip(pairs, differences.T, strict=True):
        own = column[~np.isnan(column)]
        row, problem = two_one_sided(own, margin)
        if problem:
            problems.append(((a, b), problem))
        rows.append({"a": a, "b": b, "margin": margin, "n": len(own), **row})
    for row, p in zip(rows, holm([row["p_tost"] for row in rows]), strict=True):
        row["p_tost_holm"] = p
    return Table(
        name="equivalence",
        title=f"Tests of equivalence within {margin:g} points",
        frame=frame_of(rows),
        method=(
            "Two one-sided paired t tests (TOST) against the margin that was stated, 90 % intervals by Student's t. "
            "The p of each pair stands on its own, as its interval does; beside it the p corrected after Holm over all "
            f"m = {count_of(len(rows), 'pair')}."
        ),
        level=f"Means of {count_of(ratings.participants, 'participant')} over items.",
        labels=ratings.labels,
        notes=(_READING, *pair_notes(problems, ratings.labels)),
        simulated=ratings.simulated,
    )


_READING = (
    "A small p says that the mean difference lies within the margin. A large p does not say that two conditions "
    "differ, only that this panel cannot rule out a difference as large as the margin."
)


def two_one_sided(differences: Values, margin: float) -> tuple[dict[str, Any], str]:
    """Return a pair's cells, and what is wrong where some are undefined."""
    row: dict[str, Any] = dict.fromkeys(("mean_diff", "se", "ci90_lo", "ci90_hi", "p_tost"))
    n = len(differences)
    if n == 0:
        return row, "nobody rated both"
    mean = float(differences.mean())
    row["mean_diff"] = mean
    if n == 1:
        return row, "one participant gives no standard error"
    se = float(differences.std(ddof=1)) / math.sqrt(n)
    if se <= _ROUNDING_ERROR * float(np.abs(differences).max()):
        return row | {"se": 0.0}, "all participants differ by the same, so there is no error to test against"
    half = float(stdtrit(n - 1, 0.95)) * se
    p = t_tail((margin - abs(mean)) / se, n - 1)
    return row | {"se": se, "ci90_lo": mean - half, "ci90_hi": mean + half, "p_tost": p}, ""
