"""Rankings: mean ranks, 1 being the best.

A ranking is stored as ratings k + 1 - rank, so that higher is better as on every other page.
"""

from dataclasses import replace

import numpy as np

from mixeval.tables import frame_of
from mixeval_analysis.inference.bootstrap import REPLICATES
from mixeval_analysis.inference.signed_rank import DECIMALS
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.results.describe import bootstrap_means, few
from mixeval_analysis.tables import Table

Orders = list[str]


def mean_ranks(ratings: Ratings) -> Table:
    """Describe the ranks of each condition; intervals are a percentile bootstrap over participants."""
    ranked = in_ranks(ratings)
    intervals, notes = bootstrap_means(ranked)
    best = ranked.rows.groupby(["participant", "item"])["rating"].transform("min")
    worst = ranked.rows.groupby(["participant", "item"])["rating"].transform("max")
    rows = []
    for condition, ranks in ranked.by_condition().items():
        own = ranked.rows["condition"] == condition
        low, high = intervals[condition]
        rows.append(
            {
                "condition": condition,
                "n": len(ranks),
                "mean_rank": float(ranks.mean()),
                "ci95_lo": low,
                "ci95_hi": high,
                "median_rank": float(np.median(ranks)),
                "ranked_first": int((ranked.rows["rating"] == best)[own].sum()),
                "ranked_last": int((ranked.rows["rating"] == worst)[own].sum()),
            }
        )
    return Table(
        name="mean_ranks",
        title="Ranks by condition",
        frame=frame_of(rows),
        method=(
            "1 is the best; 95 % confidence interval of the mean by percentile bootstrap over participants "
            f"(B = {REPLICATES}, seed {ratings.seed})."
        ),
        level=f"{ratings.shape_in_words()}, pooled.",
        labels=ratings.labels,
        notes=(*notes, *few(ratings)),
        simulated=ratings.simulated,
    )


def in_ranks(ratings: Ratings) -> Ratings:
    """Turn ratings into ranks within each participant's page, 1 for the highest; equal ones share their mean."""
    pages = ratings.rows.groupby(["participant", "item"])["rating"]
    return replace(ratings, rows=ratings.rows.assign(rating=pages.rank(ascending=False)), scale=None)


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
