"""Kruskal-Wallis: whether the conditions differ at all."""

import numpy as np
from scipy import stats

from mixeval.tables import frame_of
from mixeval_analysis.probability import chi_squared_tail
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.tables import Table


def kruskal_wallis(ratings: Ratings) -> Table:
    """Test whether all conditions' pooled ratings come from one distribution.

    H is corrected for ties and compared with chi-squared, as R's `kruskal.test`; epsilon squared is
    H / (N - 1). The test takes all N ratings as independent, which repeated ratings by one panel are not.
    """
    groups = list(ratings.by_condition().values())
    total, k = len(ratings.rows), len(groups)
    row: dict[str, object] = {"H": None, "df": k - 1, "p": None, "N": total, "k": k, "epsilon2": None}
    notes = []
    if np.ptp(np.concatenate(groups)) == 0:
        notes.append("All ratings are equal: there is nothing to test.")
    else:
        statistic = float(stats.kruskal(*groups).statistic)
        row |= {
            "H": statistic,
            "p": chi_squared_tail(statistic, k - 1),
            "epsilon2": statistic / (total - 1),
        }
    return Table(
        name="kruskal_wallis",
        title="Kruskal-Wallis test of all conditions",
        frame=frame_of([row]),
        method="Corrected for ties, asymptotic (chi-squared).",
        level=f"Single ratings, pooled over {ratings.shape_in_words()}, taken as independent.",
        labels=ratings.labels,
        notes=tuple(notes),
        simulated=ratings.simulated,
    )
