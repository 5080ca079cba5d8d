"""Whether the next answer could be kept and the next page heard: database, schema, disk and stimuli.

What strangers may read is a short word per check. Paths, errors and names of files go to the log, once for each
change.
"""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from mixeval.database import Database, upsert
from mixeval.models import Attempt
from mixeval_migrations import head
from mixeval_webapp.stimulus_files import StimulusFiles

KEPT_SECONDS = 1.0
"""For so long an answer stands, so that asking often costs the database nothing."""
PATIENCE_SECONDS = 2
"""A save that would wait longer for the database is a fault worth telling."""
LEAST_FREE_SHARE = 0.05
ENOUGH_FREE_BYTES = 10 * 2**30
"""With this much left the share does not matter: 5 % of a large disk is more than any study needs."""
LEAST_FREE_BYTES = 20 * 2**20
"""Room for about a hundred listeners to finish."""
OK = "ok"

# The probe's own row, which is written and committed: an insert that is rolled back never meets a full disk.
_PROBE = {"kind": "probe", "origin": "0" * 64, "since": datetime(2000, 1, 1, tzinfo=UTC)}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """What a check found: a word for strangers, and for the log what is behind it."""

    word: str
    detail: str = ""


FINE = Finding(OK)


class Readiness:
    """The checks of one server, made at most once a second by one thread at a time."""

    def __init__(
        self,
        database: Database,
        files: StimulusFiles,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files = files
        self._clock = clock
        self._database_file = _file_of(database.engine)
        self._engine = _engine(database.engine)
        self._schema = head()
        self._checking = threading.Lock()
        self._found: Mapping[str, Finding] | None = None
        self._found_at = 0.0

    def words(self) -> dict[str, str]:
        """Return each check with `ok` or what is wrong, in a word or two."""
        # Who asks while another asks gets what was found last, so that a stuck database holds one thread only.
        if self._checking.acquire(blocking=self._found is None):
            try:
                if self._found is None or self._clock() - self._found_at >= KEPT_SECONDS:
                    found = self.check()
                    self._tell(found)
                    self._found, self._found_at = found, self._clock()
            finally:
                self._checking.release()
        return {name: finding.word for name, finding in (self._found or {}).items()}

    def check(self) -> dict[str, Finding]:
        """Make every check now."""
        database, schema = self._check_database()
        return {
            "database": database,
            "schema": schema,
            "disk": self._check_disk(),
            "stimuli": self._check_stimuli(),
        }

    def _check_database(self) -> tuple[Finding, Finding]:
        if self._database_file is not None and not self._database_file.exists():
            # SQLite would make an empty one.
            return Finding("missing", f"{self._database_file} is gone"), Finding("unknown")
        try:
            with Session(self._engine) as session, session.begin():
                if self._engine.dialect.name == "postgresql":
                    session.execute(text(f"SET LOCAL statement_timeout = '{PATIENCE_SECONDS}s'"))
                insert = upsert(session, Attempt).values(**_PROBE, count=1)
                session.execute(
                    insert.on_conflict_do_update(
                        index_elements=["kind", "origin", "since"], set_={"count": 1 - Attempt.count}
                    )
                )
                revision = session.scalar(text("SELECT version_num FROM alembic_version"))
        except SQLAlchemyError as error:
            return Finding("not writable", str(getattr(error, "orig", error))), Finding("unknown")
        if revision != self._schema:
            return FINE, Finding("other version", f"the schema is {revision}, this version's {self._schema}")
        return FINE, FINE

    def _check_disk(self) -> Finding:
        # The disk of a PostgreSQL server is its own affair, and seen when it no longer writes.
        places = (
            [self._files.folder]
            if self._database_file is None
            else [
                self._files.folder,
                self._database_file.parent,
            ]
        )
        for place in places:
            try:
                usage = shutil.disk_usage(place)
            except OSError as error:
                return Finding("unreadable", f"{place}: {error.strerror}")
            if is_nearly_full(free_bytes=usage.free, total_bytes=usage.total):
                return Finding("nearly full", f"{place} has {usage.free // 2**20} MB left")
        return FINE

    def _check_stimuli(self) -> Finding:
        problems = self._files.problems()
        return Finding("missing or changed", "; ".join(problems)) if problems else FINE

    def _tell(self, found: Mapping[str, Finding]) -> None:
        before = self._found or {}
        for name, finding in found.items():
            if finding.word == before.get(name, FINE).word:
                continue
            if finding.word == OK:
                log.warning("ready again: %s", name)
            else:
                log.error("not ready: %s %s: %s", name, finding.word, finding.detail)


def is_nearly_full(*, free_bytes: int, total_bytes: int) -> bool:
    """Tell whether a disk has too little left to go on collecting.

    >>> is_nearly_full(free_bytes=30 * 2**20, total_bytes=2**30)
    True
    """
    if free_bytes < LEAST_FREE_BYTES:
        return True
    return free_bytes < ENOUGH_FREE_BYTES and free_bytes < LEAST_FREE_SHARE * total_bytes


def _file_of(engine: Engine) -> Path | None:
    return Path(str(engine.url.database)).resolve() if engine.dialect.name == "sqlite" else None


def _engine(serving: Engine) -> Engine:
    # Not the one that answers are saved by: its connections wait much longer, and may all be waiting.
    name = "timeout" if serving.dialect.name == "sqlite" else "connect_timeout"
    return create_engine(
        serving.url, poolclass=NullPool, hide_parameters=True, connect_args={name: PATIENCE_SECONDS}
    )
