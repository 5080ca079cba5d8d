"""Backups, restores and migrations while people are rating, and through kill -9."""

import contextlib
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from click.testing import CliRunner

import mixeval_migrations
from mixeval.backup import contents_of, make_backup
from mixeval.cli import main
from mixeval.database import open_database
from mixeval_webapp.simulate.browser import Browser, read_page

pytestmark = pytest.mark.slow

CLIENTS = 8


class Rater:
    """A browser on its first page, which saves as fast as it can; it knows what was acknowledged, and when."""

    def __init__(self, url):
        self.browser = Browser(url)
        form = read_page(self.browser.get("/"))
        self.browser.submit(form.action, form.fields)
        self.page = read_page(self.browser.get("/test")).data
        self.sent = 0
        self.acknowledged = 0

    def save_until(self, stop):
        while not stop.is_set():
            self.sent += 1
            ratings = [
                {
                    "stimulus": stimulus["token"],
                    "attribute": "preference",
                    "value": self.sent % 101,
                    "moved": True,
                    "played": True,
                    "listened_seconds": 1.0,
                    "sequence": self.sent,
                }
                for stimulus in self.page["stimuli"]
            ]
            self.browser.send("PUT", self.page["ratings_url"], {"ratings": ratings})
            self.acknowledged = self.sent


@pytest.fixture
def served(study_folder):
    """Serve the study in a process of its own; yield its address and the process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mixeval", "serve", str(study_folder), "--port", "0"],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    said = (re.search(r"(?<=The test is at )\S+", line) for line in process.stdout)
    yield next(found.group() for found in said if found), process
    process.send_signal(signal.SIGTERM)
    process.wait()
    process.stdout.close()


def test_a_backup_taken_under_load_is_sound_and_between_what_was_acknowledged_before_and_sent_after(
    served, study_folder
):
    url, _ = served
    with ThreadPoolExecutor(CLIENTS) as pool:
        raters = list(pool.map(Rater, [url] * CLIENTS))
        stop = threading.Event()
        saving = [pool.submit(rater.save_until, stop) for rater in raters]
        try:
            for _ in range(3):
                wait_for_more_from_each(raters)
                before = [rater.acknowledged for rater in raters]
                result = CliRunner().invoke(main, ["db", "backup", str(study_folder)])
                assert result.exit_code == 0, result.output
                after = [rater.sent for rater in raters]
                newest = max((study_folder / "backups").iterdir())
                check(newest, raters, before, after)
        finally:
            stop.set()
        for future in saving:
            future.result()  # no save was refused
        for rater in raters:
            rater.browser.close()


def wait_for_more_from_each(raters):
    seen = [rater.acknowledged for rater in raters]
    wait_for(lambda: all(rater.acknowledged > count + 3 for rater, count in zip(raters, seen, strict=True)))


def check(backup, raters, before, after):
    assert contents_of(backup).sessions == CLIENTS  # integrity and foreign keys are checked with it
    with contextlib.closing(sqlite3.connect(backup)) as database:
        rows = database.execute("SELECT stimulus_token, sequence, value FROM ratings").fetchall()
    stored = {token: (sequence, value) for token, sequence, value in rows}
    assert len(stored) == len(rows) == CLIENTS * 4
    for rater, low, high in zip(raters, before, after, strict=True):
        found = {stored[stimulus["token"]] for stimulus in rater.page["stimuli"]}
        # One request is one transaction: the page is of one sequence number.
        ((sequence, value),) = found
        assert low <= sequence <= high
        assert value == sequence % 101


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_nothing_is_put_back_under_a_running_server_and_after_its_kill_all_is(served, study_folder):
    url, process = served
    rater = Rater(url)
    backup = make_backup(f"sqlite:///{study_folder / 'study.sqlite3'}", study_folder).file
    arguments = ["db", "restore", str(study_folder), str(backup), "--yes"]
    refused = CliRunner().invoke(main, arguments)
    assert refused.exit_code == 1
    assert "is in use, a server or another program has it open" in refused.output
    with urllib.request.urlopen(url) as answer:
        assert answer.status == 200
    rater.browser.close()
    process.kill()
    process.wait()
    restored = CliRunner().invoke(main, arguments)
    assert restored.exit_code == 0, restored.output


# The process kills itself at one exact step; no handler runs, nothing is flushed.
RESTORE = """
import os, signal, sqlite3, sys
from pathlib import Path
import mixeval.restoring
from mixeval_migrations import upgrade

class Dying(sqlite3.Connection):
    def backup(self, target, **options):
        # After some pages of the database itself were written over.
        super().backup(target, pages=4, progress=lambda *_: os.kill(os.getpid(), signal.SIGKILL))

folder, backup, step = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
if step == "while it is written over":
    real = mixeval.restoring._put_in_place
    def put(draft, file):
        connect = sqlite3.connect
        mixeval.restoring.sqlite3.connect = lambda *a, **k: connect(*a, factory=Dying, **k)
        real(draft, file)
    mixeval.restoring._put_in_place = put
else:
    mixeval.restoring._put_in_place = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
mixeval.restoring.restore(backup, f"sqlite:///{folder / 'study.sqlite3'}", folder, upgrade=upgrade)
"""


@pytest.mark.parametrize("step", ["before it is written over", "while it is written over"])
def test_a_restore_that_is_killed_leaves_the_answers_of_before_and_may_be_repeated(
    study_folder, open_app, listener_on, step
):
    from mixeval_webapp.app import site_of

    app = open_app(study_folder)
    listener_on(app).start()
    url = f"sqlite:///{study_folder / 'study.sqlite3'}"
    backup = make_backup(url, study_folder).file
    listener_on(app).start()
    site_of(app).database.close()
    ended = subprocess.run(
        [sys.executable, "-c", RESTORE, study_folder, backup, step],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": ""},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == -9, ended.stderr
    with contextlib.closing(sqlite3.connect(study_folder / "study.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM sessions").fetchone() == (2,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    result = CliRunner().invoke(main, ["db", "restore", str(study_folder), str(backup), "--yes"])
    assert result.exit_code == 0, result.output
    assert contents_of(study_folder / "study.sqlite3").sessions == 1
    assert not list(study_folder.glob(".restoring*"))


EVENTS = 400_000
# It is killed before it commits, however late that is.
UPGRADE = """
import pathlib, sys, time
from sqlalchemy import Engine, event
from mixeval.cli import main

log = pathlib.Path(sys.argv[-1], "study.sqlite3-wal")

@event.listens_for(Engine, "commit")
def _(connection):
    if log.exists() and log.stat().st_size > 2_000_000:
        time.sleep(600)

main()
"""


@pytest.fixture
def big_old_study(study_folder):
    """A study of the former schema with so many events that changing it takes a while."""
    database = open_database(f"sqlite:///{study_folder / 'study.sqlite3'}")
    with database.engine.begin() as connection:
        command.upgrade(mixeval_migrations._config(connection), "0001")
        for statement in (
            "INSERT INTO versions VALUES ('v', 'x', '{}', '{}', '2026-01-01 00:00:00')",
            "INSERT INTO participants VALUES (1, 'P1', 0, 0, '2026-01-01 00:00:00')",
            "INSERT INTO sessions VALUES ('s1', 1, 'v', 'a', 1, 'c', '', '2026-01-01 00:00:00', NULL, NULL)",
            "INSERT INTO pages VALUES ('p', 's1', 0, 'shuffle', '2026-01-01 00:00:00', NULL)",
            "INSERT INTO page_stimuli VALUES ('t', 'p', 'mix', 0, 'A')",
            "INSERT INTO ratings VALUES (1, 't', 'preference', 71, 3, 1, 1, 2.5, '2026-01-01 00:05:00')",
            f"""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {EVENTS})
                INSERT INTO events SELECT i, 's1', 'p', 'e' || i, 'play', 't', 10, '{{}}', '2026-01-01 00:05:00'
                FROM n""",
        ):
            connection.exec_driver_sql(statement)
    database.close()
    return study_folder


def test_a_migration_that_is_killed_half_way_leaves_the_old_version_whole_and_may_be_repeated(big_old_study):
    file = big_old_study / "study.sqlite3"
    log = big_old_study / "study.sqlite3-wal"
    process = subprocess.Popen(
        [sys.executable, "-c", UPGRADE, "db", "upgrade", str(big_old_study)],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
    )
    # It has backed up, and has so far written megabytes that are not committed.
    wait_for(lambda: (log.exists() and log.stat().st_size > 2_000_000) or process.poll() is not None)
    process.kill()
    process.wait()
    process.stdout.close()
    assert process.returncode == -signal.SIGKILL
    with contextlib.closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
        assert database.execute("SELECT count(*) FROM events").fetchone() == (EVENTS,)
        assert database.execute("SELECT value FROM ratings").fetchone() == (71,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    (backup,) = (big_old_study / "backups").glob("before-upgrade-*")
    assert contents_of(backup).schema == "0001"
    again = CliRunner().invoke(main, ["db", "upgrade", str(big_old_study)])
    assert again.exit_code == 0, again.output
    with contextlib.closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT count(*) FROM events").fetchone() == (EVENTS,)
        assert database.execute("SELECT value FROM ratings").fetchone() == (71,)
    assert contents_of(file).schema == mixeval_migrations.head()
