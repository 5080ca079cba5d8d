"""The database's schema through time: Alembic, configured in Python, shipped inside the wheel."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select

from mixeval.database import Database, name_of
from mixeval.errors import DatabaseError

SCHEMA_LOCK = 0x6D69786576616C
"""PostgreSQL knows advisory locks by number: "mixeval" in ASCII."""


def upgrade(database: Database) -> None:
    """Bring an empty or older database to the schema of this version, in one transaction.

    Raises DatabaseError when the database was made by a newer version, or is no mixeval database.
    """
    with _changing(database) as connection:
        _take_turns(connection)
        _refuse_foreign(connection)
        command.upgrade(_config(connection), "head")


def prepare(database: Database) -> None:
    """Make the schema in an empty database; refuse one that is older or newer than this version.

    Raises DatabaseError naming `mixeval db upgrade` when the schema is older.
    """
    with database.engine.begin() as connection:
        _take_turns(connection)
        found = MigrationContext.configure(connection).get_current_revision()
        _refuse_foreign(connection)
        if found is not None and found != head():
            raise DatabaseError(
                f"the database {name_of(connection.engine.url)} has the older schema {found}",
                remedy="back it up, then run `mixeval db upgrade STUDY`",
            )
        command.upgrade(_config(connection), "head")


def is_older(database: Database) -> bool:
    """Tell whether the database has an older schema of ours, which :func:`upgrade` would change."""
    known = {script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()}
    with database.read() as session:
        found = MigrationContext.configure(session.connection()).get_current_revision()
    return found in known - {head()}


def _take_turns(connection: Connection) -> None:
    """Let the servers of several processes or machines that start at once make the schema one after another."""
    # SQLite has locked the database when the transaction began.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(SCHEMA_LOCK)))


@contextmanager
def _changing(database: Database) -> Iterator[Connection]:
    """Open a transaction in which SQLite's tables can be changed by copying them.

    The copied table is dropped, which SQLite takes for a deletion of every row that others refer to; so its
    watch over foreign keys is laid down, outside the transaction as it has to be, and done at the end at once.
    """
    with database.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        driver: Any = connection.connection.driver_connection
        if is_sqlite:
            driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                if is_sqlite:
                    _refuse_dangling(connection)
        finally:
            if is_sqlite:
                driver.execute("PRAGMA foreign_keys=ON")


def _refuse_dangling(connection: Connection) -> None:
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if dangling is not None:
        raise DatabaseError(
            f"a row of {dangling[0]} refers to a row of {dangling[2]} that is not there",
            remedy="restore the database from its backup, it was left as it was",
        )


def head() -> str:
    """Return the revision that this version of mixeval works with."""
    newest = ScriptDirectory.from_config(_config(None)).get_current_head()
    if newest is None:
        raise DatabaseError("this installation has no migrations", remedy="install mixeval again")
    return newest


def _refuse_foreign(connection: Connection) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()}
    if found is not None and found not in known:
        raise DatabaseError(
            f"the database {name_of(connection.engine.url)} has schema {found}, which is newer than this version of "
            "mixeval",
            remedy="upgrade mixeval, the answers in it are untouched",
        )
    if found is None and inspect(connection).get_table_names():
        raise DatabaseError(
            f"the database {name_of(connection.engine.url)} holds tables that mixeval did not make",
            remedy="name an empty database or another file",
        )


def _config(connection: Connection | None) -> Config:
    config = Config()
    with as_file(files(__package__)) as folder:
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
