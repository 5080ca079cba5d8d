"""A small study that simulated listeners take whole: what they were shown is balanced, and rebuilt from its seeds."""

import csv
import json
from collections import Counter
from itertools import pairwise

import pytest

from mixeval.database import open_database
from mixeval.models import ParticipantSession
from mixeval.settings import database_url

LISTENERS = 14


@pytest.fixture
def taken(study_folder, run):
    """The study of two items in three mixes, with control pages, taken by twice as many as a whole square needs."""
    path = study_folder / "study.toml"
    path.write_text(
        path.read_text()
        + '\n[test]\nrepeats = 1\nattention = { better = "human", worse = "dull" }\n'
        + "[participants]\nplaces = 3\n"
    )
    run("render", study_folder)
    run("simulate", study_folder, "--listeners", LISTENERS)
    return study_folder


def stored_sessions(folder):
    database = open_database(database_url(folder))
    with database.read() as db:
        sessions = [
            [(page.purpose, page.item, tuple(s.condition for s in page.stimuli)) for page in session.pages]
            for session in db.query(ParticipantSession).order_by(ParticipantSession.seat)
            if session.completed_at is not None
        ]
    database.close()
    return sessions


def test_what_listeners_were_shown_is_balanced_rebuilt_and_analysed_without_control_pages(taken, run):
    sessions = stored_sessions(taken)
    assert len(sessions) == LISTENERS

    # 12 seats are six squares of two items and two of three mixes; the last two begin the next ones.
    for seats in (12, LISTENERS):
        rating = [[page for page in session if page[0] == "rating"] for session in sessions[:seats]]
        places = Counter((item, place) for pages in rating for place, (_, item, _) in enumerate(pages))
        letters = Counter(
            (item, mix, letter)
            for pages in rating
            for _, item, mixes in pages
            for letter, mix in enumerate(mixes)
        )
        beside = Counter(
            (item, *pair) for pages in rating for _, item, mixes in pages for pair in pairwise(mixes)
        )
        assert set(places.values()) == {seats // 2}
        assert set(letters.values()) == ({4} if seats == 12 else {4, 5})
        if seats == 12:
            assert set(beside.values()) == {4}
            assert len(beside) == 2 * 3 * 2
    assert (len(places), len(letters)) == (2 * 2, 2 * 3 * 3)

    for session in sessions:
        purposes = [page[0] for page in session]
        assert Counter(purposes) == {"rating": 2, "repeat": 1, "attention": 1}
        assert purposes[-1] == "repeat"
        assert purposes.index("attention") in {1, 2}

    (balance,) = json.loads(run("db", "balance", taken, "--json"))
    assert (balance["sessions"], balance["simulated"]) == (LISTENERS, True)
    assert {row["sessions"] for row in balance["places"]} == {LISTENERS // 2}
    assert run("db", "orders", taken) == f"The orders of all {LISTENERS} sessions follow from their seeds.\n"

    run("analyze", taken)
    with (taken / "report" / "tables" / "summary.csv").open(encoding="utf-8", newline="") as file:
        assert [int(row["n"]) for row in csv.DictReader(file)] == [2 * LISTENERS] * 3
    run("export", taken)
    with (taken / "export" / "ratings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert Counter((row["purpose"], row["repeat"]) for row in rows) == {
        ("rating", "0"): 2 * 3 * LISTENERS,
        ("repeat", "1"): 3 * LISTENERS,
        ("attention", "0"): 2 * LISTENERS,
    }
