"""Differences of participants' means against one condition: who is compared with what, and by how much."""

from dataclasses import dataclass

import numpy as np

from mixeval_analysis.inference.signed_rank import DECIMALS
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.tables import Table


@dataclass(frozen=True)
class Difference:
    """Of one pair: the first minus the second, with a 95 % interval and Holm's adjusted exact p."""

    value: float | None
    low: float | None
    high: float | None
    p: float | None

    def turned(self) -> "Difference":
        """Return the second minus the first."""
        return Difference(_negative(self.value), _negative(self.high), _negative(self.low), self.p)


def differences(wilcoxon: Table) -> dict[tuple[str, str], Difference]:
    """Return the mean differences of a `wilcoxon` table, by pair, each pair both ways round."""
    found = {}
    for row in wilcoxon.frame.to_dict(orient="records"):
        p = row["p_exact_holm"]
        one = Difference(
            value=row["mean_diff"],
            low=row["mean_diff_ci95_lo"],
            high=row["mean_diff_ci95_hi"],
            p=None if p is None else float(p),
        )
        found[row["a"], row["b"]] = one
        found[row["b"], row["a"]] = one.turned()
    return found


def compared_with(ratings: Ratings) -> str:
    """Choose the condition that others are compared with.

    It is the one that the settings name as reference, else the first with that role, else the first of all.
    """
    named = ratings.settings.reference
    if named in ratings.labels:
        return str(named)
    return next(
        (key for key in ratings.labels if ratings.roles.get(key) == "reference"), ratings.conditions[0]
    )


def why_compared(ratings: Ratings) -> str:
    """Say in a sentence which condition others are compared with, and why that one."""
    chosen = compared_with(ratings)
    label = ratings.labels[chosen]
    references = [key for key in ratings.labels if ratings.roles.get(key) == "reference"]
    if chosen not in references:
        return f"No condition is the reference: all are compared with the first, {label}."
    if len(references) > 1 and ratings.settings.reference != chosen:
        return f"Of {len(references)} references the first, {label}, is taken; --reference names another."
    return f"All are compared with {label}."


def participant_differences(ratings: Ratings, reference: str) -> dict[str, Values]:
    """Return each other condition's differences from `reference`, shape (participants who rated both,)."""
    means = ratings.rows.groupby(["participant", "condition"])["rating"].mean().unstack("condition")
    means = means.sort_index()
    return {
        condition: np.asarray(
            (means[condition] - means[reference]).dropna().round(DECIMALS), dtype=np.float64
        )
        for condition in ratings.labels
        if condition != reference
    }


def _negative(value: float | None) -> float | None:
    # Adding zero turns -0.0 into 0.0.
    return None if value is None else 0.0 - value
