"""Dumps of a PostgreSQL database by its own programs, pg_dump and pg_restore."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL, create_engine, text

from mixeval.errors import BackupError


def dump(url: URL, out: Path) -> tuple[str, int, int]:
    """Write the database to `out` in pg_dump's custom format; return its schema, sessions and ratings.

    All are of one snapshot, and nobody's save waits. Raises BackupError where pg_dump is not at hand or fails.
    """
    program = _program("pg_dump")
    engine = create_engine(url, isolation_level="REPEATABLE READ", hide_parameters=True)
    try:
        with engine.connect() as connection:
            snapshot = str(connection.scalar(text("SELECT pg_export_snapshot()")))
            schema = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
            sessions = int(connection.scalar(text("SELECT count(*) FROM sessions")) or 0)
            ratings = int(connection.scalar(text("SELECT count(*) FROM ratings")) or 0)
            options = ["--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={out}"]
            _run([program, *options, f"--dbname={_target(url)}"], url)
    finally:
        engine.dispose()
    # What cannot be listed cannot be put back.
    _run([_program("pg_restore"), "--list", str(out)], url)
    return schema, sessions, ratings


def put_back(url: URL, dumped: Path) -> None:
    """Fill the database, which must hold no tables of ours any more, from a dump; whole or not at all."""
    options = ["--single-transaction", "--exit-on-error", "--no-owner", f"--dbname={_target(url)}"]
    _run([_program("pg_restore"), *options, str(dumped)], url)


def check_dump(dumped: Path, url: URL) -> None:
    """Raise BackupError where `dumped` is no dump that pg_restore can read."""
    _run([_program("pg_restore"), "--list", str(dumped)], url)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupError(
            f"{name} is not installed, and PostgreSQL is backed up by its own programs",
            remedy="install PostgreSQL's client programs, or have the database's operator back it up",
        )
    return found


def _target(url: URL) -> str:
    """Write where the database is as libpq reads it, without the password that everybody's `ps` would show."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _run(command: Sequence[str], url: URL) -> None:
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    ended = subprocess.run(  # noqa: S603 - the programs of PostgreSQL that the PATH names
        command, env={**os.environ, **secret}, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        said = (ended.stderr.strip().splitlines() or [f"it ended with {ended.returncode}"])[0]
        raise BackupError(
            f"{Path(command[0]).name} failed ({said})",
            remedy="see that its version is the server's and that the database can be reached",
        )
