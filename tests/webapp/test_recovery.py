"""Judge: Python's own HMAC over the file, and what the same answers would have stored over the network."""

import hashlib
import hmac
import json

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.models import Event, Flag, Rating
from mixeval_webapp.app import site_of
from mixeval_webapp.recovery import RecoveryError, recover


@pytest.fixture
def page(listener):
    listener.start()
    return listener.page()


@pytest.fixture
def bring_in(app, tmp_path):
    def write_and_recover(document):
        path = tmp_path / "answers.mixeval.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        site = site_of(app)
        return recover(site.database, site.versions, path)

    return write_and_recover


def entry(page, kind, body):
    return {"kind": kind, "page": page["page"], "body": body}


def waiting(listener, page, **changes):
    event = {"id": "e1", "page": page["page"], "kind": "play", "stimulus": None, "client_ms": 5, "detail": {}}
    ratings = [entry(page, "rating", rating) for rating in listener.ratings(page, **changes)]
    return [*ratings, entry(page, "event", event)]


def signed(page, entries, *, secret=None):
    text = json.dumps(entries)
    secret = secret or page["resume_url"].rsplit("/", maxsplit=1)[1]
    key = hashlib.sha256(secret.encode()).hexdigest().encode()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return {"format": "mixeval waiting answers", "version": 1, "waiting": text, "signature": signature}


def stored(database, model):
    with database.read() as db:
        return db.query(model).all()


def test_a_file_is_stored_once_however_often_it_comes_and_flags_its_session(
    listener, page, bring_in, database
):
    file = signed(page, waiting(listener, page))
    for _ in range(3):
        found = bring_in(file)
        assert (found.stored, found.finished, found.refused) == (5, 0, 0)
    assert sorted(row.value for row in stored(database, Rating)) == [0, 10, 20, 30]
    assert len(stored(database, Event)) == 1
    assert [(row.name, row.detail) for row in stored(database, Flag)] == [("recovered", {"entries": 5})]


def test_where_a_browser_cannot_sign_the_secret_itself_proves_the_file(listener, page, bring_in):
    file = signed(page, waiting(listener, page))
    del file["signature"]
    secret = page["resume_url"].rsplit("/", maxsplit=1)[1]
    assert bring_in(file | {"secret": secret}).stored == 5
    with pytest.raises(RecoveryError, match="not signed by any session"):
        bring_in(file | {"secret": secret[::-1]})
    with pytest.raises(RecoveryError, match="not signed by any session"):
        bring_in(file)


def test_an_older_file_never_goes_over_what_came_since(listener, page, bring_in, database):
    file = signed(page, waiting(listener, page, sequence=5))
    listener.put(page, listener.ratings(page, value=77, sequence=9))
    assert bring_in(file).stored == 5
    assert {row.value for row in stored(database, Rating)} == {77}
    listener.complete(page, [])
    assert bring_in(signed(page, waiting(listener, page, value=1, sequence=20))).finished == 4
    assert {row.value for row in stored(database, Rating)} == {77}


def test_a_changed_file_or_anothers_signature_is_refused_whole(
    listener, new_listener, page, bring_in, database
):
    other = new_listener()
    other.start()
    theirs = other.page()
    entries = waiting(listener, page)
    changed = signed(page, entries)
    changed["waiting"] = changed["waiting"].replace('"value": 10', '"value": 90')
    for file in (changed, signed(theirs, entries)):
        with pytest.raises(RecoveryError, match="not signed by any session"):
            bring_in(file)
    assert stored(database, Rating) == []


def test_answers_of_another_participant_in_the_same_browser_are_left_out(
    listener, new_listener, page, bring_in, database
):
    other = new_listener()
    other.start()
    mixed = [*waiting(listener, page), *waiting(other, other.page())]
    found = bring_in(signed(page, mixed))
    assert (found.stored, found.refused) == (5, 5)
    assert len(stored(database, Rating)) == 4


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{",
        "[]",
        '{"format": "mixeval waiting answers"}',
        '{"format": "mixeval waiting answers", "version": 1, "waiting": "[]"}',
        '{"format": "mixeval waiting answers", "version": 1, "waiting": "[],\\"x\\":[]"}',
        json.dumps({"format": "mixeval waiting answers", "version": 1, "waiting": "[" * 30_000}),
        json.dumps({"format": "mixeval waiting answers", "version": 1, "waiting": '[{"kind": "rating"}]'}),
        '{"format": "mixeval waiting answers", "version": 1, "waiting": "[\\ud800]"}',
    ],
)
def test_what_no_page_would_have_saved_is_refused_in_words(bring_in, document):
    with pytest.raises(RecoveryError):
        bring_in(document)


def test_the_command_says_whose_answers_they_were_and_never_the_secret(
    listener, page, study_folder, tmp_path
):
    path = tmp_path / "answers.mixeval.json"
    path.write_text(json.dumps(signed(page, waiting(listener, page))), encoding="utf-8")
    found = CliRunner().invoke(main, ["recover", str(study_folder), str(path)])
    assert (found.exit_code, "5 answers and events are stored" in found.output) == (0, True)
    assert page["resume_url"].rsplit("/", maxsplit=1)[1] not in found.output
    missing = CliRunner().invoke(main, ["recover", str(study_folder), str(tmp_path / "none.json")])
    assert missing.exit_code == 1
    assert "cannot be read" in missing.output
