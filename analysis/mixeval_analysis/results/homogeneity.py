"""Brown-Forsythe: whether the ratings of all conditions spread equally widely.

The paper says that its Shapiro-Wilk test checks "normality and homogeneity". That test says nothing about
homogeneity of variance; this one does.
"""

import numpy as np

from mixeval.tables import frame_of
from mixeval_analysis.inference.probability import f_tail
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.tables import Table

_ROUNDING_ERROR = 1e-12
"""Of the largest deviation: a spread below it is none."""


def brown_forsythe(ratings: Ratings) -> Table:
    """Test whether conditions have equal variances: Levene's test of deviations from the conditions' medians.

    F is that of a one-way analysis of variance of the absolute deviations (Brown and Forsythe, JASA 69, 1974,
    doi:10.1080/01621459.1974.10482955), as `leveneTest` of R's package car; k - 1 and N - k degrees of freedom.
    """
    groups = list(ratings.by_condition().values())
    total, k = len(ratings.rows), len(groups)
    row: dict[str, object] = {"F": None, "df1": k - 1, "df2": total - k, "p": None}
    deviations = [np.abs(values - np.median(values)) for values in groups]
    between, within = _sums_of_squares(deviations)
    notes = []
    if within > 0 and total > k:
        f = (between / (k - 1)) / (within / (total - k))
        row |= {"F": f, "p": f_tail(f, k - 1, total - k)}
    elif between > 0:
        notes.append("Within each condition all ratings are equally far from the median: F has no limit.")
    else:
        notes.append("In no condition do ratings differ: there is no spread to compare.")
    return Table(
        name="brown_forsythe",
        title="Brown-Forsythe test of equal variances",
        frame=frame_of([row]),
        method=(
            "Levene's test of distances from the median, F distribution, one test of all conditions. The paper "
            "names homogeneity but tests normality alone; this test is added."
        ),
        level=f"Single ratings, pooled over {ratings.shape_in_words()}, taken as independent.",
        labels=ratings.labels,
        notes=tuple(notes),
        simulated=ratings.simulated,
    )


def _sums_of_squares(groups: list[Values]) -> tuple[float, float]:
    """Return the sums of squares between and within groups, 0 where only rounding is left of them."""
    everything = np.concatenate(groups)
    middle = everything.mean()
    between = sum(len(group) * float(group.mean() - middle) ** 2 for group in groups)
    within = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    none = len(everything) * (_ROUNDING_ERROR * float(everything.max())) ** 2
    return (between if between > none else 0.0), (within if within > none else 0.0)
