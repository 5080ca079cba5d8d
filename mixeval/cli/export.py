"""`mixeval export`: everything that a study has collected, as CSV files."""

import json
from pathlib import Path

import click


@click.command(
    epilog="""\b
Examples:
  mixeval export my-study
  mixeval export my-study --out data --json
"""
)
@click.argument("study", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the files. [default: STUDY/export]",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def export(study: Path, out: Path | None, *, as_json: bool) -> None:
    """Write everything that a study has collected as CSV files.

    Ratings, trials, answers and comments, events and sessions, with a README.md that says what each column
    means. All are of one moment; people may go on rating meanwhile.
    """
    from mixeval_analysis.export import export_study  # noqa: PLC0415 - pandas loads only where it is needed

    written = export_study(study, out or study / "export")
    if as_json:
        click.echo(json.dumps({"folder": str(written.folder), "rows": dict(written.rows)}, indent=1))
        return
    for name, rows in written.rows.items():
        click.echo(f"{rows:>9} {name}")
    click.echo(f"Export: {written.folder}")
