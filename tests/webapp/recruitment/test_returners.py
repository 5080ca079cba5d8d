"""Who begins twice by the open link. Judge: who the test itself lets begin, from where and with which cookies."""

import threading
from datetime import timedelta

import pytest

from mixeval.models import Attempt, Flag, ParticipantSession, now
from mixeval_webapp import limits
from mixeval_webapp.app import site_of
from mixeval_webapp.recruitment.previews import preview_address

pytestmark = pytest.mark.both_databases

HERE = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.7"}}
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@pytest.fixture
def begin(form_at):
    """Agree at `address` in a browser of its own description, from a place on the network."""

    def agree(listener, address="/", *, place="203.0.113.7", **headers):
        answer = listener.client.post(
            "/start",
            data=form_at(listener, address),
            headers=FIREFOX | headers,
            environ_overrides={"REMOTE_ADDR": place},
        )
        assert answer.status_code == 303
        return answer

    return agree


@pytest.fixture
def flags(stored):
    return lambda app: [(flag.name, flag.detail) for flag in stored(site_of(app).database, Flag)]


def test_a_second_session_in_one_browser_is_flagged_and_goes_on(recruiting, listener_on, begin, flags):
    app = recruiting()
    listener = listener_on(app)
    begin(listener)
    listener.finish()
    assert ("same_browser", {"earlier": "finished"}) not in flags(app)
    begin(listener, place="198.51.100.1")
    assert ("same_browser", {"earlier": "finished"}) in flags(app)
    assert listener.page()["stimuli"]


def test_a_session_that_was_left_counts_too(recruiting, listener_on, begin, flags):
    app = recruiting()
    listener = listener_on(app)
    begin(listener)
    begin(listener)
    assert flags(app) == [("same_browser", {"earlier": "unfinished"})]


def test_another_session_from_the_same_network_and_kind_of_browser_is_flagged(
    recruiting, listener_on, begin, flags
):
    app = recruiting()
    begin(listener_on(app))
    # A house has one network of IPv6 and one address of IPv4; other browsers and places are others.
    begin(listener_on(app), place="203.0.113.8")
    begin(listener_on(app), **{"User-Agent": "Chrome"})
    begin(listener_on(app), **{"Accept-Language": "ja"})
    begin(listener_on(app), place="2001:db8::1")
    assert flags(app) == []
    begin(listener_on(app))
    begin(listener_on(app), place="2001:db8::2")
    begin(listener_on(app))
    assert flags(app) == [
        ("same_network", {"earlier": 1}),
        ("same_network", {"earlier": 1}),
        ("same_network", {"earlier": 2}),
    ]


def test_no_address_is_stored_and_no_session_stands_beside_the_count(recruiting, listener_on, begin, stored):
    app = recruiting()
    for _ in range(2):
        begin(listener_on(app))
    (row,) = stored(site_of(app).database, Attempt)
    assert (row.kind, row.count) == ("begin", 2)
    assert len(row.origin) == 64
    sessions = {session.id for session in stored(site_of(app).database, ParticipantSession)}
    assert not sessions & {str(value) for value in vars(row).values()}


def test_two_at_the_same_instant_are_not_both_the_first(recruiting, listener_on, form_at, flags):
    app = recruiting()
    listeners = [listener_on(app) for _ in range(8)]
    forms = [form_at(listener, "/") for listener in listeners]
    barrier = threading.Barrier(8)

    def agree(listener, fields):
        barrier.wait()
        listener.client.post("/start", data=fields, **HERE)

    threads = [threading.Thread(target=agree, args=pair) for pair in zip(listeners, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(detail["earlier"] for _, detail in flags(app)) == list(range(1, 8))


def test_a_double_click_is_one_beginning(recruiting, listener_on, form_at, flags, stored):
    app = recruiting()
    listener = listener_on(app)
    fields = form_at(listener, "/")
    for _ in range(2):
        listener.client.post("/start", data=fields, **HERE)
    assert len(stored(site_of(app).database, ParticipantSession)) == 1
    assert flags(app) == []


def test_where_a_computer_is_shared_nobody_is_flagged_or_counted(
    recruiting, listener_on, begin, flags, stored
):
    app = recruiting("[recruitment]\nshared_computers = true\n")
    listener = listener_on(app)
    for _ in range(3):
        begin(listener)
    assert flags(app) == []
    assert stored(site_of(app).database, Attempt) == []


def test_who_brings_an_id_of_their_own_is_not_flagged_for_the_network(recruiting, listener_on, begin, flags):
    app = recruiting('[recruitment]\nplatform = "prolific"\ncompletion_code = "C1"\n')
    for name in ("one", "two"):
        begin(listener_on(app), f"/?PROLIFIC_PID={name}")
    assert flags(app) == []


def test_a_preview_is_nobodys_first_time(recruiting, listener_on, begin, flags):
    app = recruiting()
    listener = listener_on(app)
    begin(listener, preview_address("", secret_key=str(app.secret_key)))
    begin(listener)
    assert flags(app) == []


def test_the_next_day_nobody_is_known_any_more(recruiting, listener_on, begin, stored, monkeypatch):
    app = recruiting()
    begin(listener_on(app))
    (today,) = stored(site_of(app).database, Attempt)
    monkeypatch.setattr(limits, "now", lambda: now() + timedelta(days=1))
    begin(listener_on(app))
    (tomorrow,) = stored(site_of(app).database, Attempt)
    assert tomorrow.origin != today.origin
    assert stored(site_of(app).database, Flag) == []
