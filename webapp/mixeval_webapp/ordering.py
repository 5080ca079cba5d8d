"""Which item comes on which page, and which mix under which letter: pure functions of a session's seed.

An order is sorted by a hash of seed and name (:func:`mixeval.seeds.derive_seed`), so the same seed gives the
same order on every machine and in every version of Python and NumPy.
"""

import string
from collections.abc import Iterable

from mixeval.seeds import derive_seed


def item_order(items: Iterable[str], seed: int) -> tuple[str, ...]:
    """Order the items of a session, every order equally likely over seeds.

    >>> sorted(item_order(["kick", "snare"], 1))
    ['kick', 'snare']
    """
    return tuple(sorted(items, key=lambda item: derive_seed(seed, "item", item)))


def stimulus_order(conditions: Iterable[str], item: str, seed: int) -> tuple[str, ...]:
    """Order the conditions on the page of `item` from left to right, independently for each item."""
    return tuple(sorted(conditions, key=lambda condition: derive_seed(seed, "stimulus", item, condition)))


def label(position: int) -> str:
    """Name a place on the screen, counted from 0: A to Z, then AA, AB and so on.

    >>> label(0), label(25), label(26)
    ('A', 'Z', 'AA')
    """
    letters = string.ascii_uppercase
    before, last = divmod(position, len(letters))
    return (letters[before - 1] if before else "") + letters[last]
