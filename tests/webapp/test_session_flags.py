"""What is flagged while answers come in: too late, too fast. Judge: the times that the test itself has set."""

from datetime import timedelta

import pytest

from mixeval.models import Flag, Page, ParticipantSession, Rating, now
from mixeval_webapp.app import site_of


@pytest.fixture
def flags(database):
    def read():
        with database.read() as db:
            return {row.name: row.detail for row in db.query(Flag)}

    return read


@pytest.fixture
def left_alone(database):
    """Let the listener have been away for so many minutes; a seat is kept for 60."""

    def pass_by(minutes):
        with database.write() as db:
            db.query(ParticipantSession).one().active_at = now() - timedelta(minutes=minutes)

    return pass_by


def opened(database, page, *, seconds):
    with database.write() as db:
        db.get_one(Page, page["page"]).opened_at = now() - timedelta(seconds=seconds)


@pytest.mark.parametrize("minutes", [59, 150])
def test_answers_after_the_seat_was_released_are_stored_and_flagged_with_how_late(
    listener, database, flags, left_alone, minutes
):
    listener.start()
    page = listener.page()
    left_alone(minutes)
    assert listener.put(page, listener.ratings(page)).status_code == 200
    with database.read() as db:
        assert db.query(Rating).count() == 4
    if minutes == 59:
        assert flags() == {}
    else:
        assert flags() == {"late": {"page": 1, "minutes": pytest.approx(90, abs=0.5)}}


def test_who_comes_back_to_a_new_page_after_the_seat_was_released_is_flagged_and_finishes(
    listener, flags, left_alone
):
    listener.start()
    left_alone(61)
    assert "completion code" in listener.finish().text
    assert flags()["late"]["page"] == 1


def test_a_page_faster_than_the_recording_is_flagged_with_every_such_page(
    write_study, open_app, listener_on, tmp_path
):
    app = open_app(write_study(tmp_path / "long", seconds=2))
    database, listener = site_of(app).database, listener_on(app)
    listener.start()
    # First open for long enough and heard too briefly, then the other way round.
    for seconds, listened in ((30, 0.3), (0, 2.5)):
        page = listener.page()
        opened(database, page, seconds=seconds)
        assert listener.complete(page, listener.ratings(page, listened_seconds=listened)).status_code == 200
    with database.read() as db:
        assert [(row.name, row.detail) for row in db.query(Flag)] == [("too_fast", {"pages": [1, 2]})]


def test_who_takes_as_long_as_the_recording_lasts_is_not_flagged(listener, database, flags):
    listener.start()
    page = listener.page()
    opened(database, page, seconds=1)
    listener.complete(page, listener.ratings(page))
    page = listener.page()
    # A page also lasted to the last of its events, as it does for the screening rule of the same name.
    event = {"id": "e1", "page": page["page"], "kind": "stop", "stimulus": None, "detail": {}}
    listener.events([event | {"client_ms": 5000}])
    listener.complete(page, listener.ratings(page))
    assert flags() == {}


def test_what_could_not_be_played_makes_nobody_fast(listener, flags):
    listener.start()
    page = listener.page()
    ratings = [
        rating | {"unplayable": True, "value": None, "moved": False, "played": False, "listened_seconds": 0}
        for rating in listener.ratings(page)
    ]
    assert listener.complete(page, ratings).status_code == 200
    assert set(flags()) == {"unplayable"}
