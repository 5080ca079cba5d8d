"""Erasing and exporting while many people rate at a real server, on both databases."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from mixeval.cli import main
from mixeval.database import open_database
from mixeval.erasure import erase_all
from mixeval.models import Event, Page, Participant, Rating
from mixeval_webapp.simulate.browser import Browser, read_page

pytestmark = [pytest.mark.slow, pytest.mark.both_databases]


class Rater:
    """A browser that saves page and events as fast as it can, until it is told to stop or is refused."""

    def __init__(self, url):
        self.browser = Browser(url)
        form = read_page(self.browser.get("/"))
        self.browser.submit(form.action, form.fields)
        self.page = read_page(self.browser.get("/test")).data
        self.saved = 0
        self.refused = None

    def save_until(self, stop):
        while not stop.is_set():
            self.saved += 1
            try:
                self.browser.send("PUT", self.page["ratings_url"], {"ratings": self.ratings()})
                self.browser.send("POST", self.page["events_url"], {"events": [self.event()]})
            except Exception as error:  # noqa: BLE001 - whatever it is, the test says which it may be
                self.refused = str(error)
                return

    def ratings(self):
        return [
            {
                "stimulus": stimulus["token"],
                "attribute": "preference",
                "value": self.saved % 101,
                "moved": True,
                "played": True,
                "listened_seconds": 1.0,
                "sequence": self.saved,
            }
            for stimulus in self.page["stimuli"]
        ]

    def event(self):
        return {
            "id": f"e{self.saved}",
            "page": self.page["page"],
            "kind": "play",
            "stimulus": None,
            "client_ms": self.saved,
            "detail": {},
        }


@pytest.fixture
def served(study_folder, database_url):
    """Serve the study in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mixeval", "serve", str(study_folder), "--port", "0"],
        env={
            "PYTHONPATH": ":".join(sys.path),
            "PATH": "/usr/bin:/bin",
            **({} if database_url.startswith("sqlite") else {"MIXEVAL_DATABASE_URL": database_url}),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    yield re.search(r"http://\S+", process.stdout.readline()).group()
    process.send_signal(signal.SIGTERM)
    process.wait()
    process.stdout.close()


def test_an_export_beside_32_writers_is_one_snapshot_and_locks_nobody_out(served, study_folder):
    stop = threading.Event()
    with ThreadPoolExecutor(32) as pool:
        raters = list(pool.map(Rater, [served] * 32))
        saving = [pool.submit(rater.save_until, stop) for rater in raters]
        try:
            for _ in range(3):
                wait_for(lambda: min(rater.saved for rater in raters) > 3)
                result = CliRunner().invoke(main, ["export", str(study_folder)])
                assert result.exit_code == 0, result.output
                check_one_moment(study_folder / "export")
        finally:
            stop.set()
        for future in saving:
            future.result()
    assert [rater.refused for rater in raters if rater.refused] == []
    close(raters)


def check_one_moment(folder):
    ratings, events, sessions = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("ratings", "events", "sessions")
    )
    pages, noted = {}, {}
    for row in ratings:
        pages.setdefault(row["page"], []).append((row["session"], row["rating"]))
    for row in events:
        noted[row["session"]] = noted.get(row["session"], 0) + 1
    assert len(pages) == len(sessions) == 32
    for rows in pages.values():
        # One request is one transaction: four mixes of one value.
        assert len(rows) == 4
        ((session, value),) = set(rows)
        # An event follows each save, so that it was the last one or is on its way.
        assert value in {noted.get(session, 0) % 101, (noted.get(session, 0) + 1) % 101}


def test_those_erased_while_they_save_are_gone_and_the_others_lose_nothing(
    served, study_folder, database_url
):
    url = (
        database_url
        if database_url.startswith("postgresql")
        else f"sqlite:///{study_folder / 'study.sqlite3'}"
    )
    database = open_database(url)
    stop = threading.Event()
    with ThreadPoolExecutor(12) as pool:
        raters = [Rater(served) for _ in range(12)]
        with database.read() as db:
            codes = list(db.scalars(select(Participant.code).order_by(Participant.id)))
        saving = [pool.submit(rater.save_until, stop) for rater in raters]
        try:
            wait_for(lambda: min(rater.saved for rater in raters) > 3)
            erased = [
                erase_all(database, codes[start : start + 2], folder=study_folder) for start in (0, 2, 4)
            ]
            seen = [rater.saved for rater in raters]
            wait_for(lambda: all(r.refused or r.saved > s + 3 for r, s in zip(raters, seen, strict=True)))
        finally:
            stop.set()
        for future in saving:
            future.result()
    assert sum(each.participants for each in erased) == 6
    # Refused in words: no such session any more, or no such page, never a server's error.
    assert all(re.search(r"\b(401|403|404)\b", rater.refused) for rater in raters[:6])
    assert [rater.refused for rater in raters[6:]] == [None] * 6
    with database.read() as db:
        assert list(db.scalars(select(Participant.code).order_by(Participant.id))) == codes[6:]
        stored = dict(db.execute(select(Rating.stimulus_token, Rating.sequence)).all())
        assert db.scalar(select(func.count(Page.session_id.distinct()))) == 6
        assert db.scalar(select(func.count(Event.session_id.distinct()))) == 6
    assert len(stored) == 24
    for rater in raters[6:]:
        assert {stored[mix["token"]] for mix in rater.page["stimuli"]} == {rater.saved}
    database.close()
    close(raters)


def close(raters):
    for rater in raters:
        rater.browser.close()


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
