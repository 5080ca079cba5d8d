"""Participants and items both random: would other listeners, with other items, say the same.

Tests on participants' means take the items as all there are; a difference that two of six items make may not be there
in the next six. Here both are a sample, of which the conditions' differences are estimated (Clark 1973,
doi:10.1016/S0022-5371(73)80014-3).
"""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.bootstrap import TWO_WAY_REPLICATES, Crossed, quantiles, two_way_means
from mixeval_analysis.factorial import factorial_part
from mixeval_analysis.probability import Probability, f_tail, holm, of_value
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.repeated_measures import helmert
from mixeval_analysis.tables import Table

FEW = 10
"""Items below which intervals over items are too narrow."""
EFFECT = "condition"


@dataclass(frozen=True)
class MeanSquare:
    """A mean square and its degrees of freedom."""

    value: float
    df: float


@dataclass(frozen=True)
class MeanSquares:
    """The mean squares of an effect S of complete data, with its interactions with participants P and items I.

    One without degrees of freedom (a single participant or item) is None.
    """

    s: MeanSquare
    ps: MeanSquare | None
    is_: MeanSquare | None
    pis: MeanSquare | None


@dataclass(frozen=True)
class FTest:
    """An F with its degrees of freedom, whole or not, and its p."""

    f: float
    df1: float
    df2: float
    p: Probability


def generalise_tables(ratings: Ratings) -> list[Table]:
    """Make the tables `generalise`, `generalise_pairs` and, of complete data, `variance_components`."""
    grid = _Grid.of(ratings)
    pairs = _pairs(grid, ratings)
    if grid.cells is None:
        return [_bootstrap_test(grid, ratings), pairs]
    return [_closed_form(grid.cells, ratings), pairs, _components(grid.cells, ratings)]


def mean_squares(said: Values) -> MeanSquares:
    """Return the mean squares of an effect; `said` is (participants, items, d), the d contrasts of each cell.

    With orthonormal contrasts of conditions these are the mean squares of the analysis of variance participants x
    items x conditions with one rating in each cell.
    """
    p, i, d = said.shape
    grand = said.mean(axis=(0, 1))
    by_p, by_i = said.mean(axis=1), said.mean(axis=0)
    rest = said - by_p[:, None] - by_i[None] + grand
    return MeanSquares(
        s=MeanSquare(p * i * float((grand**2).sum()) / d, d),
        ps=_mean_square(i * float(((by_p - grand) ** 2).sum()), d * (p - 1)),
        is_=_mean_square(p * float(((by_i - grand) ** 2).sum()), d * (i - 1)),
        pis=_mean_square(float((rest**2).sum()), d * (p - 1) * (i - 1)),
    )


def satterthwaite(*parts: MeanSquare) -> MeanSquare:
    """Return the sum of mean squares with its approximate degrees of freedom (Satterthwaite 1946).

    >>> both = satterthwaite(MeanSquare(202.0, 6), MeanSquare(34.47, 4))
    >>> round(both.value, 2), round(both.df, 2)
    (236.47, 7.88)
    """
    total = sum(part.value for part in parts)
    return MeanSquare(total, total**2 / sum(part.value**2 / part.df for part in parts if part.value))


def f_test(above: MeanSquare, below: MeanSquare) -> FTest:
    """Test one mean square, which may be a sum, against another."""
    f = above.value / below.value
    return FTest(f, above.df, below.df, f_tail(f, above.df, below.df))


def quasi_f(squares: MeanSquares) -> FTest | None:
    """Test with participants and items random: F' = (MS_S + MS_PIS) / (MS_PS + MS_IS) (Winer 1971; Clark 1973).

    None where one of them is missing or there is no variance to test against.
    """
    if squares.ps is None or squares.is_ is None or squares.pis is None:
        return None
    if squares.ps.value + squares.is_.value == 0:
        return None
    return f_test(satterthwaite(squares.s, squares.pis), satterthwaite(squares.ps, squares.is_))


def min_f(squares: MeanSquares) -> FTest | None:
    """Test by min F' = F1 F2 / (F1 + F2), the least that F' can be (Clark 1973)."""
    if squares.ps is None or squares.is_ is None or squares.ps.value + squares.is_.value == 0:
        return None
    return f_test(squares.s, satterthwaite(squares.ps, squares.is_))


@dataclass(frozen=True, eq=False)
class _Grid:
    """Ratings by codes of participant and item, and as (participants, items, conditions) where none is missing."""

    shape: tuple[int, int]
    places: npt.NDArray[np.intp]
    """Participant x items + item, ascending, shape (pages,)."""
    pages: Values
    """What was rated there, (pages, conditions), NaN where it was not."""

    @classmethod
    def of(cls, ratings: Ratings) -> "_Grid":
        # By name, so that the order of rows changes nothing.
        rows = ratings.rows
        people, participants = rows["participant"].factorize(sort=True)
        pieces, items = rows["item"].factorize(sort=True)
        table = rows.assign(place=people * len(items) + pieces)
        pages = table.groupby(["place", "condition"])["rating"].mean().unstack("condition")
        pages = pages.sort_index().reindex(columns=list(ratings.labels))
        return cls(
            (len(participants), len(items)),
            np.asarray(pages.index, dtype=np.intp),
            np.asarray(pages, dtype=np.float64),
        )

    @property
    def cells(self) -> Values | None:
        p, i = self.shape
        if len(self.pages) < p * i or np.isnan(self.pages).any():
            return None
        return self.pages.reshape(p, i, -1)

    def crossed(self, values: Values) -> Crossed:
        """Return values of pages, shape (pages,), with their participants and items; NaN is left out."""
        there = ~np.isnan(values)
        return Crossed(*np.divmod(self.places[there], self.shape[1]), values[there])

    def differences(self) -> list[Crossed]:
        """Return what was said of a minus b by the same participant of the same item, of each pair."""
        pairs = itertools.combinations(range(self.pages.shape[1]), 2)
        return [self.crossed(self.pages[:, a] - self.pages[:, b]) for a, b in pairs]

    def replicates(self) -> "tuple[list[Crossed], bool]":
        """Return what is drawn again: conditions where nothing is missing, else pairs."""
        if self.cells is None:
            return self.differences(), True
        return [self.crossed(column) for column in self.pages.T], False


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
        "F1": _against(squares.s, squares.ps),
        "F2": _against(squares.s, squares.is_),
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


def _bootstrap_test(grid: _Grid, ratings: Ratings) -> Table:
    """Test all pairs at once: the largest |mean difference| / (its bootstrap standard error), against replicates."""
    differences = grid.differences()
    statistic, p = None, None
    if min(grid.shape) > 1:
        found = np.array([column.values.mean() if len(column.values) else np.nan for column in differences])
        drawn = two_way_means(differences, grid.shape, ratings.seed)
        usable = ~np.isnan(drawn).all(axis=0)
        found, drawn = found[usable], drawn[:, usable]
        error = np.nanstd(drawn, axis=0) if drawn.size else np.zeros(0)
        spread = error > _ROUNDING
        if spread.any():
            found, drawn, error = found[spread], drawn[:, spread], error[spread]
            statistic = float((np.abs(found) / error).max())
            largest = np.nanmax(np.abs(drawn - found) / error, axis=1)
            p = _of_replicates(largest >= statistic)
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
            "Ratings are missing, so that no F is exact: the largest mean difference of all pairs, in bootstrap "
            f"standard errors, against what redrawing participants and items gives (B = {TWO_WAY_REPLICATES}, seed "
            f"{ratings.seed}); p is never below 1 / (B + 1)."
        ),
        level=f"{ratings.shape_in_words()}, differences by the same participant of the same item.",
        labels=ratings.labels,
        notes=(*_undefined([row]), *_few(ratings)),
        simulated=ratings.simulated,
    )


_ROUNDING = 1e-9
_UNDEFINED = ("F", "df1", "df2", "p", "p_holm")


def _pairs(grid: _Grid, ratings: Ratings) -> Table:
    pairs = list(itertools.combinations(ratings.labels, 2))
    drawn, by_pair = _drawn(grid, ratings)
    rows: list[dict[str, Any]] = []
    notes = []
    for place, ((a, b), column) in enumerate(zip(pairs, grid.differences(), strict=True)):
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
        notes=(*notes, *_few(ratings)),
        simulated=ratings.simulated,
    )


def _drawn(grid: _Grid, ratings: Ratings) -> tuple[Values, bool]:
    """Return replicates of each pair's mean difference, and whether pairs were drawn rather than conditions."""
    columns, by_pair = grid.replicates()
    drawn = two_way_means(columns, grid.shape, ratings.seed)
    if by_pair:
        return drawn, True
    first, second = np.triu_indices(len(columns), k=1)
    return drawn[:, first] - drawn[:, second], False


def _components(cells: Values, ratings: Ratings) -> Table:
    """Estimate variance components from mean squares, all but the conditions random (Searle et al. 1992, chapter 4).

    An estimate below zero, which means that there is next to nothing, is printed as it is; its sd is then 0.
    """
    p, i, k = cells.shape
    over = mean_squares(cells.mean(axis=2, keepdims=True) * math.sqrt(k))
    within = mean_squares(cells @ helmert(k))
    residual, pi = within.pis, over.pis
    estimates = {
        "participant": _part(over.ps, [(pi, 1), (within.ps, 1), (residual, -1)], i * k),
        "item": _part(over.is_, [(pi, 1), (within.is_, 1), (residual, -1)], p * k),
        "participant x item": _part(pi, [(residual, 1)], k),
        "condition x participant": _part(within.ps, [(residual, 1)], i),
        "condition x item": _part(within.is_, [(residual, 1)], p),
        "residual": _part(residual, [], 1),
    }
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


def _part(
    own: MeanSquare | None, others: list[tuple[MeanSquare | None, int]], times: int
) -> float | None:
    if own is None or any(other is None for other, _ in others):
        return None
    return (own.value - sum(sign * other.value for other, sign in others if other is not None)) / times


def _test_row(effect: str, test: str, found: FTest | None) -> dict[str, Any]:
    row: dict[str, Any] = {"effect": effect, "test": test, "random": _TESTS[test]}
    if found is None:
        return row | dict.fromkeys(("statistic", "df1", "df2", "p"))
    return row | {"statistic": found.f, "df1": found.df1, "df2": found.df2, "p": found.p}


def _against(above: MeanSquare, below: MeanSquare | None) -> FTest | None:
    return None if below is None or below.value == 0 else f_test(above, below)


def _mean_square(sum_of_squares: float, df: int) -> MeanSquare | None:
    return MeanSquare(sum_of_squares / df, df) if df else None


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
        f"{'; '.join(missing)}: not defined, since there is only one participant or item to generalise from, "
        "or nothing varies between them."
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
