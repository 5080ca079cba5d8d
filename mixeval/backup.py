"""Back a study's answers up while people are rating: one moment, checked, whole or not there at all."""

import contextlib
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.engine import make_url

from mixeval.errors import BackupError
from mixeval.models import now
from mixeval.postgres_dump import dump

FOLDER_NAME = "backups"
_NAME = re.compile(r"^study-\d{8}T\d{12}Z\.(sqlite3|dump)$")


@dataclass(frozen=True)
class Contents:
    """What a backup holds: its schema, and how many sessions and ratings."""

    schema: str
    sessions: int
    ratings: int


@dataclass(frozen=True)
class Backup:
    """A file with all answers as they were at `taken_at`."""

    file: Path
    taken_at: datetime
    contents: Contents


def make_backup(url: str, folder: Path, *, out: Path | None = None, label: str = "study") -> Backup:
    """Write the answers at `url` to `out`, or to a new file in the folder `backups` of the study.

    Nobody's save waits for it. The file is readable to its owner only, was checked, and appears under its name
    when it is whole and on the disk. `label` begins the name of a new file. Raises BackupError.
    """
    parsed = make_url(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    moment = now()
    if out is None:
        ending = "sqlite3" if is_sqlite else "dump"
        out = folder / FOLDER_NAME / f"{label}-{moment:%Y%m%dT%H%M%S%f}Z.{ending}"
    with _draft(out) as draft:
        contents = _copy(_file_of(parsed), draft) if is_sqlite else Contents(*dump(parsed, draft))
    return Backup(out, moment, contents)


def keep_newest(folder: Path, count: int) -> list[Path]:
    """Delete all but the newest `count` of the backups in the study's own folder of them; return those deleted.

    Files that have another name, such as what a restore kept aside, are left alone. Raises BackupError.
    """
    found = sorted(path for path in (folder / FOLDER_NAME).glob("study-*") if _NAME.match(path.name))
    old = found[: max(0, len(found) - count)]
    # A backup that was killed has left its draft.
    yesterday = now().timestamp() - timedelta(days=1).total_seconds()
    drafts = (folder / FOLDER_NAME).glob(".draft-study-*")
    old += [path for path in drafts if path.stat().st_mtime < yesterday]
    try:
        for path in old:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise BackupError(
            f"{error.filename} cannot be deleted ({error.strerror})", remedy="delete it by hand"
        ) from error
    return old


def contents_of(file: Path) -> Contents:
    """Check an SQLite backup, which is not changed by it, and count what it holds. Raises BackupError."""
    try:
        with contextlib.closing(open_unchanged(file)) as copy:
            damage = copy.execute("PRAGMA integrity_check").fetchall()
            dangling = copy.execute("PRAGMA foreign_key_check").fetchall()
            if damage != [("ok",)] or dangling:
                what = damage[0][0] if damage != [("ok",)] else f"{len(dangling)} rows refer to nothing"
                raise BackupError(f"{file} is damaged ({what})", remedy="use another backup")
            (schema,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
            counts = [
                copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our own two names
                for table in ("sessions", "ratings")
            ]
    except (sqlite3.Error, TypeError) as error:
        raise BackupError(
            f"{file} holds no answers of a study ({error})",
            remedy="name a file that `mixeval db backup` wrote",
        ) from error
    return Contents(schema, *counts)


def open_unchanged(file: Path) -> sqlite3.Connection:
    """Open an SQLite file that somebody keeps so that neither it nor its folder is changed."""
    log = file.with_name(f"{file.name}-wal")
    # Where there is no log to read, a plain copy of a database in WAL mode would be given one.
    how = "mode=ro" if log.is_file() and log.stat().st_size else "immutable=1"
    return sqlite3.connect(f"{file.resolve().as_uri()}?{how}", uri=True)


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` outlive a power cut."""
    if sys.platform == "win32":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _file_of(url: URL) -> Path:
    file = Path(url.database or "")
    if not file.is_file():
        raise BackupError(f"there are no answers yet, {file} is not there", remedy="serve the study first")
    return file


def _copy(file: Path, draft: Path) -> Contents:
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as database:
            # One read transaction: writers go on beside it. Unlike the pages of a plain copy, those of this one
            # hold nothing that was deleted.
            database.execute("VACUUM INTO ?", (str(draft),))
    except sqlite3.Error as error:
        raise BackupError(
            f"{file} cannot be copied ({error})", remedy="make room on the disk, or see docs/backup.md"
        ) from error
    return contents_of(draft)


@contextlib.contextmanager
def _draft(out: Path) -> Iterator[Path]:
    """Give an empty file to write, that becomes `out` when the block ends and vanishes when it raises."""
    draft = out.with_name(f".draft-{out.name}")
    try:
        if not out.parent.is_dir():
            out.parent.mkdir(mode=0o700, parents=True)
        if os.path.lexists(out):
            raise BackupError(f"{out} is there already", remedy="name another file with --out")
        # Exclusive creation with the final mode: no moment at which others could read it.
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            yield draft
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.rename(out)
            sync_folder(out.parent)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise BackupError(
            f"{out} cannot be written ({error.strerror})", remedy="name another file with --out, or make room"
        ) from error
