"""Put a backup in the place of a study's answers, with nobody in it who was erased since.

SQLite: the backup is copied, brought to this version's schema and freed of the erased beside the database, and
only then copied into the database's own file as one transaction. Every server and every reader of a database in
WAL mode holds a shared lock on its file for as long as it is connected, idle or not, and leaving WAL mode takes
the exclusive one: so SQLite itself says whether anybody has the file open, in whichever container, with no lock
file that a kill could leave behind. The same file is filled, not another one renamed to its place, since a
server that starts in the middle would go on writing to the one that has lost its name.
"""

import contextlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, text
from sqlalchemy.engine import make_url

from mixeval.backup import FOLDER_NAME, Contents, contents_of, make_backup, open_unchanged, sync_folder
from mixeval.database import Database, open_database
from mixeval.erasure import reapply
from mixeval.errors import BackupError
from mixeval.models import Base, now
from mixeval.postgres_dump import check_dump, put_back

if sys.platform != "win32":
    import fcntl

Upgrade = Callable[[Database], None]
BUSY_SECONDS = 2.0
_LOCKED_BYTES = (0x40000002, 510)
"""Where SQLite's connections hold their shared locks (its file format, "the lock-byte page"): first and count."""


@dataclass(frozen=True)
class Restored:
    """What was put back: what it holds now, where the answers of before are, and who was erased again."""

    contents: Contents
    aside: Path | None
    erased_again: Sequence[str]


def restore(backup: Path, url: str, folder: Path, *, upgrade: Upgrade) -> Restored:
    """Put `backup` in the place of the answers at `url` of the study in `folder`; `upgrade` brings its schema up.

    The answers of before are kept in the study's folder of backups. Raises BackupError when the backup is damaged
    or a server holds the database, and DatabaseError when the backup is of a newer version; then nothing is
    changed.
    """
    if not backup.is_file():
        raise BackupError(f"{backup} is not there", remedy="name the file that `mixeval db backup` wrote")
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _restore_sqlite(backup, Path(parsed.database or ""), folder, upgrade)
    return _restore_postgresql(backup, parsed, folder, upgrade)


def _restore_sqlite(backup: Path, file: Path, folder: Path, upgrade: Upgrade) -> Restored:
    contents_of(backup)
    if file.is_file():
        _refuse_in_use(file)
    with _prepared(backup, file, folder, upgrade) as (draft, erased_again):
        contents = contents_of(draft)
        aside = _put_aside(file, folder) if file.exists() else None
        _put_in_place(draft, file)
    return Restored(contents, aside, erased_again)


@contextlib.contextmanager
def _prepared(
    backup: Path, file: Path, folder: Path, upgrade: Upgrade
) -> Iterator[tuple[Path, Sequence[str]]]:
    """Copy the backup beside the database, of this version's schema and without whoever was erased."""
    draft = file.with_name(f".restoring-{file.name}")
    try:
        _remove(draft)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with (
            contextlib.closing(open_unchanged(backup)) as source,
            contextlib.closing(sqlite3.connect(draft)) as copy,
        ):
            source.backup(copy)
        database = open_database(f"sqlite:///{draft.resolve()}")
        try:
            upgrade(database)
            erased_again = reapply(database, folder)
        finally:
            database.close()
        with contextlib.closing(sqlite3.connect(draft)) as copy:
            copy.execute("PRAGMA journal_mode=DELETE")
        yield draft, erased_again
    except (OSError, sqlite3.Error) as error:
        raise BackupError(
            f"{backup} cannot be put back ({error})", remedy="make room on the disk and try it again"
        ) from error
    finally:
        _remove(draft)


def _refuse_in_use(file: Path) -> None:
    try:
        with contextlib.closing(_alone(file)) as database:
            # So that the server that comes next finds it as it was.
            database.execute("PRAGMA journal_mode=WAL")
    except sqlite3.DatabaseError as error:
        if _is_busy(error):
            raise _in_use(file) from error
        if sys.platform == "win32":  # a file that is open cannot be replaced there
            return
        # A damaged file is what a backup is for; its locks can still be asked.
        with file.open("r+b") as handle:
            try:
                fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKED_BYTES[1], _LOCKED_BYTES[0])
            except OSError as held:
                raise _in_use(file) from held


def _put_aside(file: Path, folder: Path) -> Path:
    url = f"sqlite:///{file.resolve()}"
    try:
        return make_backup(url, folder, label="before-restore").file
    except BackupError:
        # It is damaged; then as it is, with its log.
        name = f"before-restore-{now():%Y%m%dT%H%M%S%f}Z-damaged.sqlite3"
        aside = folder / FOLDER_NAME / name
        for end in ("", "-wal"):
            part = file.with_name(f"{file.name}{end}")
            if part.exists():
                shutil.copy(part, aside.with_name(f"{name}{end}"))
                aside.with_name(f"{name}{end}").chmod(0o600)
        return aside


def _put_in_place(draft: Path, file: Path) -> None:
    if file.exists() and _is_sound(file):
        try:
            with (
                contextlib.closing(sqlite3.connect(draft)) as source,
                contextlib.closing(_alone(file)) as database,
            ):
                # A kill in the middle is rolled back by whoever opens the file next.
                source.backup(database)
                database.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                raise _in_use(file) from error
            raise
        return
    # Nothing is there that anybody could have open and write to.
    with draft.open("rb") as handle:
        os.fsync(handle.fileno())
    for end in ("-wal", "-shm"):
        file.with_name(f"{file.name}{end}").unlink(missing_ok=True)
    draft.replace(file)
    sync_folder(file.parent)


def _alone(file: Path) -> sqlite3.Connection:
    """Open a database that nobody else has open, and take it out of WAL mode; raise what SQLite says otherwise."""
    database = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        database.execute("PRAGMA synchronous=FULL")
        # From the change of mode on, nobody gets in until this connection is closed.
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("PRAGMA journal_mode=DELETE")
    except BaseException:
        database.close()
        raise
    return database


def _is_sound(file: Path) -> bool:
    try:
        contents_of(file)
    except BackupError:
        return False
    return True


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _in_use(file: Path | str) -> BackupError:
    return BackupError(
        f"{file} is in use, a server or another program has it open",
        remedy="stop the server, put the backup back, and start it again",
    )


def _remove(draft: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        draft.with_name(f"{draft.name}{end}").unlink(missing_ok=True)


def _restore_postgresql(backup: Path, url: URL, folder: Path, upgrade: Upgrade) -> Restored:
    check_dump(backup, url)
    written = url.render_as_string(hide_password=False)
    database = open_database(written)
    try:
        with database.read() as db:
            others = db.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            there = db.scalar(text("SELECT to_regclass('alembic_version')"))
        if others:
            raise _in_use(f"the database {url.database}")
        aside = make_backup(written, folder, label="before-restore").file if there else None
        with database.engine.begin() as connection:
            Base.metadata.drop_all(connection)
            connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        database.engine.dispose()
        put_back(url, backup)
        upgrade(database)
        erased_again = reapply(database, folder)
        with database.read() as db:
            contents = Contents(
                str(db.scalar(text("SELECT version_num FROM alembic_version"))),
                int(db.scalar(text("SELECT count(*) FROM sessions")) or 0),
                int(db.scalar(text("SELECT count(*) FROM ratings")) or 0),
            )
    finally:
        database.close()
    return Restored(contents, aside, erased_again)
