"""Figures of the panel: how long pages took, how long mixes were heard, and whom screening flags."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from mixeval.figures import GRID, INK, QUIET_INK, ROLE_COLOURS, new_figure, printed_style, saved, wrapped
from mixeval.seeds import generator
from mixeval.tables import SIMULATED
from mixeval_analysis.answers import Answers, count_of
from mixeval_analysis.findings import Screening
from mixeval_analysis.listeners.screening_tables import screening_of
from mixeval_analysis.listeners.timing import page_seconds
from mixeval_analysis.tables import Table

_LEFT_OUT = "#D55E00"  # vermilion of Okabe and Ito's palette
_BLUE = ROLE_COLOURS["system"]
_MOST_PEOPLE = 60
"""Participants whose names stand side by side; of larger panels only the flagged are drawn, and no more than these."""
_MOST_LINES = 200
"""Sessions that each have a line."""
_MOST_DOTS_AS_SHAPES = 2000
_SKEWED = 6.0
"""Times the median that the longest page may take before the axis becomes logarithmic."""
_ROW_MM = 8.0
_TALLEST_MM = 1000.0


def timing_figure(answers: Answers, table: Table) -> dict[str, bytes]:
    """Draw the seconds of each rating page by its place: quartiles, and a line for each session."""
    timed = page_seconds(answers)
    with printed_style():
        figure = new_figure(78)
        axes = figure.add_subplot()
        if timed is not None:
            _draw_sessions(axes, timed)
        for row in table.frame.to_dict(orient="records"):
            axes.plot(
                [row["page"]] * 2,
                [row["q1"], row["q3"]],
                color=INK,
                linewidth=3,
                solid_capstyle="butt",
                zorder=3,
            )
            axes.plot(
                row["page"], row["median"], "o", markersize=4.6, mfc="white", mec=INK, mew=0.9, zorder=4
            )
        axes.set_xlabel("Rating page, in the order of the session")
        axes.set_ylabel("Seconds")
        axes.set_xlim(0.5, max(table.frame["page"]) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        _dress_seconds(
            axes, max(table.frame["max"]), float(np.median([float(m) for m in table.frame["median"]]))
        )
        _dress(axes, answers, table.level.rstrip("."))
        key = [
            _dot("median", mfc="white", size=4.6),
            Line2D([], [], color=INK, linewidth=3, label="interquartile range"),
            Line2D([], [], color=_BLUE, linewidth=0.8, alpha=0.6, label="a session"),
        ]
        _legend(axes, key)
        return saved(figure)


def listening_figure(answers: Answers, table: Table) -> dict[str, bytes]:
    """Draw the seconds for which each condition was heard, and how often participants changed the volume."""
    changes = _volume_changes(answers)
    with printed_style():
        figure = new_figure(min(_TALLEST_MM, max(62.0, 30 + _ROW_MM * len(answers.labels))))
        if changes is None:
            axes = figure.add_subplot()
        else:
            axes, beside = figure.subplots(1, 2, width_ratios=[3, 1])
            _draw_volume_changes(beside, changes)
        _draw_seconds(axes, answers, table)
        key = [
            _dot("median", mfc="white", size=4.6),
            Line2D([], [], color=INK, linewidth=3, label="interquartile range"),
            _dot("mean of a participant", mfc=_BLUE, size=2.4, mec="none"),
        ]
        _legend(axes, key)
        return saved(figure)


def screening_figure(answers: Answers) -> dict[str, bytes]:
    """Draw who is flagged by which rule as a matrix of dots: rules in rows, participants in columns."""
    screening = screening_of(answers)
    people, shown = _people(screening)
    with printed_style():
        longest = max((len(name) for name in people), default=1)
        height = 34 + 6.0 * len(screening.rules) + (min(longest, 20) * 1.3 if len(people) > 1 else 0)
        figure = new_figure(min(_TALLEST_MM, height))
        axes = figure.add_subplot()
        _draw_matrix(axes, screening, people)
        _dress(axes, answers, shown)
        key = [
            _dot("not flagged", mfc="white", size=3.0, mec=QUIET_INK),
            _dot("flagged", mfc=INK, size=5.2),
        ]
        if screening.left_out:
            cross = Line2D(
                [], [], linestyle="none", marker="X", markersize=6.2, mfc=_LEFT_OUT, mec=INK, mew=0.6
            )
            cross.set_label("flagged, and left out of the main tables")
            key.append(cross)
        _legend(axes, key)
        return saved(figure)


def _draw_sessions(axes: Axes, timed: pd.DataFrame) -> None:
    sessions = timed["session"].drop_duplicates()
    alpha = 0.45 if len(sessions) <= 60 else 0.2
    for _, own in timed.loc[timed["session"].isin(sessions.iloc[:_MOST_LINES])].groupby("session"):
        axes.plot(
            own["place"],
            np.maximum(own["seconds"], 0.1),
            "-" if len(own) > 1 else "o",
            markersize=2.4,
            color=_BLUE,
            linewidth=0.8,
            alpha=alpha,
            zorder=2,
        )


def _dress_seconds(axes: Axes, longest: float, median: float) -> None:
    if median > 0 and longest > _SKEWED * median:
        axes.set_yscale("log")
        ticks = [step * 10**power for power in range(-1, 6) for step in (1, 2, 5)]
        axes.yaxis.set_major_locator(FixedLocator(ticks))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_ylabel("Seconds (logarithmic)")
    else:
        axes.set_ylim(0, longest * 1.05 if longest > 0 else 1)
    axes.grid(axis="y", color=GRID, linewidth=0.5, zorder=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def _draw_seconds(axes: Axes, answers: Answers, table: Table) -> None:
    rows = table.frame.to_dict(orient="records")
    heard = answers.rows
    if "listened_seconds" in heard.columns:
        means = heard.groupby(["condition", "participant"])["listened_seconds"].mean().dropna()
    else:
        means = pd.Series(dtype="float64", index=pd.MultiIndex.from_arrays([[], []]))
    alpha = 0.75 if answers.participants <= 60 else 0.3
    for place, row in enumerate(rows):
        colour = ROLE_COLOURS[answers.roles.get(row["condition"], "system")]
        if row["condition"] in means.index.get_level_values(0):
            own = np.asarray(means.loc[row["condition"]].sort_index(), dtype=np.float64)
            side = generator(answers.seed, "jitter", "listening", row["condition"]).uniform(
                0.12, 0.34, len(own)
            )
            axes.plot(
                own,
                place + side,
                "o",
                markersize=2.4,
                mfc=colour,
                mec="none",
                alpha=alpha,
                zorder=2,
                rasterized=len(own) > _MOST_DOTS_AS_SHAPES,
            )
        if row["seconds_median"] is not None:
            axes.plot(
                [row["seconds_q1"], row["seconds_q3"]],
                [place] * 2,
                color=INK,
                linewidth=3,
                solid_capstyle="butt",
                zorder=3,
            )
            axes.plot(
                row["seconds_median"], place, "o", markersize=4.6, mfc="white", mec=INK, mew=0.9, zorder=4
            )
    # A label is text, never mathematics: a dollar sign must not change the figure.
    names = [wrapped(answers.labels[row["condition"]], 26, 2) for row in rows]
    axes.set_yticks(range(len(rows)), names, parse_math=False)
    axes.tick_params(axis="y", size=0)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.set_xlabel("Seconds audible per answer")
    if all(row["seconds_median"] is None for row in rows):
        axes.text(0.5, 0.5, "Not known", transform=axes.transAxes, ha="center", color=QUIET_INK)
    axes.grid(axis="x", color=GRID, linewidth=0.5, zorder=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    _dress(axes, answers, answers.shape_in_words())


def _volume_changes(answers: Answers) -> "pd.Series[Any] | None":
    if answers.panel is None:
        return None
    pages = answers.panel.pages
    noted = pages.loc[pages["switches"].notna() | (pages["volume_changes"] > 0)]
    return noted.groupby("participant")["volume_changes"].sum() if len(noted) else None


def _draw_volume_changes(axes: Axes, changes: "pd.Series[Any]") -> None:
    most = 5
    counts = np.bincount(np.minimum(np.asarray(changes, dtype=np.int64), most), minlength=most + 1)
    axes.bar(range(most + 1), counts, width=0.72, color=_BLUE, edgecolor=INK, linewidth=0.6)
    axes.set_xticks(range(most + 1), [*map(str, range(most)), f"{most}+"])
    axes.set_xlabel("Volume changes\nper participant")
    axes.set_ylabel("Participants")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(axis="y", color=GRID, linewidth=0.5, zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _people(screening: Screening) -> tuple[list[str], str]:
    """Return the participants who are drawn, and who they are in words."""
    everybody = sorted({str(name) for name in screening.found["participant"]})
    flagged = sorted(screening.anybody)
    said = f"{len(flagged)} of {count_of(len(everybody), 'participant')} flagged"
    if len(everybody) <= _MOST_PEOPLE:
        return everybody, said
    if len(flagged) <= _MOST_PEOPLE:
        return flagged, f"{said}, and only those are drawn"
    return flagged[:_MOST_PEOPLE], f"{said}, of whom the first {_MOST_PEOPLE} by name are drawn"


def _draw_matrix(axes: Axes, screening: Screening, people: list[str]) -> None:
    column = {name: place for place, name in enumerate(people)}
    for place, rule in enumerate(screening.rules):
        own = screening.found.loc[screening.found["rule"] == rule.name]
        own = own.loc[own["participant"].isin(column) & own["value"].notna()]
        x = own["participant"].map(column)
        out = np.asarray(
            [rule.name in screening.left_out.get(str(who), ()) for who in own["participant"]], dtype=bool
        )
        flagged = np.asarray(own["flagged"], dtype=bool)
        marks = (
            (~flagged, "o", 3.0, "white", QUIET_INK),
            (flagged & ~out, "o", 5.2, INK, INK),
            (flagged & out, "X", 6.2, _LEFT_OUT, INK),
        )
        for which, marker, size, face, edge in marks:
            axes.plot(
                x[which],
                [place] * int(which.sum()),
                marker,
                markersize=size,
                mfc=face,
                mec=edge,
                mew=0.6,
                zorder=3,
            )
    axes.set_yticks(range(len(screening.rules)), [rule.name for rule in screening.rules], parse_math=False)
    names = [wrapped(name, 20, 1) for name in people]
    axes.set_xticks(range(len(people)), names, rotation=90, fontsize=6.5, parse_math=False)
    axes.tick_params(size=0)
    axes.set_xlim(-0.6, max(0.6, len(people) - 0.4))
    axes.set_ylim(max(0.6, len(screening.rules) - 0.4), -0.6)
    right = axes.secondary_yaxis("right")
    right.set_yticks(
        range(len(screening.rules)), [str(len(screening.flagged[rule.name])) for rule in screening.rules]
    )
    right.tick_params(size=0)
    right.set_ylabel("Participants flagged")
    right.spines["right"].set_visible(False)
    axes.grid(color=GRID, linewidth=0.5, zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)


def _dress(axes: Axes, answers: Answers, shape: str) -> None:
    if answers.simulated:
        word = {"fontsize": 9, "fontweight": "bold", "color": "#b3261e"}
        axes.set_title(f"{SIMULATED} listeners", fontdict=word, loc="left")
    quiet = {"fontsize": 7.5, "color": QUIET_INK}
    axes.set_title(shape, fontdict=quiet, loc="right" if answers.simulated else "left")


def _legend(axes: Axes, key: list[Line2D]) -> None:
    axes.figure.legend(
        handles=key, loc="outside lower left", ncols=4, frameon=False, fontsize=6.5, handlelength=1.2
    )


def _dot(label: str, *, mfc: str, size: float, mec: str = INK) -> Line2D:
    return Line2D(
        [], [], linestyle="none", marker="o", markersize=size, mfc=mfc, mec=mec, mew=0.8, label=label
    )
