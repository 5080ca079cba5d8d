"""Backups by pg_dump, and how they are put back."""

import contextlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.engine import make_url

import mixeval_migrations
from mixeval.cli import main
from mixeval.database import open_database
from mixeval.models import Participant, Rating
from mixeval.postgres_dump import put_back
from mixeval_webapp.app import create_app, site_of
from mixeval_webapp.simulate.browser import Browser, read_page

pytestmark = pytest.mark.skipif(
    shutil.which("pg_dump") is None, reason="pg_dump, PostgreSQL's own program, is not installed"
)


@pytest.fixture
def url(postgresql, monkeypatch):
    name = postgresql.create()
    monkeypatch.setenv("MIXEVAL_DATABASE_URL", postgresql.url(name))
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.fixture
def rate(study_folder, listener_on):
    """Have somebody rate a page, and stop the server; return the pseudonyms of all so far."""

    def rated():
        app = create_app(study_folder)
        listener = listener_on(app)
        listener.start()
        page = listener.page()
        listener.put(page, listener.ratings(page))
        database = site_of(app).database
        with database.read() as db:
            codes = list(db.scalars(select(Participant.code).order_by(Participant.id)))
        database.close()
        return codes

    return rated


def run(*arguments, fails=False):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == (1 if fails else 0), result.output
    return result.output


def people(url):
    database = open_database(url)
    with database.read() as db:
        codes = list(db.scalars(select(Participant.code).order_by(Participant.id)))
    database.close()
    return codes


def test_a_dump_is_put_back_without_whoever_was_erased_since(url, rate, study_folder):
    rate()
    first, second = rate()
    told = run("db", "backup", study_folder)
    assert "2 sessions, 8 ratings, as of " in told
    (backup,) = (study_folder / "backups").iterdir()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    rate()
    run("erase", study_folder, first, "--yes")
    told = run("db", "restore", study_folder, backup, "--yes")
    assert "Restored: 1 sessions, 4 ratings." in told
    assert f"from it again: {first}" in told
    assert people(url) == [second]
    assert len(list((study_folder / "backups").glob("before-restore-*.dump"))) == 1
    assert len(rate()) == 2


@pytest.mark.slow
def test_a_dump_taken_under_load_is_between_what_was_acknowledged_before_and_sent_after(
    url, study_folder, postgresql
):
    with serving(study_folder, url) as address, ThreadPoolExecutor(8) as pool:
        savers = list(pool.map(Saver, [address] * 8))
        stop = threading.Event()
        saving = [pool.submit(saver.save_until, stop) for saver in savers]
        try:
            wait_for(lambda: min(saver.acknowledged for saver in savers) > 3)
            before = [saver.acknowledged for saver in savers]
            run("db", "backup", study_folder)
            after = [saver.sent for saver in savers]
        finally:
            stop.set()
        for future in saving:
            future.result()  # no save was refused
        for saver in savers:
            saver.browser.close()
    (backup,) = (study_folder / "backups").iterdir()
    other = postgresql.create()
    put_back(make_url(postgresql.url(other)), backup)
    database = open_database(postgresql.url(other))
    with database.read() as db:
        stored = dict(db.execute(select(Rating.stimulus_token, Rating.sequence)).all())
    database.close()
    postgresql.drop(other)
    assert len(stored) == 32
    for saver, low, high in zip(savers, before, after, strict=True):
        (sequence,) = {stored[mix["token"]] for mix in saver.page["stimuli"]}
        assert low <= sequence <= high


@pytest.mark.slow
def test_a_migration_that_is_killed_half_way_leaves_the_old_version_whole_and_may_be_repeated(
    url, study_folder
):
    database = open_database(url)
    with database.engine.begin() as connection:
        command.upgrade(mixeval_migrations._config(connection), "0001")
        connection.exec_driver_sql("INSERT INTO participants VALUES (1, 'P1', false, false, now())")
    database.close()
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, url],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": ""},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == -9, ended.stderr
    database = open_database(url)
    with database.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "0001"
        assert connection.exec_driver_sql("SELECT code FROM participants").scalar() == "P1"
    database.close()
    run("db", "upgrade", study_folder)
    assert people(url) == ["P1"]


# The process kills itself in the middle of the last of the changes.
KILLED = """
import os, signal, sys
from sqlalchemy import event
from mixeval.database import open_database
from mixeval_migrations import upgrade

database = open_database(sys.argv[1])

@event.listens_for(database.engine, "before_cursor_execute")
def _(connection, cursor, statement, *rest):
    if "CREATE TABLE attempts" in statement:
        os.kill(os.getpid(), signal.SIGKILL)

upgrade(database)
"""


class Saver:
    """A browser that saves its page as fast as it can, and knows what was acknowledged."""

    def __init__(self, address):
        self.browser = Browser(address)
        form = read_page(self.browser.get("/"))
        self.browser.submit(form.action, form.fields)
        self.page = read_page(self.browser.get("/test")).data
        self.sent = self.acknowledged = 0

    def save_until(self, stop):
        while not stop.is_set():
            self.sent += 1
            ratings = [
                {
                    "stimulus": stimulus["token"],
                    "attribute": "preference",
                    "value": 50,
                    "moved": True,
                    "played": True,
                    "listened_seconds": 1.0,
                    "sequence": self.sent,
                }
                for stimulus in self.page["stimuli"]
            ]
            self.browser.send("PUT", self.page["ratings_url"], {"ratings": ratings})
            self.acknowledged = self.sent


@contextlib.contextmanager
def serving(study_folder, url):
    process = subprocess.Popen(
        [sys.executable, "-m", "mixeval", "serve", str(study_folder), "--port", "0"],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin", "MIXEVAL_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield re.search(r"http://\S+", process.stdout.readline()).group()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        process.stdout.close()


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_nothing_is_put_back_while_somebody_is_connected(url, rate, study_folder):
    codes = rate()
    run("db", "backup", study_folder)
    (backup,) = (study_folder / "backups").iterdir()
    other = open_database(url)
    assert "is in use" in run("db", "restore", study_folder, backup, "--yes", fails=True)
    other.close()
    assert people(url) == codes


def test_what_is_no_dump_is_refused_and_nothing_changed(url, rate, study_folder, tmp_path):
    codes = rate()
    (tmp_path / "notes.txt").write_text("no dump")
    assert "pg_restore failed" in run(
        "db", "restore", study_folder, tmp_path / "notes.txt", "--yes", fails=True
    )
    assert people(url) == codes


@pytest.mark.usefixtures("url")
def test_without_pg_dump_it_says_what_to_install(rate, study_folder, monkeypatch):
    rate()
    monkeypatch.setenv("PATH", "")
    assert "pg_dump is not installed" in run("db", "backup", study_folder, fails=True)
    assert not list((study_folder / "backups").iterdir())
