"""What all tests share: how they run, and the databases that they keep answers in."""

import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy.exc import SQLAlchemyError

import mixeval_migrations
from mixeval.database import open_database
from mixeval.models import Base

# Tests are no package, and benchmarks use this module too.
sys.path.append(str(Path(__file__).parent))
from throwaway_postgresql import Cluster, NoPostgresqlError, throwaway_cluster

# A deadline is a timed assertion, which a busy machine fails.
hypothesis.settings.register_profile("mixeval", deadline=None)
hypothesis.settings.load_profile("mixeval")

PACKAGES = ["mixeval", "mixeval_analysis", "mixeval_migrations", "mixeval_stimuli", "mixeval_webapp"]
KINDS = ("sqlite", "postgresql")


def pytest_sessionstart() -> None:
    """Refuse to test sources where the installed wheel was meant; let Ctrl-C be Ctrl-C."""
    # Whatever a shell starts in the background ignores it, and so would all that the tests start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.environ.get("MIXEVAL_EXPECT_INSTALLED"):
        for package in PACKAGES:
            found = Path(str(importlib.import_module(package).__file__))
            if "site-packages" not in found.parts:
                pytest.exit(f"{package} comes from {found}, not from the installed wheel", returncode=3)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `both_databases`, and asks for a URL, once on each."""
    if not metafunc.definition.get_closest_marker("both_databases"):
        return
    for name in ("database_url", "empty_database_url"):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, KINDS, indirect=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """Run a server for as long as the tests of this process take."""
    with _cluster_or_skip() as cluster:
        yield cluster


@pytest.fixture
def new_cluster() -> Iterator[Cluster]:
    """Run a server that the test may kill."""
    with _cluster_or_skip() as cluster:
        yield cluster


class _Recycled:
    """A migrated database that one test after another gets empty; a new one costs ten times as long."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._template = cluster.create()
        database = open_database(cluster.url(self._template))
        mixeval_migrations.prepare(database)
        self._emptying = ";".join(
            [
                "SET lock_timeout = '2s'",
                *(f'DELETE FROM "{table.name}"' for table in reversed(Base.metadata.sorted_tables)),
            ]
        )
        database.close()
        self._free: list[str] = []

    def take(self) -> str:
        return self._free.pop() if self._free else self._cluster.create(template=self._template)

    def give_back(self, name: str) -> None:
        """Empty the database for the next test, or drop it if the test left more in it than rows."""
        try:
            self._cluster.execute(self._emptying, database=name)
            found = self._cluster.execute("SELECT version_num FROM alembic_version", database=name)
        except SQLAlchemyError:
            found = []
        if found == [(mixeval_migrations.head(),)]:
            self._free.append(name)
        else:
            self._cluster.drop(name)


@pytest.fixture(scope="session")
def _recycled(postgresql) -> _Recycled:
    return _Recycled(postgresql)


@pytest.fixture
def database_url(request, monkeypatch) -> Iterator[str]:
    """Where a test keeps its answers: SQLite, and on a second run PostgreSQL if it is marked `both_databases`.

    PostgreSQL has its tables already; commands find it by MIXEVAL_DATABASE_URL.
    """
    if getattr(request, "param", "sqlite") == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    cluster, recycled = request.getfixturevalue("postgresql"), request.getfixturevalue("_recycled")
    name = recycled.take()
    monkeypatch.setenv("MIXEVAL_DATABASE_URL", cluster.url(name))
    yield cluster.url(name)
    recycled.give_back(name)


@pytest.fixture
def sqlite_url(tmp_path) -> str:
    return f"sqlite:///{tmp_path / 'study.sqlite3'}"


@pytest.fixture
def empty_database_url(request, tmp_path) -> Iterator[str]:
    """Return a database without tables, of both kinds where `both_databases` is marked."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    cluster = request.getfixturevalue("postgresql")
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@contextlib.contextmanager
def _cluster_or_skip() -> Iterator[Cluster]:
    with contextlib.ExitStack() as stack:
        try:
            cluster = stack.enter_context(throwaway_cluster())
        except NoPostgresqlError as error:
            reason = f"PostgreSQL cannot be tested here: {error}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        yield cluster
