"""`mixeval erase`: delete everything about one participant."""

from pathlib import Path

import click

from mixeval.cli.collected import collected
from mixeval.cli.terminal import visible
from mixeval.erasure import Erased, pseudonym_of
from mixeval.erasure import erase as erase_participant


@click.command(epilog="Example: mixeval erase my-study P23456789")
@click.argument("study", type=click.Path(path_type=Path, file_okay=False))
@click.argument("code")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(study: Path, code: str, *, yes: bool) -> None:
    """Delete everything about the participant CODE of the folder STUDY, for good.

    CODE is the pseudonym in tables, the completion code that the participant was shown, or what a recruitment
    platform calls them. People may go on rating meanwhile. A line in STUDY/erased.txt sees to it that a backup does
    not bring the data back.
    """
    with collected(study) as database:
        with database.read() as db:
            pseudonym = pseudonym_of(db, code)
        if not yes:
            click.confirm(f"Delete everything about {visible(pseudonym)}, for good?", abort=True)
        found = erase_participant(database, pseudonym, folder=study)
    click.echo(told(found))
    click.echo(
        "Exports, reports and backups that were made before still hold it: see docs/data-protection.md."
    )


def told(erased: Erased) -> str:
    """Say in words what was deleted."""
    if not erased.participants:
        return "Nothing was left to erase."
    counts = (
        "participants",
        "sessions",
        "ratings",
        "answers",
        "events",
        "flags",
        "decisions",
        "external_ids",
    )
    text = "Erased: " + ", ".join(
        f"{getattr(erased, name)} {name.replace('_', ' ')}" for name in counts if getattr(erased, name)
    )
    if not erased.scrubbed:
        text += (
            "\nThe file still holds traces of it, since somebody reads it or the disk is full: run the same command "
            "again later."
        )
    return text
