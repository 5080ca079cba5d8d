"""Ratings in tidy form: the one currency between collection and analysis (border 3 of the data flow).

A row is one answer: this participant rated this item in this condition. The columns and what they mean are
listed in docs/data-dictionary.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
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
Codes = npt.NDArray[np.int64]


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
        order = np.argsort(self._places, kind="stable")
        ends = np.searchsorted(self._places[order], range(len(self.labels) + 1))
        values = self._values[order]
        return {
            condition: values[ends[place] : ends[place + 1]] for place, condition in enumerate(self.labels)
        }

    def cells(self, *by: str) -> tuple[Values, Values]:
        """Return sums and numbers of ratings, shape (blocks, conditions).

        A block is what has the same name in each of the columns `by`; blocks stand in the order of their names.
        """
        block, found = self._blocks(by)
        k = len(self.labels)
        cell, size = block * k + self._places, len(found) * k
        sums = np.bincount(cell, weights=self._values, minlength=size).astype(np.float64)
        counts = np.bincount(cell, minlength=size).astype(np.float64)
        return sums.reshape(-1, k), counts.reshape(-1, k)

    def means(self, *by: str) -> Values:
        """Return the mean ratings of `cells`, NaN where there are none."""
        sums, counts = self.cells(*by)
        return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)

    def blocks(self, *by: str) -> tuple[Codes, ...]:
        """Number the name that each block of `cells` has in each of the columns, as in `names`; shape (blocks,)."""
        found = self._blocks(by)[1]
        numbers: list[Codes] = []
        for name in reversed(by):
            found, number = np.divmod(found, len(self.names(name)))
            numbers.append(number)
        return tuple(reversed(numbers))

    def names(self, column: str) -> list[str]:
        """Return the names in a column, in their order."""
        self._codes(column)
        return self._known_names[column]

    @cached_property
    def histograms(self) -> npt.NDArray[np.int64]:
        """Count the ratings at every value that occurs, from the lowest, shape (conditions, values).

        Ranks follow from counts alone: a million ratings on a 101-point scale cost no sorting.
        """
        codes, values = pd.factorize(self._values, sort=True)
        shape = (len(self.labels), len(values))
        cells = np.bincount(self._places * len(values) + codes, minlength=shape[0] * shape[1])
        return cells.astype(np.int64).reshape(shape)

    @cached_property
    def _values(self) -> Values:
        return np.asarray(self.rows["rating"], dtype=np.float64)

    @cached_property
    def _places(self) -> Codes:
        """The place of each row's condition in the order of tables and figures, shape (rows,)."""
        conditions = pd.Index(self.rows["condition"])
        return np.asarray(pd.Index(list(self.labels)).get_indexer(conditions), dtype=np.int64)

    @cached_property
    def _known_codes(self) -> dict[str, Codes]:
        return {}

    @cached_property
    def _known_names(self) -> dict[str, list[str]]:
        return {}

    def _codes(self, column: str) -> Codes:
        """Number the names of a column in their order, shape (rows,); text is compared once for all tables."""
        if column not in self._known_codes:
            codes, names = pd.factorize(self.rows[column], sort=True)
            self._known_codes[column] = codes.astype(np.int64)
            self._known_names[column] = [str(name) for name in names]
        return self._known_codes[column]

    def _blocks(self, by: tuple[str, ...]) -> tuple[Codes, Codes]:
        """Return the block of each row, and what each block's number among all combinations of names is."""
        block = np.zeros(len(self.rows), dtype=np.int64)
        for name in by:
            block = block * len(self.names(name)) + self._codes(name)
        # Participants need not have heard every item: only blocks that there are get a row.
        own, found = pd.factorize(block, sort=True)
        return own.astype(np.int64), np.asarray(found, dtype=np.int64)


def with_defaults(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that a table may leave out, with what their absence says."""
    missing: dict[str, Any] = {name: value for name, value in DEFAULTS.items() if name not in rows.columns}
    return rows.assign(**missing)
