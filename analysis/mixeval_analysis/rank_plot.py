"""The rank plot: conditions from the best down, by how participants would rank them."""

from dataclasses import replace

import numpy as np

from mixeval.figures import FULL_WIDTH_MM, ROLE_COLOURS
from mixeval_analysis.describe import bootstrap_means
from mixeval_analysis.interval_plot import IntervalRow, Scale, interval_figure
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.signed_rank import DECIMALS


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
    rows.sort(key=lambda row: np.inf if row.value is None else row.value)
    step = 1 if k <= 20 else 5
    ticks = {float(rank): str(rank) for rank in range(1, k + 1) if rank == 1 or rank % step == 0}
    scale = Scale("Mean rank (1 is the best)", 1.0, float(k), ticks, neutral=(k + 1) / 2)
    return interval_figure(rows, scale, ratings, width_mm=width_mm)


def participant_ranks(ratings: Ratings) -> Ratings:
    """Return one row per participant and condition, rated by its rank among that participant's means.

    Only participants who rated every condition have ranks that compare.
    """
    means = ratings.rows.groupby(["participant", "condition"])["rating"].mean().unstack("condition")
    # Rounded, since equal means must tie.
    complete = means.sort_index().reindex(columns=list(ratings.labels)).dropna().round(DECIMALS)
    long = (
        complete.rank(axis=1, ascending=False)
        .reset_index()
        .melt(id_vars="participant", var_name="condition", value_name="rating")
    )
    return replace(ratings, rows=long.assign(item="", simulated=ratings.simulated), scale=None)


def incomplete(ratings: Ratings) -> str:
    """Say how many participants have no ranks, or nothing where all have."""
    without = ratings.participants - participant_ranks(ratings).participants
    if not without:
        return ""
    return f"{without} of {ratings.participants} did not rate every condition and are not ranked here."
