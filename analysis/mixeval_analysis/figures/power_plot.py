"""The figure of a plan: power over participants, with the limits of the simulation."""

from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from mixeval.figures import GRID, INK, QUIET_INK, ROLE_COLOURS, new_figure, printed_style, saved
from mixeval_analysis.plans.planning import Answer

_HEIGHT_MM = 82


@dataclass(frozen=True)
class _Line:
    """How a test's curve is drawn: it can be told from the others in grey, too."""

    label: str
    colour: str
    dashes: Any
    marker: str


_LINES = {
    "wilcoxon": _Line("finds the difference (signed-rank, Holm)", ROLE_COLOURS["system"], "-", "o"),
    "equivalence": _Line(
        "shows equivalence (two one-sided t)", ROLE_COLOURS["reference"], (0, (5, 1.5)), "s"
    ),
    "friedman": _Line("Friedman, all conditions", ROLE_COLOURS["anchor"], (0, (1, 1.5)), "^"),
}


def power_figure(answer: Answer) -> dict[str, bytes]:
    """Draw the curves of a plan, in PDF, SVG and PNG (300 dpi), 183 mm wide."""
    with printed_style():
        figure = new_figure(_HEIGHT_MM)
        axes = figure.add_subplot()
        for test, line in _LINES.items():
            if test in answer.curves:
                _draw_curve(axes, answer, test, line)
        _draw_choice(axes, answer)
        _dress(axes, answer)
        return saved(figure)


def _draw_curve(axes: Axes, answer: Answer, test: str, line: _Line) -> None:
    curve = answer.curves[test]
    n = [power.participants for power in curve]
    axes.fill_between(
        n,
        [power.low for power in curve],
        [power.high for power in curve],
        color=line.colour,
        alpha=0.22,
        lw=0,
        zorder=2,
    )
    axes.plot(
        n,
        [power.power for power in curve],
        color=line.colour,
        linestyle=line.dashes,
        linewidth=1.3,
        marker=line.marker,
        markersize=3.2,
        label=line.label,
        zorder=3,
    )


def _draw_choice(axes: Axes, answer: Answer) -> None:
    wanted, chosen = answer.question.power, answer.participants
    axes.axhline(wanted, color=QUIET_INK, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    beside: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7, "color": QUIET_INK}
    axes.annotate(
        f"power {wanted:g}",
        (1.0, wanted),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 3),
        ha="right",
        **beside,
    )
    if chosen is not None:
        axes.axvline(chosen, color=INK, linewidth=0.8, zorder=1)
        axes.annotate(
            f"{chosen} participants",
            (chosen, 0.0),
            xycoords=("data", "axes fraction"),
            xytext=(3, 4),
            **{**beside, "color": INK},
        )


def _dress(axes: Axes, answer: Answer) -> None:
    shown = answer.shown
    room = 0.02 * max(1, shown[-1] - shown[0])
    axes.set_xlim(shown[0] - room, shown[-1] + room)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("Participants")
    axes.set_ylabel("Power")
    axes.grid(axis="y", color=GRID, linewidth=0.5, zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(_asked(answer), fontdict={"fontsize": 7.5, "color": QUIET_INK}, loc="left")
    axes.figure.legend(loc="outside lower left", ncols=3, frameon=False, fontsize=6.5, handlelength=3)


def _asked(answer: Answer) -> str:
    question = answer.question
    parts = [] if answer.pair_difference is None else [f"difference {answer.pair_difference:.4g} points"]
    parts += [] if question.margin is None else [f"margin {question.margin:g} points"]
    parts += [f"{question.items} items", f"{question.conditions} conditions", f"{question.family} pairs"]
    parts.append(f"{question.simulations} simulations, bands are their 95 % limits")
    return ", ".join(parts)
