"""A file that goes or changes while people are listening: the page waits, and nothing is rated in its place."""

import pytest

from mixeval.manifest import FOLDER, read_manifest
from mixeval.models import Page, Rating
from mixeval_webapp import readiness


@pytest.fixture
def page(listener):
    listener.start()
    return listener.page()


@pytest.fixture(params=["missing", "changed"])
def take_away(request, study_folder, database, page):
    """Take one file of the listener's page away, or change it; return what puts it back."""
    with database.read() as db:
        item = db.get_one(Page, page["page"]).item
    path = study_folder / FOLDER / read_manifest(study_folder).of_item(item)[1].file
    sound = path.read_bytes()

    def take():
        if request.param == "missing":
            path.unlink()
        else:
            path.write_bytes(bytes(len(sound)))
        return lambda: path.write_bytes(sound)

    return take


def test_listeners_are_asked_to_try_again_and_go_on_once_the_file_is_back(listener, page, take_away):
    put_back = take_away()
    shown = listener.get("/test")
    assert shown.status_code == 503
    assert "Please try again later" in shown.text
    assert "Retry-After" in shown.headers
    # All of the page, since mixes are judged against each other.
    heard = [listener.get(stimulus["url"]) for stimulus in page["stimuli"]]
    assert {answer.status_code for answer in heard} == {503}
    put_back()
    again = listener.page()
    assert again["page"] == page["page"]
    assert listener.get(again["stimuli"][0]["url"]).status_code == 200


def test_nobody_goes_on_without_the_mix_that_we_could_not_send(listener, page, take_away, database):
    put_back = take_away()
    given_up = listener.ratings(page)
    given_up[1] |= {"value": None, "moved": False, "played": False, "unplayable": True}
    answer = listener.complete(page, given_up)
    assert answer.status_code == 503
    assert answer.json["detail"].startswith("A recording cannot be played")
    with database.read() as db:
        assert db.get_one(Page, page["page"]).completed_at is None
        assert db.query(Rating).count() == 0
    put_back()
    # With all files here it is this one browser's trouble, which holds nobody up.
    assert listener.complete(page, given_up).status_code == 200


def test_what_was_heard_before_is_still_kept(listener, page, take_away):
    take_away()
    assert listener.put(page, listener.ratings(page)).status_code == 200
    assert listener.complete(page, listener.ratings(page)).status_code == 200


def test_the_researcher_is_told_the_file_and_listeners_are_not(  # noqa: PLR0917 - fixtures
    listener, page, take_away, app, monkeypatch, caplog, study_folder
):
    monkeypatch.setattr(readiness, "is_nearly_full", lambda **_: False)
    take_away()
    received = [listener.get("/test").text, listener.get(page["stimuli"][0]["url"]).text]
    answer = app.test_client().get("/readyz")
    received.append(answer.text)
    assert answer.status_code == 503
    assert answer.json["checks"]["stimuli"] == "missing or changed"
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    names = [stimulus.file for stimulus in read_manifest(study_folder).stimuli]
    assert any(name in line for name in names for line in errors)
    assert not any(name[:8] in text for name in names for text in received)
