import threading
from datetime import timedelta

import pytest

from mixeval.models import Attempt, Invite, Participant, ParticipantSession, now
from mixeval_webapp.app import site_of
from mixeval_webapp.limits import INVITE_LIMIT
from mixeval_webapp.recruitment.invites import list_invites, make_invites

pytestmark = pytest.mark.both_databases


@pytest.fixture
def closed(recruiting):
    return recruiting("[recruitment]\nopen = false\n")


@pytest.fixture
def invite(closed):
    """Make one invite and return its path."""
    return lambda **options: f"/?invite={make_invites(site_of(closed).database, count=1, **options)[0][1]}"


def test_an_invite_opens_a_closed_study_once(closed, invite, listener_on, begin_at, stored):
    address = invite()
    first, second = listener_on(closed), listener_on(closed)
    assert begin_at(first, address).headers["Location"] == "/test"
    assert first.page()["number"] == 1
    assert second.get(address).status_code == 403
    database = site_of(closed).database
    (session,) = stored(database, ParticipantSession)
    (row,) = stored(database, Invite)
    assert (session.recruited_by, row.session_id) == ("invite", session.id)
    assert row.used_at is not None


def test_no_copy_of_the_database_opens_the_test_with_its_invites(closed, invite):
    token = invite().partition("=")[2]
    with site_of(closed).database.read() as db:
        kept = db.connection().exec_driver_sql("SELECT * FROM invites").all()
    assert token not in str(kept)
    # 144 bits.
    assert len(token) == 24


def test_looking_at_an_invite_does_not_use_it_up(closed, invite, listener_on, begin_at):
    address = invite()
    # A mail program opens links before their readers do.
    for _ in range(3):
        assert listener_on(closed).get(address).status_code == 200
    assert begin_at(listener_on(closed), address).status_code == 303


def test_a_closed_study_tells_who_brings_nothing_that_it_is_by_invitation(closed, listener_on):
    answer = listener_on(closed).get("/")
    assert answer.status_code == 403
    assert "by invitation" in answer.text
    assert 'action="/start"' not in answer.text


def test_nobody_starts_a_closed_study_by_sending_the_form_without_an_invite(
    closed, listener_on, form_at, stored
):
    listener = listener_on(closed)
    fields = form_at(listener, "/resume")
    for arrival in ("", "made.up", "eyJraW5kIjogIm9wZW4ifQ.x"):
        answer = listener.client.post("/start", data=fields | {"arrival": arrival, "simulated": "1"})
        assert answer.status_code == 403
    assert stored(site_of(closed).database, Participant) == []


def test_used_unknown_and_expired_invites_are_answered_alike(closed, invite, listener_on, begin_at):
    used, expired = invite(), invite(expires_at=now() - timedelta(seconds=1))
    begin_at(listener_on(closed), used)
    answers = [listener_on(closed).get(address) for address in (used, expired, "/?invite=unknown")]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.text for answer in answers}) == 1


def test_an_invite_opens_until_its_last_moment(closed, invite, listener_on, begin_at):
    address = invite(expires_at=now() + timedelta(minutes=1))
    assert begin_at(listener_on(closed), address).status_code == 303


def test_an_invite_that_expires_while_the_form_lies_open_starts_nothing(
    closed, invite, listener_on, form_at, stored
):
    address = invite(expires_at=now() + timedelta(minutes=1))
    listener = listener_on(closed)
    fields = form_at(listener, address)
    database = site_of(closed).database
    with database.write() as db:
        db.query(Invite).update({"expires_at": now()})
    assert listener.client.post("/start", data=fields).status_code == 403
    assert stored(database, Participant) == []


def test_the_browser_that_began_with_an_invite_goes_on_by_its_link(closed, invite, listener_on, begin_at):
    address, listener = invite(), listener_on(closed)
    begin_at(listener, address)
    assert listener.get(address).headers["Location"] == "/test"


@pytest.mark.slow
@pytest.mark.usefixtures("same_window")
def test_a_thousand_guessed_invites_get_one_answer_and_then_429(
    closed, invite, listener_on, begin_at, stored
):
    address, guesser = invite(), listener_on(closed)
    answers = [guesser.get(f"/?invite=guess{number}") for number in range(1000)]
    told, refused = answers[: INVITE_LIMIT.failures], answers[INVITE_LIMIT.failures :]
    assert {answer.status_code for answer in told} == {403}
    assert len({answer.text for answer in told}) == 1
    assert {answer.status_code for answer in refused} == {429}
    assert all(0 < int(answer.headers["Retry-After"]) <= INVITE_LIMIT.window_seconds for answer in refused)
    # Nobody's address is kept, and a flood is not written down.
    (row,) = stored(site_of(closed).database, Attempt)
    assert (row.kind, row.count, len(row.origin)) == ("invite", INVITE_LIMIT.failures, 64)
    # Behind the same address somebody who was invited gets in all the same.
    assert begin_at(listener_on(closed), address).status_code == 303


def test_two_browsers_that_open_one_invite_at_the_same_instant_make_one_session(
    closed, invite, listener_on, form_at, stored
):
    address = invite()
    listeners = [listener_on(closed) for _ in range(8)]
    forms = [form_at(listener, address) for listener in listeners]
    barrier, statuses = threading.Barrier(len(listeners)), []

    def agree(listener, fields):
        barrier.wait()
        statuses.append(listener.client.post("/start", data=fields).status_code)

    threads = [threading.Thread(target=agree, args=pair) for pair in zip(listeners, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303] + [403] * 7
    database = site_of(closed).database
    assert len(stored(database, Participant)) == len(stored(database, ParticipantSession)) == 1


def test_the_list_says_how_each_invite_stands(closed, invite, listener_on, begin_at):
    begun, done = invite(note="first batch"), invite()
    invite()
    invite(expires_at=now() - timedelta(days=1))
    begin_at(listener_on(closed), begun)
    finisher = listener_on(closed)
    begin_at(finisher, done)
    finisher.finish()
    with site_of(closed).database.read() as db:
        found = list_invites(db)
    assert [each.state(now()) for each in found] == ["begun", "complete", "unused", "expired"]
    assert found[0].note == "first batch"
    assert found[0].participant.startswith("P")


def test_an_invite_also_opens_a_study_that_is_open(recruiting, listener_on, begin_at, stored):
    app = recruiting()
    database = site_of(app).database
    ((_, token),) = make_invites(database, count=1)
    begin_at(listener_on(app), f"/?invite={token}")
    listener_on(app).start()
    assert [session.recruited_by for session in stored(database, ParticipantSession)] == ["invite", "open"]
