"""Order statistics of Walsh averages, the means of any two differences (a difference with itself among them).

Ten thousand participants have fifty million of them. They are counted below a limit rather than formed, and only
the few near what is looked for are laid out.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Differences = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

_LAID_OUT = 20_000
"""Averages that are formed and sorted; of more, the part that cannot hold the place is left out first."""


def walsh_averages_at(differences: Differences, places: Sequence[int]) -> list[float]:
    """Return the Walsh averages that stand at `places` in ascending order, from 0, of differences, shape (n,).

    >>> walsh_averages_at(np.array([1.0, 2.0, 4.0]), [0, 3, 5])
    [1.0, 2.5, 4.0]
    """
    n = len(differences)
    if n * (n + 1) // 2 <= _LAID_OUT:
        rows, columns = np.triu_indices(n)
        everything = np.sort(differences[rows] + differences[columns]) / 2
        return [float(everything[place]) for place in places]
    values, counts = np.unique(differences, return_counts=True)
    sums = _Sums(values, counts.astype(np.int64))
    return [sums.at(place) / 2 for place in places]


class _Sums:
    """Sums of two of `values`, ascending, each as often as the pairs of differences that have it."""

    def __init__(self, values: Differences, counts: Counts) -> None:
        self._values, self._counts = values, counts
        self._before = np.concatenate([[0], np.cumsum(counts)])
        self._own = counts * (counts + 1) // 2

    def at(self, place: int) -> float:
        values = self._values
        everything = np.full(len(values), len(values))
        low, high = 2 * values[0], 2 * values[-1]
        # `below` and `upto` say for each value how many others give a sum that is too low, and not too high.
        below, upto = np.arange(len(values)), everything
        while int((upto - below).sum()) > _LAID_OUT:
            middle = low + (high - low) / 2
            if not low < middle < high:
                break
            ends = self._ends(middle)
            if self._weight(ends) > place:
                high, upto = middle, ends
            else:
                low, below = middle, ends
        return self._laid_out(below, upto, place - self._weight(below))

    def _ends(self, limit: float) -> Counts:
        """Return for each value where those end, from itself upwards, whose sum with it is within the limit."""
        ends = np.searchsorted(self._values, limit - self._values, side="right")
        return np.maximum(ends, np.arange(len(self._values)))

    def _weight(self, ends: Counts) -> int:
        """Count the pairs of differences up to the ends."""
        first = np.arange(len(ends))
        others = self._before[ends] - self._before[np.minimum(first + 1, ends)]
        return int(np.where(ends > first, self._own + self._counts * others, 0).sum())

    def _laid_out(self, below: Counts, upto: Counts, place: int) -> float:
        lengths = upto - below
        first = np.repeat(np.arange(len(lengths)), lengths)
        starts = np.cumsum(lengths) - lengths
        second = np.arange(len(first)) - np.repeat(starts - below, lengths)
        sums = self._values[first] + self._values[second]
        pairs = np.where(first == second, self._own[first], self._counts[first] * self._counts[second])
        order = np.argsort(sums, kind="stable")
        return float(sums[order[np.searchsorted(np.cumsum(pairs[order]), place, side="right")]])
