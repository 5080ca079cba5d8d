"""Figures of points with intervals, one row per pair or condition, in the style of the violin plot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mixeval.figures import (
    BAND,
    FULL_WIDTH_MM,
    GRID,
    INK,
    QUIET_INK,
    ROLE_COLOURS,
    new_figure,
    printed_style,
    saved,
    wrapped,
)
from mixeval_analysis.answers import Answers
from mixeval_analysis.figures.figure_heading import draw_heading

_LABEL_CHARACTERS_PER_MM = 26 / 183
_FEWEST_LABEL_CHARACTERS = 17
_LABEL_LINES = 2
_ROW_MM = 9.0
_TALLEST_MM = 1000.0
_FRAME_MM = 30.0
# In rows: where dots begin below the estimate, how far apart equal ones lie, and how far down they reach.
_DOT_TOP, _DOT_STEP, _DOT_BAND = 0.17, 0.075, 0.38
_MOST_DOTS_AS_SHAPES = 2000
"""Dots of larger panels become one picture."""


@dataclass(frozen=True)
class IntervalRow:
    """One estimate: its label on the left (and on the right, of pairs), 95 % limits, and each participant's value."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    dots: Sequence[float] = ()
    opposite: str = ""
    colour: str = ROLE_COLOURS["system"]


@dataclass(frozen=True)
class Scale:
    """The horizontal axis: its name, ends and ticks, and where a line stands for no difference."""

    name: str
    low: float
    high: float
    ticks: Mapping[float, str] = field(default_factory=dict)
    neutral: float | None = None
    reversed: bool = False
    band: tuple[float, float] | None = None
    """Values that still count as no difference."""


def interval_figure(
    rows: Sequence[IntervalRow], scale: Scale, answers: Answers, *, width_mm: float = FULL_WIDTH_MM
) -> dict[str, bytes]:
    """Draw estimates from the top down, in PDF, SVG and PNG (300 dpi)."""
    with printed_style():
        figure = new_figure(_FRAME_MM + min(_TALLEST_MM, _ROW_MM * len(rows)), width_mm=width_mm)
        axes = figure.add_subplot()
        for place, row in enumerate(rows):
            _draw_dots(axes, place, row)
            _draw_estimate(axes, place, row)
        _dress(axes, rows, scale, answers, width_mm)
        return saved(figure)


def _draw_estimate(axes: Axes, place: int, row: IntervalRow) -> None:
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [place, place], color=INK, linewidth=1.6, zorder=3)
    if row.value is not None:
        axes.plot(row.value, place, "o", markersize=5, mfc=row.colour, mec=INK, mew=0.8, zorder=4)


def _draw_dots(axes: Axes, place: int, row: IntervalRow) -> None:
    if not len(row.dots):
        return
    axes.plot(
        np.asarray(row.dots, dtype=np.float64),
        place + _stacked(row.dots),
        "o",
        markersize=2.4,
        mfc=row.colour,
        mec="none",
        alpha=0.75 if len(row.dots) <= 60 else 0.3,
        zorder=2,
        rasterized=len(row.dots) > _MOST_DOTS_AS_SHAPES,
        clip_on=False,
    )


def _stacked(dots: Sequence[float]) -> npt.NDArray[np.float64]:
    """Place equal values below each other, shape (dots,): upon one point they would hide how many they are."""
    _, which, counts = np.unique(np.asarray(dots), return_inverse=True, return_counts=True)
    seen = np.zeros(len(counts), dtype=np.int64)
    offsets = np.empty(len(dots))
    for index, value in enumerate(which):
        step = min(_DOT_STEP, _DOT_BAND / max(1, int(counts[value]) - 1))
        offsets[index] = _DOT_TOP + step * int(seen[value])
        seen[value] += 1
    return offsets


def _dress(axes: Axes, rows: Sequence[IntervalRow], scale: Scale, answers: Answers, width_mm: float) -> None:
    places = range(len(rows))
    characters = max(_FEWEST_LABEL_CHARACTERS, int(_LABEL_CHARACTERS_PER_MM * width_mm))
    # A label is text, never mathematics: a dollar sign must not change the figure.
    axes.set_yticks(places, [_short(row.label, characters) for row in rows], parse_math=False)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", size=0)
    if any(row.opposite for row in rows):
        right = axes.secondary_yaxis("right")
        right.set_yticks(places, [_short(row.opposite, characters) for row in rows], parse_math=False)
        right.tick_params(axis="y", size=0)
        right.spines["right"].set_visible(False)
    room = 0.02 * (scale.high - scale.low)
    ends = (scale.low - room, scale.high + room)
    axes.set_xlim(*(reversed(ends) if scale.reversed else ends))
    if scale.ticks:
        axes.set_xticks(list(scale.ticks), list(scale.ticks.values()), parse_math=False)
    axes.set_xlabel(scale.name, parse_math=False)
    if scale.band is not None:
        axes.axvspan(*scale.band, color=BAND, linewidth=0, zorder=0)
    if scale.neutral is not None:
        axes.axvline(scale.neutral, color=QUIET_INK, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    axes.grid(axis="x", color=GRID, linewidth=0.5, zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    draw_heading(axes, answers)
    axes.figure.legend(
        handles=_key(scale, dots=any(len(row.dots) for row in rows)),
        loc="outside lower left",
        ncols=3,
        frameon=False,
        fontsize=6.5,
        handlelength=1.2,
    )


def _short(label: str, characters: int) -> str:
    return wrapped(label, characters, _LABEL_LINES) if label else ""


def _key(scale: Scale, *, dots: bool) -> list[Line2D | Patch]:
    blue = ROLE_COLOURS["system"]
    key: list[Line2D | Patch] = [
        Line2D(
            [],
            [],
            color=INK,
            linewidth=1.6,
            marker="o",
            markersize=5,
            mfc=blue,
            mew=0.8,
            label="95 % interval",
        )
    ]
    if dots:
        key.append(
            Line2D(
                [],
                [],
                linestyle="none",
                marker="o",
                markersize=2.4,
                mfc=blue,
                mec="none",
                label="a participant",
            )
        )
    if scale.band is not None:
        key.append(Patch(facecolor=BAND, label=f"margin, {scale.band[1]:g} either way"))
    return key
