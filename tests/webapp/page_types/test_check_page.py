"""The checks over the API: sounds without a hint, scores that are kept, flags, and sessions that end."""

import io
import re

import numpy as np
import pytest
import soundfile
from sqlalchemy import select

from mixeval.models import PageStimulus, ParticipantSession

BOTH = '[participants.checks]\nheadphones = "both"\n'
LEFT_RIGHT = "[participants.checks]\nleft_right = true\n"
DROPPING = '[participants.checks]\nheadphones = "antiphase"\ndrop_failing = true\n'


def decoded(here, page):
    files = [here.listener.get(stimulus["url"]).data for stimulus in page["stimuli"]]
    return files, [soundfile.read(io.BytesIO(file), always_2d=True) for file in files]


def truth(here, page):
    """What the server knows and the browser does not: the right answer to each sound."""
    with here.database.read() as db:
        rows = {row.token: row.condition for row in db.scalars(select(PageStimulus))}
    return {stimulus["token"]: rows[stimulus["token"]].split(" ")[1] for stimulus in page["stimuli"]}


def answer_all(here, page, choose):
    for token, right in truth(here, page).items():
        assert here.answer(page, {"answer": choose(right)}, subject=token).status_code == 200


def wrong(right):
    return {"left": "right", "right": "left", "1": "2", "2": "3", "3": "1"}[right]


@pytest.mark.parametrize("toml", [BOTH, LEFT_RIGHT, DROPPING], ids=["huggins", "left_right", "antiphase"])
def test_sounds_of_a_check_are_alike_but_for_what_is_heard(visit, toml):
    here = visit(toml)
    page = here.page()
    files, sounds = decoded(here, page)
    assert {len(file) for file in files} == {page["bytes"]}
    assert {(samples.shape, rate) for samples, rate in sounds} == {((page["frames"], 2), 44100)}
    assert page["sample_rate"] == 44100
    # STREAMINFO without smallest and largest frame and without MD5, then padding: no other metadata.
    assert all(file[12:18] == bytes(6) and file[26:42] == bytes(16) for file in files)
    text = here.listener.get("/test").text
    assert not re.search(r"huggins [123]|antiphase [123]|side (left|right)", text)


def test_each_answer_is_right_as_often_as_every_other(visit):
    here = visit(BOTH)
    assert sorted(truth(here, here.page()).values()) == ["1", "1", "2", "2", "3", "3"]
    answer_all(here, here.page(), lambda right: right)
    here.finish(here.page())
    assert sorted(truth(here, here.page()).values()) == ["1", "1", "2", "2", "3", "3"]


def test_a_left_sound_is_on_the_left(visit):
    here = visit(LEFT_RIGHT)
    page = here.page()
    sides = list(truth(here, page).values())
    assert sorted(sides) == ["left", "left", "right", "right"]
    for side, (samples, _) in zip(sides, decoded(here, page)[1], strict=True):
        levels = np.abs(samples).max(axis=0)
        assert (levels[0] > 0, levels[1] > 0) == (side == "left", side == "right")


def test_who_is_right_each_time_passes_and_the_scores_are_kept(visit):
    here = visit(BOTH)
    for kind, needed in (("huggins", 6), ("antiphase", 5)):
        page = here.page()
        assert page["type"] == kind
        answer_all(here, page, lambda right: right)
        assert here.finish(page).status_code == 200
        stored = {name: value for (subject, name), value in here.answers().items() if not subject}
        assert stored == {"score": 6, "trials": 6, "pass_mark": needed}
    assert here.flags() == {}


@pytest.mark.parametrize(
    ("toml", "flag", "needed", "trials"),
    [(LEFT_RIGHT, "left_right", 4, 4), (BOTH, "headphones", 6, 6)],
)
def test_who_fails_is_flagged_with_the_score_and_goes_on(visit, toml, flag, needed, trials):
    here = visit(toml)
    page = here.page()
    answer_all(here, page, wrong)
    assert here.finish(page).status_code == 200
    detail = {"check": page["type"], "score": 0, "trials": trials, "pass_mark": needed}
    assert here.flags() == {flag: detail}
    assert here.page()["number"] == 2


def test_five_of_six_quietest_tones_are_enough(visit):
    here = visit('[participants.checks]\nheadphones = "antiphase"\n')
    page = here.page()
    for place, (token, right) in enumerate(truth(here, page).items()):
        here.answer(page, {"answer": right if place else wrong(right)}, subject=token)
    assert here.finish(page).status_code == 200
    assert here.answers()["", "score"] == 5
    assert here.flags() == {}


def test_a_study_may_end_the_session_of_those_who_fail_with_a_polite_page(visit):
    here = visit(DROPPING)
    page = here.page()
    answer_all(here, page, wrong)
    here.finish(page)
    assert set(here.flags()) == {"headphones", "screened_out"}
    text = here.listener.get("/test").text
    assert "Thank you for your time" in text
    assert "page-data" not in text
    with here.database.read() as db:
        (session,) = db.query(ParticipantSession)
    assert (session.completed_at, session.completion_code) == (None, None)


def test_next_waits_for_every_sound_and_unknown_answers_are_refused(visit):
    here = visit(LEFT_RIGHT)
    page = here.page()
    token = page["stimuli"][2]["token"]
    assert here.answer(page, {"answer": "left"}, subject=token).status_code == 200
    assert here.answer(page, {"answer": "middle"}, subject=token).status_code == 422
    assert here.answer(page, {"answer": "left"}).status_code == 422
    assert here.finish(page).json["missing"] == {"answer": ["1", "2", "4"]}


def test_sounds_of_a_check_are_served_to_their_listener_alone(visit):
    here = visit(LEFT_RIGHT)
    url = here.page()["stimuli"][0]["url"]
    assert here.listener.get(url).status_code == 200
    here.listener.forget()
    assert here.listener.get(url).status_code == 404
