import io
import json
import logging

import pytest

from mixeval.errors import ServeError
from mixeval_webapp import resuming
from mixeval_webapp.logs import access_log, configure_logs, formatter


@pytest.fixture
def log_as():
    """Write the logs of the test into a string, in a form of its choice."""
    root, before = logging.getLogger(), access_log.level
    added, level = [], root.level

    def start(form):
        text = io.StringIO()
        handler = logging.StreamHandler(text)
        handler.setFormatter(formatter(form))
        root.addHandler(handler)
        added.append(handler)
        root.setLevel(logging.INFO)
        access_log.setLevel(logging.INFO)
        return text

    yield start
    for handler in added:
        root.removeHandler(handler)
    root.setLevel(level)
    access_log.setLevel(before)


def secrets_of(page):
    return {page["page"], page["resume_url"].rsplit("/", 1)[1]} | {
        token for mix in page["stimuli"] for token in (mix["token"], mix["url"])
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_logs_of_a_whole_run_hold_no_secret_of_it(listener, new_listener, log_as, form, monkeypatch):
    log = log_as(form)
    agent = {"User-Agent": "Mozilla/5.0 (Secret agent) Gecko/20100101 Firefox/140.0"}
    hidden = {"Secret agent", "127.0.0.1", "PROLIFIC-5f3a"}
    form_fields = listener.form()
    hidden |= set(form_fields.values())
    listener.client.post("/start?PROLIFIC_PID=PROLIFIC-5f3a", data=form_fields, headers=agent)
    hidden.add(listener.secret)
    stranger = new_listener()
    stranger.start()
    hidden.add(stranger.secret)
    while (page := listener.page()) is not None:
        hidden |= secrets_of(page)
        listener.get(page["stimuli"][0]["url"])
        listener.put(page, [listener.rating(page, value=101)])
        stranger.get(page["stimuli"][0]["url"])
        stranger.put(page, [listener.rating(page)])
        stranger.get(page["resume_url"][:-1])
        listener.complete(page, listener.ratings(page))
    listener.get("/test")

    def fail(*_):
        raise RuntimeError(f"no such key: {listener.secret}")

    # A fault of ours whose message quotes the request.
    monkeypatch.setattr(resuming, "find_visitor", fail)
    assert listener.get(f"/resume/{listener.secret}").status_code == 500
    text = log.getvalue()
    assert len(text.splitlines()) > 20
    assert "no such key: [struck out]" in text
    assert {secret for secret in hidden if secret in text} == set()


def test_each_line_is_one_object_that_says_what_was_answered_to_whom(listener, log_as):
    log = log_as("json")
    listener.start()
    page = listener.page()
    listener.put(page, [listener.rating(page, value=101)])
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (refused,) = [line for line in lines if line["event"] == "refused"]
    answered = [line for line in lines if line["event"] == "answered"]
    assert refused["reason"] == "invalid_field"
    assert refused["level"] == "warning"
    assert answered[-1]["status"] == 422
    assert answered[-1]["route"] == "/api/pages/<token:page_id>/ratings"
    assert answered[-1]["method"] == "PUT"
    assert answered[-1]["milliseconds"] >= 0
    assert answered[-1]["participant"] == refused["participant"]
    assert answered[-1]["participant"].startswith("P")
    assert answered[-1]["request_id"] == refused["request_id"]
    assert answered[-1]["time"].endswith("+00:00")
    assert len({line["request_id"] for line in answered}) == len(answered)


def test_files_and_checks_that_are_asked_for_all_the_time_are_not_told(app, listener, log_as):
    log = log_as("json")
    listener.get("/healthz")
    listener.get(f"{app.static_url_path}/js/main.js")
    assert log.getvalue() == ""
    listener.get(f"{app.static_url_path}/js/nothing.js")
    assert json.loads(log.getvalue().splitlines()[-1])["status"] == 404


@pytest.mark.parametrize(
    ("proxies", "given", "believed"),
    [
        (1, "a1b2c3d4e5f60718", True),
        (0, "a1b2c3d4e5f60718", False),
        (1, "short", False),
        (1, 'x","level":"error', False),
        (1, "x" * 65, False),
    ],
)
def test_a_request_id_is_a_trusted_proxy_s_or_our_own(  # noqa: PLR0917 - three fixtures, three parameters
    open_app, study_folder, log_as, proxies, given, believed
):
    client = open_app(study_folder, trusted_proxies=proxies).test_client()
    log = log_as("json")
    client.get("/", headers={"X-Request-ID": given})
    found = json.loads(log.getvalue().splitlines()[-1])["request_id"]
    assert (found == given) == believed
    assert len(found) == 16


def test_what_a_listener_wrote_cannot_begin_a_line(log_as):
    log = log_as("json")
    logging.getLogger("x").warning("one\ntwo %s", "three\nfour")
    assert json.loads(log.getvalue())["event"] == "one\ntwo three\nfour"


def test_the_values_that_postgresql_quotes_are_struck_out():
    record = logging.LogRecord(
        "x", logging.ERROR, "", 0, "duplicate key\nDETAIL:  Key (token)=(abc) already exists.", None, None
    )
    assert "abc" not in formatter("text").format(record)
    assert "abc" not in formatter("json").format(record)


def test_an_unknown_form_is_refused():
    with pytest.raises(ServeError, match='the log format is "xml"; choose one of text, json'):
        configure_logs("xml")


def test_somebody_elses_token_is_refused_as_if_it_were_none_and_told_of(new_listener, database, caplog):
    from mixeval.models import Rating

    owner, other, stranger = new_listener(), new_listener(), new_listener()
    owner.start()
    other.start()
    page, own = owner.page(), other.page()
    token = page["stimuli"][0]["token"]
    unknown = "A" * len(token)
    with caplog.at_level(logging.WARNING):
        answers = [other.get(f"/audio/{name}") for name in (token, unknown)]
        answers += [stranger.get(f"/audio/{name}") for name in (token, unknown)]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text for answer in answers}) == 1
        foreign = other.put(page, [other.rating(page)])
        address = page["ratings_url"].replace(page["page"], unknown)
        nowhere = other.send("PUT", address, {"ratings": [other.rating(own)]})
        assert (foreign.status_code, foreign.json) == (nowhere.status_code, nowhere.json)
        assert other.put(own, [other.rating(own, stimulus=token)]).status_code == 403
        events = [
            {"id": "e", "page": page["page"], "kind": "play", "stimulus": None, "client_ms": 1, "detail": {}}
        ]
        assert other.events(events).status_code == 403
    told = [record.getMessage() for record in caplog.records if "audit" in record.getMessage()]
    assert len(told) == 5, told
    owners = {line.rsplit("owner=", 1)[1] for line in told}
    assert len(owners) == 1
    assert not any(name in line for line in told for name in (token, page["page"]))
    with database.read() as db:
        assert db.query(Rating).count() == 0


def test_a_page_that_is_not_served_yet_is_refused_and_nothing_stored(listener, database):
    from mixeval.models import Page, Rating

    listener.start()
    page = listener.page()
    with database.read() as db:
        later = db.query(Page).filter(Page.position == 1).one()
        tokens = [sound.token for sound in later.stimuli]
    address = page["ratings_url"].replace(page["page"], later.id)
    rating = listener.rating(page, stimulus=tokens[0])
    assert listener.send("PUT", address, {"ratings": [rating]}).status_code == 403
    with database.read() as db:
        assert db.query(Rating).count() == 0
