"""Shapiro-Wilk: whether the ratings of a condition are normally distributed.

The paper says that the test "checks normality and homogeneity"; it says nothing about homogeneity of variance.
"""

import numpy as np
from scipy import stats

from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.inference.probability import of_value
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.tables import Table

LARGEST_N = 5000
"""Royston's approximation was fitted up to here, and R refuses more."""

_NARROW = 1e-10
_ROUNDING_ERROR = 1e-9


def shapiro_wilk(ratings: Ratings) -> Table:
    """Test each condition's pooled ratings for normality (Royston 1995, AS R94, as R's `shapiro.test`)."""
    rows, notes = [], []
    for condition, values in ratings.by_condition().items():
        row: dict[str, object] = {"condition": condition, "n": len(values), "W": None, "p": None}
        problem = _why_undefined(values)
        if problem is None:
            span = np.ptp(values)
            # As R does: W has no unit, and the routine takes a range near 0 for 0.
            result = stats.shapiro(values / span if span < _NARROW else values)
            row["W"] = float(result.statistic)
            if len(values) == 3 and result.pvalue < _ROUNDING_ERROR:
                # The exact distribution starts at W = 3/4: p is 0 there, give or take a rounding error.
                problem = (
                    "of three ratings two are as good as equal, so W is at its minimum and p says nothing"
                )
            else:
                row["p"] = of_value(float(result.pvalue))
        if problem is not None:
            notes.append(f"{ratings.labels[condition]}: {problem}.")
        rows.append(row)
    return Table(
        name="shapiro_wilk",
        title="Shapiro-Wilk test of normality",
        frame=frame_of(rows),
        method="Royston's approximation (AS R94), no correction for multiple tests.",
        level=f"Single ratings, pooled over {ratings.shape_in_words()}.",
        labels=ratings.labels,
        notes=tuple(notes),
        simulated=ratings.simulated,
    )


def _why_undefined(values: Values) -> str | None:
    if len(values) < 3:
        return f"{count_of(len(values), 'rating')} cannot be tested for normality, it takes at least 3"
    if len(values) > LARGEST_N:
        return f"{len(values)} ratings are more than the test's approximation covers ({LARGEST_N})"
    if np.ptp(values) == 0:
        return "all ratings are equal, so there is no distribution to test"
    return None
