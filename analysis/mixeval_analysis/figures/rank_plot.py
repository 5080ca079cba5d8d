"""The rank plot: conditions from the best down, by how participants would rank them."""

import math

from mixeval.figures import FULL_WIDTH_MM, ROLE_COLOURS
from mixeval_analysis.figures.interval_plot import IntervalRow, Scale, interval_figure
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.results.describe import bootstrap_means
from mixeval_analysis.results.rankings import participant_ranks


def ranks(ratings: Ratings, *, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    """Draw the mean rank of each condition, the best at the top, with a bootstrap interval over participants.

    A participant's ranks are those of the participant's own means over items, 1 for the highest. There are no
    bars of a critical difference: the tests of pairs are Wilcoxon's, which such bars do not show.
    """
    ranked = participant_ranks(ratings)
    # Where nobody rated every condition there is nothing to draw from.
    intervals = (
        bootstrap_means(ranked)[0] if len(ranked.rows) else dict.fromkeys(ratings.labels, (None, None))
    )
    k = len(ratings.labels)
    rows = []
    for condition, own in ranked.by_condition().items():
        low, high = intervals[condition]
        row = IntervalRow(
            label=ratings.labels[condition],
            value=float(own.mean()) if len(own) else None,
            low=low,
            high=high,
            dots=[float(rank) for rank in own],
            colour=ROLE_COLOURS[ratings.roles.get(condition, "system")],
        )
        rows.append(row)
    rows.sort(key=lambda row: math.inf if row.value is None else row.value)
    step = 1 if k <= 20 else 5
    ticks = {float(rank): str(rank) for rank in range(1, k + 1) if rank == 1 or rank % step == 0}
    scale = Scale("Mean rank (1 is the best)", 1.0, float(k), ticks, neutral=(k + 1) / 2)
    return interval_figure(rows, scale, ratings, width_mm=width_mm)
