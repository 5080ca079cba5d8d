"""Pairs of conditions: in which order they stand, their differences, and what cannot be said of some."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from mixeval_analysis.ratings import Values

Pair = tuple[str, str]

_MOST_NAMED = 3


def pairs_of(labels: Mapping[str, str]) -> list[Pair]:
    """Return all pairs (a, b) of conditions, a before b in the order of tables."""
    return list(itertools.combinations(labels, 2))


def pair_differences(means: Values) -> Values:
    """Return the differences a - b of all pairs in their order, shape (blocks, pairs), NaN where one is missing.

    `means` is (blocks, conditions), conditions in the order of tables.
    """
    first, second = np.triu_indices(means.shape[1], k=1)
    difference: Values = means[:, first] - means[:, second]
    return difference


def pair_notes(problems: Sequence[tuple[Pair, str]], labels: Mapping[str, str]) -> list[str]:
    """Say each problem once, with the pairs that have it: of forty conditions it may be 780."""
    having: dict[str, list[str]] = {}
    for (a, b), problem in problems:
        having.setdefault(problem, []).append(f"{labels[a]} and {labels[b]}")
    return [f"{_named(names)}: {problem}." for problem, names in having.items()]


def _named(names: list[str]) -> str:
    shown = "; ".join(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return shown if more <= 0 else f"{shown}; and {more} more pair{'s' if more > 1 else ''}"
