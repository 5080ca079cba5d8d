"""Participants and items both random: would other listeners, with other items, say the same.

Tests on participants' means take the items as all there are; a difference that two of six items make may not be there
in the next six. Here both are a sample, of which the conditions' differences are estimated (Clark 1973,
doi:10.1016/S0022-5371(73)80014-3).
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.inference.bootstrap import TWO_WAY_REPLICATES, quantiles, two_way_means
from mixeval_analysis.inference.crossed_anova import (
    FTest,
    against,
    mean_squares,
    min_f,
    quasi_f,
    variance_components,
)
from mixeval_analysis.inference.factorial import factorial_part
from mixeval_analysis.inference.grid import Grid
from mixeval_analysis.inference.probability import Probability, holm, of_value
from mixeval_analysis.inference.repeated_measures import helmert
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.tables import Table

FEW = 10
"""Items below which intervals over items are too narrow."""
EFFECT = "condition"


def generalise_tables(ratings: Ratings) -> list[Table]:
    """Make the tables `generalise`, `generalise_pairs` and, of complete data, `variance_components`."""
    grid = Grid.of(ratings)
    cells, pairs = grid.cells, grid.pairs
    if cells is None:
        drawn = two_way_means(
            lambda place: grid.difference(*pairs[place]), len(pairs), grid.shape, ratings.seed
        )
        listed = _pairs(grid, drawn, ratings)
        return [_bootstrap_test(listed, drawn, ratings), listed]
    conditions = two_way_means(grid.condition, len(ratings.labels), grid.shape, ratings.seed)
    first, second = np.triu_indices(len(ratings.labels), k=1)
    drawn = conditions[:, first] - conditions[:, second]
    return [_closed_form(cells, ratings), _pairs(grid, drawn, ratings), _components(cells, ratings)]


_TESTS = {
    "F1": "participants",
    "F2": "items",
    "quasi_F": "participants and items",
    "min_F": "participants and items",
}
"""Tests of complete data, and what each takes as a sample of more."""


def _closed_form(cells: Values, ratings: Ratings) -> Table:
    squares = mean_squares(cells @ helmert(cells.shape[2]))
    tests = {
        "F1": against(squares.s, squares.ps),
        "F2": against(squares.s, squares.is_),
        "quasi_F": quasi_f(squares),
        "min_F": min_f(squares),
    }
    rows = [_test_row(EFFECT, test, found) for test, found in tests.items()]
    found = factorial_part(ratings)
    if found.part is not None:
        used = cells @ found.part.mixing(list(ratings.labels))
        for effect in found.part.effects:
            own = quasi_f(mean_squares(used @ found.part.contrasts(effect)))
            rows.append(_test_row(effect.name, "quasi_F", own))
    return Table(
        name="generalise",
        title="Other listeners, other items",
        frame=frame_of(rows),
        method=(
            "F1 = MS of the effect / MS effect x participant, F2 = MS of the effect / MS effect x item; F' = "
            "(MS of the effect + MS effect x participant x item) / (MS effect x participant + MS effect x item) with "
            "Satterthwaite's degrees of freedom; min F' = F1 F2 / (F1 + F2)."
        ),
        level=f"{ratings.shape_in_words()}, one rating of each in every condition. Read quasi_F.",
        labels=ratings.labels,
        notes=(*_undefined(rows), *_few(ratings)),
        simulated=ratings.simulated,
    )


def _bootstrap_test(pairs: Table, drawn: Values, ratings: Ratings) -> Table:
    """Test all pairs at once: the largest |mean difference| / (its bootstrap standard error), against replicates."""
    statistic, p = None, None
    means = list(pairs.frame["mean_diff"])
    rated = [place for place, mean in enumerate(means) if mean is not None]
    if min(ratings.participants, ratings.items) > 1 and rated:
        found, drawn = np.array([means[place] for place in rated]), drawn[:, rated]
        error = np.nanstd(drawn, axis=0)
        spread = error > _ROUNDING
        if spread.any():
            found, drawn, error = found[spread], drawn[:, spread], error[spread]
            statistic = float((np.abs(found) / error).max())
            # A pair that a replicate lacks cannot be the largest in it.
            strays = np.nan_to_num(np.abs(drawn - found) / error, nan=0.0)
            p = _of_replicates(strays.max(axis=1) >= statistic)
    row = {
        "effect": EFFECT,
        "test": "bootstrap_max_t",
        "random": "participants and items",
        "statistic": statistic,
        "df1": None,
        "df2": None,
        "p": p,
    }
    return Table(
        name="generalise",
        title="Other listeners, other items",
        frame=frame_of([row]),
        method=(
            "The largest mean difference of all pairs, in bootstrap standard errors, "
            f"against what redrawing participants and items gives (B = {TWO_WAY_REPLICATES}, seed "
            f"{ratings.seed}); p is never below 1 / (B + 1)."
        ),
        level=f"{ratings.shape_in_words()}, differences by the same participant of the same item.",
        labels=ratings.labels,
        notes=(_MISSING, *_undefined([row]), *_few(ratings)),
        simulated=ratings.simulated,
    )


_ROUNDING = 1e-9
_MISSING = "Ratings are missing, so that there is no F with its degrees of freedom: p is the bootstrap's own."
_UNDEFINED = ("F", "df1", "df2", "p", "p_holm")


def _pairs(grid: Grid, drawn: Values, ratings: Ratings) -> Table:
    by_pair = grid.cells is None
    rows: list[dict[str, Any]] = []
    notes = []
    for place, (first, second) in enumerate(grid.pairs):
        a, b, column = ratings.conditions[first], ratings.conditions[second], grid.difference(first, second)
        both = f"{ratings.labels[a]} and {ratings.labels[b]}"
        people, pieces = len(np.unique(column.participants)), len(np.unique(column.items))
        row: dict[str, Any] = {"a": a, "b": b, "participants": people, "items": pieces}
        row |= {"n": len(column.values), "mean_diff": None, "ci95_lo": None, "ci95_hi": None}
        row |= dict.fromkeys(_UNDEFINED)
        rows.append(row)
        if not len(column.values):
            notes.append(f"{both}: nobody rated both of the same item.")
            continue
        row["mean_diff"] = float(column.values.mean())
        if min(people, pieces) < 2:
            continue
        row["ci95_lo"], row["ci95_hi"] = quantiles(drawn[:, place])
        if by_pair:
            row["p"] = _bootstrap_p(drawn[:, place], row["mean_diff"])
        else:
            tested = quasi_f(mean_squares(column.values.reshape(*grid.shape, 1) / math.sqrt(2)))
            if tested is not None:
                row |= {"F": tested.f, "df1": tested.df1, "df2": tested.df2, "p": tested.p}
        if row["p"] is None:
            notes.append(f"{both}: the difference is the same everywhere, so there is nothing to test.")
    for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = p
    tested_by = "by how many replicates stray as far" if by_pair else "by F' of the two"
    return Table(
        name="generalise_pairs",
        title="Differences for other listeners and other items",
        frame=frame_of(rows),
        method=(
            "95 % percentile interval of the mean difference, participants and items both drawn anew (B = "
            f"{TWO_WAY_REPLICATES}, seed {ratings.seed}; Owen 2007), on average a little too wide; p {tested_by}, "
            f"Holm over {count_of(len(rows), 'pair')}."
        ),
        level=f"{ratings.shape_in_words()}, differences by the same participant of the same item.",
        labels=ratings.labels,
        notes=(*([_MISSING] if by_pair else []), *notes, *_few(ratings)),
        simulated=ratings.simulated,
    )


def _components(cells: Values, ratings: Ratings) -> Table:
    """Print variance components; one below zero, which says that there is next to nothing, has an sd of 0."""
    estimates = variance_components(cells)
    sizes = [max(0.0, value) for value in estimates.values() if value is not None]
    total = sum(sizes)
    rows = [
        {
            "component": name,
            "variance": value,
            "sd": None if value is None else math.sqrt(max(0.0, value)),
            "share": max(0.0, value) / total if value is not None and total > 0 else None,
        }
        for name, value in estimates.items()
    ]
    missing = [name for name, value in estimates.items() if value is None]
    notes = [f"It takes two participants and two items to estimate {', '.join(missing)}."] if missing else []
    if any(value is not None and value < 0 for value in estimates.values()):
        notes.append("A variance estimated below zero is taken as none: there is too little of it to see.")
    if total == 0:
        notes.append("Nothing varies, so that there is nothing to share.")
    return Table(
        name="variance_components",
        title="Where ratings of the same mix differ",
        frame=frame_of(rows),
        method="Estimated from mean squares, conditions fixed; share of their sum.",
        level=f"{ratings.shape_in_words()}, one rating of each in every condition.",
        labels=ratings.labels,
        notes=tuple(notes),
        simulated=ratings.simulated,
    )


def _test_row(effect: str, test: str, found: FTest | None) -> dict[str, Any]:
    row: dict[str, Any] = {"effect": effect, "test": test, "random": _TESTS[test]}
    if found is None:
        return row | dict.fromkeys(("statistic", "df1", "df2", "p"))
    return row | {"statistic": found.f, "df1": found.df1, "df2": found.df2, "p": found.p}


def _bootstrap_p(drawn: Values, found: float) -> Probability | None:
    known = drawn[~np.isnan(drawn)]
    strayed = np.abs(known - found)
    if not len(known) or strayed.max() <= _ROUNDING:
        return None
    return _of_replicates(strayed >= abs(found) - _ROUNDING)


def _of_replicates(as_far: npt.NDArray[np.bool_]) -> Probability:
    return of_value((1 + int(as_far.sum())) / (1 + len(as_far)))


def _undefined(rows: list[dict[str, Any]]) -> list[str]:
    missing = [f"{row['effect']}, {row['test']}" for row in rows if row["statistic"] is None]
    if not missing:
        return []
    return [
        f"{'; '.join(missing)}: not defined, with one participant or item, or where nothing varies between them."
    ]


def _few(ratings: Ratings) -> tuple[str, ...]:
    notes = []
    for number, noun in ((ratings.participants, "participant"), (ratings.items, "item")):
        if 1 < number < FEW:
            notes.append(
                f"{count_of(number, noun)} say little about other {noun}s, and intervals over fewer than {FEW} "
                "are too narrow on that side."
            )
        elif number == 1:
            notes.append(f"One {noun} says nothing about other {noun}s.")
    return tuple(notes)
