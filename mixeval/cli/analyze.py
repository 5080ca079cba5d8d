"""`mixeval analyze`: tables, figures and a report from ratings."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixeval.errors import AnalysisError

if TYPE_CHECKING:
    from mixeval.study import AnalysisSection
    from mixeval.tables import Table
    from mixeval_analysis.profile import Analysis
    from mixeval_analysis.reporting.report_folder import Report

_DIFFERENT = "Participants did not all hear the same stimuli."
_UNKNOWN = "The answers are of several versions, and nothing says whether they sounded the same."
_MOST_NAMES = 8
_LEFT_TO_THE_FILES = {
    "summary": {"q1", "q3", "min", "max"},
    "binomial": {
        "wilson95_lo",
        "wilson95_hi",
        "p",
        "participants",
        "prefer_a",
        "prefer_b",
        "p_sign",
        "p_signed_rank",
    },
    "choices": {"ties", "participants"},
    "d_prime": {
        "p",
        "d_io_ci95_lo",
        "d_io_ci95_hi",
        "d_diff_ci95_lo",
        "d_diff_ci95_hi",
        "participants",
        "p_signed_rank",
    },
    "contrasts": {
        "a",
        "b",
        "within",
        "mean_diff_ci95_lo",
        "mean_diff_ci95_hi",
        "p_exact",
        "rank_biserial",
    },
    "wilcoxon": {
        "n_nonzero",
        "V_a",
        "p_exact",
        "p_asymptotic",
        "hodges_lehmann",
        "hl_ci95_lo",
        "hl_ci95_hi",
    },
    "equivalence": {"margin", "se"},
    "mos": {f"votes_{category}" for category in range(1, 6)},
}
"""Columns that a narrow terminal does not show, by table."""


@click.command(
    epilog="""\b
Examples:
  mixeval analyze my-study
  mixeval analyze ratings.csv --order anchor,reference,mine --out results
  mixeval analyze ratings.csv --reference original --low-anchor lp35 --margin 5
  mixeval analyze webmushra-results/mushra.csv
  mixeval analyze my-study --contrast "wave_u_net vs reference within wet" --group drummer
  mixeval analyze ratings.csv --reference original --exclude post_screening
  mixeval analyze postgresql+psycopg://user@host/study --json
"""
)
@click.argument("source")
@click.option(
    "--out",
    type=click.Path(file_okay=False),
    help="Folder for tables, figures and report. [default: SOURCE/report, or NAME-report beside NAME.csv]",
)
@click.option(
    "--order", default="", metavar="ID,ID,...", help="Conditions in the order of tables and figures."
)
@click.option(
    "--pool-versions", is_flag=True, help="Take sessions together although they heard different stimuli."
)
@click.option(
    "--attribute", metavar="NAME", help="Which of several things that were asked. [default: the first]"
)
@click.option("--reference", metavar="ID", help="The hidden reference, where the source does not say.")
@click.option("--low-anchor", metavar="ID", help="The low anchor, where the source does not say.")
@click.option("--mid-anchor", metavar="ID", help="The mid anchor, where the source does not say.")
@click.option(
    "--margin",
    type=click.FloatRange(min=0, min_open=True),
    metavar="POINTS",
    help="The largest difference that still counts as none, for tests of equivalence.",
)
@click.option(
    "--factors",
    "factors_file",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="A CSV file with a column condition and a column of levels for each factor.",
)
@click.option(
    "--contrast",
    "contrasts",
    multiple=True,
    metavar="TEXT",
    help='A comparison, "A vs B" or "A vs B within C", of levels of a factor or of conditions; may be repeated.',
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="FACT",
    help="A fact about items to give tables by, such as drummer; may be repeated. [default: every one with a few values]",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="RULE",
    help="Leave out participants who meet this rule of screening (may be repeated).",
)
@click.option(
    "--single-column", is_flag=True, help="Draw figures 89 mm wide too (NAME-89mm), for one column of a page."
)
@click.option("--json", "as_json", is_flag=True, help="Print the tables as JSON.")
def analyze(
    source: str,
    *,
    out: str | None,
    order: str,
    attribute: str | None,
    reference: str | None,
    low_anchor: str | None,
    mid_anchor: str | None,
    margin: float | None,
    factors_file: str | None,
    contrasts: tuple[str, ...],
    groups: tuple[str, ...],
    exclude: tuple[str, ...],
    pool_versions: bool,
    single_column: bool,
    as_json: bool,
) -> None:
    """Make the tables, figures and report from what listeners answered.

    SOURCE is a study's folder, a database URL, or a CSV file with the columns participant, item, condition
    and rating (or, for choices between two, participant, item, a, b and chosen), or results of webMUSHRA, GoListen or the
    Web Audio Evaluation Tool (a folder of its XML files). Complete sessions of real participants are counted;
    simulated listeners only where there is nobody else, and they are marked SIMULATED.
    """
    # Statistics load only once a source was named and could be read.
    from mixeval_analysis.load import default_output, load  # noqa: PLC0415
    from mixeval_analysis.selection import select  # noqa: PLC0415
    from mixeval_analysis.sources.factors_file import read_factors  # noqa: PLC0415 - as below

    wanted = tuple(name.strip() for name in order.split(",")) if order.strip() else ()
    if "" in wanted:
        raise AnalysisError("--order has an empty name", remedy="write --order first,second,third")
    asked = {
        "order": wanted or None,
        "reference": reference,
        "low_anchor": low_anchor,
        "mid_anchor": mid_anchor,
        "margin": margin,
        "factors": read_factors(Path(factors_file)) if factors_file else None,
        "contrasts": contrasts or None,
        "groups": groups or None,
        "exclude": exclude or None,
    }
    answers = load(source, _wishes({key: value for key, value in asked.items() if value is not None}))
    selection = select(answers, pool_versions=pool_versions, attribute=attribute)

    # Drawing takes a second to load, which errors above need not wait for.
    from mixeval_analysis.reporting.report_folder import write_report  # noqa: PLC0415

    folder = Path(out) if out else default_output(source)
    report = write_report(selection, folder, single_column=single_column)
    if as_json:
        click.echo(json.dumps(_as_json(report), indent=1, ensure_ascii=False))
    else:
        _show(report)


def _wishes(asked: dict[str, Any]) -> "AnalysisSection":
    from pydantic import ValidationError  # noqa: PLC0415 - loaded only once something is analysed

    from mixeval.study import AnalysisSection  # noqa: PLC0415 - as above

    try:
        return AnalysisSection.model_validate(asked)
    except ValidationError as error:
        found = error.errors()[0]
        option = str(found["loc"][0]).replace("_", "-")
        raise AnalysisError(
            f"--{option} {found['input']} cannot be used", remedy=f"correct it ({found['msg']})"
        ) from error


def _show(report: "Report") -> None:
    from rich.console import Console  # noqa: PLC0415 - loaded only where it prints

    from mixeval_analysis.answers import count_of  # noqa: PLC0415 - as above

    console = Console()
    several = len(report.analyses) > 1
    for folder, analysis in report.analyses.items():
        answers = analysis.answers
        title = f"{answers.title}, {folder.name}" if several else answers.title
        console.print()
        console.print(title, style="bold", markup=False, highlight=False)
        _say(
            console,
            f"{answers.shape_in_words()}, {len(answers.labels)} conditions, {answers.count_in_words()}",
        )
        if answers.simulated:
            console.print("SIMULATED listeners, no real ones", style="bold red", markup=False)
        for entry in answers.left_out:
            _say(console, f"Left out: {count_of(entry.answers, answers.NOUN)}, {entry.reason}")
        for remark in answers.remarks:
            _say(console, remark)
        for flag in answers.flagged or ():
            if flag.counted:
                _say(console, f"Flagged, and counted: {count_of(flag.counted, 'session')}, {flag.flag}")
        _say_screening(console, analysis)
        for name in analysis.profile.printed:
            if name in analysis.tables:
                _print_table(console, analysis.tables[name])
    console.print()
    versions = [version for analysis in report.analyses.values() for version in analysis.answers.versions]
    if several and any(version.stimuli is None for version in versions):
        _say(console, f"{_UNKNOWN} Each version has its own report (--pool-versions takes them together).")
    elif several:
        _say(console, f"{_DIFFERENT} Each set has its own report (--pool-versions takes them together).")
    elif len({version.stimuli_id for version in versions}) > 1:
        _say(console, "Versions whose stimuli differ, or may differ, are pooled, as asked.")
    click.echo(f"Report: {report.folder / 'report.html'}")


def _say_screening(console: Any, analysis: "Analysis") -> None:
    screening = analysis.answers.screening
    for rule, who in screening.flagged.items() if screening is not None else ():
        out = screening is not None and any(rule in rules for rules in screening.left_out.values())
        if who:
            some = ", ".join(who) if len(who) <= _MOST_NAMES else f"{len(who)} participants"
            _say(console, f"Screening: {rule} flags {some}, {'left out' if out else 'counted all the same'}")


def _say(console: Any, text: str) -> None:
    console.print(text, markup=False, highlight=False)


def _print_table(console: Any, table: "Table") -> None:
    from rich import box  # noqa: PLC0415 - as above
    from rich.table import Table as Grid  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console.print()
    mark = " (SIMULATED)" if table.simulated else ""
    console.print(f"{table.title}{mark}", style="bold", markup=False, highlight=False)
    console.print(f"{table.method} {table.level}", style="dim", markup=False, highlight=False)
    columns = _columns_that_fit(table, console.width)
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading, text in zip(columns[0], table.text_columns, strict=False):
        grid.add_column(Text(heading), justify="left" if text else "right", overflow="fold")
    for row in columns[1:]:
        grid.add_row(*(Text(cell) for cell in row))
    console.print(grid)
    for note in table.notes:
        console.print(note, style="dim", markup=False, highlight=False)


def _columns_that_fit(table: "Table", width: int) -> list[list[str]]:
    """Return headings and rows, made narrower where they would not stand side by side."""
    rows = [table.headings, *table.cells()]
    if sum(max(map(len, column)) + 3 for column in zip(*rows, strict=True)) <= width:
        return rows
    if table.name == "mann_whitney_symbols":
        # As in the paper's Table 4, but with numbers at the head.
        numbered = [[f"{number} {first}", *rest] for number, (first, *rest) in enumerate(rows[1:], start=1)]
        return [[rows[0][0], *map(str, range(1, len(rows)))], *numbered]
    left_out = _LEFT_TO_THE_FILES.get(table.name, set())
    wanted = [index for index, name in enumerate(table.frame.columns) if name not in left_out]
    return [[row[index] for index in wanted] for row in rows]


def _as_json(report: "Report") -> dict[str, Any]:
    return {
        "report": str(report.folder / "report.html"),
        "results": [
            {
                "folder": str(folder),
                "simulated": analysis.answers.simulated,
                "participants": analysis.answers.participants,
                "items": analysis.answers.items,
                f"{analysis.answers.NOUN}s": len(analysis.answers.rows),
                "versions": [version.id for version in analysis.answers.versions],
                "tables": {name: _rows(table) for name, table in analysis.tables.items()},
            }
            for folder, analysis in report.analyses.items()
        ],
    }


def _rows(table: "Table") -> list[dict[str, Any]]:
    return [
        {str(name): _plain(cell) for name, cell in row.items()}
        for row in table.frame.to_dict(orient="records")
    ]


def _plain(cell: Any) -> Any:
    if cell is None or isinstance(cell, str | int | float):
        return cell
    # A p that no float holds is written out rather than as 0.
    return float(cell) or cell.exact()
