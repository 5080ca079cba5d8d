"""`mixeval erase`: delete everything about one participant."""

from pathlib import Path

import click

from mixeval.cli.collected import collected
from mixeval.cli.terminal import visible
from mixeval.erasure import Erased
from mixeval.erasure import erase as erase_participant


@click.command(epilog="Example: mixeval erase my-study P23456789")
@click.argument("study", type=click.Path(path_type=Path, file_okay=False))
@click.argument("code")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(study: Path, code: str, *, yes: bool) -> None:
    """Delete everything about the participant CODE of the folder STUDY, for good.

    CODE is the pseudonym that tables and the participant's last page show. People may go on rating meanwhile. A
    line in STUDY/erased.txt sees to it that a backup does not bring the data back.
    """
    if not yes:
        click.confirm(f"Delete all that {visible(code)} has answered, for good?", abort=True)
    with collected(study) as database:
        found = erase_participant(database, code, folder=study)
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
        text += "\nThe file still holds traces of them, since somebody reads it: run the same command again later."
    return text
