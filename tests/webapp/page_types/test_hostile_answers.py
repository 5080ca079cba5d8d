"""What no page of ours sends: each is refused by a sentence, and nothing that it claims goes unnoticed."""

import pytest

CHECK = "[participants.checks]\nleft_right = true\n"


@pytest.mark.parametrize("value", [[], {}, ["left"], {"left": 1}, True, 1, 10**30, "left\n", None])
def test_an_answer_to_a_check_of_another_shape_is_refused(visit, value):
    here = visit(CHECK)
    page = here.page()
    answer = here.answer(page, {"answer": value}, subject=page["stimuli"][0]["token"])
    assert answer.status_code == 422
    assert here.answers() == {}


def test_nobody_writes_their_own_score(visit):
    here = visit(CHECK)
    page = here.page()
    token = page["stimuli"][0]["token"]
    for name in ("score", "trials", "pass_mark"):
        assert here.answer(page, {name: 4}).status_code == 422
        assert here.answer(page, {name: 4}, subject=token).status_code == 422


@pytest.mark.parametrize(
    "values", [[1, 1 + 1e-10, 3, 4], [1, 2, 3, 3 + 1e-9]], ids=["at the bottom", "at the top"]
)
def test_a_tie_by_a_hair_is_no_order(ask, give, values):
    listener = ask('page = "ranking"')
    page = listener.page()
    answer = listener.complete(page, give(page, values))
    assert answer.status_code == 422


@pytest.mark.parametrize("page_type", ["single_axis", "sliders", "ab", "abx", "acr", "ranking", "bs1116"])
def test_who_says_that_nothing_plays_goes_on_and_is_flagged(ask, give, flags_of, page_type):
    reference = '\nreference = "reference_dry"' if page_type == "bs1116" else ""
    listener = ask(f'page = "{page_type}"{reference}')
    page = listener.page()
    sent = give(page, [None] * len(page["stimuli"]), unplayable=True, played=False, listened_seconds=0)
    assert listener.complete(page, sent).status_code == 200
    ((name, detail),) = flags_of(listener)
    assert name == "unplayable"
    assert detail == {"page": 1, "sounds": [stimulus["label"] for stimulus in page["stimuli"]]}


def test_a_check_that_did_not_play_is_told_from_one_that_was_failed(visit):
    here = visit(CHECK)
    page = here.page()
    for stimulus in page["stimuli"]:
        here.answer(page, {"answer": "unplayable"}, subject=stimulus["token"])
    assert here.finish(page).status_code == 200
    assert set(here.flags()) == {"left_right", "unplayable"}


def test_after_a_failed_check_has_ended_the_session_no_page_takes_anything(visit, all_pages):
    here = visit('[participants.checks]\nheadphones = "antiphase"\ndrop_failing = true\n')
    page = here.page()
    for stimulus in page["stimuli"]:
        here.answer(page, {"answer": "unplayable"}, subject=stimulus["token"])
    here.finish(page)
    assert here.page() is None
    for later, tokens in all_pages(here)[1:]:
        ratings = [here.listener.rating({"stimuli": [{"token": token}]}) for token in tokens]
        url = f"/api/pages/{later}"
        assert here.listener.send("PUT", f"{url}/ratings", {"ratings": ratings}).status_code == 403
        body = {"ratings": ratings, "sequence": 1}
        assert here.listener.send("POST", f"{url}/complete", body).status_code == 403


def test_a_step_that_was_not_opened_cannot_be_finished(visit, all_pages):
    here = visit('[participants]\nquestionnaire = ["age"]\nlevel = {}\n')
    (first, _), (level, _), *_ = all_pages(here)
    for page in (first, level):
        body = {"ratings": [], "answers": [], "sequence": 1}
        assert here.listener.send("POST", f"/api/pages/{page}/complete", body).status_code == 403
    shown = here.page()
    assert shown["page"] == first
    answer = {"subject": "", "name": "volume_db", "value": -6, "sequence": 1}
    assert here.listener.send("PUT", f"/api/pages/{first}/answers", {"answers": [answer]}).status_code == 422
    assert here.listener.send("PUT", f"/api/pages/{level}/answers", {"answers": [answer]}).status_code == 403
