"""`mixeval recover`: answers that a participant saved in a file and handed over."""

import json
from dataclasses import asdict
from pathlib import Path

import click


@click.command(epilog="Example: mixeval recover my-study answers.mixeval.json")
@click.argument("study", type=click.Path(path_type=Path, file_okay=False))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print what became of the answers as JSON.")
def recover(study: Path, file: Path, *, as_json: bool) -> None:
    """Bring the answers in FILE into the study in the folder STUDY.

    A participant whose browser could not reach the server saves FILE there and gives it to you. It is stored only
    where the session's own secret proves it, and again and again without harm; the session gets the flag
    `recovered`. The server may go on running meanwhile.
    """
    from mixeval.database import open_database  # noqa: PLC0415 - the database loads only where it is needed
    from mixeval.settings import database_url  # noqa: PLC0415 - as above
    from mixeval.study import read_study  # noqa: PLC0415 - as above
    from mixeval_migrations import prepare  # noqa: PLC0415 - as above
    from mixeval_webapp.recovery import recover as bring_in  # noqa: PLC0415 - as above
    from mixeval_webapp.site import StudyVersions  # noqa: PLC0415 - as above

    read_study(study)
    database = open_database(database_url(study))
    try:
        prepare(database)
        found = bring_in(database, StudyVersions(database), file)
    finally:
        database.close()
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1))
        return
    click.echo(f"Of {found.participant}, {found.stored} answers and events are stored.")
    if found.finished:
        click.echo(
            f"{found.finished} differ from what the participant later finished the page with, which stays."
        )
    if found.refused:
        click.echo(f"{found.refused} belong to no page of this participant, and were left out.")
