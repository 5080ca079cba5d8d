import json
import logging
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mixeval.models import Event, Page, PageStimulus, ParticipantSession, Rating

pytestmark = pytest.mark.both_databases

HEADERS = {"X-Mixeval": "1"}


@pytest.fixture
def page(listener):
    listener.start()
    return listener.page()


@pytest.fixture
def rows(database):
    def read(model=Rating):
        with database.read() as db:
            return db.query(model).all()

    return read


@pytest.fixture
def foreign_tokens(page, new_listener, database):
    """Every token that is not on the open page: the later page's, and all of another participant's."""
    stranger = new_listener()
    stranger.start()
    stranger.page()
    own = {stimulus["token"] for stimulus in page["stimuli"]}
    with database.read() as db:
        return {stimulus.token for stimulus in db.query(PageStimulus)} - own


def test_a_rating_is_acknowledged_with_its_sequence_and_is_in_the_database(listener, page, rows):
    sent = listener.rating(page, value=72, sequence=5)
    answer = listener.put(page, [sent])
    assert answer.status_code == 200
    assert answer.json == {
        "saved": [{"stimulus": sent["stimulus"], "attribute": "preference", "sequence": 5}]
    }
    (row,) = rows()
    assert (row.value, row.sequence, row.played, row.moved, row.listened_seconds) == (72, 5, True, True, 2.5)


def test_the_newest_sequence_wins_and_a_stale_retry_is_acknowledged_and_ignored(listener, page, rows):
    for value, sequence in ((10, 1), (30, 3), (20, 2), (30, 3)):
        assert listener.put(page, [listener.rating(page, value=value, sequence=sequence)]).status_code == 200
    (row,) = rows()
    assert (row.value, row.sequence) == (30, 3)


def test_listening_only_grows_also_where_another_device_knows_less_of_it(listener, page, rows):
    sent = listener.rating(page, value=10, sequence=1) | {"listened_seconds": 9.5}
    assert listener.put(page, [sent]).status_code == 200
    unheard = {"value": 20, "sequence": 2, "listened_seconds": 0.0, "played": False}
    assert listener.put(page, [sent | unheard]).status_code == 200
    (row,) = rows()
    assert (row.value, row.sequence, row.listened_seconds, row.played) == (20, 2, 9.5, True)


def test_two_answers_with_one_sequence_number_are_never_both_acknowledged(listener, page, rows):
    first, second = (listener.rating(page, value=value, sequence=4) for value in (10, 90))
    assert listener.put(page, [first]).status_code == 200
    assert listener.put(page, [first]).status_code == 200
    answer = listener.put(page, [second])
    assert (answer.status_code, "reload" in answer.json["detail"]) == (409, True)
    assert listener.complete(page, [second]).status_code == 409
    assert listener.put(page, [first | {"sequence": 5}, second | {"sequence": 5}]).status_code == 409
    assert [(row.value, row.sequence) for row in rows()] == [(10, 4)]


def test_of_two_answers_with_one_number_at_the_same_instant_one_is_acknowledged_and_stored(
    listener, page, rows, app
):
    cookies = listener.client._cookies
    for turn in range(1, 9):
        barrier = threading.Barrier(2)

        def send(value, turn=turn, barrier=barrier):
            client = app.test_client()
            client._cookies = cookies
            barrier.wait()
            rating = listener.rating(page, value=value, sequence=turn)
            answer = client.put(page["ratings_url"], json={"ratings": [rating]}, headers=HEADERS)
            return answer.status_code, value

        with ThreadPoolExecutor(2) as pool:
            answers = dict(pool.map(send, [turn, 100 - turn]))
        assert set(answers) == {200, 409}
        (row,) = rows()
        assert (row.sequence, row.value) == (turn, answers[200])


HOSTILE = ["%00", "a%00b", "%ED%A0%80", "%F0%9F%A5%81", "%E2%80%AE", "9" * 3000, "%27%22--", "%25s%3F%3A1"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_addresses_headers_cookies_and_forms_is_never_an_error_of_the_server(
    listener, new_listener, page, text
):
    client = listener.client
    plain = urllib.parse.unquote(text, errors="replace")
    in_header = text if "%00" in text else plain.encode().decode("latin-1")
    statuses = [
        client.get(f"/resume/{text}").status_code,
        client.get(f"/?PROLIFIC_PID={text}&invite={text}&id={text}").status_code,
        client.get(f"/audio/{text}").status_code,
        client.put(
            page["ratings_url"],
            json={"ratings": [listener.rating(page)]},
            headers=HEADERS | {"X-Mixeval-Tab": in_header},
        ).status_code,
        client.post("/start", data=listener.form() | {"start_id": plain, "box_0": plain}).status_code,
    ]
    stranger = new_listener()
    stranger.client.set_cookie("mixeval_session", in_header)
    statuses.append(stranger.client.get("/test").status_code)
    statuses.append(stranger.client.post("/start", data=stranger.form() | {"start_id": plain}).status_code)
    assert all(status < 500 for status in statuses), statuses


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(1, 7)), st.integers(1, 6))
def test_whatever_the_order_and_batches_of_arrival_the_newest_is_kept(listener, rows, order, batch):
    listener.start()
    page = listener.page()
    sent = [listener.rating(page, value=sequence, sequence=sequence) for sequence in order]
    for start in range(0, len(sent), batch):
        assert listener.put(page, sent[start : start + batch]).status_code == 200
    (row,) = [row for row in rows() if row.stimulus_token == page["stimuli"][0]["token"]]
    assert row.value == 6


def test_an_unplaced_mix_may_report_that_it_was_played(listener, page, rows):
    assert listener.put(page, [listener.rating(page, value=None, moved=False)]).status_code == 200
    (row,) = rows()
    assert row.value is None
    assert row.played


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("value", value) for value in (-1, 101, "NaN", "50", True, 10**23, [50], {})),
        ("moved", None),
        ("moved", 1),
        ("played", None),
        ("played", "yes"),
        ("listened_seconds", -0.1),
        ("listened_seconds", None),
        ("sequence", None),
        ("sequence", 1.5),
        ("sequence", -1),
        ("sequence", 10**23),
        ("attribute", "loudness"),
        ("attribute", None),
        ("stimulus", None),
        ("stimulus", "../x"),
        ("stimulus", "\u0442\u043e\u043a\u0435\u043d"),
        ("surprise", 1),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_field(listener, page, rows, field, value):
    good = listener.rating(page, 1)
    answer = listener.put(page, [good, listener.rating(page) | {field: value}])
    assert answer.status_code == 422
    assert answer.json["field"] == f"ratings[1].{field}"
    assert f"ratings[1].{field}" in answer.json["detail"]
    assert answer.content_type == "application/problem+json"
    assert rows() == []


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e309", "-1e309"])
def test_numbers_that_json_cannot_hold_are_refused_by_the_name_of_their_field(listener, page, rows, number):
    body = json.dumps({"ratings": [listener.rating(page, value="here")]}).replace('"here"', number)
    answer = listener.client.put(
        page["ratings_url"], data=body, headers=HEADERS, content_type="application/json"
    )
    assert answer.status_code == 422
    assert answer.json["field"] == "ratings[0].value"
    assert rows() == []


@pytest.mark.parametrize("changes", [{"moved": False}, {"value": None}])
def test_a_slider_that_nobody_moved_has_no_value(listener, page, rows, changes):
    answer = listener.put(page, [listener.rating(page, **changes)])
    assert answer.status_code == 422
    assert answer.json["field"] == "ratings[0]"
    assert rows() == []


def test_a_mix_of_another_page_or_participant_is_refused_logged_and_not_stored(
    listener, foreign_tokens, page, rows, caplog
):
    assert len(foreign_tokens) == 12
    for token in foreign_tokens:
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            answer = listener.put(
                page, [listener.rating(page, 1), listener.rating(page) | {"stimulus": token}]
            )
        assert answer.status_code == 403
        assert caplog.text.count("reason=not_served") == 1
        assert token not in caplog.text
    assert rows() == []


@pytest.mark.usefixtures("page")
def test_a_page_of_another_participant_does_not_exist(listener, new_listener, rows, caplog):
    stranger = new_listener()
    stranger.start()
    other = stranger.page()
    with caplog.at_level(logging.WARNING):
        assert listener.put(other, [stranger.rating(other)]).status_code == 404
        assert listener.complete(other, stranger.ratings(other)).status_code == 404
    assert caplog.text.count("reason=not_yours") == 2
    assert rows() == []


def test_a_page_that_was_not_shown_yet_takes_no_ratings(listener, page, rows, database):
    with database.read() as db:
        later = db.query(Page).filter(Page.position == 1).one()
        tokens = [stimulus.token for stimulus in later.stimuli]
    sent = [listener.rating(page) | {"stimulus": token} for token in tokens]
    url = f"/api/pages/{later.id}"
    assert listener.send("PUT", f"{url}/ratings", {"ratings": sent}).status_code == 403
    assert listener.send("POST", f"{url}/complete", {"ratings": sent, "sequence": 1}).status_code == 403
    listener.complete(page, listener.ratings(page))
    # It is next now, but no browser has asked for it.
    assert listener.send("PUT", f"{url}/ratings", {"ratings": sent}).status_code == 403
    assert len(rows()) == 4


def test_next_names_what_is_left_keeps_the_ratings_and_logs_the_refusal_once(listener, page, rows):
    sent = [
        listener.rating(page, 0),
        listener.rating(page, 1, played=False, listened_seconds=0),
        listener.rating(page, 2, value=None, moved=False),
        listener.rating(page, 3, played=True, listened_seconds=0),
    ]
    for _ in range(2):
        answer = listener.complete(page, sent, sequence=9)
        assert answer.status_code == 422
        assert answer.json["detail"] == "Still to play: B, D. Still to place: C"
        assert answer.json["missing"] == {"play": ["B", "D"], "place": ["C"]}
    assert len(rows()) == 4
    (event,) = rows(Event)
    assert (event.kind, event.detail) == ("next_refused", {"play": ["B", "D"], "place": ["C"]})
    assert listener.page()["page"] == page["page"]


def test_a_page_without_any_rating_is_not_finished(listener, page):
    answer = listener.complete(page, [])
    assert answer.json["missing"] == {"play": list("ABCD"), "place": list("ABCD")}


def test_completion_counts_what_was_saved_before(listener, page):
    listener.put(page, listener.ratings(page))
    assert listener.complete(page, []).json == {"next": "/test"}


def test_repeated_completion_gives_the_same_answer_and_the_same_code(listener, page, rows):
    listener.complete(page, listener.ratings(page))
    last = listener.page()
    answers = [listener.complete(last, listener.ratings(last)) for _ in range(3)]
    assert [answer.json for answer in answers] == [{"next": "/test"}] * 3
    assert listener.complete(page, listener.ratings(page)).json == {"next": "/test"}
    (session,) = rows(ParticipantSession)
    assert session.completion_code in listener.get("/test").text
    assert len(rows()) == 8


def test_a_finished_page_never_changes_but_lets_an_outbox_drain(listener, page, rows):
    sent = listener.ratings(page, sequence=5)
    listener.complete(page, sent)
    assert listener.put(page, sent).status_code == 200
    assert listener.put(page, [listener.rating(page, value=99, sequence=4)]).status_code == 200
    assert listener.put(page, [listener.rating(page, value=0, sequence=6)]).status_code == 200
    assert listener.put(page, [listener.rating(page, value=99, sequence=6)]).status_code == 409
    assert listener.complete(page, [listener.rating(page, value=99, sequence=6)]).status_code == 409
    assert sorted(row.value for row in rows()) == [0, 10, 20, 30]
    assert {row.sequence for row in rows()} == {5}


def event(number, shown, **changes):
    return {
        "id": f"e{number}",
        "page": shown["page"],
        "kind": "play",
        "stimulus": shown["stimuli"][0]["token"],
        "client_ms": 12.5,
        "detail": {},
    } | changes


def test_events_are_stored_once_however_often_they_are_sent(listener, page, rows):
    sent = [event(1, page), event(2, page, stimulus=None, page=None, kind="blur"), event(1, page)]
    for _ in range(2):
        assert listener.events(sent).json == {"saved": ["e1", "e2", "e1"]}
    assert [row.kind for row in rows(Event)] == ["play", "blur"]


def test_two_sessions_may_use_the_same_event_id(listener, new_listener, page, rows):
    stranger = new_listener()
    stranger.start()
    assert stranger.events([event(1, stranger.page())]).status_code == 200
    assert listener.events([event(1, page)]).status_code == 200
    assert len(rows(Event)) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "Play it"},
        {"kind": "x" * 33},
        {"id": ""},
        {"id": "server:1"},
        {"client_ms": -1},
        {"client_ms": None},
        {"detail": None},
        {"detail": {"text": "x" * 3000}},
        {"detail": {str(number): 0 for number in range(17)}},
        {"kind": "volume", "detail": {}},
        {"kind": "volume", "detail": {"db": "loud"}},
        {"kind": "volume", "detail": {"db": True}},
        {"surprise": 1},
    ],
)
def test_events_beyond_their_bounds_are_refused(listener, page, rows, changes):
    answer = listener.events([event(1, page), event(2, page, **changes)])
    assert answer.status_code == 422
    assert answer.json["field"].startswith("events[1]")
    assert rows(Event) == []


def test_events_about_another_session_are_refused(listener, new_listener, page, rows):
    stranger = new_listener()
    stranger.start()
    other = stranger.page()
    for foreign in ({"page": other["page"]}, {"stimulus": other["stimuli"][0]["token"]}):
        assert listener.events([event(1, page), event(2, page, **foreign)]).status_code == 403
    assert rows(Event) == []


BAD_BODIES = {
    "no JSON": b"{ratings",
    "deep": b'{"ratings":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "deep but parsed": b'{"ratings":' + b"[" * 300 + b"]" * 300 + b"}",
    "a huge integer": b'{"ratings":' + b"9" * 60_000 + b"}",
    "not UTF-8": b'{"ratings": "\xff\xfe"}',
    "NUL": b'{"ratings": "\\u0000"}',
    "half a pair": b'{"ratings": "\\ud800"}',
    "half a pair as a key": b'{"\\udfff": 1}',
    "a key twice": b'{"ratings": [], "ratings": []}',
    "empty": b"",
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_body_that_is_not_sound_json_is_refused(listener, page, rows, name):
    for method, url in (
        ("PUT", page["ratings_url"]),
        ("POST", page["complete_url"]),
        ("POST", "/api/events"),
    ):
        answer = listener.client.open(
            url, method=method, data=BAD_BODIES[name], headers=HEADERS, content_type="application/json"
        )
        assert answer.status_code == 400
        assert answer.json["status"] == 400
    assert rows() == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(lambda value: json.dumps({"ratings": value, "sequence": 1}).encode()),
    )
)
def test_no_body_at_all_is_an_error_of_the_server(listener, body):
    if not listener.received:
        listener.start()
    page = listener.page()
    for url, method in (
        (page["ratings_url"], "PUT"),
        (page["complete_url"], "POST"),
        ("/api/events", "POST"),
    ):
        answer = listener.client.open(
            url, method=method, data=body, headers=HEADERS, content_type="application/json"
        )
        assert 400 <= answer.status_code < 500


def test_a_body_over_64_kilobytes_is_refused(listener, page):
    answer = listener.client.put(
        page["ratings_url"], data=b" " * (64 * 1024 + 1), headers=HEADERS, content_type="application/json"
    )
    assert answer.status_code == 413
    assert answer.json["status"] == 413


def test_only_the_studys_own_page_can_send(listener, new_listener, page, rows):
    body = {"ratings": [listener.rating(page)]}
    assert listener.client.put(page["ratings_url"], json=body).status_code == 403
    plain = listener.client.put(page["ratings_url"], data=b"{}", headers=HEADERS, content_type="text/plain")
    assert plain.status_code == 415
    assert new_listener().send("PUT", page["ratings_url"], body).status_code == 401
    assert rows() == []


@pytest.mark.parametrize("page_id", ["%00", "x" * 65, "%F0%9F%A5%81"])
def test_an_address_that_no_database_could_hold_never_reaches_it(listener, caplog, page_id):
    listener.start()
    assert listener.send("PUT", f"/api/pages/{page_id}/ratings", {"ratings": []}).status_code == 404
    assert "reason=not_found method=PUT route=- " in caplog.text


def test_an_unknown_address_or_method_answers_in_json(listener, page):
    assert listener.client.get("/api/nothing").json["status"] == 404
    answer = listener.client.delete(page["ratings_url"])
    assert (answer.status_code, answer.json["status"]) == (405, 405)
    assert "PUT" in answer.headers["Allow"]
