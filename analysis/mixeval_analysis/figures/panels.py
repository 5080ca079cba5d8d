"""Small multiples: one small panel for each item or participant, all on one scale.

All panels of a figure are drawn in one coordinate system, shifted: a hundred sets of axes would take as many
seconds as this takes tenths.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from mixeval.figures import FULL_WIDTH_MM, GRID, INK, ROLE_COLOURS, new_figure, printed_style, saved, wrapped
from mixeval_analysis.figures.figure_heading import draw_heading
from mixeval_analysis.figures.panel_grid import GAP, NAME_ROWS, Grid, Unit, fits, grid_of
from mixeval_analysis.ratings import Ratings

_FRAME_MM = 26.0
_TALLEST_MM = 700.0
_MOST_DOTS_AS_SHAPES = 5000
_OVERALL = "#b9b2a2"
_WHITE_DOT: Mapping[str, Any] = {"marker": "o", "mfc": "white", "mec": INK}
_LINE: Mapping[Unit, Mapping[str, Any]] = {
    "item": {"linestyle": "none"},
    "participant": {"color": INK, "linewidth": 0.7},
}
"""Of the panel's own values."""
_OVERALL_LINE: Mapping[Unit, Mapping[str, Any]] = {
    "item": {
        "color": _OVERALL,
        "linestyle": "none",
        "marker": "|",
        "markersize": 6.5,
        "markeredgewidth": 2.0,
    },
    "participant": {"color": _OVERALL, "linewidth": 2.2},
}
"""Of what all panels show alike, to compare with."""
_WORDS: Mapping[Unit, tuple[str, str, str]] = {
    "item": ("a participant", "median", "median of all items"),
    "participant": ("an item", "mean of the participant", "mean of all participants"),
}


def by_item(ratings: Ratings, *, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    """Draw each item's ratings by condition: participants as dots, their median, and that of all items in grey."""
    if not fits(ratings, "item"):
        return _together(ratings, "item", width_mm)
    own = ratings.rows.groupby(["item", "condition"])["rating"].median().unstack("condition")
    overall = ratings.rows.groupby("condition")["rating"].median()
    return _panels(ratings, grid_of(ratings, "item", width_mm), own, overall)


def by_participant(ratings: Ratings, *, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    """Draw each participant's mean by condition as a line: items as dots, the mean of the panel in grey."""
    if not fits(ratings, "participant"):
        return _together(ratings, "participant", width_mm)
    own = ratings.rows.groupby(["participant", "condition"])["rating"].mean().unstack("condition")
    return _panels(ratings, grid_of(ratings, "participant", width_mm), own, own.mean())


def _panels(ratings: Ratings, grid: Grid, own: pd.DataFrame, overall: "pd.Series[float]") -> dict[str, bytes]:
    """Draw a grid; `own` is (panels, conditions), `overall` (conditions,)."""
    conditions = list(ratings.labels)
    values = np.asarray(own.reindex(columns=conditions, index=list(grid.names)), dtype=np.float64)
    middle = grid.along(np.asarray(overall.reindex(conditions), dtype=np.float64))
    places = np.arange(grid.k, dtype=np.float64)
    with printed_style():
        figure = new_figure(_FRAME_MM + grid.height_mm, width_mm=grid.width_mm)
        axes = figure.add_subplot()
        _draw_frames(axes, grid)
        for index in range(len(grid.names)):
            left, down = grid.left(index), grid.top(index) + places
            axes.plot(left + middle, down, zorder=1.5, **_OVERALL_LINE[grid.unit])
            dots = {**_WHITE_DOT, **_LINE[grid.unit]}
            axes.plot(left + grid.along(values[index]), down, markersize=2.8, mew=0.7, zorder=4, **dots)
        _draw_dots(axes, ratings, grid)
        _dress(axes, ratings, grid)
        _draw_key(axes, grid.width_mm, _panel_key(grid.unit))
        return saved(figure)


def _draw_frames(axes: Axes, grid: Grid) -> None:
    characters = max(6, int(grid.width_mm * 0.83 / (grid.columns * (1 + GAP)) / 1.3))
    for index, name in enumerate(grid.names):
        left, top = float(grid.left(index)), float(grid.top(index))
        axes.vlines(
            [left, left + 0.5, left + 1], top - 0.6, top + grid.k - 0.4, color=GRID, linewidth=0.5, zorder=1
        )
        # A name is text, never mathematics: a dollar sign must not change the figure.
        axes.text(
            left,
            top - 0.8,
            wrapped(str(name), characters, 1),
            fontsize=6.5,
            fontweight="bold",
            va="bottom",
            parse_math=False,
        )


def _draw_dots(axes: Axes, ratings: Ratings, grid: Grid) -> None:
    rows = ratings.rows
    index = (
        rows[grid.unit].map({name: place for place, name in enumerate(grid.names)}).to_numpy(dtype=np.int64)
    )
    place = rows["condition"].map({key: place for place, key in enumerate(ratings.labels)}).to_numpy()
    x = grid.left(index) + grid.along(rows["rating"].to_numpy(dtype=np.float64))
    y = grid.top(index) + place
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


def _dress(axes: Axes, ratings: Ratings, grid: Grid) -> None:
    labels = [wrapped(label, 22, 1) for label in ratings.labels.values()]
    step = grid.k + NAME_ROWS
    axes.set_yticks(
        [row * step + place for row in range(grid.rows) for place in range(grid.k)],
        labels * grid.rows,
        fontsize=min(6.5, 2.4 * grid.row_mm),
        parse_math=False,
    )
    ends = [f"{grid.low:g}", f"{grid.high:g}"]
    places = [column * (1 + GAP) + share for column in range(grid.columns) for share in (0, 1)]
    axes.set_xticks(places, ends * grid.columns, fontsize=6, parse_math=False)
    for place, tick in enumerate(axes.get_xticklabels()):
        tick.set_horizontalalignment("right" if place % 2 else "left")
    axes.tick_params(size=0)
    axes.set_xlim(-0.03, grid.columns * (1 + GAP) - GAP + 0.03)
    axes.set_ylim(grid.rows * step - NAME_ROWS - 0.2, -NAME_ROWS - 0.2)
    axes.set_xlabel(_axis_name(ratings), parse_math=False)
    axes.spines[:].set_visible(False)
    draw_heading(axes, ratings)


def _together(ratings: Ratings, unit: Unit, width_mm: float) -> dict[str, bytes]:
    """Draw the means of all items or participants in one panel, a row for each condition."""
    means = ratings.rows.groupby([unit, "condition"])["rating"].mean().unstack("condition")
    k = len(ratings.labels)
    with printed_style():
        figure = new_figure(_FRAME_MM + min(_TALLEST_MM, 8.0 * k), width_mm=width_mm)
        axes = figure.add_subplot()
        for place, condition in enumerate(ratings.labels):
            own = np.sort(means[condition].dropna().to_numpy(dtype=np.float64))
            q1, median, q3 = np.quantile(own, [0.25, 0.5, 0.75])
            axes.plot(
                own,
                place + np.resize([0.16, 0.22, 0.28, 0.34], len(own)),
                "o",
                markersize=2,
                mfc=ROLE_COLOURS[ratings.roles.get(condition, "system")],
                mec="none",
                alpha=0.4,
                rasterized=len(means) * k > _MOST_DOTS_AS_SHAPES,
            )
            axes.plot([q1, q3], [place, place], color=INK, linewidth=3, solid_capstyle="butt")
            axes.plot(median, place, markersize=4.2, mew=0.9, **_WHITE_DOT)
        characters = 26 if width_mm >= FULL_WIDTH_MM else 17
        labels = [wrapped(label, characters, 2) for label in ratings.labels.values()]
        axes.set_yticks(range(k), labels, parse_math=False)
        axes.tick_params(axis="y", size=0)
        axes.set_ylim(k - 0.4, -0.6)
        low, high = ratings.ends
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


def _panel_key(unit: Unit) -> list[Line2D]:
    dot, own, overall = _WORDS[unit]
    return [
        _dot(dot),
        Line2D([], [], markersize=3.2, label=own, **{**_WHITE_DOT, **_LINE[unit]}),
        Line2D([], [], label=overall, **_OVERALL_LINE[unit]),
    ]


def _together_key(unit: Unit) -> list[Line2D]:
    return [
        Line2D([], [], linestyle="none", markersize=4.2, label="median", **_WHITE_DOT),
        Line2D([], [], color=INK, linewidth=3, label="middle half"),
        _dot(f"mean of {'an item' if unit == 'item' else 'a participant'}"),
    ]


def _dot(label: str) -> Line2D:
    colour = ROLE_COLOURS["system"]
    return Line2D([], [], linestyle="none", marker="o", markersize=2.4, mfc=colour, mec="none", label=label)


def _axis_name(ratings: Ratings) -> str:
    return f"Rating ({ratings.attribute})" if ratings.attribute else "Rating"
