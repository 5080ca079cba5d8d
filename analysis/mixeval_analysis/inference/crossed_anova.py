"""Analysis of variance of complete data, participants x items x conditions, with participants and items both random."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mixeval_analysis.inference.probability import Probability, f_tail
from mixeval_analysis.inference.repeated_measures import helmert
from mixeval_analysis.ratings import Values


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


def mean_squares(said: Values) -> MeanSquares:
    """Return the mean squares of an effect; `said` is (participants, items, d), the d contrasts of each cell.

    With orthonormal contrasts of conditions these are the mean squares of the analysis of variance participants x
    items x conditions with one rating in each cell.
    """
    p, i, d = said.shape
    grand = said.mean(axis=(0, 1))
    by_p, by_i = said.mean(axis=1), said.mean(axis=0)
    rest = said - by_p[:, None] - by_i[None] + grand
    # What is nothing but rounding is nothing.
    least = said.size * (1e-10 * max(1.0, float(np.abs(said).max()))) ** 2

    def mean_square(sum_of_squares: float, df: int) -> MeanSquare | None:
        return MeanSquare(sum_of_squares / df if sum_of_squares > least else 0.0, df) if df else None

    return MeanSquares(
        s=MeanSquare(p * i * float((grand**2).sum()) / d, d),
        ps=mean_square(i * float(((by_p - grand) ** 2).sum()), d * (p - 1)),
        is_=mean_square(p * float(((by_i - grand) ** 2).sum()), d * (i - 1)),
        pis=mean_square(float((rest**2).sum()), d * (p - 1) * (i - 1)),
    )


def satterthwaite(*parts: MeanSquare) -> MeanSquare:
    """Return the sum of mean squares with its approximate degrees of freedom (Satterthwaite 1946).

    >>> both = satterthwaite(MeanSquare(202.0, 6), MeanSquare(34.47, 4))
    >>> round(both.value, 2), round(both.df, 2)
    (236.47, 7.88)
    """
    total = sum(part.value for part in parts)
    if total == 0:
        return MeanSquare(0.0, parts[0].df)
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


def against(above: MeanSquare, below: MeanSquare | None) -> FTest | None:
    """Test a mean square against one other; None where that is missing or zero."""
    return None if below is None or below.value == 0 else f_test(above, below)


def variance_components(cells: Values) -> Mapping[str, float | None]:
    """Estimate variances from mean squares of `cells`, (participants, items, conditions), all but conditions random.

    They are unbiased and may come out below zero (Searle, Casella and McCulloch 1992, chapter 4). The interactions with
    conditions are those of a mixed model with an independent effect for each participant (or item) and condition. None
    where it takes a second participant or item.
    """
    p, i, k = cells.shape
    over = mean_squares(cells.mean(axis=2, keepdims=True) * math.sqrt(k))
    within = mean_squares(cells @ helmert(k))
    residual, pi = within.pis, over.pis
    return {
        "participant": _part(over.ps, [(pi, 1), (within.ps, 1), (residual, -1)], i * k),
        "item": _part(over.is_, [(pi, 1), (within.is_, 1), (residual, -1)], p * k),
        "participant x item": _part(pi, [(residual, 1)], k),
        "condition x participant": _part(within.ps, [(residual, 1)], i),
        "condition x item": _part(within.is_, [(residual, 1)], p),
        "residual": _part(residual, [], 1),
    }


def _part(own: MeanSquare | None, others: list[tuple[MeanSquare | None, int]], times: int) -> float | None:
    if own is None or any(other is None for other, _ in others):
        return None
    return (own.value - sum(sign * other.value for other, sign in others if other is not None)) / times
