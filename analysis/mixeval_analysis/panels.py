"""Small multiples: one small panel for each item or participant, all on one scale.

All panels of a figure are drawn in one coordinate system, shifted: a hundred sets of axes would take as many
seconds as this takes tenths.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from mixeval.figures import (
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
from mixeval_analysis.figure_heading import draw_heading
from mixeval_analysis.ratings import Ratings, Values

MOST_ITEMS = 30
MOST_PARTICIPANTS = 60
_TALLEST_MM = 700.0
_FRAME_MM = 26.0
_GAP = 0.12
"""Between panels, in widths of a panel."""
_NAME_ROWS = 2.2
"""Room above a panel for its name, in rows of a condition."""
_MOST_WITH_ROOM = 12
"""Conditions up to which rows are as high as their labels would like."""
_OVERALL = "#b9b2a2"
_MOST_DOTS_AS_SHAPES = 5000


def by_item(ratings: Ratings, *, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    """Draw each item's ratings by condition: participants as dots, their median, and that of all items in grey."""
    items = list(dict.fromkeys(ratings.rows["item"]))
    if _fits(ratings, len(items), MOST_ITEMS, 5):
        middles = _middles(ratings, ratings.rows.groupby(["item", "condition"])["rating"].median())
        grid = _Grid.of(ratings, "item", items, width_mm, most_columns=5)
        overall = ratings.rows.groupby("condition")["rating"].median()
        return _panels(ratings, grid, middles, overall, ("a participant", "median", "median of all items"))
    return _together(ratings, "item", width_mm)


def by_participant(ratings: Ratings, *, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    """Draw each participant's mean by condition as a line: items as dots, the mean of the panel in grey."""
    people = sorted(ratings.rows["participant"].unique())
    if _fits(ratings, len(people), MOST_PARTICIPANTS, 6):
        middles = _middles(ratings, ratings.rows.groupby(["participant", "condition"])["rating"].mean())
        grid = _Grid.of(ratings, "participant", people, width_mm, most_columns=6)
        overall = middles.mean()
        key = ("an item", "mean of the participant", "mean of all participants")
        return _panels(ratings, grid, middles, overall, key)
    return _together(ratings, "participant", width_mm)


def too_many(ratings: Ratings, unit: str) -> str:
    """Say what is drawn in the place of panels where there are too many, or nothing where each has its own."""
    number, most, columns = {
        "item": (ratings.items, MOST_ITEMS, 5),
        "participant": (ratings.participants, MOST_PARTICIPANTS, 6),
    }[unit]
    if _fits(ratings, number, most, columns):
        return ""
    return (
        f"{number} {unit}s are too many for a panel each: the dots are the means of {unit}s, the bar holds the "
        f"middle half of them, the white dot is their median."
    )


@dataclass(frozen=True, eq=False)
class _Grid:
    """Where each panel stands: panels are one wide and `k` high, with room above for a name."""

    unit: str
    names: Sequence[str]
    columns: int
    width_mm: float
    low: float
    high: float
    k: int

    @classmethod
    def of(
        cls, ratings: Ratings, unit: str, names: Sequence[str], width_mm: float, *, most_columns: int
    ) -> "_Grid":
        low, high = _scale(ratings)
        columns = _columns(len(names), width_mm, most_columns)
        return cls(unit, names, columns, width_mm, low, high, len(ratings.labels))

    @property
    def rows(self) -> int:
        return math.ceil(len(self.names) / self.columns)

    def left(self, index: int) -> float:
        return (index % self.columns) * (1 + _GAP)

    def top(self, index: int) -> float:
        return (index // self.columns) * (self.k + _NAME_ROWS)

    def x(self, index: int, values: Values) -> Values:
        return self.left(index) + (values - self.low) / (self.high - self.low)


def _panels(
    ratings: Ratings,
    grid: _Grid,
    middles: pd.DataFrame,
    overall: "pd.Series[float]",
    key: tuple[str, str, str],
) -> dict[str, bytes]:
    unit_mm = _row_mm(grid.k)
    height_mm = _FRAME_MM + grid.rows * (grid.k + _NAME_ROWS) * unit_mm
    with printed_style():
        figure = new_figure(height_mm, width_mm=grid.width_mm)
        axes = figure.add_subplot()
        places = np.arange(grid.k, dtype=np.float64)
        middle = np.asarray(overall.reindex(list(ratings.labels)), dtype=np.float64)
        _draw_frames(axes, grid)
        for index, name in enumerate(grid.names):
            own = np.asarray(middles.loc[name], dtype=np.float64)
            down = grid.top(index) + places
            axes.plot(grid.x(index, middle), down, color=_OVERALL, linewidth=2.2, zorder=1.5)
            line = {"color": INK, "linewidth": 0.7} if grid.unit == "participant" else {"linestyle": "none"}
            axes.plot(
                grid.x(index, own),
                down,
                marker="o",
                markersize=2.8,
                mfc="white",
                mec=INK,
                mew=0.7,
                zorder=4,
                **line,
            )
        _draw_dots(axes, ratings, grid)
        _dress_panels(axes, ratings, grid, unit_mm)
        _draw_key(axes, grid.width_mm, _panel_key(key, line=grid.unit == "participant"))
        return saved(figure)


def _draw_frames(axes: Axes, grid: _Grid) -> None:
    for index in range(len(grid.names)):
        for share in (0.0, 0.5, 1.0):
            x = grid.left(index) + share
            ends = [grid.top(index) - 0.6, grid.top(index) + grid.k - 0.4]
            axes.plot([x, x], ends, color=GRID, linewidth=0.5, zorder=1)
    width_mm = (grid.width_mm * 0.83) / (grid.columns * (1 + _GAP))
    for index, name in enumerate(grid.names):
        axes.text(
            grid.left(index),
            grid.top(index) - 0.8,
            wrapped(str(name), max(6, int(width_mm / 1.3)), 1),
            fontsize=6.5,
            fontweight="bold",
            va="bottom",
            parse_math=False,
        )


def _draw_dots(axes: Axes, ratings: Ratings, grid: _Grid) -> None:
    rows = ratings.rows
    index = rows[grid.unit].map({name: place for place, name in enumerate(grid.names)}).to_numpy()
    place = rows["condition"].map({key: place for place, key in enumerate(ratings.labels)}).to_numpy()
    x = grid.x(0, rows["rating"].to_numpy(dtype=np.float64)) + (index % grid.columns) * (1 + _GAP)
    y = (index // grid.columns) * (grid.k + _NAME_ROWS) + place
    roles = rows["condition"].map(lambda key: ratings.roles.get(key, "system")).to_numpy()
    for role, colour in ROLE_COLOURS.items():
        mine = roles == role
        if mine.any():
            axes.plot(
                x[mine],
                y[mine],
                "o",
                markersize=2.0,
                mfc=colour,
                mec="none",
                alpha=0.55,
                zorder=3,
                rasterized=bool(mine.sum() > _MOST_DOTS_AS_SHAPES),
            )


def _dress_panels(axes: Axes, ratings: Ratings, grid: _Grid, unit_mm: float) -> None:
    labels = [wrapped(label, 22, 1) for label in ratings.labels.values()]
    tops = [row * (grid.k + _NAME_ROWS) for row in range(grid.rows)]
    size = min(6.5, 2.5 * unit_mm)
    axes.set_yticks(
        [top + place for top in tops for place in range(grid.k)],
        labels * grid.rows,
        fontsize=size,
        parse_math=False,
    )
    columns = min(grid.columns, len(grid.names))
    ends = [f"{grid.low:g}", f"{grid.high:g}"]
    places = [column * (1 + _GAP) + share for column in range(columns) for share in (0, 1)]
    axes.set_xticks(places, ends * columns, fontsize=6, parse_math=False)
    for place, tick in enumerate(axes.get_xticklabels()):
        tick.set_horizontalalignment("right" if place % 2 else "left")
    axes.tick_params(size=0)
    axes.set_xlim(-0.03, grid.columns * (1 + _GAP) - _GAP + 0.03)
    axes.set_ylim(grid.rows * (grid.k + _NAME_ROWS) - _NAME_ROWS - 0.2, -_NAME_ROWS - 0.2)
    axes.set_xlabel(_axis_name(ratings), parse_math=False)
    axes.spines[:].set_visible(False)
    draw_heading(axes, ratings)


def _together(ratings: Ratings, unit: str, width_mm: float) -> dict[str, bytes]:
    """Draw the means of all units in one panel, a row for each condition."""
    means = _middles(ratings, ratings.rows.groupby([unit, "condition"])["rating"].mean())
    k = len(ratings.labels)
    with printed_style():
        figure = new_figure(_FRAME_MM + min(_TALLEST_MM, 8.0 * k), width_mm=width_mm)
        axes = figure.add_subplot()
        many = len(means) * k > _MOST_DOTS_AS_SHAPES
        for place, condition in enumerate(ratings.labels):
            own = np.sort(means[condition].dropna().to_numpy(dtype=np.float64))
            if not len(own):
                continue
            q1, median, q3 = np.quantile(own, [0.25, 0.5, 0.75])
            spread = np.resize([0.16, 0.22, 0.28, 0.34], len(own))
            colour = ROLE_COLOURS[ratings.roles.get(condition, "system")]
            axes.plot(
                own, place + spread, "o", markersize=2, mfc=colour, mec="none", alpha=0.4, rasterized=many
            )
            axes.plot([q1, q3], [place, place], color=INK, linewidth=3, solid_capstyle="butt")
            axes.plot(median, place, "o", markersize=4.2, mfc="white", mec=INK, mew=0.9)
        labels = [
            wrapped(label, 26 if width_mm >= FULL_WIDTH_MM else 17, 2) for label in ratings.labels.values()
        ]
        axes.set_yticks(range(k), labels, parse_math=False)
        axes.tick_params(axis="y", size=0)
        axes.set_ylim(k - 0.4, -0.6)
        low, high = _scale(ratings)
        axes.set_xlim(low - 0.02 * (high - low), high + 0.02 * (high - low))
        axes.set_xlabel(_axis_name(ratings), parse_math=False)
        axes.grid(axis="x", color=GRID, linewidth=0.5, zorder=0)
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        draw_heading(axes, ratings)
        _draw_key(axes, width_mm, _together_key(unit))
        return saved(figure)


def _draw_key(axes: Axes, width_mm: float, handles: list[Line2D]) -> None:
    axes.figure.legend(
        handles=handles,
        loc="outside lower left",
        ncols=3 if width_mm >= FULL_WIDTH_MM else 2,
        frameon=False,
        fontsize=6.5,
        handlelength=1.6,
    )


def _panel_key(words: tuple[str, str, str], *, line: bool) -> list[Line2D]:
    dot, middle, overall = words
    return [
        _dot(dot, ROLE_COLOURS["system"], 2.4),
        Line2D(
            [],
            [],
            color=INK,
            linewidth=0.7 if line else 0,
            marker="o",
            markersize=3.2,
            mfc="white",
            mec=INK,
            label=middle,
        ),
        Line2D([], [], color=_OVERALL, linewidth=2.2, label=overall),
    ]


def _together_key(unit: str) -> list[Line2D]:
    return [
        Line2D([], [], linestyle="none", marker="o", markersize=4.2, mfc="white", mec=INK, label="median"),
        Line2D([], [], color=INK, linewidth=3, label="middle half"),
        _dot(f"mean of {'an item' if unit == 'item' else 'a participant'}", ROLE_COLOURS["system"], 2.4),
    ]


def _dot(label: str, colour: str, size: float) -> Line2D:
    return Line2D([], [], linestyle="none", marker="o", markersize=size, mfc=colour, mec="none", label=label)


def _middles(ratings: Ratings, cells: "pd.Series[float]") -> pd.DataFrame:
    return cells.unstack("condition").reindex(columns=list(ratings.labels))


def _columns(panels: int, width_mm: float, most: int) -> int:
    widest = most if width_mm >= FULL_WIDTH_MM else 3
    # Rows are filled evenly: eight panels make two rows of four, not one of five and one of three.
    return math.ceil(panels / math.ceil(panels / min(widest, panels)))


def _row_mm(k: int) -> float:
    return 2.7 if k <= _MOST_WITH_ROOM else 2.1


def _fits(ratings: Ratings, panels: int, most: int, most_columns: int) -> bool:
    if panels > most:
        return False
    k = len(ratings.labels)
    rows = math.ceil(panels / _columns(panels, FULL_WIDTH_MM, most_columns))
    # Of both widths the wide one decides, so that one caption fits both.
    return rows * (k + _NAME_ROWS) * _row_mm(k) <= _TALLEST_MM


def _axis_name(ratings: Ratings) -> str:
    return f"Rating ({ratings.attribute})" if ratings.attribute else "Rating"


def _scale(ratings: Ratings) -> tuple[float, float]:
    if ratings.scale is not None:
        return ratings.scale
    low, high = float(ratings.rows["rating"].min()), float(ratings.rows["rating"].max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)
