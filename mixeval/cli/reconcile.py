"""`mixeval reconcile`: who is complete here against who is paid on the platform that sent them."""

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixeval.errors import DatabaseError, ResultError, StudyError

if TYPE_CHECKING:
    from mixeval_webapp.recruitment.reconcile import Match, Recruit

COLUMNS = ("finding", "value", "participant", "here", "there", "code_here", "code_there", "submission")


@click.command(
    epilog="""\b
Examples:
  mixeval reconcile my-study prolific_export.csv
  mixeval reconcile my-study sona.csv --id-column "Survey Code" --state-column Credit --paid Granted
"""
)
@click.argument("study", type=click.Path(path_type=Path, file_okay=False))
@click.argument("platform_export", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--id-column", help="The column with the participants' ids. [default: found by its name]")
@click.option("--state-column", help="The column that says who was paid. [default: found by its name]")
@click.option(
    "--paid", multiple=True, help="A state that means paid; may be given again. [default: approved and such]"
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A new CSV file for the list.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def reconcile(
    study: Path,
    platform_export: Path,
    *,
    id_column: str | None,
    state_column: str | None,
    paid: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Compare the sessions of the folder STUDY with PLATFORM_EXPORT, the CSV file of Prolific, MTurk or Sona.

    It lists who is complete here and not paid there, paid there and not complete here, and there only. The
    platform's ids are shown here and in no other table.
    """
    from mixeval_webapp.recruitment.platform_exports import read_platform_export  # noqa: PLC0415 - with Flask
    from mixeval_webapp.recruitment.reconcile import reconcile as match  # noqa: PLC0415 - as above

    there = read_platform_export(
        platform_export, id_column=id_column, state_column=state_column, paid_states=paid
    )
    matches = match(_recruits(study), there)
    if out is not None:
        _write(out, _csv(matches))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in matches], ensure_ascii=False))
        return
    _print(matches)
    if out is not None:
        click.echo(f"\nList: {out} (only you can read it)")


def _recruits(study: Path) -> Sequence["Recruit"]:
    """Return the sessions that the study's platform sent."""
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - SQLAlchemy loads only where it is needed

    from mixeval.database import open_database  # noqa: PLC0415 - as above
    from mixeval.settings import database_url  # noqa: PLC0415 - as above
    from mixeval.study import read_study  # noqa: PLC0415 - as above
    from mixeval_migrations import prepare  # noqa: PLC0415 - as above
    from mixeval_webapp.recruitment.reconcile import recruits_of  # noqa: PLC0415 - with Flask

    platform = read_study(study).recruitment.platform
    if platform is None:
        raise StudyError(
            f"{study} has no platform to compare with", remedy="name it in [recruitment] of study.toml"
        )
    url = make_url(database_url(study))
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise DatabaseError(f"{study} has no answers yet", remedy="serve it first")
    database = open_database(database_url(study))
    try:
        prepare(database)
        with database.read() as db:
            return recruits_of(db, platform)
    finally:
        database.close()


def _print(matches: Sequence["Match"]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only where something is printed
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    from mixeval.cli.terminal import visible  # noqa: PLC0415 - as above
    from mixeval_webapp.recruitment.reconcile import FINDINGS  # noqa: PLC0415 - with Flask

    for finding, heading in FINDINGS.items():
        found = [each for each in matches if each.finding == finding]
        click.echo(f"{heading}: {len(found)}")
        if not found:
            continue
        names = COLUMNS[1:]
        table = Table(*(name.replace("_", " ") for name in ("id", *names[1:])), box=None)
        for each in found:
            table.add_row(*(Text(visible(str(getattr(each, name)))) for name in names))
        Console(width=500).print(table)


def _csv(matches: Sequence["Match"]) -> str:
    from mixeval.formulas import formula_safe  # noqa: PLC0415 - only where a file is written

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["finding", "id", *COLUMNS[2:]])
    writer.writerows([formula_safe(str(getattr(each, name))) for name in COLUMNS] for each in matches)
    return text.getvalue()


def _write(out: Path, text: str) -> None:
    try:
        # Ids of people, for whoever pays them alone.
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ResultError(f"{out} is there already", remedy="choose another name") from error
    except OSError as error:
        raise ResultError(
            f"{out} cannot be written ({error.strerror})", remedy="choose a folder that you may write to"
        ) from error
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(text)
