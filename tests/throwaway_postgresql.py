"""A PostgreSQL of the machine's own programs in a temporary folder, for as long as tests or a benchmark take.

It syncs every commit to the disk as a real one does, and listens on a Unix socket in its folder only.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
USER = "mixeval"
START_SECONDS = 60.0


class NoPostgresqlError(Exception):
    """This machine has no PostgreSQL, or none that can be run; the text says why."""


class Cluster:
    """One running server; :meth:`url` names its databases."""

    def __init__(self, programs: Path, folder: Path, owner: Mapping[str, object]) -> None:
        """Make the data folder; `owner` are the subprocess options that give up root's rights."""
        self.folder = folder
        self._programs = programs
        self._owner = owner
        self._server: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", f"{folder}/data", "--auth=trust", f"--username={USER}", "--no-sync")

    @property
    def pid(self) -> int:
        """The process that all others of this server descend from."""
        if self._server is None:
            raise RuntimeError("the server does not run")
        return self._server.pid

    def start(self, **settings: object) -> None:
        """Start the server and wait until it answers; `settings` as in postgresql.conf."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": self.folder,
            "shared_buffers": "16MB",
            "autovacuum": "off",
        } | settings
        arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            # In a session of its own: Ctrl-C in a terminal ends the tests first.
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", f"{self.folder}/data", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **self._owner,  # type: ignore[call-overload]  # options of subprocess
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.execute("SELECT 1")
            except OperationalError:
                if self._server.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise NoPostgresqlError((self.folder / "log").read_text()[-2000:]) from None
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """End every process of the server at once, as a crash does."""
        # Each has a process group of its own; the first one, once it is stopped, starts no more of them.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGSTOP)
        killed = [self.pid, *self.children()]
        for pid in killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._ended()
        # No other server starts while one of them has the shared memory.
        while _any_runs(killed):
            time.sleep(0.01)

    def children(self) -> list[int]:
        """Return the processes that the first one has started: one for each connection, and some for upkeep."""
        listed = ["ps", "-o", "pid=", "--ppid", str(self.pid)]
        found = subprocess.run(listed, capture_output=True, text=True, check=False).stdout
        return [int(word) for word in found.split()]

    def stop(self) -> None:
        """End the server without waiting for anybody's transaction."""
        if self._server is not None:
            # SIGQUIT is PostgreSQL's immediate shutdown.
            self._server.send_signal(signal.SIGQUIT)
            self._ended()

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{USER}@/{name}?host={self.folder}"

    def execute(self, statement: str, *, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement outside a transaction, on a connection of its own."""
        engine = create_engine(self.url(database), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            result = connection.exec_driver_sql(statement)
            return [tuple(row) for row in result] if result.returns_rows else []

    def create(self, *, template: str = "template1") -> str:
        """Make a database, as a copy of `template`, and return its name."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **self._owner,  # type: ignore[call-overload]  # options of subprocess
        )

    def _ended(self) -> None:
        if self._server is not None:
            self._server.wait(START_SECONDS)
            self._server = None


@contextlib.contextmanager
def throwaway_cluster(**settings: object) -> Iterator[Cluster]:
    """Run a server for the length of the block and leave nothing of it.

    Raises NoPostgresqlError where that cannot be.
    """
    programs = _programs()
    owner = _owner()
    # Not below pytest's own folders: those are closed to other users, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="mixeval-pg-", dir="/tmp"))
    if owner:
        shutil.chown(folder, owner["user"], owner["group"])
    try:
        cluster = Cluster(programs, folder, owner)
        cluster.start(**settings)
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _any_runs(pids: list[int]) -> bool:
    """Tell whether one of these has not ended; one that ended and that nobody waited for has."""
    listed = ["ps", "-o", "stat=", "-p", ",".join(map(str, pids))]
    states = subprocess.run(listed, capture_output=True, text=True, check=False).stdout.split()
    return any(not state.startswith("Z") for state in states)


def _programs() -> Path:
    """Return the folder of the newest server's programs; Debian keeps them out of the PATH."""

    def version(path: Path) -> tuple[int, ...]:
        return tuple(int(part) for part in path.parent.parent.name.split(".") if part.isdecimal())

    debian = sorted(DEBIAN_PROGRAMS.glob("*/bin/initdb"), key=version)
    found = str(debian[-1]) if debian else shutil.which("initdb")
    if found is None:
        raise NoPostgresqlError("no PostgreSQL server is installed (Debian: postgresql)")
    return Path(found).resolve().parent


def _owner() -> dict[str, str | list[str]]:
    """Return the options of subprocess that run a program as a user that PostgreSQL accepts, which root is not."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
