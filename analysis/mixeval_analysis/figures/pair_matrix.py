"""The matrix of all pairs: how far apart two conditions lie, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.lines import Line2D

from mixeval.figures import (
    DIFFERENCE_COLOURS,
    FULL_WIDTH_MM,
    GRID,
    INK,
    QUIET_INK,
    new_figure,
    printed_style,
    saved,
    wrapped,
)
from mixeval_analysis.figures.figure_heading import draw_heading
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.results.paired_differences import Difference, differences
from mixeval_analysis.tables import Table

MOST_WITH_NUMBERS = 12
"""Conditions; cells of more are too small for numbers."""
COLOURS = LinearSegmentedColormap.from_list("difference", DIFFERENCE_COLOURS)
_SIZES = {0.001: 1.0, 0.01: 0.68, 0.05: 0.4}
"""Of the squares that stand for p, by the p that they are below, in shares of the largest."""
_POINTS_PER_MM = 72 / 25.4
_CHARACTER = 0.64
"""Mean width of a figure in shares of the font's size."""
_BOLD_CHARACTER = 0.74
_LARGEST_PT, _SMALLEST_PT = 7.0, 4.8
_MINUS = "\N{MINUS SIGN}"


def pairs(ratings: Ratings, wilcoxon: Table, *, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    """Draw the matrix in the order of conditions: differences below the diagonal, adjusted p above.

    A cell below the diagonal is its row minus its column, from the table `wilcoxon`. Where numbers find no room,
    triangles say which of the two was rated higher, and squares how small p is.
    """
    matrix = _Matrix(ratings, differences(wilcoxon), width_mm)
    with printed_style():
        figure = new_figure(matrix.height_mm, width_mm=width_mm)
        axes = figure.add_subplot()
        _draw_cells(axes, matrix)
        if matrix.numbers:
            _write_numbers(axes, matrix)
        else:
            _draw_symbols(axes, matrix)
        _dress(axes, matrix)
        return saved(figure)


@dataclass(frozen=True, eq=False)
class _Matrix:
    """What is drawn, and what room there is for it."""

    ratings: Ratings
    found: Mapping[tuple[str, str], Difference]
    width_mm: float

    @property
    def k(self) -> int:
        return len(self.ratings.labels)

    @property
    def labels_mm(self) -> float:
        """Width of the labels on the left."""
        return 0.17 * self.width_mm if self.width_mm >= FULL_WIDTH_MM else 0.24 * self.width_mm

    @property
    def cell_mm(self) -> float:
        return (self.width_mm - self.labels_mm - 5) / self.k

    @property
    def cell_height_mm(self) -> float:
        return min(self.cell_mm, max(9.0, 0.6 * self.cell_mm), 16.0) if self.numbers else self.cell_mm

    @property
    def height_mm(self) -> float:
        labels = min(40.0, 4 + 1.45 * self.longest) if self.steep else 12.0
        return self.cell_height_mm * self.k + labels + 24.0

    @property
    def longest(self) -> int:
        return max(len(label) for label in self.ratings.labels.values())

    @property
    def steep(self) -> bool:
        """Whether the labels above the columns stand upright."""
        words = [word for label in self.ratings.labels.values() for word in label.split()]
        return max(map(len, words), default=0) * 1.5 > self.cell_mm or self.cell_mm < 10

    @property
    def numbers(self) -> bool:
        return self.k <= MOST_WITH_NUMBERS and self.size_pt(6, _BOLD_CHARACTER) >= _SMALLEST_PT

    def size_pt(self, characters: int, character: float = _CHARACTER) -> float:
        """Return the font size at which so many characters fill a cell, up to the largest."""
        return min(_LARGEST_PT, (self.cell_mm - 0.8) * _POINTS_PER_MM / (characters * character))

    @property
    def largest(self) -> float:
        """The largest difference, where the colours end."""
        values = [abs(found.value) for found in self.found.values() if found.value is not None]
        return max(values, default=0.0) or 1.0

    def pair(self, row: int, column: int) -> Difference:
        conditions = self.ratings.conditions
        return self.found[conditions[row], conditions[column]]

    def colour(self, difference: Difference) -> tuple[float, float, float]:
        if difference.value is None:
            return (1.0, 1.0, 1.0)
        red, green, blue, _ = COLOURS(0.5 + difference.value / (2 * self.largest))
        return (red, green, blue)


def _draw_cells(axes: Axes, matrix: _Matrix) -> None:
    picture = np.ones((matrix.k, matrix.k, 3))
    for row in range(matrix.k):
        if not matrix.numbers:
            picture[row, row] = to_rgb(GRID)
        for column in range(row):
            picture[row, column] = matrix.colour(matrix.pair(row, column))
    edges = np.arange(matrix.k + 1) - 0.5
    axes.pcolormesh(edges, edges, picture, edgecolors=GRID, linewidth=0.5)


def _write_numbers(axes: Axes, matrix: _Matrix) -> None:
    decimals = 0 if matrix.largest >= 100 else 1 if matrix.largest >= 3 else 2
    below = [matrix.pair(row, column) for row in range(matrix.k) for column in range(row)]
    intervals = [_interval(found, decimals) for found in below]
    small = matrix.size_pt(max(1, *map(len, intervals)))
    with_interval = small >= _SMALLEST_PT and matrix.cell_height_mm >= 7
    size = matrix.size_pt(6, _BOLD_CHARACTER)
    for row in range(matrix.k):
        axes.text(row, row, "\N{MIDDLE DOT}", ha="center", va="center", color=QUIET_INK)
        for column in range(row):
            found = matrix.pair(row, column)
            place: dict[str, Any] = {
                "ha": "center",
                "va": "bottom" if with_interval else "center",
                "color": INK,
            }
            axes.text(column, row, _signed(found.value, decimals), fontsize=size, fontweight="bold", **place)
            if with_interval:
                text = _interval(found, decimals)
                axes.text(column, row + 0.09, text, fontsize=small, ha="center", va="top", color=INK)
            sure = found.p is not None and found.p < 0.05
            weight, colour = ("bold", INK) if sure else ("normal", QUIET_INK)
            axes.text(
                row,
                column,
                _p(found.p),
                fontsize=size,
                fontweight=weight,
                color=colour,
                ha="center",
                va="center",
            )


def _draw_symbols(axes: Axes, matrix: _Matrix) -> None:
    size = min(6.0, 0.55 * matrix.cell_mm * _POINTS_PER_MM)
    places: dict[str, list[tuple[int, int]]] = {"^": [], "v": [], ".": []}
    squares: dict[float, list[tuple[int, int]]] = {limit: [] for limit in _SIZES}
    for row in range(matrix.k):
        for column in range(row):
            found = matrix.pair(row, column)
            if found.value:
                places["^" if found.value > 0 else "v"].append((column, row))
            limit = next((limit for limit in _SIZES if found.p is not None and found.p < limit), None)
            if limit is None:
                places["."].append((row, column))
            else:
                squares[limit].append((row, column))
    for marker, spots in places.items():
        _mark(axes, spots, marker, 0.7 * size if marker != "." else 1.5, QUIET_INK if marker == "." else INK)
    for limit, spots in squares.items():
        _mark(axes, spots, "s", size * _SIZES[limit], INK)


def _mark(axes: Axes, spots: list[tuple[int, int]], marker: str, size: float, colour: str) -> None:
    if spots:
        x, y = zip(*spots, strict=True)
        axes.plot(x, y, linestyle="none", marker=marker, markersize=size, mfc=colour, mec="none")


def _dress(axes: Axes, matrix: _Matrix) -> None:
    labels = list(matrix.ratings.labels.values())
    small = min(7.5, max(4.5, 0.9 * matrix.cell_height_mm * _POINTS_PER_MM))
    places = range(matrix.k)
    lines = max(1, int(matrix.cell_height_mm / 3))
    left = [wrapped(label, int(matrix.labels_mm / 1.5), min(3, lines)) for label in labels]
    # A label is text, never mathematics: a dollar sign must not change the figure.
    axes.set_yticks(places, left, parse_math=False, fontsize=small)
    if matrix.steep:
        above = [wrapped(label, 26, max(1, min(2, int(matrix.cell_mm / 3)))) for label in labels]
        axes.set_xticks(places, above, parse_math=False, fontsize=small, rotation=90)
    else:
        above = [wrapped(label, int(matrix.cell_mm / 1.5), 3) for label in labels]
        axes.set_xticks(places, above, parse_math=False, fontsize=small)
    axes.xaxis.tick_top()
    axes.tick_params(size=0)
    axes.set_xlim(-0.5, matrix.k - 0.5)
    axes.set_ylim(matrix.k - 0.5, -0.5)
    axes.spines[:].set_visible(False)
    draw_heading(axes, matrix.ratings)
    scale = ScalarMappable(Normalize(-matrix.largest, matrix.largest), COLOURS)
    wide = matrix.width_mm >= FULL_WIDTH_MM
    bar = axes.figure.colorbar(
        scale, ax=axes, location="bottom", shrink=0.5 if wide else 0.9, aspect=45, pad=0.03
    )
    bar.outline.set_visible(False)
    bar.ax.tick_params(size=0, labelsize=6.5)
    words = "Below the diagonal: mean difference, row minus column, in points"
    bar.set_label(words if wide else wrapped(words, 40), fontsize=6.5)
    if not matrix.numbers:
        axes.figure.legend(
            handles=_key(),
            loc="outside lower center",
            ncols=6 if wide else 3,
            frameon=False,
            fontsize=6.5,
            handletextpad=0.1,
        )


def _key() -> list[Line2D]:
    marks = [("^", 3.5, "row rated higher"), ("v", 3.5, "row rated lower")]
    marks += [("s", 5 * share, f"p < {limit}") for limit, share in _SIZES.items()]
    marks.append((".", 1.5, "p 0.05 or more, or none"))
    return [
        Line2D([], [], linestyle="none", marker=marker, markersize=size, mfc=INK, mec="none", label=label)
        for marker, size, label in marks
    ]


def _signed(value: float | None, decimals: int) -> str:
    if value is None:
        return "\N{EN DASH}"
    text = f"{value:+.{decimals}f}"
    return "0" if float(text) == 0 else text.replace("-", _MINUS)


def _interval(found: Difference, decimals: int) -> str:
    if found.low is None or found.high is None:
        return ""
    return f"{found.low:.{decimals}f} to {found.high:.{decimals}f}".replace("-", _MINUS)


def _p(p: float | None) -> str:
    if p is None:
        return "\N{EN DASH}"
    return "<0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
