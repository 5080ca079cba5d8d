"""Mean opinion scores of absolute category ratings (ITU-T P.800, annex B)."""

import math

import numpy as np
from scipy.special import stdtrit

from mixeval.tables import frame_of
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.results.describe import bootstrap_means, few
from mixeval_analysis.tables import Table

CATEGORIES = (1, 2, 3, 4, 5)


def mos(ratings: Ratings) -> Table:
    """Give each condition's mean opinion score, with the interval of ITU-T P.1401 and one over participants.

    `ci95` is mean -+ t(0.975, n - 1) sd / sqrt(n) over single votes, as standards print it and as if votes were
    independent; `panel_ci95` draws participants with all their votes (percentile bootstrap).
    """
    panels, notes = bootstrap_means(ratings)
    rows = []
    for condition, votes in ratings.by_condition().items():
        low, high = t_interval(votes)
        if low is None:
            notes.append(f"{ratings.labels[condition]}: one vote has no standard deviation and no interval.")
        panel_low, panel_high = panels[condition]
        rows.append(
            {
                "condition": condition,
                "n": len(votes),
                "mos": float(votes.mean()),
                "sd": float(votes.std(ddof=1)) if len(votes) > 1 else None,
                "ci95_lo": low,
                "ci95_hi": high,
                "panel_ci95_lo": panel_low,
                "panel_ci95_hi": panel_high,
                **{f"votes_{category}": int((votes == category).sum()) for category in CATEGORIES},
            }
        )
    return Table(
        name="mos",
        title="Mean opinion scores",
        frame=frame_of(rows),
        method=(
            "SD with n - 1; 95 % interval by Student's t over votes (ITU-T P.1401), taken as independent, and by "
            f"percentile bootstrap over participants (seed {ratings.seed})."
        ),
        level=f"Single votes of {ratings.shape_in_words()}, pooled.",
        labels=ratings.labels,
        notes=(*notes, *few(ratings)),
        simulated=ratings.simulated,
    )


def t_interval(values: Values) -> tuple[float | None, float | None]:
    """Return the 95 % confidence limits of the mean by Student's t, or none of a single value."""
    n = len(values)
    if n < 2:
        return None, None
    half = float(stdtrit(n - 1, 0.975)) * float(np.std(values, ddof=1)) / math.sqrt(n)
    mean = float(values.mean())
    return mean - half, mean + half
