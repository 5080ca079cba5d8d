"""Figures: the violin plot of the paper, drawn so that it can be printed, edited and made again byte for byte."""

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mixeval.figures import (
    FULL_WIDTH_MM,
    GRID,
    INK,
    ROLE_COLOURS,
    new_figure,
    printed_style,
    saved,
    wrapped,
)
from mixeval.seeds import generator
from mixeval_analysis.figures.figure_heading import draw_heading
from mixeval_analysis.ratings import Ratings

_LINE_MM = 3.2
"""Of the labels under the violins."""
_MOST_DOTS_AS_SHAPES = 300
"""A dot of each of more participants becomes one picture: 10 000 would make a page of 14 MB."""


def violin(ratings: Ratings, *, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    """Draw the ratings of each condition as a violin, in PDF, SVG and PNG (300 dpi).

    The violin is the density of all ratings, ended at the lowest and highest (seaborn's default draws beyond
    the scale) and scaled to one width. The bar is the interquartile range, the white dot the median, the
    small dots are participants' means.
    """
    with printed_style():
        figure = new_figure(_height_mm(ratings, width_mm), width_mm=width_mm)
        axes = figure.add_subplot()
        _draw_violins(axes, ratings)
        _draw_summaries(axes, ratings)
        _draw_participants(axes, ratings)
        _dress(axes, ratings, width_mm)
        return saved(figure)


def _draw_violins(axes: Axes, ratings: Ratings) -> None:
    sns.violinplot(
        data=ratings.rows,
        x="condition",
        y="rating",
        order=list(ratings.labels),
        hue="condition",
        hue_order=list(ratings.labels),
        palette={condition: _colour(condition, ratings) for condition in ratings.labels},
        legend=False,
        cut=0,
        density_norm="width",
        inner=None,
        width=_width(ratings),
        linewidth=0.8,
        saturation=1,
        ax=axes,
    )
    for body in axes.collections:
        body.set_edgecolor(body.get_facecolor())
        body.set_alpha(0.3)
        body.set_zorder(1)


def _draw_summaries(axes: Axes, ratings: Ratings) -> None:
    for place, values in enumerate(ratings.by_condition().values()):
        q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75])
        axes.plot([place, place], [q1, q3], color=INK, linewidth=3, solid_capstyle="butt", zorder=3)
        axes.plot(place, median, "o", markersize=4.2, mfc="white", mec=INK, mew=0.9, zorder=4)


def _draw_participants(axes: Axes, ratings: Ratings) -> None:
    means = ratings.rows.groupby(["condition", "participant"])["rating"].mean()
    alpha = 0.75 if ratings.participants <= 60 else 0.3
    for place, condition in enumerate(ratings.labels):
        of_condition = np.asarray(means.loc[condition].sort_index(), dtype=np.float64)
        side = generator(ratings.seed, "jitter", condition).uniform(0.08, 0.27, len(of_condition))
        side *= _width(ratings) * np.where(np.arange(len(of_condition)) % 2, 1, -1)
        axes.plot(
            place + side,
            of_condition,
            "o",
            markersize=2.4,
            mfc=_colour(condition, ratings),
            mec="none",
            alpha=alpha,
            zorder=2,
            rasterized=ratings.participants > _MOST_DOTS_AS_SHAPES,
        )


def _dress(axes: Axes, ratings: Ratings, width_mm: float) -> None:
    names, steep = _wrapped_labels(ratings, width_mm)
    counts = [len(values) for values in ratings.by_condition().values()]
    if len(set(counts)) > 1:
        names = [f"{name}\nn = {count}" for name, count in zip(names, counts, strict=True)]
    # A label is text, never mathematics: a dollar sign must not change the figure.
    axes.set_xticks(range(len(names)), names, parse_math=False, rotation=90 if steep else 0)
    axes.set_xlim(-0.6, len(names) - 0.4)
    low, high = ratings.ends
    axes.set_ylim(low - 0.02 * (high - low), high + 0.02 * (high - low))
    axes.set_xlabel("")
    name = ratings.attribute or ""
    axes.set_ylabel(f"Rating ({name})" if name else "Rating", parse_math=False)
    axes.grid(axis="y", color=GRID, linewidth=0.5, zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    draw_heading(axes, ratings)
    axes.figure.legend(
        handles=_key(ratings),
        loc="outside lower left",
        ncols=6 if width_mm >= FULL_WIDTH_MM else 3,
        frameon=False,
        fontsize=6.5,
        handlelength=1.2,
    )


def _wrapped_labels(ratings: Ratings, width_mm: float) -> tuple[list[str], bool]:
    """Break labels into lines that stand side by side; turn them upright where there are too many."""
    slot_mm = (width_mm - 14) / len(ratings.labels)
    characters = int(slot_mm / 1.6)
    steep = characters < 7
    if not steep:
        return [wrapped(label, characters) for label in ratings.labels.values()], False
    # Upright lines stand side by side within the slot; what does not fit there is in the tables.
    lines = max(1, int(slot_mm / _LINE_MM))
    return [wrapped(label, 40, lines) for label in ratings.labels.values()], True


def _height_mm(ratings: Ratings, width_mm: float) -> float:
    names, steep = _wrapped_labels(ratings, width_mm)
    longest = max(len(line) for name in names for line in name.split("\n"))
    return 92 + 1.5 * longest if steep else 92


def _key(ratings: Ratings) -> list[Line2D | Patch]:
    drawn = {ratings.roles.get(condition, "system") for condition in ratings.labels}
    roles = [role for role in ROLE_COLOURS if role in drawn]
    patches: list[Line2D | Patch] = (
        [Patch(facecolor=ROLE_COLOURS[role], alpha=0.3, label=role) for role in roles]
        if len(roles) > 1
        else []
    )
    return [
        *patches,
        Line2D(
            [],
            [],
            markersize=4.2,
            mfc="white",
            mec=INK,
            mew=0.9,
            label="median",
            linestyle="none",
            marker="o",
        ),
        Line2D([], [], color=INK, linewidth=3, label="interquartile range"),
        Line2D(
            [],
            [],
            markersize=2.4,
            mfc=ROLE_COLOURS["system"],
            mec="none",
            label="mean of a participant",
            linestyle="none",
            marker="o",
        ),
    ]


def _colour(condition: str, ratings: Ratings) -> str:
    return ROLE_COLOURS[ratings.roles.get(condition, "system")]


def _width(ratings: Ratings) -> float:
    # Two or three violins would otherwise look like barrels.
    return min(0.82, 0.17 * len(ratings.labels))
