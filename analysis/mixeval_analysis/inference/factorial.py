"""The factorial part of a study: the conditions that together make every combination of their factors' levels."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mixeval_analysis.answers import count_of
from mixeval_analysis.inference.repeated_measures import crossed_contrasts, means_by_condition
from mixeval_analysis.ratings import Ratings, Values

_MOST_TO_TRY = 2**14
"""Sets of levels that are tried where the crossing is incomplete."""

Levels = tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """A main effect, or an interaction of two factors, by their places."""

    name: str
    places: tuple[int, ...]


@dataclass(frozen=True)
class Factorial:
    """Factors with their levels, and the conditions of each combination, the last factor running fastest."""

    levels: Mapping[str, Levels]
    cells: Mapping[Levels, tuple[str, ...]]

    @property
    def effects(self) -> list[Effect]:
        """Return main effects, then interactions of two."""
        names = list(self.levels)
        places = [*((i,) for i in range(len(names))), *itertools.combinations(range(len(names)), 2)]
        return [Effect(" x ".join(names[i] for i in own), own) for own in places]

    @property
    def sizes(self) -> list[int]:
        return [len(levels) for levels in self.levels.values()]

    def contrasts(self, effect: Effect) -> Values:
        """Return an effect's orthonormal contrasts, shape (cells, d)."""
        return crossed_contrasts(self.sizes, effect.places)

    def mixing(self, conditions: Sequence[str]) -> Values:
        """Return what makes cells of conditions, shape (conditions, cells): the mean where a cell has several."""
        weights = np.zeros((len(conditions), len(self.cells)))
        for column, own in enumerate(self.cells.values()):
            for name in own:
                weights[conditions.index(name), column] = 1 / len(own)
        return weights


@dataclass(frozen=True)
class Found:
    """The factorial part, None where there is none, and sentences on what stands outside and why."""

    part: Factorial | None
    declared: tuple[str, ...]
    """Factors of any condition that was rated, in order of appearance."""
    notes: tuple[str, ...]


def factorial_part(ratings: Ratings) -> Found:
    """Find the conditions that have all factors, and the largest full crossing of their levels."""
    placed = {
        condition: own for condition in ratings.labels if (own := dict(ratings.factors.get(condition, {})))
    }
    declared = tuple(dict.fromkeys(name for own in placed.values() for name in own))
    if not declared:
        return Found(None, (), ())
    notes = []
    for condition, label in ratings.labels.items():
        lacks = [name for name in declared if name not in placed.get(condition, {})]
        if lacks:
            notes.append(f"{label} stands outside: it has no {' and no '.join(lacks)}.")
    whole = {condition: own for condition, own in placed.items() if set(own) == set(declared)}
    levels = {name: tuple(dict.fromkeys(own[name] for own in whole.values())) for name in declared}
    notes.extend(
        f"{name} has one level ({own[0]}), which there is nothing to compare with."
        for name, own in levels.items()
        if len(own) == 1
    )
    varied = {name: own for name, own in levels.items() if len(own) > 1}
    if not varied:
        return Found(None, declared, tuple(notes))
    cells: dict[Levels, tuple[str, ...]] = {}
    for condition, own in whole.items():
        place = tuple(own[name] for name in varied)
        cells[place] = (*cells.get(place, ()), condition)
    crossed = _largest_crossing(varied, set(cells))
    if crossed is None:
        notes.append(
            f"{' and '.join(varied)} are not crossed: too few combinations of their levels were rated to tell "
            "the effect of one from that of the other."
        )
        return Found(None, declared, tuple(notes))
    part = Factorial(crossed, {place: cells[place] for place in itertools.product(*crossed.values())})
    notes.extend(_left_out(ratings, cells, part))
    return Found(part, declared, tuple(notes))


def cell_means(ratings: Ratings, part: Factorial) -> tuple[Values, int]:
    """Return participants' means by cell, (participants, cells), and how many participants lack one and are left out."""
    means = means_by_condition(ratings)
    used = [name for own in part.cells.values() for name in own]
    values = np.asarray(means[used], dtype=np.float64)
    complete = ~np.isnan(values).any(axis=1)
    return values[complete] @ part.mixing(used), int((~complete).sum())


def _largest_crossing(levels: Mapping[str, Levels], there: set[Levels]) -> dict[str, Levels] | None:
    """Return the levels, at least two of each factor, all of whose combinations are there; None where there are none."""
    names = list(levels)
    widest = max(range(len(names)), key=lambda place: len(levels[names[place]]))
    others = [name for place, name in enumerate(names) if place != widest]
    if 2 ** sum(len(levels[name]) for name in others) > _MOST_TO_TRY:
        return None
    best: dict[str, Levels] | None = None
    most = 0
    for chosen in itertools.product(*(_subsets(levels[name]) for name in others)):
        combinations = list(itertools.product(*chosen))
        fits = tuple(
            level
            for level in levels[names[widest]]
            if all((*rest[:widest], level, *rest[widest:]) in there for rest in combinations)
        )
        size = len(fits) * len(combinations)
        if len(fits) > 1 and size > most:
            most, best = size, {**dict(zip(others, chosen, strict=True)), names[widest]: fits}
    return None if best is None else {name: best[name] for name in names}


def _subsets(levels: Levels) -> Iterator[Levels]:
    """Return the sets of at least two levels, the largest first."""
    for size in range(len(levels), 1, -1):
        yield from itertools.combinations(levels, size)


def _left_out(ratings: Ratings, cells: Mapping[Levels, tuple[str, ...]], part: Factorial) -> Iterator[str]:
    outside = [
        ratings.labels[name] for place, own in cells.items() if place not in part.cells for name in own
    ]
    if outside:
        yield (
            f"Not every combination of levels was rated; {', '.join(outside)} "
            f"{'stands' if len(outside) == 1 else 'stand'} outside the largest full crossing."
        )
    for own in part.cells.values():
        if len(own) > 1:
            alike = ", ".join(ratings.labels[name] for name in own)
            yield f"{alike} have the same levels and count as one, by their mean."


def lacking(left_out: int) -> tuple[str, ...]:
    """Say how many participants are not counted, nothing where all are."""
    if not left_out:
        return ()
    verb = "is" if left_out == 1 else "are"
    return (
        f"{count_of(left_out, 'participant')} did not rate all of these conditions and {verb} not counted.",
    )
