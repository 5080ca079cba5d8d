"""Bootstrap by weights: over participants, and over participants and items together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mixeval.seeds import generator
from mixeval_analysis.ratings import Values

REPLICATES = 10_000
OF_LARGE_PANELS = 2_000
_LARGE_PANEL = 2_000
"""Participants from whom on fewer replicates are drawn: the intervals are as sure, and drawing takes its time."""
TWO_WAY_REPLICATES = 2_000
_CELLS_AT_ONCE = 4_000_000
"""Numbers held at once, of weights as of what they weigh: 32 MB, however many participants there are."""

Limits = tuple[float | None, float | None]


@dataclass(frozen=True, eq=False)
class Crossed:
    """Values that belong to a participant and an item each: codes from 0 and values, all of shape (n,)."""

    participants: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    values: Values


def replicates_of(participants: int) -> int:
    """Return how often a panel is drawn again."""
    return REPLICATES if participants < _LARGE_PANEL else OF_LARGE_PANELS


def mean_limits(values: Values, seed: int) -> list[Limits]:
    """Return the 95 % percentile limits of each column's mean over participants.

    `values` is (participants, columns), NaN where one is missing. Drawing participants with replacement is a
    multinomial weight for each, the same for all columns, so that intervals of one table belong together.
    A column of fewer than two values has no limits.
    """
    there = ~np.isnan(values)
    known = np.where(there, values, 0.0)
    # Whoever has all values is heard in every column, so that one counts for all.
    counts = (there[:, :1] if there.all() else there).astype(np.float64)
    n = len(values)
    if n < 2:
        return [(None, None)] * values.shape[1]
    random = generator(seed, "bootstrap", "difference")
    means = []
    for size in _blocks(replicates_of(n), n):
        weights = _weights(random, n, size)
        heard, sums = weights @ counts, weights @ known
        # A column that nobody drawn has a value of has no mean in that replicate.
        means.append(np.divide(sums, heard, out=np.full_like(sums, np.nan), where=heard > 0))
    enough = there.sum(axis=0) > 1
    return [
        quantiles(column) if several else (None, None)
        for column, several in zip(np.concatenate(means).T, enough, strict=True)
    ]


def two_way_means(column: Callable[[int], Crossed], number: int, shape: tuple[int, int], seed: int) -> Values:
    """Return means of each `column` in panels and sets of items drawn anew, (replicates, number of columns).

    Columns are made when they are weighed, since together they may be too many to hold. `shape` is (participants, items). Both are drawn with replacement, each on its own, and a value weighs as often as
    its participant times as often as its item was drawn (the pigeonhole bootstrap; Owen 2007, doi:10.1214/07-AOAS122).
    It overstates the variance a little, never by design understates it: no bootstrap of crossed data is exact
    (McCullagh 2000). NaN where nothing that was drawn has a value.
    """
    participants, items = shape
    of_participants = generator(seed, "bootstrap", "two-way", "participants")
    of_items = generator(seed, "bootstrap", "two-way", "items")
    together = min(number, max(1, _CELLS_AT_ONCE // (participants * items)))
    means = []
    for size in _blocks(TWO_WAY_REPLICATES, max(participants, items * together)):
        people = _weights(of_participants, participants, size)
        pieces = _weights(of_items, items, size)
        block = np.empty((size, number))
        for start in range(0, number, together):
            chunk = [column(place) for place in range(start, min(start + together, number))]
            sums = _weighted(people, pieces, chunk, shape, counting=False)
            full = all(len(own.values) == participants * items for own in chunk)
            counts = (
                np.full_like(sums, participants * items)
                if full
                else _weighted(people, pieces, chunk, shape, counting=True)
            )
            block[:, start : start + len(chunk)] = np.divide(
                sums, counts, out=np.full_like(sums, np.nan), where=counts > 0
            )
        means.append(block)
    return np.concatenate(means)


def alone(participants: int) -> tuple[str, ...]:
    """Say where there is nobody to draw instead."""
    if participants > 1:
        return ()
    return ("One participant gives no confidence interval over participants.",)


def quantiles(replicates: Values) -> Limits:
    """Return the 2.5 % and the 97.5 % quantile of the replicates that there are, shape (replicates,)."""
    known = replicates[~np.isnan(replicates)]
    if not len(known):
        return None, None
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def _weighted(
    people: Values, pieces: Values, columns: Sequence[Crossed], shape: tuple[int, int], *, counting: bool
) -> Values:
    """Sum the columns' values (or count them) by the weights of both, (replicates, columns)."""
    participants, items = shape
    rows = np.concatenate([column.participants for column in columns])
    places = np.concatenate([index * items + column.items for index, column in enumerate(columns)])
    values = np.concatenate(
        [np.ones(len(column.values)) if counting else column.values for column in columns]
    )
    cells = sparse.csr_array((values, (rows, places)), shape=(participants, items * len(columns)))
    small = participants * items * len(columns) <= _CELLS_AT_ONCE
    # A panel that heard few of very many items is held by what it heard.
    by_item = people @ (cells.toarray() if small else cells)
    weighed = np.asarray(by_item).reshape(len(people), len(columns), items) * pieces[:, None, :]
    return np.asarray(weighed.sum(axis=2), dtype=np.float64)


def _weights(random: np.random.Generator, n: int, size: int) -> Values:
    return random.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)


def _blocks(replicates: int, width: int) -> Iterator[int]:
    block = max(1, _CELLS_AT_ONCE // width)
    for start in range(0, replicates, block):
        yield min(block, replicates - start)
