"""The report: one HTML page that needs nothing beside it, for the screen and for paper."""

import base64
import re
from collections.abc import Mapping, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mixeval.tables import SIMULATED, Table, to_csv
from mixeval_analysis.answers import Answers, LeftOut
from mixeval_analysis.profile import Analysis
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.reporting.methods import methods
from mixeval_analysis.reporting.provenance import provenance, version_entry
from mixeval_analysis.reporting.sentences import Asked, results_in_words
from mixeval_analysis.results.paired_differences import compared_with, why_compared
from mixeval_analysis.selection import differing_stimuli, folder_of

MOST_ROWS = 1000
"""Rows of a table that the page shows; all are in its file."""
MOST_ROWS_HELD = 20_000
"""Rows of a table that the page holds as a download: each participant of a very large panel would make it huge."""


def report_page(
    analysis: Analysis, *, figures_svg: Mapping[str, bytes], differing: Mapping[str, list[str]] | None
) -> str:
    """Render report.html of one set of tables, with its figures by name.

    `differing` names the stimuli (condition to items) that are not the same in all pooled sessions; it is None
    where all heard the same.
    """
    return (
        _environment()
        .get_template("report.html")
        .render(
            answers=analysis.answers,
            profile=analysis.profile,
            analysis=analysis,
            svg={name: _inline(name, content) for name, content in figures_svg.items()},
            words=results_in_words(analysis.tables, _asked(analysis.answers)),
            compared=why_compared(analysis.answers) if isinstance(analysis.answers, Ratings) else "",
            methods=methods(analysis),
            facts=provenance(analysis),
            versions=[version_entry(analysis.answers, entry.id) for entry in analysis.answers.versions],
            differing=differing,
            simulated=SIMULATED if analysis.answers.simulated else "",
        )
    )


def index_page(groups: Sequence[Answers], elsewhere: Sequence[LeftOut]) -> str:
    """Render the report.html that leads to one report per set of stimuli, and says where they differ."""
    return (
        _environment()
        .get_template("index.html")
        .render(
            title=groups[0].title,
            groups=[
                {
                    "folder": folder_of(group.versions[0]),
                    "answers": group,
                    "versions": [version_entry(group, entry.id) for entry in group.versions],
                }
                for group in groups
            ],
            elsewhere=elsewhere,
            noun=groups[0].NOUN,
            differing=differing_stimuli(version for group in groups for version in group.versions),
            simulated=SIMULATED if any(group.simulated for group in groups) else "",
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mixeval_analysis.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["csv_link"] = _csv_link
    environment.globals |= {"most_rows": MOST_ROWS, "most_rows_held": MOST_ROWS_HELD}
    return environment


def _asked(answers: Answers) -> Asked:
    if not isinstance(answers, Ratings):
        return Asked()
    if answers.page == "ranking":
        return Asked(compared_with(answers), higher="ranked higher", unit="place")
    return Asked(compared_with(answers))


def _inline(name: str, svg: bytes) -> Markup:
    # matplotlib has escaped the labels; the XML prolog has no place inside HTML.
    text = svg.decode("utf-8")
    text = text[text.index("<svg") :]
    # Every drawing has a figure_1: on one page an id is there once.
    text = re.sub(r'(?<= id=")', f"{name}-", text)
    text = re.sub(r"(?<=url\(#)|(?<=href=\"#)", f"{name}-", text)
    return Markup(text)  # noqa: S704 - drawn by this program


def _csv_link(table: Table) -> str:
    """Return the table's CSV file as a link that holds it, so that the page needs nothing beside it."""
    return f"data:text/csv;charset=utf-8;base64,{base64.b64encode(to_csv(table).encode()).decode()}"
