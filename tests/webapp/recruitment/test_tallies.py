import sqlite3

from mixeval.models import Tally
from mixeval_webapp.app import site_of
from mixeval_webapp.recruitment import tallies as module
from mixeval_webapp.recruitment.tallies import count_one

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
)


def test_who_opens_the_first_page_is_counted_once_by_device_and_day(app, new_listener, stored):
    first, second = new_listener(), new_listener()
    for _ in range(3):
        first.get("/")
    second.get("/", headers={"User-Agent": PHONE})
    rows = stored(site_of(app).database, Tally)
    assert sorted((row.name, row.device, row.count) for row in rows) == [
        ("opened", "desktop", 1),
        ("opened", "phone", 1),
    ]
    # A number of a day, and nothing else.
    assert {column.name for column in Tally.__table__.columns} == {"id", "day", "name", "device", "count"}
    assert all(len(row.day) == 10 for row in rows)


def test_who_comes_to_a_full_study_is_counted(recruiting, listener_on, tallies):
    app = recruiting("[participants]\nplaces = 1\n")
    listener_on(app).start()
    listener_on(app).get("/")
    assert tallies(site_of(app).database) == {"opened": 1, "full": 1}


def test_nobodys_first_page_waits_for_a_count_or_fails_with_it(
    app, listener, study_folder, monkeypatch, caplog
):
    monkeypatch.setattr(module.log, "disabled", False)
    other = sqlite3.connect(study_folder / "study.sqlite3", isolation_level=None)
    other.execute("CREATE TRIGGER refuse BEFORE INSERT ON tallies BEGIN SELECT RAISE(ABORT, 'no'); END")
    other.close()
    assert listener.get("/").status_code == 200
    assert "not counted name=opened" in caplog.text
    count_one(site_of(app).database, "opened", device="desktop")


def test_simulated_listeners_are_not_counted_among_those_who_came(app, listener, tallies):
    listener.get("/?simulation=1")
    assert tallies(site_of(app).database) == {}
