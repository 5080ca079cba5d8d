"""Items and participants one by one: whether a result is that of the whole panel or of one part of it."""

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from mixeval_analysis.answers import count_of
from mixeval_analysis.inference.signed_rank import DECIMALS
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.tables import Table


def by_item(ratings: Ratings) -> Table:
    """Describe the ratings of each condition within each item, with the ranks of their means.

    The interval is Student's t over participants, who rated each mix once.
    """
    cells = _cells(ratings, "item")
    half = stdtrit(cells["n"].clip(lower=2) - 1, 0.975) * cells["sd"] / np.sqrt(cells["n"])
    cells = cells.assign(ci95_lo=cells["mean"] - half, ci95_hi=cells["mean"] + half)
    return Table(
        name="by_item",
        title="Ratings of each item",
        frame=_frame(cells),
        method=(
            "SD with n - 1; rank of the mean within the item, 1 is the highest, equal means share their mean rank; "
            "95 % interval of the mean by Student's t over participants. No tests."
        ),
        level=f"Single ratings of {count_of(ratings.participants, 'participant')}.",
        labels=ratings.labels,
        notes=_notes(cells, "item", "standard deviation and no interval"),
        simulated=ratings.simulated,
    )


def by_participant(ratings: Ratings) -> Table:
    """Describe the ratings of each condition by each participant, with the ranks of their means."""
    cells = _cells(ratings, "participant")
    return Table(
        name="by_participant",
        title="Ratings by each participant",
        frame=_frame(cells),
        method=(
            "SD with n - 1 over items; rank of the mean within the participant, 1 is the highest, equal means share "
            "their mean rank. No tests."
        ),
        level=f"Single ratings of {count_of(ratings.items, 'item')}.",
        labels=ratings.labels,
        notes=_notes(cells, "participant", "standard deviation"),
        simulated=ratings.simulated,
    )


def _cells(ratings: Ratings, by: str) -> pd.DataFrame:
    """Return n, mean, median, sd and rank of each block and condition that has ratings, conditions in their order."""
    order = pd.CategoricalDtype(list(ratings.labels), ordered=True)
    rows = pd.DataFrame(
        {
            by: ratings.rows[by].astype(str),
            "condition": ratings.rows["condition"].astype(order),
            "rating": ratings.rows["rating"].astype(np.float64),
        }
    )
    groups = rows.groupby([by, "condition"], observed=True, sort=True)["rating"]
    cells = groups.agg(n="size", mean="mean", median="median", sd="std").reset_index()
    within = cells["mean"].round(DECIMALS).groupby(cells[by])
    # A rank among some conditions would not compare with one among all.
    complete = within.transform("size") == len(ratings.labels)
    return cells.assign(rank=within.rank(ascending=False).where(complete))


def _frame(cells: pd.DataFrame) -> pd.DataFrame:
    columns: dict[str, list[object]] = {}
    for name in cells.columns:
        values = cells[name].astype(object)
        columns[str(name)] = list(values.where(cells[name].notna(), None))
    return pd.DataFrame(columns, dtype=object)


def _notes(cells: pd.DataFrame, by: str, undefined: str) -> tuple[str, ...]:
    notes = []
    if (cells["n"] == 1).any():
        notes.append(f"One rating has no {undefined}.")
    unranked = list(dict.fromkeys(cells.loc[cells["rank"].isna(), by]))
    if unranked:
        notes.append(f"No ranks where a condition is missing: {_names(unranked)}.")
    return tuple(notes)


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    return shown if len(names) <= _MOST_NAMED else f"{shown} and {len(names) - _MOST_NAMED} more"


_MOST_NAMED = 10
