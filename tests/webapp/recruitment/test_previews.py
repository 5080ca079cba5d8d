import time
import urllib.parse

import pytest
from itsdangerous import TimestampSigner

from mixeval.models import Participant, ParticipantSession
from mixeval_webapp.app import site_of
from mixeval_webapp.recruitment.previews import PREVIEW_DAYS, preview_address
from mixeval_webapp.simulate.crowd import simulate_study

BANNER = "Preview: nothing here is counted"
KEY = "k" * 64


def path_of(address):
    parts = urllib.parse.urlsplit(address)
    return f"{parts.path}?{parts.query}"


@pytest.fixture
def preview():
    return path_of(preview_address("https://listen.example/", secret_key=KEY))


def test_a_preview_says_so_on_every_page_and_is_marked_in_the_database(
    app, listener, begin_at, preview, stored
):
    assert BANNER in listener.get(preview).text
    begin_at(listener, preview)
    pages = [listener.get("/test").text, listener.finish().text]
    assert [BANNER in page for page in pages] == [True, True]
    (participant,) = stored(site_of(app).database, Participant)
    assert (participant.preview, participant.simulated) == (True, False)


def test_a_listener_sees_no_word_of_previews(listener):
    listener.start()
    assert BANNER not in listener.get("/test").text + listener.get("/").text


def test_a_preview_takes_no_seat_and_no_place(recruiting, listener_on, begin_at, preview, stored):
    app = recruiting("[participants]\nplaces = 1\n")
    for _ in range(2):
        begin_at(listener_on(app), preview)
    listener_on(app).start()
    sessions = stored(site_of(app).database, ParticipantSession)
    # Two previews have seats 0 and 1 among themselves, and the first listener seat 0.
    assert [session.seat for session in sessions] == [0, 1, 0]
    # The study is full of its one listener; a preview opens all the same.
    assert "All places are taken" in listener_on(app).get("/").text
    assert 'action="/start"' in listener_on(app).get(preview).text


def test_a_preview_is_counted_nowhere(app, listener, begin_at, preview, tallies):
    begin_at(listener, preview)
    assert tallies(site_of(app).database) == {}


def test_a_preview_opens_a_closed_study_and_nobody_else_does(prolific, listener_on, begin_at, preview):
    assert begin_at(listener_on(prolific), preview).headers["Location"] == "/test"
    for made_up in (
        "/?preview=",
        "/?preview=preview",
        preview[:-1],
        preview.replace("preview=", "preview=x"),
    ):
        assert listener_on(prolific).get(made_up).status_code == 403


def test_a_preview_is_told_where_participants_go_and_does_not_go_there(
    prolific, listener_on, begin_at, preview
):
    listener = listener_on(prolific)
    begin_at(listener, preview)
    end = listener.finish().text
    assert "Participants go from here to https://app.prolific.com/submissions/complete?cc=COMPLETE1" in end
    assert 'id="leave"' not in end


def test_a_preview_link_of_another_key_or_an_old_one_opens_nothing(
    prolific, listener_on, preview, monkeypatch
):
    other = path_of(preview_address("https://x.example", secret_key="o" * 64))
    assert listener_on(prolific).get(other).status_code == 403
    late = time.time() + (PREVIEW_DAYS + 1) * 24 * 60 * 60
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: int(late))
    assert listener_on(prolific).get(preview).status_code == 403


def test_no_preview_enters_the_default_rows_of_an_analysis(
    listener, new_listener, begin_at, preview, study_folder
):
    from mixeval_analysis.load import load
    from mixeval_analysis.selection import select

    begin_at(listener, preview)
    listener.finish()
    other = new_listener()
    other.start()
    other.finish()
    loaded = load(str(study_folder))
    assert set(loaded.rows["preview"]) == {True, False}
    (group,) = select(loaded).groups
    assert set(group.rows["preview"]) == {False}


def test_the_browser_that_previewed_is_not_offered_that_session_as_a_listener(listener, begin_at, preview):
    begin_at(listener, preview)
    text = listener.get("/").text
    assert 'href="/test"' not in text
    assert BANNER not in text


def test_simulated_listeners_take_a_closed_study_in_its_own_folder(recruiting, study_folder, stored, tallies):
    app = recruiting("[recruitment]\nopen = false\n")
    assert simulate_study(study_folder, listeners=2, seed=1) == 4
    database = site_of(app).database
    assert [person.simulated for person in stored(database, Participant)] == [True, True]
    assert tallies(database) == {}
