"""The plot of robustness: distance over gain, one line for each stem, beside bars for missing and swapped stems.

A row for each condition; all rows share their axes. Values are means over items.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mixeval.figures import GRID, INK, QUIET_INK, new_figure, printed_style, saved, wrapped
from mixeval_stimuli.comparison.perturbation import ALL, Perturbation
from mixeval_stimuli.comparison.robustness import Outcome


@dataclass(frozen=True)
class Measure:
    """What is plotted: the name of a field of Distance, its axis, and the file's name."""

    name: str
    axis: str
    file: str


MEASURES = (
    Measure("sdr_db", "SDR (dB), higher is closer", "robustness_sdr"),
    Measure("l1", "L1, lower is closer", "robustness_l1"),
    Measure("mrstft", "MR-STFT, lower is closer", "robustness_mrstft"),
)

MOST_ROWS = 4
"""More conditions than fill a page become several figures."""

# Okabe and Ito's palette and a grey, each with a mark of its own: nine stems differ in one or the other.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A7A7A", "#B5A800")
_MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")

_BAR_MM, _LEAST_MM, _AROUND_MM = 4.2, 46.0, 14.0


def robustness_plot(
    outcomes: Sequence[Outcome], labels: Mapping[str, str], measure: Measure
) -> list[dict[str, bytes]]:
    """Draw one measure of all conditions: one figure, or several of at most 4 rows, as PDF, SVG and PNG."""
    values = mean_values(outcomes, measure.name)
    conditions = list(values)
    with printed_style():
        return [
            saved(_figure({name: values[name] for name in page}, labels, measure))
            for page in _pages(conditions)
        ]


def mean_values(outcomes: Sequence[Outcome], name: str) -> dict[str, dict[Perturbation, float]]:
    """Average a measure over items, by condition and perturbation; what no item has a finite value of is left out."""
    gathered: dict[str, dict[Perturbation, list[float]]] = {}
    for outcome in outcomes:
        of_condition = gathered.setdefault(outcome.condition, {})
        if outcome.distance is not None and math.isfinite(value := getattr(outcome.distance, name)):
            of_condition.setdefault(outcome.perturbation, []).append(value)
    return {
        condition: {perturbation: math.fsum(found) / len(found) for perturbation, found in values.items()}
        for condition, values in gathered.items()
    }


def _pages(conditions: Sequence[str]) -> Iterator[Sequence[str]]:
    each = math.ceil(len(conditions) / math.ceil(len(conditions) / MOST_ROWS))
    for first in range(0, len(conditions), each):
        yield conditions[first : first + each]


def _figure(
    values: Mapping[str, Mapping[Perturbation, float]], labels: Mapping[str, str], measure: Measure
) -> Figure:
    bars = max(sum(p.change in {"missing", "swap"} for p in of_condition) for of_condition in values.values())
    row_mm = max(_LEAST_MM, bars * _BAR_MM) + _AROUND_MM
    figure = new_figure(len(values) * row_mm + 8)
    grid = figure.subplots(len(values), 2, squeeze=False, gridspec_kw={"width_ratios": [1.25, 1]})
    stems = _stems(values)
    for place, (condition, of_condition) in enumerate(values.items()):
        lines, changes = grid[place]
        _draw_lines(lines, of_condition, stems)
        _draw_bars(changes, of_condition)
        lines.set_ylabel(measure.axis)
        lines.set_title(wrapped(labels[condition], 50, 2), loc="left", fontsize=7.5, parse_math=False)
        lines.set_xlabel("gain of the stem (dB)")
        changes.set_xlabel(measure.axis)
    _share_scale(grid, values)
    handles, names = grid[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside lower left", ncols=5, frameon=False, fontsize=6.5, handlelength=2.2
    )
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    return figure


def _stems(values: Mapping[str, Mapping[Perturbation, float]]) -> list[str]:
    found = [
        p.stem for of_condition in values.values() for p in of_condition if p.change in {"gain", "missing"}
    ]
    return [*(stem for stem in dict.fromkeys(found) if stem != ALL), ALL]


def _draw_lines(axes: Axes, values: Mapping[Perturbation, float], stems: Sequence[str]) -> None:
    untouched = values.get(Perturbation("none"))
    for place, stem in enumerate(stems):
        points = [(p.gain_db, value) for p, value in values.items() if p.change == "gain" and p.stem == stem]
        if untouched is not None:
            points.append((0.0, untouched))
        points.sort()
        every = stem == ALL
        axes.plot(
            [gain for gain, _ in points],
            [value for _, value in points],
            color=INK if every else _COLOURS[place % len(_COLOURS)],
            linestyle="--" if every else "-",
            marker=None if every else _MARKS[place % len(_MARKS)],
            markersize=3,
            linewidth=1.1,
            label="all stems" if every else stem.replace("$", r"\$"),
        )
    gains = sorted({p.gain_db for p in values if p.change == "gain"} | {0.0})
    axes.set_xticks(gains if len(gains) <= 13 else gains[:: math.ceil(len(gains) / 13)])
    axes.axvline(0.0, color=QUIET_INK, linewidth=0.4, zorder=0)
    _plain(axes, "y")


def _draw_bars(axes: Axes, values: Mapping[Perturbation, float]) -> None:
    changes = [p for p in values if p.change in {"missing", "swap"}]
    untouched = values.get(Perturbation("none"), 0.0)
    places = np.arange(len(changes))[::-1]
    widths = [values[p] - untouched for p in changes]
    colours = ["#0072B2" if p.change == "missing" else "#D55E00" for p in changes]
    axes.barh(places, widths, left=untouched, height=0.62, color=colours)
    axes.axvline(untouched, color=INK, linewidth=0.8)
    axes.set_yticks(places, [_bar_name(p) for p in changes], fontsize=6.5, parse_math=False)
    axes.set_title("line: stems as they are", loc="right", fontsize=6.5, color=QUIET_INK)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, max(len(changes), 1) - 0.4)
    _plain(axes, "x")


def _bar_name(perturbation: Perturbation) -> str:
    if perturbation.change == "missing":
        return f"no {perturbation.stem}"
    return f"{perturbation.stem} \N{LEFT RIGHT ARROW} {perturbation.other_stem}"


def _share_scale(
    grid: "np.ndarray[tuple[int, int], np.dtype[np.object_]]",
    values: Mapping[str, Mapping[Perturbation, float]],
) -> None:
    every = [value for of_condition in values.values() for value in of_condition.values()]
    low, high = (min(every), max(every)) if every else (0.0, 1.0)
    room = 0.06 * ((high - low) or 1.0)
    for lines, bars in grid:
        lines.set_ylim(low - room, high + room)
        bars.set_xlim(low - room, high + room)


def _plain(axes: Axes, along: str) -> None:
    axes.grid(axis="y" if along == "y" else "x", color=GRID, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="x", length=2)
