"""Ratings in tidy form: the one currency between collection and analysis (border 3 of the data flow).

A row is one answer: this participant rated this item in this condition. The columns and what they mean are
listed in docs/data-dictionary.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from mixeval_analysis.answers import Answers

REQUIRED = ("participant", "item", "condition", "rating")

COLUMNS: Mapping[str, str] = {
    "participant": "text",
    "item": "text",
    "condition": "text",
    "rating": "number",
    "attribute": "text",
    "repeat": "count",
    "session": "text",
    "version": "text",
    "page": "text",
    "page_type": "text",
    "purpose": "text",
    "position": "count",
    "shown_as": "text",
    "played": "flag",
    "listened_seconds": "number",
    "moved": "flag",
    "unplayable": "flag",
    "rated_at": "moment",
    "screened": "text",
    "simulated": "flag",
    "preview": "flag",
    "complete": "flag",
}
"""Every column that mixeval knows and its kind; further columns are facts about the item."""

DEFAULTS: Mapping[str, object] = {
    "attribute": "",
    "repeat": 0,
    "version": "",
    "page_type": "",
    "purpose": "rating",
    "simulated": False,
    "preview": False,
    "complete": True,
}
"""What a table says that lacks the column: one attribute, one presentation, a scale, real and complete."""

PAGE_TYPES = ("", "single_axis", "sliders", "acr", "ranking", "bs1116")
"""The page types that give ratings; empty where it is not known: a scale."""

SCALES: Mapping[str, tuple[float, float]] = {
    "single_axis": (0.0, 100.0),
    "sliders": (0.0, 100.0),
    "acr": (1.0, 5.0),
    "bs1116": (1.0, 5.0),
}
"""Bottom and top of the scales that mixeval serves; that of a ranking is the number of mixes."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ratings(Answers):
    """Tidy rows with what tables and figures need to present them.

    `rows` has at least the columns REQUIRED and DEFAULTS. `scale` is (bottom, top) where it is known.
    """

    NOUN: ClassVar[str] = "rating"
    NAMING: ClassVar[tuple[str, ...]] = ("condition",)
    VALUES: ClassVar[tuple[str, ...]] = ("rating",)

    scale: tuple[float, float] | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """Return the ends of the scale, else the lowest and the highest rating; they always differ."""
        if self.scale is not None:
            return self.scale
        low, high = float(self.rows["rating"].min()), float(self.rows["rating"].max())
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def of(self, condition: str) -> Values:
        """Return the ratings of one condition, shape (n,)."""
        return np.asarray(self.rows.loc[self.rows["condition"] == condition, "rating"], dtype=np.float64)

    def by_condition(self) -> dict[str, Values]:
        """Return the ratings of each condition, in the order of tables and figures."""
        return {condition: self.of(condition) for condition in self.labels}


def with_defaults(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that a table may leave out, with what their absence says."""
    missing: dict[str, Any] = {name: value for name, value in DEFAULTS.items() if name not in rows.columns}
    return rows.assign(**missing)
