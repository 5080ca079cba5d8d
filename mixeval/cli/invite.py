"""`mixeval invite`: single-use links for people whom the researcher invites, and how they stand."""

import csv
import io
import json
import os
import urllib.parse
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixeval.errors import ResultError, StudyError

if TYPE_CHECKING:
    from mixeval.database import Database
    from mixeval_webapp.recruitment.invites import InviteState


@click.command(
    epilog="""\b
Examples:
  mixeval invite my-study --count 20 --base https://listen.example --out invites.csv
  mixeval invite my-study --list
"""
)
@click.argument("study", type=click.Path(path_type=Path, file_okay=False))
@click.option("--count", type=click.IntRange(1, 10_000), help="How many invites to make.")
@click.option("--base", help="The test's own address, as participants reach it.")
@click.option("--note", default="", help="What you tell these invites apart by, such as a batch.")
@click.option(
    "--expires", type=click.DateTime(["%Y-%m-%d"]), help="The last day (UTC) on which they open the test."
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="A new CSV file for the addresses."
)
@click.option("--list", "listing", is_flag=True, help="Say how the invites stand; makes none.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def invite(
    study: Path,
    *,
    count: int | None,
    base: str | None,
    note: str,
    expires: datetime | None,
    out: Path | None,
    listing: bool,
    as_json: bool,
) -> None:
    """Make invites to the study in the folder STUDY: addresses that each let one person begin once.

    Only a hash of each is kept, so the addresses are printed, or written to --out, this one time.
    """
    if listing:
        with _opened(study) as database:
            _list(database, as_json=as_json)
        return
    if count is None or base is None:
        raise click.UsageError("say how many with --count and for which address with --base, or use --list")
    _check_base(base)
    if len(note) > 200:
        raise click.UsageError("a note has at most 200 characters")
    _make(study, count, base=base, note=note, expires_at=_end_of(expires), out=out, as_json=as_json)


def _make(
    study: Path,
    count: int,
    *,
    base: str,
    note: str,
    expires_at: datetime | None,
    out: Path | None,
    as_json: bool,
) -> None:
    from mixeval_webapp.recruitment.invites import invite_address, make_invites  # noqa: PLC0415 - with Flask

    # Before any invite is made: addresses that could not be written down would be lost.
    handle = None if out is None else _create(out)
    with _opened(study) as database:
        made = make_invites(database, count=count, note=note, expires_at=expires_at)
    rows = [(number, invite_address(base, token)) for number, token in made]
    if out is not None and handle is not None:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(_csv(rows, note=note, expires_at=expires_at))
    if as_json:
        last = None if expires_at is None else expires_at.isoformat()
        invites = [{"number": number, "address": address} for number, address in rows]
        click.echo(json.dumps({"invites": invites, "note": note, "expires_at": last}))
    elif out is None:
        for _, address in rows:
            click.echo(address)
    else:
        click.echo(f"{count} invites: {out} (only you can read it; the addresses are shown nowhere else)")


def _list(database: "Database", *, as_json: bool) -> None:
    from mixeval.models import now  # noqa: PLC0415 - SQLAlchemy loads only where it is needed
    from mixeval_webapp.recruitment.invites import list_invites  # noqa: PLC0415 - with Flask

    with database.read() as db:
        found = list_invites(db)
    moment = now()
    if as_json:
        click.echo(json.dumps([_as_row(each, moment) for each in found]))
        return
    if not found:
        click.echo("No invites were made yet.")
        return
    _print(found, moment)


def _print(found: Sequence["InviteState"], moment: datetime) -> None:
    from rich.console import Console  # noqa: PLC0415 - only where something is printed
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    from mixeval.cli.terminal import visible  # noqa: PLC0415 - as above

    table = Table("number", "state", "participant", "made", "last day", "note", box=None)
    for each in found:
        row = _as_row(each, moment)
        names = ("number", "state", "participant", "made", "expires", "note")
        table.add_row(*(Text(visible(str(row[name] or ""))) for name in names))
    Console(width=500).print(table)
    counts = Counter(each.state(moment) for each in found)
    click.echo(
        f"\n{len(found)} invites: {', '.join(f'{number} {state}' for state, number in counts.items())}."
    )


def _as_row(each: "InviteState", moment: datetime) -> dict[str, object]:
    last_day = None if each.expires_at is None else (each.expires_at - timedelta(seconds=1)).date()
    return {
        "number": each.number,
        "state": each.state(moment),
        "participant": each.participant,
        "made": each.created_at.date().isoformat(),
        "expires": None if last_day is None else last_day.isoformat(),
        "note": each.note,
    }


@contextmanager
def _opened(study: Path) -> Iterator["Database"]:
    """Open the study's answers; a study that was never served gets its database now."""
    from mixeval.database import open_database  # noqa: PLC0415 - SQLAlchemy loads only where it is needed
    from mixeval.settings import database_url  # noqa: PLC0415 - as above
    from mixeval.study import read_study  # noqa: PLC0415 - as above
    from mixeval_migrations import prepare  # noqa: PLC0415 - as above

    read_study(study)
    database = open_database(database_url(study))
    try:
        prepare(database)
        yield database
    finally:
        database.close()


def _check_base(base: str) -> None:
    parts = urllib.parse.urlsplit(base)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise StudyError(
            f"{base} is not the test's address", remedy="write one such as https://listen.example"
        )


def _end_of(day: datetime | None) -> datetime | None:
    return None if day is None else datetime.combine(day.date(), time(), UTC) + timedelta(days=1)


def _create(out: Path) -> int:
    """Create `out` for its owner alone; never over a file, which may hold addresses that are nowhere else."""
    try:
        return os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ResultError(f"{out} is there already", remedy="choose another name") from error
    except OSError as error:
        raise ResultError(
            f"{out} cannot be written ({error.strerror})", remedy="choose a folder that you may write to"
        ) from error


def _csv(rows: Sequence[tuple[int, str]], *, note: str, expires_at: datetime | None) -> str:
    from mixeval.formulas import formula_safe  # noqa: PLC0415 - only where a file is written

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["number", "address", "note", "expires_at"])
    last = "" if expires_at is None else expires_at.isoformat()
    writer.writerows([number, address, formula_safe(note), last] for number, address in rows)
    return text.getvalue()
