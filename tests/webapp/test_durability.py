"""Nothing that was acknowledged is lost: real servers, killed, full, locked and stopped, on both databases."""

import collections
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

import pytest
from free_ports import find_port

import mixeval_migrations
from mixeval.database import BUSY_TIMEOUT_SECONDS, open_database
from mixeval.models import Rating
from mixeval_webapp.app import site_of
from mixeval_webapp.simulate.browser import Browser, read_page

pytestmark = [pytest.mark.slow, pytest.mark.both_databases]

ELSEWHERE = """
import sys, time
from sqlalchemy import create_engine
url, seconds = sys.argv[1:]
with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
    for statement in sys.stdin.readline().split(";"):
        connection.exec_driver_sql(statement)
    print(time.monotonic(), flush=True)
    time.sleep(float(seconds))
"""
HELD_SECONDS = 60
HOLD = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "BEGIN;LOCK TABLE sessions, pages, ratings, answers, events IN EXCLUSIVE MODE",
}


class Rater:
    """A session with its first page open, over one real connection; it knows what was acknowledged."""

    def __init__(self, url):
        self.browser = Browser(url)
        form = read_page(self.browser.get("/"))
        self.browser.submit(form.action, form.fields)
        self.page = read_page(self.browser.get("/test")).data
        self.sequence = self.page["next_sequence"]
        self.acknowledged = {}
        self.statuses = collections.Counter()

    def save(self):
        """Save every mix once and return the status, or None where no answer came."""
        self.sequence += 1
        ratings = [
            {
                "stimulus": stimulus["token"],
                "attribute": "preference",
                "value": self.sequence % 101,
                "moved": True,
                "played": True,
                "listened_seconds": 1.0,
                "sequence": self.sequence,
            }
            for stimulus in self.page["stimuli"]
        ]
        headers = {"Content-Type": "application/json", "X-Mixeval": "1"}
        body = json.dumps({"ratings": ratings}).encode()
        try:
            answer = self.browser._once("PUT", self.page["ratings_url"], body, headers)
        except (OSError, http.client.HTTPException):
            self.browser.close()
            self.statuses[None] += 1
            return None
        self.statuses[answer.status] += 1
        if answer.status == 200:
            for saved in json.loads(answer.body)["saved"]:
                self.acknowledged[saved["stimulus"]] = saved["sequence"]
        return answer.status

    def log(self):
        """Send events that need room on the disk and return the status."""
        self.sequence += 1
        events = [
            {
                "id": f"e{self.sequence}-{number}",
                "page": self.page["page"],
                "kind": "play",
                "stimulus": None,
                "client_ms": 1,
                "detail": {"text": "x" * 1500},
            }
            for number in range(30)
        ]
        headers = {"Content-Type": "application/json", "X-Mixeval": "1"}
        body = json.dumps({"events": events}).encode()
        return self.browser._once("POST", self.page["events_url"], body, headers).status

    def save_until(self, stop):
        while not stop.is_set():
            if self.save() != 200:
                time.sleep(0.02)


@pytest.fixture
def new_rater():
    raters = []

    def make(url):
        raters.append(Rater(url))
        return raters[-1]

    yield make
    for rater in raters:
        rater.browser.close()


@pytest.fixture
def url(database_url, study_folder):  # noqa: ARG001 - the database lies in this folder
    return database_url


@pytest.fixture
def start_server(url, start_server_on):
    return lambda kind="waitress": start_server_on(url, kind)


@pytest.fixture
def start_server_on(study_folder, tmp_path):
    """Start a server in a process group of its own; return the process and its address."""
    started = []

    def start(url, kind):
        port = find_port()
        paths = f"import sys; sys.path[:0] = {sys.path!r}; "
        commands = {
            "waitress": [
                paths + "from mixeval.cli import main; main()",
                *("serve", str(study_folder), "--port", str(port)),
            ],
            "gunicorn": [
                paths + "from gunicorn.app.wsgiapp import run; run()",
                f"mixeval_webapp.app:create_app({str(study_folder)!r})",
                *("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--workers", "2"),
                *("--threads", "8", "--keep-alive", "75"),
            ],
        }
        with (tmp_path / "server.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", *commands[kind]],
                stdout=log,
                stderr=log,
                env=os.environ | {"MIXEVAL_DATABASE_URL": url},
                start_new_session=True,
            )
        started.append(process)
        for _ in range(600):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                return process, f"http://127.0.0.1:{port}/"
            assert process.poll() is None, (tmp_path / "server.log").read_text()[-3000:]
            time.sleep(0.1)
        raise TimeoutError(kind)

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def saving_all_along():
    """Let raters save as fast as they can for the length of a block."""

    @contextlib.contextmanager
    def saving(raters):
        stop = threading.Event()
        threads = [threading.Thread(target=rater.save_until, args=(stop,)) for rater in raters]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    return saving


def wait_for(condition):
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    raise TimeoutError


def saves(raters):
    return sum(rater.statuses[200] for rater in raters)


def check_stored(url, raters):
    """Every acknowledged rating is stored once, as it was or newer, and the database is sound."""
    database = open_database(url)
    with database.read() as db:
        rows = db.query(Rating).all()
        if url.startswith("sqlite"):
            assert db.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    database.close()
    stored = {row.stimulus_token: row for row in rows}
    assert len(stored) == len(rows)
    for rater in raters:
        assert rater.acknowledged
        for token, sequence in rater.acknowledged.items():
            assert stored[token].sequence >= sequence
            assert stored[token].value == stored[token].sequence % 101


@pytest.mark.parametrize("kind", ["waitress", "gunicorn"])
def test_no_acknowledged_rating_is_lost_or_doubled_when_the_server_is_killed(
    start_server, url, new_rater, saving_all_along, kind
):
    raters = []
    for _ in range(3):
        process, address = start_server(kind)
        newcomers = [new_rater(address) for _ in range(4)]
        raters += newcomers
        with saving_all_along(newcomers):
            wait_for(lambda newcomers=newcomers: saves(newcomers) > 60)
            os.killpg(process.pid, signal.SIGKILL)
        check_stored(url, raters)
    _, address = start_server(kind)
    for rater in raters:
        link = urllib.parse.urlsplit(rater.page["resume_url"])
        again = Browser(address)
        assert read_page(again.get(link.path)).data["page"] == rater.page["page"]
        again.close()


@pytest.mark.parametrize("kind", ["waitress", "gunicorn"])
def test_a_stop_under_load_answers_what_has_begun_and_loses_nothing(
    start_server, url, new_rater, saving_all_along, kind
):
    process, address = start_server(kind)
    raters = [new_rater(address) for _ in range(8)]
    with saving_all_along(raters):
        wait_for(lambda: saves(raters) > 100)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert {status for rater in raters for status in rater.statuses} <= {200, None}
    check_stored(url, raters)


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace on the PATH")
def test_every_acknowledged_save_was_synced_to_the_disk(start_server, url, new_rater, tmp_path, request):
    process, address = start_server()
    rater = new_rater(address)
    assert rater.save() == 200
    writers = [process.pid]
    if url.startswith("postgresql"):
        writers = request.getfixturevalue("postgresql").children()
    trace = tmp_path / "trace"
    attached = [word for pid in writers for word in ("-p", str(pid))]
    strace = subprocess.Popen(
        ["strace", "-f", "-e", "trace=fsync,fdatasync", "-o", str(trace), *attached],
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in writers:
        assert "attached" in strace.stderr.readline()
    for _ in range(40):
        assert rater.save() == 200
    strace.send_signal(signal.SIGINT)
    strace.communicate()
    synced = re.findall(
        r"(?:fsync|fdatasync)\(.*= 0|<\.\.\. (?:fsync|fdatasync) resumed>.*= 0", trace.read_text()
    )
    assert len(synced) >= 40


def test_while_another_process_holds_the_database_saves_wait_then_ask_for_patience_and_none_is_lost(
    start_server, url, new_rater
):
    _, address = start_server()
    rater = new_rater(address)
    assert rater.save() == 200
    held = subprocess.Popen(
        [sys.executable, "-c", ELSEWHERE, url, str(HELD_SECONDS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    held.stdin.write(f"{HOLD[url.split(':', maxsplit=1)[0].split('+')[0]]}\n")
    held.stdin.flush()
    held_at = float(held.stdout.readline())
    began = time.monotonic()
    assert rater.save() == 503
    assert time.monotonic() - began > BUSY_TIMEOUT_SECONDS - 1
    while rater.save() != 200:
        pass
    assert time.monotonic() - held_at > HELD_SECONDS - 1
    held.communicate()
    assert set(rater.statuses) == {200, 503}
    check_stored(url, [rater])


@pytest.fixture
def small_disk():
    """Mount a disk of so many megabytes; it can be filled to the last byte, and emptied again."""
    mounted = []

    class Disk:
        def __init__(self, megabytes):
            # Not below pytest's folders, which are closed to the user that PostgreSQL runs as.
            self.folder = Path(tempfile.mkdtemp(prefix="mixeval-disk-", dir="/tmp"))
            mounted.append(self.folder)
            self.folder.chmod(0o755)
            command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=777", "tmpfs", str(self.folder)]
            if subprocess.run(command, capture_output=True, check=False).returncode:
                pytest.skip("this machine lets nobody mount a small disk")

        def fill(self):
            with contextlib.suppress(OSError), (self.folder / "filler").open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))

        def empty(self):
            (self.folder / "filler").unlink()

    yield Disk
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)
        folder.rmdir()


@pytest.fixture
def on_small_disk(request, database_url, small_disk, study_folder):
    """Return a disk, a study and the URL of a database of the same kind as `database_url` that lies on the disk."""
    disk = small_disk(16)
    if database_url.startswith("sqlite"):
        study = Path(shutil.copytree(study_folder, disk.folder / "study"))
        yield disk, study, f"sqlite:///{study / 'study.sqlite3'}"
        return
    cluster = request.getfixturevalue("postgresql")
    folder = disk.folder / "tablespace"
    folder.mkdir()
    shutil.chown(folder, cluster.folder.owner(), cluster.folder.group())
    cluster.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
    name = cluster.create()
    cluster.execute(f"ALTER DATABASE {name} SET TABLESPACE small")
    database = open_database(cluster.url(name))
    mixeval_migrations.prepare(database)
    database.close()
    yield disk, study_folder, cluster.url(name)
    cluster.drop(name)
    cluster.execute("DROP TABLESPACE small")


def test_on_a_full_disk_nothing_is_acknowledged_what_was_is_readable_and_room_mends_it(
    on_small_disk, open_app, serve, new_rater
):
    disk, study, url = on_small_disk
    app = open_app(study, database_url=url)
    with serve(app) as address:
        raters = [new_rater(address) for _ in range(3)]
        assert [rater.save() for rater in raters] == [200] * 3
        disk.fill()
        while (status := raters[0].log()) == 200:
            pass
        assert status == 507
        refused = [raters[0].log() for _ in range(3)]
        assert refused == [507] * 3
        for rater in raters:
            rater.save()
        assert {status for rater in raters for status in rater.statuses} <= {200, 507}
        shown = read_page(raters[0].browser.get("/test")).data
        assert shown["page"] == raters[0].page["page"]
        stored = {row["token"]: row["answers"][0]["sequence"] for row in shown["stimuli"]}
        assert stored == raters[0].acknowledged
        disk.empty()
        assert raters[0].log() == 200
        assert [rater.save() for rater in raters] == [200] * 3
    site_of(app).database.close()
    check_stored(url, raters)


@pytest.mark.parametrize("kind", ["waitress", "gunicorn"])
def test_saves_are_refused_while_postgresql_is_dead_and_go_on_when_it_is_back_without_a_restart(
    new_cluster, start_server_on, new_rater, saving_all_along, kind
):
    name = new_cluster.create()
    process, address = start_server_on(new_cluster.url(name), kind)
    raters = [new_rater(address) for _ in range(6)]
    with saving_all_along(raters):
        for _ in range(2):
            before = saves(raters)
            wait_for(lambda before=before: saves(raters) > before + 60)
            refused = sum(rater.statuses[503] for rater in raters)
            new_cluster.kill()
            wait_for(lambda refused=refused: sum(rater.statuses[503] for rater in raters) > refused + 20)
            new_cluster.start()
        before = saves(raters)
        wait_for(lambda: saves(raters) > before + 60)
    assert process.poll() is None
    assert {status for rater in raters for status in rater.statuses} == {200, 503}
    check_stored(new_cluster.url(name), raters)
