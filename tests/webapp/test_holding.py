"""Which tab holds a session, over the API. Judge: the listener who has two of them."""

from datetime import timedelta

import pytest

from mixeval.models import ParticipantSession, now

API = {"X-Mixeval": "1"}


@pytest.fixture
def page(listener):
    listener.start()
    return listener.page()


def hold(listener, tab, *, take=False):
    return listener.send("POST", "/api/hold", {"tab": tab, "take": take}).json


def save(listener, page, tab, **changes):
    body = {"ratings": [listener.rating(page, **changes)]}
    return listener.client.put(page["ratings_url"], json=body, headers=API | {"X-Mixeval-Tab": tab}).json


def let_pass(database, seconds):
    with database.write() as db:
        session = db.query(ParticipantSession).one()
        session.held_at = now() - timedelta(seconds=seconds)


def test_the_first_tab_holds_and_a_second_one_has_to_take(listener, page):
    assert hold(listener, "one") == {"held": True, "holder": "one"}
    assert hold(listener, "one")["held"]
    assert hold(listener, "two") == {"held": False, "holder": "one"}
    assert hold(listener, "two", take=True) == {"held": True, "holder": "two"}
    assert not hold(listener, "one")["held"]
    assert page["hold_url"] == "/api/hold"


def test_a_tab_that_saved_nothing_for_a_minute_is_not_asked_about(listener, page, database):
    hold(listener, "one")
    let_pass(database, 61)
    assert hold(listener, "two")["held"]
    # Saving says that a tab is alive, though not with each answer.
    let_pass(database, 50)
    assert "held" not in save(listener, page, "two")
    assert not hold(listener, "one")["held"]
    with database.read() as db:
        assert db.query(ParticipantSession).one().held_at > now() - timedelta(seconds=20)


def test_a_tab_that_was_left_is_told_and_what_it_sends_is_kept_by_its_number(listener, page):
    hold(listener, "one")
    hold(listener, "two", take=True)
    assert "held" not in save(listener, page, "two", value=80, sequence=9)
    answer = save(listener, page, "one", value=10, sequence=5)
    assert (answer["held"], len(answer["saved"])) == (False, 1)
    assert listener.page()["stimuli"][0]["answers"][0]["value"] == 80


def test_a_tab_that_was_left_finishes_no_page(listener, page):
    hold(listener, "one")
    hold(listener, "two", take=True)
    body = {"ratings": listener.ratings(page), "sequence": 9}
    for tab, status in (("one", 409), ("two", 200)):
        headers = API | {"X-Mixeval-Tab": tab}
        assert listener.client.post(page["complete_url"], json=body, headers=headers).status_code == status


def test_who_names_no_tab_is_held_up_by_none(listener, page):
    hold(listener, "one")
    assert listener.put(page, listener.ratings(page)).json.keys() == {"saved"}
    assert listener.complete(page, []).status_code == 200


def test_one_listeners_tab_says_nothing_about_anothers(listener, new_listener, page):
    hold(listener, "one")
    other = new_listener()
    assert other.send("POST", page["hold_url"], {"tab": "two", "take": True}).status_code == 401
    other.start()
    assert hold(other, "two") == {"held": True, "holder": "two"}
    assert hold(listener, "one")["held"]
