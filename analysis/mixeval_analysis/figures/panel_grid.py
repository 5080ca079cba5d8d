"""Where the panels of small multiples stand, and whether there is room for one of each item or participant."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mixeval_analysis.ratings import Ratings, Values

Unit = Literal["item", "participant"]
Places = int | npt.NDArray[np.integer[Any]]
"""Which panel, counted along the rows."""

MOST: Mapping[Unit, int] = {"item": 30, "participant": 60}
"""Panels of one figure."""
_COLUMNS: Mapping[Unit, int] = {"item": 5, "participant": 6}
_NARROW_COLUMNS = 3
_WIDE_MM = 150.0
"""From here on a figure is wide; the rest is one column of a page."""
_TALLEST_MM = 700.0
_MOST_WITH_ROOM = 12
"""Conditions up to which rows are as high as their labels would like."""
NAME_ROWS = 2.2
"""Room above a panel for its name, in rows of a condition."""
GAP = 0.12
"""Between panels, in widths of a panel."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Panels of width 1 and height `k`, the number of conditions, side by side and below each other."""

    unit: Unit
    names: Sequence[str]
    columns: int
    width_mm: float
    low: float
    high: float
    k: int

    @property
    def rows(self) -> int:
        return math.ceil(len(self.names) / self.columns)

    @property
    def row_mm(self) -> float:
        return _row_mm(self.k)

    @property
    def height_mm(self) -> float:
        return self.rows * (self.k + NAME_ROWS) * self.row_mm

    def left(self, index: Places) -> Values:
        """Return where a panel begins."""
        return np.asarray(index % self.columns) * (1 + GAP)

    def top(self, index: Places) -> Values:
        """Return where a panel's first condition stands."""
        return np.asarray(index // self.columns) * (self.k + NAME_ROWS)

    def along(self, values: Values) -> Values:
        """Return how far ratings lie to the right of their panel's left edge."""
        return (values - self.low) / (self.high - self.low)


def grid_of(ratings: Ratings, unit: Unit, width_mm: float) -> Grid:
    """Lay out one panel for each item or participant."""
    names = sorted(ratings.rows[unit].unique())
    low, high = ratings.ends
    return Grid(unit, names, _columns(unit, len(names), width_mm), width_mm, low, high, len(ratings.labels))


def fits(ratings: Ratings, unit: Unit) -> bool:
    """Tell whether there is room for a panel of each item or participant."""
    panels, k = int(ratings.rows[unit].nunique()), len(ratings.labels)
    if panels > MOST[unit]:
        return False
    # Of all widths the widest decides, so that one caption fits all.
    rows = math.ceil(panels / _columns(unit, panels, _WIDE_MM))
    return rows * (k + NAME_ROWS) * _row_mm(k) <= _TALLEST_MM


def too_many_items(ratings: Ratings) -> str:
    """Say what is drawn where items are too many for a panel each, or nothing where each has its own."""
    return _too_many(ratings, "item")


def too_many_participants(ratings: Ratings) -> str:
    """Say what is drawn where participants are too many for a panel each, or nothing where each has their own."""
    return _too_many(ratings, "participant")


def _too_many(ratings: Ratings, unit: Unit) -> str:
    if fits(ratings, unit):
        return ""
    number = ratings.rows[unit].nunique()
    return (
        f"{number} {unit}s are too many for a panel each: the dots are the means of {unit}s, the bar holds the "
        "middle half of them, the white dot is their median."
    )


def _columns(unit: Unit, panels: int, width_mm: float) -> int:
    widest = _COLUMNS[unit] if width_mm >= _WIDE_MM else _NARROW_COLUMNS
    # Rows are filled evenly: eight panels make two rows of four, not one of five and one of three.
    return math.ceil(panels / math.ceil(panels / min(widest, panels)))


def _row_mm(k: int) -> float:
    return 2.7 if k <= _MOST_WITH_ROOM else 2.1
