"""`mixeval db`: the database's schema."""

from pathlib import Path

import click

from mixeval.database import open_database
from mixeval.settings import database_url
from mixeval.study import read_study
from mixeval_migrations import head, upgrade


@click.group(epilog="Example: mixeval db upgrade my-study")
def db() -> None:
    """Upgrade the database's schema."""


@db.command("upgrade", epilog="Example: mixeval db upgrade my-study")
@click.argument("study", type=click.Path(path_type=Path))
def upgrade_(study: Path) -> None:
    """Bring the answers of the folder STUDY to the schema of this version.

    Stop the server and copy the database first; answers are kept.
    """
    read_study(study)
    database = open_database(database_url(study))
    try:
        upgrade(database)
    finally:
        database.close()
    click.echo(f"The database has schema {head()}.")
