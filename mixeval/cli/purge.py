"""`mixeval purge`: delete what is past its retention date."""

from pathlib import Path

import click

from mixeval.cli.collected import collected
from mixeval.cli.erase import told
from mixeval.models import now
from mixeval.purging import Due, due
from mixeval.purging import purge as purge_due
from mixeval.study import read_study


@click.command(
    epilog="""\b
Examples:
  mixeval purge my-study --dry-run
  mixeval purge my-study
"""
)
@click.argument("study", type=click.Path(path_type=Path, file_okay=False))
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(study: Path, *, dry_run: bool, yes: bool) -> None:
    """Delete what the folder STUDY holds past the dates of [retention] in its study.toml, for good.

    After `until` everything about participants goes; with `keep = "ratings"` the ratings stay, under new random
    names, in STUDY/kept. After `external_ids_until` the ids of recruitment platforms go. Expired logins and counts
    of attempts go at any time. A line in STUDY/erased.txt for each participant sees to it that no backup brings them
    back.
    """
    retention = read_study(study).retention
    moment = now()
    with collected(study) as database:
        with database.read() as db:
            found = due(db, retention, moment)
        keeps = retention.keep == "ratings" and retention.all_due(moment.date())
        if keeps and not dry_run:
            _finish_abandoned(study, found)
        if not found.anything:
            click.echo("Nothing is past its date.")
            return
        click.echo(f"Past its date: {_in_words(found)}.")
        if dry_run:
            return
        if not yes:
            click.confirm("Delete it, for good?", abort=True)
        draft = None
        if keeps and found.participants:
            from mixeval_analysis.anonymous import keep_ratings  # noqa: PLC0415 - pandas loads only where it is needed

            draft = keep_ratings(study, found.participants)
        erased = purge_due(database, found, retention, moment, folder=study)
        if draft is not None:
            click.echo(f"Ratings without their participants: {draft.finish()}")
    click.echo(told(erased) if found.participants else "Deleted.")
    click.echo(
        "Exports, reports and backups that were made before still hold it: see docs/data-protection.md."
    )


def _finish_abandoned(study: Path, found: Due) -> None:
    from mixeval_analysis.anonymous import finish_abandoned  # noqa: PLC0415 - pandas loads only where it is needed

    finish_abandoned(study, found.participants)


def _in_words(found: Due) -> str:
    counts = {
        "participants with all their answers": len(found.participants),
        "ids of recruitment platforms": found.external_ids,
        "invites": found.invites,
        "counts of attempts": found.attempts,
        "expired logins": found.logins,
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)
