"""The engine settings under the promise that nothing acknowledged is lost (design section 7).

SQLite runs in WAL with synchronous=FULL, foreign keys on, one pooled connection per process for writing, and
takes its write lock at the start of a write: a deferred transaction that reads and then writes fails with
"database is locked" instead of waiting. PostgreSQL runs by URL, and connections that were idle are pinged.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, NoSuchModuleError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from mixeval.errors import DatabaseError
from mixeval.prepared import Prepared

BUSY_TIMEOUT_SECONDS = 30
CONNECT_TIMEOUT_SECONDS = 10
READERS = 4
POSTGRESQL_DISK_FULL = "53100"
_BEGIN_WRITING = Prepared(text("BEGIN IMMEDIATE"))
PING_AFTER_SECONDS = 1.0
"""A connection to PostgreSQL that was idle for longer may have been lost."""


class Database:
    """Short transactions on one engine: `read()` never waits for writers, `write()` commits or leaves nothing."""

    def __init__(self, engine: Engine, *, reading: Engine, fetching: Engine) -> None:
        """Write on `engine` and read on `reading`, whose transactions see one moment each; `fetching` opens none."""
        self.engine = engine
        self._reading = reading
        self._fetching = fetching

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session on one snapshot; objects stay usable after it has closed."""
        with Session(self._reading, expire_on_commit=False) as session:
            yield session

    def fetch(self, statement: Prepared, parameters: Mapping[str, Any]) -> list[Any]:
        """Return every row of one SELECT, which is a snapshot of its own and needs no transaction."""
        with self._fetching.connect() as connection:
            return statement.all(connection, parameters)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session that commits when the block ends and rolls back when it raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        self.engine.dispose()
        self._reading.dispose()


def open_database(url: str) -> Database:
    """Open `url` (sqlite:/// or postgresql+psycopg://) with the settings above.

    Raises DatabaseError when the URL cannot be understood or the database cannot be reached.
    """
    try:
        parsed = make_url(url)
        database = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)
        with database.engine.connect():
            pass
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise DatabaseError(
            f"the database URL cannot be used ({error})",
            remedy="write sqlite:///PATH or postgresql+psycopg://...",
        ) from error
    except DBAPIError as error:
        raise DatabaseError(
            f"the database {parsed.render_as_string(hide_password=True)} cannot be opened ({error.orig})",
            remedy="check that it exists, that you may write there, and that it is no other kind of file",
        ) from error
    return database


def name_of(url: URL) -> str:
    """Return what people know a database by: the file, or the URL without its password."""
    return (
        str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    )


def upsert(db: Session | Dialect, table: type[DeclarativeBase]) -> Any:
    """Start an INSERT that has ON CONFLICT, in the dialect of the session's database."""
    dialect = db.get_bind().dialect if isinstance(db, Session) else db
    insert: Callable[..., Any] = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    return insert(table)


def cause(error: DBAPIError) -> str:
    """Return the driver's sentence; PostgreSQL's details below it may hold a row with its tokens."""
    return str(error.orig).split("\n", maxsplit=1)[0]


def is_disk_full(error: DBAPIError) -> bool:
    """Tell whether the database had no room; its words depend on the server's language, the codes do not."""
    codes = (getattr(error.orig, "sqlite_errorcode", None), getattr(error.orig, "sqlstate", None))
    return codes[0] == sqlite3.SQLITE_FULL or codes[1] == POSTGRESQL_DISK_FULL


def _sqlite(url: URL) -> Database:
    if url.database in {None, "", ":memory:"}:
        raise DatabaseError("a database in memory keeps no answers", remedy="name a file, sqlite:///PATH")
    writing = _sqlite_engine(url, connections=1)
    event.listen(writing, "begin", _begin_writing)
    # Of their own, since a writer may hold its connection for as long as another process holds the lock.
    reading = _sqlite_engine(url, connections=READERS)
    event.listen(reading, "begin", _begin_reading)
    return Database(writing, reading=reading, fetching=reading)


def _sqlite_engine(url: URL, *, connections: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_SECONDS,
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        # Errors are logged; the tokens and hashes in statements are not to be.
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_pragmas)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    # The driver must not open transactions of its own: _begin does, so that writes start with the lock.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_writing(connection: Connection) -> None:
    _BEGIN_WRITING.each(connection, [{}])


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _postgresql(url: URL) -> Database:
    if url.get_backend_name() != "postgresql":
        raise DatabaseError(
            f"{url.get_backend_name()} databases are not supported", remedy="use SQLite or PostgreSQL"
        )
    engine = create_engine(
        url,
        pool_size=8,
        pool_timeout=BUSY_TIMEOUT_SECONDS,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS},
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_lock_timeout)
    event.listen(engine, "checkin", _note_alive)
    event.listen(engine, "checkout", _ping_if_idle(engine.dialect))
    # All of one pool. By default each statement of a transaction would see a moment of its own.
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    fetching = engine.execution_options(isolation_level="AUTOCOMMIT")
    return Database(engine, reading=reading, fetching=fetching)


def _note_alive(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["alive_at"] = time.monotonic()


def _ping_if_idle(dialect: Dialect) -> Callable[..., None]:
    """Ping as `pool_pre_ping` does, but spare a connection that worked a moment ago: it is a third of a save."""

    def ping(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info.get("alive_at", 0.0) < PING_AFTER_SECONDS:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            # The pool then takes another one, or makes it.
            raise DisconnectionError("the connection was lost while nobody used it") from error

    return ping


def _set_lock_timeout(connection: Any, _record: object) -> None:
    # It would wait for ever, and each waiting request keeps a thread of the server's.
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{round(1000 * BUSY_TIMEOUT_SECONDS)}ms'")
    connection.commit()
