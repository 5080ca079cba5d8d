"""Balanced orders: Williams squares, and the endless series of them that seats take their rows from.

Every shuffle sorts by a hash of seed and name (:func:`mixeval.seeds.derive_seed`), so the same seed gives the
same order on every machine and in every version of Python and NumPy.
"""

import string
from collections.abc import Iterable, Sequence
from typing import TypeVar

from mixeval.seeds import derive_seed

T = TypeVar("T")


def rows_in_square(order: int) -> int:
    """Return how many rows a Williams square of `order` treatments has: twice as many where it is odd."""
    return order if order % 2 == 0 else 2 * order


def williams_row(order: int, row: int) -> tuple[int, ...]:
    """Return one row of the Williams square whose treatments are 0 to `order` - 1.

    Over the rows of the square each treatment stands in each place equally often, and each ordered pair of
    treatments is neighbours equally often: once for an even order, twice for an odd one, whose first half of
    rows and second half are each a Latin square. E. J. Williams, Experimental designs balanced for the
    estimation of residual effects of treatments, Australian Journal of Scientific Research A 2, 149 (1949).

    >>> [williams_row(4, row) for row in range(4)]
    [(0, 1, 3, 2), (1, 2, 0, 3), (2, 3, 1, 0), (3, 0, 2, 1)]
    """
    mirrored, shift = divmod(row, order)
    found = tuple((step + shift) % order for step in _zigzag(order))
    return found[::-1] if mirrored else found


def balanced_order(names: Iterable[T], turn: int, seed: int) -> tuple[T, ...]:
    """Put `names` into the order of the `turn`-th row of an endless series of Williams squares.

    Each square of the series gives the treatments to other names and shuffles its rows, all from `seed`. After
    every whole square each name has stood in each place equally often, and after any number of turns the most
    and the least frequent place of a name differ by one at most; counts of ordered pairs of neighbours differ
    by one at most for an even number of names, by two for an odd one.
    """
    found = list(names)
    if not found:
        return ()
    square, place = divmod(turn, rows_in_square(len(found)))
    half, within = divmod(place, len(found))
    treatments = _shuffled(found, seed, "names", square)
    # Halves are shuffled apart: each is a Latin square, so that counts stay even within a square too.
    row = half * len(found) + _shuffled(range(len(found)), seed, "rows", square, half)[within]
    return tuple(treatments[treatment] for treatment in williams_row(len(found), row))


def following_order(names: Sequence[T], steps: int = 1) -> tuple[T, ...]:
    """Return the order that comes `steps` rows after `names` in the square in which `names` is a row.

    No name keeps its place, unless `steps` is a multiple of their number. Of three names or more, the one that
    ends a row never begins the next. Where orders are balanced over seats, so are those that follow them.

    >>> following_order("ABDC"), following_order("ABDC", 2)
    (('B', 'C', 'A', 'D'), ('C', 'D', 'B', 'A'))
    """
    zigzag = _zigzag(len(names))
    treatments = dict(zip(zigzag, names, strict=True))
    return tuple(treatments[(step + steps) % len(names)] for step in zigzag)


def label(position: int) -> str:
    """Name a place on the screen, counted from 0: A to Z, then AA, AB and so on.

    >>> label(0), label(25), label(26)
    ('A', 'Z', 'AA')
    """
    letters = string.ascii_uppercase
    before, last = divmod(position, len(letters))
    return (letters[before - 1] if before else "") + letters[last]


def _zigzag(order: int) -> tuple[int, ...]:
    """Return 0, 1, -1, 2, -2 and so on modulo `order`: its steps are all different where `order` is even."""
    return tuple((place + 1) // 2 if place % 2 else (order - place // 2) % order for place in range(order))


def _shuffled(names: Iterable[T], seed: int, *key: object) -> list[T]:
    return sorted(names, key=lambda name: derive_seed(seed, *key, name))
