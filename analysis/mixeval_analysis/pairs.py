"""Pairs of conditions: in which order they stand, their differences, and what cannot be said of some."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mixeval_analysis.ratings import Values

Pair = tuple[str, str]

_MOST_NAMED = 3


def pairs_of(labels: Mapping[str, str]) -> list[Pair]:
    """Return all pairs (a, b) of conditions, a before b in the order of tables."""
    return list(itertools.combinations(labels, 2))


def pair_differences(means: pd.DataFrame, pairs: Sequence[Pair]) -> Values:
    """Return the differences a - b of each pair, shape (blocks, pairs), NaN where one is missing.

    `means` is (blocks, conditions).
    """
    values = np.asarray(means, dtype=np.float64)
    place = {condition: index for index, condition in enumerate(means.columns)}
    first, second = (np.array([place[pair[side]] for pair in pairs], dtype=np.intp) for side in (0, 1))
    difference: Values = values[:, first] - values[:, second]
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
