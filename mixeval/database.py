"""The engine settings under the promise that nothing acknowledged is lost (design section 7).

SQLite runs in WAL with synchronous=FULL, foreign keys on, one pooled connection per process, and takes its
write lock at the start of a write: a deferred transaction that reads and then writes fails with "database is
locked" instead of waiting. PostgreSQL runs by URL with pre-ping.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import QueuePool

from mixeval.errors import DatabaseError

BUSY_TIMEOUT_SECONDS = 30


class Database:
    """Short transactions on one engine: `read()` never waits for writers, `write()` commits or leaves nothing."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reading = engine.execution_options(mixeval_reading=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session on one snapshot; objects stay usable after it has closed."""
        with Session(self._reading, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session that commits when the block ends and rolls back when it raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Open `url` (sqlite:/// or postgresql+psycopg://) with the settings above.

    Raises DatabaseError when the URL cannot be understood or the database cannot be reached.
    """
    try:
        parsed = make_url(url)
        engine = (
            _sqlite(url)
            if parsed.get_backend_name() == "sqlite"
            else _postgresql(url, parsed.get_backend_name())
        )
        with engine.connect():
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
    return Database(engine)


def is_busy(error: OperationalError) -> bool:
    """Tell whether `error` says that another process held the database for too long."""
    return "locked" in str(error.orig)


def upsert(session: Session, table: type[DeclarativeBase]) -> Any:
    """Start an INSERT that has ON CONFLICT, in the dialect of the session's database."""
    insert: Callable[..., Any] = (
        sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    )
    return insert(table)


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_SECONDS,
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        # Errors are logged; the tokens and hashes in statements are not to be.
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    # The driver must not open transactions of its own: _begin does, so that writes start with the lock.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("mixeval_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _postgresql(url: str, backend: str) -> Engine:
    if backend != "postgresql":
        raise DatabaseError(f"{backend} databases are not supported", remedy="use SQLite or PostgreSQL")
    return create_engine(url, pool_pre_ping=True, pool_size=8, hide_parameters=True)
