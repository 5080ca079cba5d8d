"""Which figure belongs to which analysis: a new one is a function and a line in FIGURES."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

import mixeval.figures
from mixeval.figures import COLUMN_WIDTH_MM, FULL_WIDTH_MM, ROLE_COLOURS
from mixeval_analysis.answers import Answers
from mixeval_analysis.figures import panels
from mixeval_analysis.figures.estimation_plot import estimation
from mixeval_analysis.figures.interval_plot import IntervalRow, Scale, interval_figure
from mixeval_analysis.figures.pair_matrix import pairs
from mixeval_analysis.figures.panel_plots import listening_figure, screening_figure, timing_figure
from mixeval_analysis.figures.plots import violin
from mixeval_analysis.figures.rank_plot import ranks
from mixeval_analysis.profile import Analysis
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.results.rankings import in_ranks
from mixeval_analysis.tables import Table
from mixeval_analysis.trials import Outcome, Trials

_SHARES: Mapping[float, str] = {0.0: "0 %", 0.25: "25 %", 0.5: "50 %", 0.75: "75 %", 1.0: "100 %"}


def draw(analysis: Analysis, *, single_column: bool = False) -> dict[str, dict[str, bytes]]:
    """Draw the figures of an analysis by name, 183 mm wide, each as PDF, SVG and PNG, by kind.

    With `single_column`, those that fit one column of a page come 89 mm wide too, as NAME-89mm.
    """
    drawn = {figure.name: FIGURES[figure.name](analysis) for figure in analysis.figures}
    if single_column:
        drawn |= {
            f"{figure.name}-{COLUMN_WIDTH_MM}mm": SINGLE_COLUMN[figure.name](analysis)
            for figure in analysis.figures
            if figure.name in SINGLE_COLUMN
        }
    return drawn


def draw_svg(analysis: Analysis) -> dict[str, bytes]:
    """Draw the figures of an analysis by name, as SVG alone."""
    with mixeval.figures.only_svg():
        return {name: drawn["svg"] for name, drawn in draw(analysis).items()}


def letters_missing(answers: Answers) -> str | None:
    """Say which letters of the labels the figure's font lacks, or None where it has all of them.

    PDF and PNG show boxes in their place; the SVG holds them.
    """
    return mixeval.figures.letters_missing("".join([*answers.labels.values(), answers.attribute or ""]))


def _violin(analysis: Analysis, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    return violin(_ratings(analysis), width_mm=width_mm)


def _pairs(analysis: Analysis, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    return pairs(_ratings(analysis), analysis.tables["wilcoxon"], width_mm=width_mm)


def _estimation(analysis: Analysis, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    return estimation(_ratings(analysis), analysis.tables["wilcoxon"], width_mm=width_mm)


def _ranks(analysis: Analysis, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    return ranks(_ratings(analysis), width_mm=width_mm)


def _by_item(analysis: Analysis, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    return panels.by_item(_ratings(analysis), width_mm=width_mm)


def _by_participant(analysis: Analysis, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    return panels.by_participant(_ratings(analysis), width_mm=width_mm)


def _choices(analysis: Analysis) -> dict[str, bytes]:
    trials = _trials(analysis)
    rows = [
        IntervalRow(
            # Right of the middle a is preferred, so that a stands there.
            label=trials.labels[row["b"]],
            opposite=trials.labels[row["a"]],
            value=row["proportion_a"],
            low=row["ci95_lo"],
            high=row["ci95_hi"],
            dots=_shares(trials.preferences(row["a"], row["b"])),
        )
        for row in _rows(analysis.tables["binomial"])
    ]
    scale = Scale("Preferred the mix on the right", 0.0, 1.0, _SHARES, neutral=0.5)
    return interval_figure(rows, scale, trials)


def _right_answers(analysis: Analysis) -> dict[str, bytes]:
    trials = _trials(analysis)
    rows = [
        IntervalRow(
            label=f"{trials.labels[row['a']]} / {trials.labels[row['b']]}",
            value=row["proportion"],
            low=row["ci95_lo"],
            high=row["ci95_hi"],
            dots=_shares(trials.identifications(row["a"], row["b"])),
        )
        for row in _rows(analysis.tables["d_prime"])
    ]
    return interval_figure(rows, Scale("Right answers", 0.0, 1.0, _SHARES, neutral=0.5), trials)


def _mean_ranks(analysis: Analysis) -> dict[str, bytes]:
    ratings = _ratings(analysis)
    dots = _means(in_ranks(ratings).rows)
    k = len(ratings.labels)
    ticks = {float(rank): str(rank) for rank in range(1, k + 1)}
    scale = Scale("Mean rank (1 is the best)", 1.0, float(k), ticks, neutral=(k + 1) / 2, reversed=True)
    rows = _condition_rows(analysis, "mean_ranks", "mean_rank", ("ci95_lo", "ci95_hi"), dots)
    return interval_figure(rows, scale, ratings)


def _mos(analysis: Analysis) -> dict[str, bytes]:
    ratings = _ratings(analysis)
    scale = Scale("Mean opinion score", 1.0, 5.0, {float(vote): str(vote) for vote in range(1, 6)})
    limits = ("panel_ci95_lo", "panel_ci95_hi")
    return interval_figure(
        _condition_rows(analysis, "mos", "mos", limits, _means(ratings.rows)), scale, ratings
    )


def _sdg(analysis: Analysis) -> dict[str, bytes]:
    ratings = _ratings(analysis)
    rows = _condition_rows(analysis, "sdg", "sdg", ("ci95_lo", "ci95_hi"), {})
    lowest = min([-1.0, *(row.low for row in rows if row.low is not None)])
    highest = max([0.0, *(row.high for row in rows if row.high is not None)])
    scale = Scale("Difference grade", float(np.floor(lowest)), float(np.ceil(highest)), neutral=0.0)
    return interval_figure(rows, scale, ratings)


FIGURES: Mapping[str, Callable[[Analysis], dict[str, bytes]]] = {
    "violin": _violin,
    "pairs": _pairs,
    "estimation": _estimation,
    "ranks": _ranks,
    "by_item": _by_item,
    "by_participant": _by_participant,
    "choices": _choices,
    "right_answers": _right_answers,
    "mean_ranks": _mean_ranks,
    "mos": _mos,
    "sdg": _sdg,
    "timing": lambda analysis: timing_figure(analysis.answers, analysis.tables["timing"]),
    "listening": lambda analysis: listening_figure(analysis.answers, analysis.tables["listening"]),
    "screening": lambda analysis: screening_figure(analysis.answers),
}
"""Drawers by name, 183 mm wide."""

SINGLE_COLUMN: Mapping[str, Callable[[Analysis], dict[str, bytes]]] = {
    name: partial(drawer, width_mm=COLUMN_WIDTH_MM)
    for name, drawer in {
        "violin": _violin,
        "pairs": _pairs,
        "estimation": _estimation,
        "ranks": _ranks,
        "by_item": _by_item,
        "by_participant": _by_participant,
    }.items()
}
"""Drawers of the figures that fit one column of a page too."""


def _condition_rows(
    analysis: Analysis,
    table: str,
    value: str,
    limits: tuple[str, str],
    dots: Mapping[str, list[float]],
) -> list[IntervalRow]:
    answers = analysis.answers
    return [
        IntervalRow(
            label=answers.labels[row["condition"]],
            value=row[value],
            low=row[limits[0]],
            high=row[limits[1]],
            dots=dots.get(row["condition"], ()),
            colour=ROLE_COLOURS[answers.roles.get(row["condition"], "system")],
        )
        for row in _rows(analysis.tables[table])
    ]


def _rows(table: Table) -> list[dict[str, Any]]:
    return [{str(name): cell for name, cell in row.items()} for row in table.frame.to_dict(orient="records")]


def _shares(outcome: Outcome) -> list[float]:
    return [float(share) for share in (outcome.lean + 1) / 2]


def _means(rows: pd.DataFrame) -> dict[str, list[float]]:
    means = rows.groupby(["condition", "participant"])["rating"].mean().sort_index()
    return {str(condition): [float(mean) for mean in own] for condition, own in means.groupby(level=0)}


def _ratings(analysis: Analysis) -> Ratings:
    if not isinstance(analysis.answers, Ratings):
        raise TypeError(f"{analysis.profile.about} are no ratings, and this figure is drawn of them")
    return analysis.answers


def _trials(analysis: Analysis) -> Trials:
    if not isinstance(analysis.answers, Trials):
        raise TypeError(f"{analysis.profile.about} are no trials, and this figure is drawn of them")
    return analysis.answers
