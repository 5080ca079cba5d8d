"""Ratings as a grid: who heard what, and what was said of each condition there."""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mixeval_analysis.inference.bootstrap import Crossed
from mixeval_analysis.ratings import Ratings, Values


@dataclass(frozen=True, eq=False)
class Grid:
    """Ratings by codes of participant and item, and as (participants, items, conditions) where none is missing."""

    shape: tuple[int, int]
    places: npt.NDArray[np.int64]
    """Participant x items + item, ascending, shape (pages,)."""
    pages: Values
    """What was rated there, (pages, conditions), NaN where it was not."""

    @classmethod
    def of(cls, ratings: Ratings) -> "Grid":
        people, pieces = ratings.blocks("participant", "item")
        shape = (len(ratings.names("participant")), len(ratings.names("item")))
        return cls(shape, people * shape[1] + pieces, ratings.means("participant", "item"))

    @property
    def cells(self) -> Values | None:
        p, i = self.shape
        if len(self.pages) < p * i or np.isnan(self.pages).any():
            return None
        return self.pages.reshape(p, i, -1)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Return the pairs of conditions by place, in the order of tables."""
        return list(itertools.combinations(range(self.pages.shape[1]), 2))

    def condition(self, place: int) -> Crossed:
        """Return what was said of a condition."""
        return self._crossed(self.pages[:, place])

    def difference(self, a: int, b: int) -> Crossed:
        """Return what was said of a minus b by the same participant of the same item."""
        return self._crossed(self.pages[:, a] - self.pages[:, b])

    def _crossed(self, values: Values) -> Crossed:
        there = ~np.isnan(values)
        return Crossed(*np.divmod(self.places[there], self.shape[1]), values[there])
