"""`mixeval export`: everything that a study has collected, as CSV and JSON files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mixeval_analysis.export import Format


@click.command(
    epilog="""\b
Examples:
  mixeval export my-study
  mixeval export my-study --out data --format csv
"""
)
@click.argument("study", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the files. [default: STUDY/export]",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "json", "both"]),
    default="both",
    show_default=True,
    help="CSV for spreadsheets, JSON with every text as it was typed.",
)
@click.option(
    "--with-external-ids",
    is_flag=True,
    help="Write what recruitment platforms call the participants too, in a file of its own.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def export(study: Path, out: Path | None, kind: "Format", *, with_external_ids: bool, as_json: bool) -> None:
    """Write everything that a study has collected as CSV and JSON files.

    Ratings, trials, answers and comments, events, sessions and decisions, with a README.md that says what each
    column means. All are of one moment; people may go on rating meanwhile.
    """
    from mixeval_analysis.export import export_study  # noqa: PLC0415 - pandas loads only where it is needed

    written = export_study(study, out or study / "export", kind=kind, with_external_ids=with_external_ids)
    if as_json:
        click.echo(json.dumps({"folder": str(written.folder), "rows": dict(written.rows)}, indent=1))
        return
    for name, rows in written.rows.items():
        click.echo(f"{rows:>9} {name}")
    click.echo(f"Export: {written.folder}")
