"""The answers of a study as commands open them: they must be there, and of this version's schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from mixeval.database import Database, open_database
from mixeval.erasure import reapply
from mixeval.errors import DatabaseError
from mixeval.settings import database_url
from mixeval.study import read_study
from mixeval_migrations import prepare


@contextmanager
def collected(study: Path) -> Iterator[Database]:
    """Open the answers of the study in the folder `study`.

    Raises StudyError when there is no study, DatabaseError when it has no answers yet or they cannot be read.
    """
    read_study(study)
    url = database_url(study)
    file = make_url(url).database
    if make_url(url).get_backend_name() == "sqlite" and not Path(file or "").is_file():
        # SQLite would make an empty one.
        raise DatabaseError(f"{study} has no answers yet", remedy="serve it first")
    database = open_database(url)
    try:
        prepare(database)
        # It may have been put back from a backup.
        reapply(database, study)
        yield database
    finally:
        database.close()
