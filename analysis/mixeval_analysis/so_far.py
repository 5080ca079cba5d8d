"""What can be said of a study that is still running, with the same tables and figures as `mixeval analyze`."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mixeval.errors import AnalysisError
from mixeval.results_so_far import ResultSet, ResultsSoFar, ShownFigure, ShownTable, Suspicion
from mixeval.tables import Table
from mixeval_analysis.answers import Answers
from mixeval_analysis.figures.drawing import draw_svg
from mixeval_analysis.load import load
from mixeval_analysis.page_profiles import analyze_answers
from mixeval_analysis.profile import Analysis
from mixeval_analysis.selection import Selection, select

MOST_ROWS = 200
"""Rows of a table that a page shows; the report has all."""


def results_so_far(folder: Path) -> ResultsSoFar:
    """Analyse what the study in `folder` has collected until now.

    Tables and figures are those of `mixeval analyze`: complete sessions count. Rules of screening are asked of the
    finished pages of everybody, since who is under way can still be written to. Where nothing can be said yet,
    `problem` says why.
    """
    try:
        answers = load(str(folder))
    except AnalysisError as error:
        return ResultsSoFar(problem=str(error))
    watched = _watched(answers)
    try:
        selection = select(answers)
        return replace(watched, sets=tuple(_shown(analyze_answers(group)) for group in selection.groups))
    except AnalysisError as error:
        return replace(watched, problem=str(error))


def _shown(analysis: Analysis) -> ResultSet:
    answers = analysis.answers
    svg = draw_svg(analysis)
    return ResultSet(
        title=answers.title,
        about=f"{answers.shape_in_words()}, {answers.count_in_words()}",
        simulated=answers.simulated,
        figures=tuple(
            ShownFigure(
                figure.name, figure.title, analysis.caption_of(figure), svg[figure.name].decode("utf-8")
            )
            for figure in analysis.figures
            if figure.name in svg
        ),
        tables=tuple(map(_table, analysis.tables.values())),
        remarks=(
            *(f"Left out: {entry.answers} {answers.NOUN}s, {entry.reason}." for entry in answers.left_out),
            *answers.remarks,
        ),
    )


def _table(table: Table) -> ShownTable:
    rows = table.cells(MOST_ROWS)
    more = len(table.frame) - len(rows)
    return ShownTable(
        name=table.name,
        title=table.title,
        caption=f"{table.method} {table.level}".strip(),
        headings=tuple(map(str, table.headings)),
        text_columns=tuple(table.text_columns),
        rows=tuple(map(tuple, rows)),
        notes=(*table.notes, *([f"{more} more rows are in the report."] if more > 0 else [])),
    )


def _watched(answers: Answers) -> ResultsSoFar:
    """Ask the rules of screening of everybody's finished pages, as if each session ended with the last of them."""
    if answers.panel is None:
        return ResultsSoFar()
    finished = answers.panel.pages.loc[answers.panel.pages["seconds"].notna()]
    seconds = {
        str(page): float(taken) for page, taken in zip(finished["page"], finished["seconds"], strict=True)
    }
    rows = answers.rows.loc[answers.rows["page"].isin(finished["page"])]
    asked = replace(
        answers,
        rows=rows.assign(complete=True),
        # Nobody is to be missing from the list because the study leaves them out of its tables.
        settings=answers.settings.model_copy(update={"exclude": ()}),
    )
    try:
        selection = select(asked)
    except AnalysisError:
        # Nobody has finished a page yet.
        return ResultsSoFar(page_seconds=seconds)
    return ResultsSoFar(suspicions=tuple(_suspicions(selection)), page_seconds=seconds)


def _suspicions(selection: Selection) -> Iterable[Suspicion]:
    for group in selection.groups:
        if group.screening is None:
            continue
        rules = {rule.name: rule.meaning for rule in group.screening.rules}
        met = group.screening.found.loc[group.screening.found["flagged"]]
        for row in met.itertuples(index=False):
            # Flags are in the database, and shown from there.
            if not str(row.rule).startswith("flag_"):
                yield Suspicion(
                    participant=str(row.participant),
                    rule=str(row.rule),
                    meaning=rules[str(row.rule)],
                    value=float(str(row.value)),
                    threshold=float(str(row.threshold)),
                )
