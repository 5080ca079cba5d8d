import logging
import time

import numpy as np
import pytest
import soundfile

from mixeval.manifest import FOLDER, read_manifest
from mixeval.models import Page, Participant, ParticipantSession
from mixeval_webapp.app import site_of

pytestmark = pytest.mark.both_databases


def test_a_visit_goes_from_consent_over_every_page_to_a_code_that_stays(listener):
    assert listener.get("/").status_code == 200
    answer = listener.start()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/test")
    seen = []
    while (page := listener.page()) is not None:
        seen.append((page["number"], page["count"], [s["label"] for s in page["stimuli"]]))
        assert listener.complete(page, listener.ratings(page)).json == {"next": "/test"}
    assert seen == [(1, 2, list("ABCD")), (2, 2, list("ABCD"))]
    assert listener.get("/test").text == listener.get("/test").text


def test_the_completion_code_is_the_one_in_the_database(listener, database):
    listener.start()
    text = listener.finish().text
    with database.read() as db:
        (session,) = db.query(ParticipantSession)
    assert session.completed_at is not None
    assert session.completion_code in text


def test_page_data_is_exactly_what_the_rating_page_was_promised(listener):
    listener.start()
    page = listener.page()
    assert set(page) == {
        *("page", "type", "number", "count", "title", "instructions", "axes", "values", "starts", "unrated"),
        *("sample_rate", "frames", "bytes", "stimuli", "answers", "volume_db", "next_sequence", "next_audio"),
        *(
            "next_bytes",
            "minimum_seconds",
            "comments",
            "loop",
            "waveform",
            "show_values",
            "scale_as",
            "words",
            "words_url",
        ),
        *("lock_volume", "practice"),
        *("ratings_url", "answers_url", "complete_url", "events_url", "hold_url", "next_url", "resume_url"),
    }
    assert (page["sample_rate"], page["frames"], page["next_url"]) == (44100, 22050, "/test")
    assert page["axes"] == [
        {
            "attribute": "preference",
            "question": "How much do you like each mix?",
            "scale": ["Dislike very much", "Neutral", "Like very much"],
        }
    ]
    assert (page["title"], page["volume_db"]) == ("Drums <in a> room", -6.0)
    # By the server's clock, whatever the browser's says.
    assert abs(page["next_sequence"] / 1000 - time.time()) < 60
    for stimulus in page["stimuli"]:
        assert stimulus["url"] == f"/audio/{stimulus['token']}"
        assert stimulus["answers"] == []


def test_a_reload_comes_back_to_the_same_page_with_order_values_and_volume(listener):
    listener.start()
    page = listener.page()
    listener.put(page, [listener.rating(page, 2, value=33, sequence=41)])
    event = {"id": "v1", "page": page["page"], "kind": "volume", "stimulus": None}
    listener.events([event | {"client_ms": 5, "detail": {"db": -12}}])
    again = listener.page()
    assert [s["token"] for s in again["stimuli"]] == [s["token"] for s in page["stimuli"]]
    assert [len(s["answers"]) for s in again["stimuli"]] == [0, 0, 1, 0]
    (answer,) = again["stimuli"][2]["answers"]
    assert (answer["value"], answer["listened_seconds"]) == (33, 2.5)
    assert again["volume_db"] == -12.0
    assert again["next_sequence"] > page["next_sequence"]


def test_the_resume_link_opens_the_same_page_in_another_browser(listener, new_listener):
    listener.start()
    page = listener.page()
    another = new_listener()
    assert another.get(page["resume_url"]).headers["Location"] == "/test"
    assert another.page()["page"] == page["page"]


def test_an_unknown_resume_link_is_a_friendly_page(listener):
    answer = listener.get("/resume/AAAAAAAAAAAAAAAAAAAAAA")
    assert answer.status_code == 404
    assert "copy the whole link" in answer.text
    assert "mixeval_session" not in answer.headers.get("Set-Cookie", "")


def test_nobody_gets_to_a_page_without_consent(listener):
    assert listener.get("/test").headers["Location"] == "/"


def test_the_first_page_offers_to_continue_only_while_there_is_something_left(listener):
    offer = 'href="/test"'
    assert offer not in listener.get("/").text
    listener.start()
    assert offer in listener.get("/").text
    listener.finish()
    assert offer not in listener.get("/").text


def test_consent_without_its_form_token_starts_nothing(listener, database):
    answer = listener.client.post("/start", data={})
    assert answer.status_code == 400
    with database.read() as db:
        assert db.query(Participant).count() == 0


def test_a_double_click_on_agree_starts_one_session(listener, database):
    form = listener.form()
    listener.client.post("/start", data=form)
    listener.client.post("/start", data=form)
    with database.read() as db:
        assert db.query(Participant).count() == 1
    listener.start()
    with database.read() as db:
        assert db.query(Participant).count() == 2


def test_sessions_differ_in_order_tokens_and_pseudonym(new_listener, database):
    orders, tokens = set(), set()
    for _ in range(12):
        listener = new_listener()
        listener.start()
        tokens |= {stimulus["token"] for stimulus in listener.page()["stimuli"]}
    with database.read() as db:
        for page in db.query(Page).filter(Page.position == 0):
            orders.add((page.item, *(stimulus.condition for stimulus in page.stimuli)))
        codes = {participant.code for participant in db.query(Participant)}
    assert len(tokens) == 48
    assert len(codes) == 12
    assert len(orders) > 6


def test_simulated_listeners_say_so_and_nobody_else_is_marked(new_listener, database):
    new_listener().start(simulated="1")
    new_listener().start()
    with database.read() as db:
        assert [participant.simulated for participant in db.query(Participant)] == [True, False]


def test_nothing_that_names_a_person_or_a_machine_is_stored(listener, database):
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    listener.client.environ_base["HTTP_USER_AGENT"] = agent
    listener.start()
    with database.read() as db:
        assert db.query(ParticipantSession).one().browser == "Firefox on desktop"


@pytest.fixture
def audio_url(listener):
    listener.start()
    return listener.page()["stimuli"][0]["url"]


def test_audio_is_the_rendered_file_sample_for_sample(listener, database, study_folder, tmp_path):
    listener.start()
    page = listener.page()
    with database.read() as db:
        row = db.get_one(Page, page["page"])
        conditions = {stimulus.token: stimulus.condition for stimulus in row.stimuli}
    stored = {s.condition: s.file for s in read_manifest(study_folder).of_item(row.item)}
    for stimulus in page["stimuli"]:
        answer = listener.get(stimulus["url"])
        assert len(answer.data) == page["bytes"]
        (tmp_path / "heard.flac").write_bytes(answer.data)
        heard, rate = soundfile.read(tmp_path / "heard.flac", dtype="int32")
        file = study_folder / FOLDER / stored[conditions[stimulus["token"]]]
        assert np.array_equal(heard, soundfile.read(file, dtype="int32")[0])
        assert (rate, len(heard)) == (page["sample_rate"], page["frames"])


def test_audio_headers_say_nothing_but_flac(listener, audio_url):
    headers = dict(listener.get(audio_url).headers)
    assert headers["Content-Type"] == "audio/flac"
    assert headers["ETag"] == f'"{audio_url.removeprefix("/audio/")}"'
    assert headers["Cache-Control"] == "private, max-age=86400, immutable"
    assert "Content-Disposition" not in headers
    assert "Last-Modified" not in headers


def test_audio_comes_in_ranges_and_not_twice(listener, audio_url):
    whole = listener.get(audio_url)
    size = len(whole.data)
    cases = {
        "bytes=0-99": (206, whole.data[:100]),
        "bytes=-50": (206, whole.data[-50:]),
        f"bytes={size}-": (416, None),
        "bytes=0-9,20-29": (200, whole.data),
        "seconds=0-1": (200, whole.data),
    }
    for asked, (status, data) in cases.items():
        answer = listener.get(audio_url, headers={"Range": asked})
        assert answer.status_code == status
        assert data is None or answer.data == data
    assert listener.get(audio_url, headers={"Range": f"bytes={size}-"}).headers["Content-Range"] == (
        f"bytes */{size}"
    )
    assert listener.get(audio_url, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304


def test_audio_is_for_its_owner_only(listener, new_listener, audio_url):
    stranger = new_listener()
    assert stranger.get(audio_url).status_code == 404
    stranger.start()
    assert stranger.get(audio_url).status_code == 404
    assert listener.get(audio_url).status_code == 200


@pytest.mark.parametrize("path", ["../study.toml", "%2e%2e/study.toml", "%00", "/etc/passwd", "x" * 5000])
def test_no_path_leads_to_another_file(listener, path):
    listener.start()
    assert listener.get(f"/audio/{path}").status_code in {404, 308}


def test_the_page_after_the_present_one_may_be_fetched_ahead_and_no_later_one(
    open_app, write_study, tmp_path, listener
):
    app = open_app(write_study(tmp_path / "three", items=("shuffle", "reggae", "funk")))
    listener.client = app.test_client()
    listener.start()

    def statuses():
        with site_of(app).database.read() as db:
            tokens = [page.stimuli[0].token for page in db.query(Page).order_by(Page.position)]
        return [listener.get(f"/audio/{token}").status_code for token in tokens]

    assert statuses() == [404, 404, 404]
    page = listener.page()
    assert statuses() == [200, 200, 404]
    for url in page["next_audio"]:
        assert len(listener.get(url).data) == page["next_bytes"]


@pytest.mark.parametrize("change", ["remove", "replace"])
def test_a_file_lost_while_serving_stops_its_page_and_is_logged(listener, study_folder, caplog, change):
    listener.start()
    page = listener.page()
    for path in (study_folder / FOLDER).glob("*.flac"):
        if change == "remove":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes() + b"\0")
    with caplog.at_level(logging.ERROR):
        answer = listener.get(page["stimuli"][0]["url"])
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert ".flac" not in answer.text
    assert ".flac" in caplog.text


def test_an_old_session_keeps_its_texts_and_its_audio_after_a_new_version(
    open_app, study_folder, write_study, listener, new_listener
):
    listener.start()
    page = listener.page()
    before = [listener.get(stimulus["url"]).data for stimulus in page["stimuli"]]
    write_study(study_folder, seed=2)
    path = study_folder / "study.toml"
    path.write_text(path.read_text().replace("How much do you like", "How good is"))
    renewed = open_app(study_folder)
    name, secret = listener.cookie, listener.secret
    listener.client = renewed.test_client()
    listener.client.set_cookie(name, secret)
    again = listener.page()
    # But the number that counts on with the time.
    assert again | {"next_sequence": 0} == page | {"next_sequence": 0}
    assert [listener.get(stimulus["url"]).data for stimulus in again["stimuli"]] == before
    newcomer = new_listener()
    newcomer.client = renewed.test_client()
    newcomer.start()
    assert newcomer.page()["axes"][0]["question"] == "How good is each mix?"
