"""`mixeval import`: results of other platforms as a tidy CSV."""

import json
from pathlib import Path

import click


@click.command(
    "import",
    epilog="""\b
Examples:
  mixeval import results/drums/mushra.csv --out ratings.csv
  mixeval import saves/save-*.xml --out ratings.csv
  mixeval import saves --out ratings.csv --json
""",
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The tidy CSV to write. What is there already is never overwritten.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was read and written as JSON.")
def import_(files: tuple[Path, ...], out: Path, *, as_json: bool) -> None:
    """Write results of webMUSHRA, the Web Audio Evaluation Tool or GoListen as a tidy CSV.

    A FILE is recognised by what is in it; a folder stands for the XML files in it. Several become one table. People
    are numbered, and nothing else that says who they are is read. What was left out is said, with the reason.
    """
    from mixeval_analysis.importing import import_results, in_words  # noqa: PLC0415 - pandas loads when it is needed

    written = import_results(files, out)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "file": str(written.path),
                    "settings": None if written.settings is None else str(written.settings),
                    "platform": written.platform,
                    f"{written.noun}s": written.rows,
                    "participants": written.participants,
                    "items": written.items,
                    "conditions": written.conditions,
                    "in_no_table": dict(written.uncounted),
                    "remarks": written.remarks,
                },
                indent=1,
                ensure_ascii=False,
            )
        )
        return
    from mixeval.cli.terminal import visible  # noqa: PLC0415 - as above

    for sentence in in_words(written):
        click.echo(visible(sentence))
    if written.settings is not None:
        click.echo(f"Settings: {written.settings}")
    click.echo(f"Ratings: {written.path}")
