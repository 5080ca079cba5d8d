"""`mixeval db`: backups of the database, its schema, and the orders that it holds."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mixeval.backup import keep_newest, make_backup
from mixeval.cli.collected import collected
from mixeval.cli.terminal import visible
from mixeval.database import open_database
from mixeval.restoring import restore as restore_backup
from mixeval.settings import database_url
from mixeval.study import read_study
from mixeval_migrations import head, is_older, upgrade
from mixeval_webapp.balance import Balance, count_balance
from mixeval_webapp.rebuilding import rebuild_orders

Column = TypeVar("Column", str, int)

_as_json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group(epilog="Examples: mixeval db backup my-study, mixeval db upgrade my-study")
def db() -> None:
    """Back the database up, put it back, upgrade its schema, and check the orders that it holds."""


@db.command(
    epilog="""\b
Examples:
  mixeval db backup my-study --keep 14
  mixeval db backup my-study --out /mnt/usb/my-study.sqlite3
"""
)
@click.argument("study", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write. [default: a new one in STUDY/backups]",
)
@click.option(
    "--keep", type=click.IntRange(1, 10_000), help="Delete all but so many of the backups in STUDY/backups."
)
@_as_json_option
def backup(study: Path, out: Path | None, keep: int | None, *, as_json: bool) -> None:
    """Back up the answers of the folder STUDY while people are rating.

    The backup is of one moment and was checked. PostgreSQL needs its program pg_dump. Put it back with
    `mixeval db restore`.
    """
    if out is not None and keep is not None:
        raise click.UsageError("--keep counts the files in STUDY/backups, leave --out out")
    read_study(study)
    made = make_backup(database_url(study), study, out=out)
    deleted = [] if keep is None else keep_newest(study, keep)
    moment = made.taken_at.isoformat(timespec="seconds")
    if as_json:
        found = {
            "file": str(made.file),
            "taken_at": moment,
            **asdict(made.contents),
            "deleted": [str(path) for path in deleted],
        }
        click.echo(json.dumps(found))
        return
    contents = made.contents
    click.echo(f"{made.file}: {contents.sessions} sessions, {contents.ratings} ratings, as of {moment}.")
    if deleted:
        click.echo(f"{len(deleted)} older backups were deleted.")


@db.command(
    epilog="Example: mixeval db restore my-study my-study/backups/study-20261123T040000000000Z.sqlite3"
)
@click.argument("study", type=click.Path(path_type=Path, file_okay=False))
@click.argument("backup_file", metavar="BACKUP", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(study: Path, backup_file: Path, *, yes: bool) -> None:
    """Put BACKUP in the place of the answers of the folder STUDY.

    Stop the server first. The present answers are kept in STUDY/backups, an older schema is brought up to date,
    and participants who were erased since the backup was made stay erased.
    """
    read_study(study)
    if not yes:
        click.confirm(f"Put {visible(str(backup_file))} in the place of the present answers?", abort=True)
    found = restore_backup(backup_file, database_url(study), study, upgrade=upgrade)
    click.echo(f"Restored: {found.contents.sessions} sessions, {found.contents.ratings} ratings.")
    if found.erased_again:
        click.echo(f"Erased since, and so from it again: {', '.join(found.erased_again)}.")
    if found.aside is not None:
        click.echo(f"The answers of before are in {found.aside}.")


@db.command("upgrade", epilog="Example: mixeval db upgrade my-study")
@click.argument("study", type=click.Path(path_type=Path))
def upgrade_(study: Path) -> None:
    """Bring the answers of the folder STUDY to the schema of this version.

    Stop the server first. Answers are kept: SQLite's are backed up into STUDY/backups before anything is changed.
    """
    read_study(study)
    url = database_url(study)
    database = open_database(url)
    try:
        if is_older(database) and database.engine.dialect.name == "sqlite":
            click.echo(f"Backed up to {make_backup(url, study, label='before-upgrade').file}.")
        upgrade(database)
    finally:
        database.close()
    click.echo(f"The database has schema {head()}.")


@db.command(epilog="Example: mixeval db orders my-study")
@click.argument("study", type=click.Path(path_type=Path))
@_as_json_option
@click.pass_context
def orders(ctx: click.Context, study: Path, *, as_json: bool) -> None:
    """Rebuild the order of every session of the folder STUDY from its seeds, and compare it with what is stored.

    Ends with 1 where one differs, and names it.
    """
    with collected(study) as database, database.read() as session:
        found = rebuild_orders(session)
    if as_json:
        differing = [{"participant": each.participant, "page": each.page} for each in found.differing]
        click.echo(json.dumps({"sessions": found.sessions, "older": found.older, "differing": differing}))
    else:
        for each in found.differing:
            click.echo(
                f"The order of {each.participant} does not follow from its seed, from page {each.page} on."
            )
        if not found.differing:
            click.echo(f"The orders of all {found.sessions} sessions follow from their seeds.")
        if found.older:
            click.echo(f"{found.older} older sessions were begun before orders followed from seats.")
    if found.differing:
        ctx.exit(1)


@db.command(epilog="Example: mixeval db balance my-study --json")
@click.argument("study", type=click.Path(path_type=Path))
@_as_json_option
def balance(study: Path, *, as_json: bool) -> None:
    """Count how often each item stood in each place, and each mix under each letter, in complete sessions."""
    with collected(study) as database, database.read() as session:
        found = count_balance(session)
    if as_json:
        click.echo(json.dumps([_as_rows(each) for each in found]))
        return
    if not found:
        click.echo("Nobody has begun yet.")
    for each in found:
        _print_balance(each)


def _as_rows(each: Balance) -> dict[str, object]:
    return {
        "version": each.version_id,
        "simulated": each.simulated,
        "sessions": each.sessions,
        "unfinished": [{"page": page, "sessions": count} for page, count in sorted(each.unfinished.items())],
        "places": [
            {"item": item, "place": place, "sessions": count} for (item, place), count in each.places.items()
        ],
        "letters": [
            {"item": item, "condition": condition, "shown_as": name, "pages": count}
            for (item, condition, name), count in each.letters.items()
        ],
    }


def _print_balance(each: Balance) -> None:
    of_whom = " of SIMULATED listeners" if each.simulated else ""
    click.echo(f"Version {each.version_id[:8]}: {each.sessions} complete sessions{of_whom}.")
    if each.unfinished:
        stands = ", ".join(f"{count} on page {page}" for page, count in sorted(each.unfinished.items()))
        click.echo(f"{sum(each.unfinished.values())} unfinished: {stands}.")
    if not each.sessions:
        return
    _print_counts("Items by place among the rating pages", each.places)
    letters: dict[tuple[str, str], int] = {}
    for (_, condition, name), count in each.letters.items():
        letters[condition, name] = letters.get((condition, name), 0) + count
    _print_counts("Mixes by letter, all items together", letters)
    click.echo(
        f"\nEach item stood in each place {_span(each.places.values())} times, "
        f"and each mix of an item under each letter {_span(each.letters.values())} times."
    )


def _print_counts(title: str, counts: Mapping[tuple[str, Column], int]) -> None:
    columns = list(dict.fromkeys(column for _, column in counts))
    table = Table("", *(str(column) for column in columns), box=None)
    for name in dict.fromkeys(name for name, _ in counts):
        table.add_row(Text(visible(name)), *(str(counts[name, column]) for column in columns))
    click.echo(f"\n{title}:")
    # As wide as it is: a table that is folded cannot be read.
    Console(width=500).print(table)


def _span(counts: Collection[int]) -> str:
    lowest, highest = min(counts), max(counts)
    return str(lowest) if lowest == highest else f"{lowest} to {highest}"
