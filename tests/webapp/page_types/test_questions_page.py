"""Pages of questions over the API: what is asked where, what is taken, what is missing, what is flagged."""

import pytest

SELF_REPORT = """
[participants]
questionnaire = ["age", "gender", "experience", "headphones", "headphone_model", "environment"]
"""

AROUND = """
[[participants.questions]]
id = "rested"
ask = "Are you rested?"
type = "choice"
options = ["Yes", "No"]
at = "before_page"

[[participants.questions]]
id = "sure"
ask = "How sure are you?"
type = "scale"
options = ["Not at all", "Very"]
at = "after_page"
items = ["reggae"]

[[participants.questions]]
id = "last_word"
ask = "Anything else?"
type = "long_text"
required = false
at = "end"
"""

REPORT = {
    "age": 33,
    "gender": "prefer_not_to_say",
    "experience": "hobby",
    "headphones": "studio",
    "environment": "quiet",
}


def test_questions_stand_at_the_start_around_their_pages_and_at_the_end(visit):
    kinds = visit(SELF_REPORT + AROUND).kinds()
    (first, second) = [item for kind, _, item in kinds if kind == "sliders"]
    after = {item: [("questions_after", "step", item)] * (item == "reggae") for item in (first, second)}
    assert kinds == [
        ("questions_start", "step", None),
        ("questions_before", "step", first),
        ("sliders", "rating", first),
        *after[first],
        ("questions_before", "step", second),
        ("sliders", "rating", second),
        *after[second],
        ("questions_end", "step", None),
    ]


def test_the_self_report_is_stored_and_a_quiet_room_with_good_headphones_flags_nothing(visit):
    here = visit(SELF_REPORT)
    page = here.page()
    assert [question["id"] for question in page["questions"]][:2] == ["age", "gender"]
    assert page["questions"][0]["ask"] == "How old are you, in years?"
    assert here.answer(page, REPORT).status_code == 200
    assert here.finish(page).status_code == 200
    assert here.answers() == {("", name): value for name, value in REPORT.items()}
    assert here.flags() == {}
    assert here.page()["type"] == "sliders"


@pytest.mark.parametrize(
    ("answer", "flag"),
    [
        ({"headphones": "budget"}, "budget_headphones"),
        ({"headphones": "speakers"}, "no_headphones"),
        ({"environment": "noisy"}, "noisy_environment"),
    ],
)
def test_budget_headphones_or_a_noisy_room_flag_the_session_which_goes_on(visit, answer, flag):
    here = visit(SELF_REPORT)
    page = here.page()
    here.answer(page, REPORT | answer)
    assert here.finish(page).status_code == 200
    (question, value) = next(iter(answer.items()))
    assert here.flags() == {flag: {"question": question, "answer": value}}
    assert here.page()["type"] == "sliders"


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("age", 33, 200),
        ("age", 33.0, 200),
        ("age", "prefer_not_to_say", 200),
        ("age", None, 200),
        ("age", 33.5, 422),
        ("age", 0, 422),
        ("age", 121, 422),
        ("age", True, 422),
        ("age", "33", 422),
        ("gender", "x" * 200, 200),
        ("gender", "x" * 201, 422),
        ("gender", ["x"], 422),
        ("experience", "hobby", 200),
        ("experience", "expert", 422),
        ("headphones", "prefer_not_to_say", 422),
        ("shoe_size", 44, 422),
    ],
)
def test_an_answer_is_taken_or_refused_by_what_its_question_allows(visit, name, value, status):
    here = visit(SELF_REPORT)
    assert here.answer(here.page(), {name: value}).status_code == status


def test_next_is_refused_with_the_names_of_what_is_missing_and_the_refusal_is_logged(visit):
    here = visit(SELF_REPORT)
    page = here.page()
    here.answer(
        page, {name: REPORT[name] for name in ("age", "gender", "environment")} | {"experience": None}
    )
    refused = here.finish(page)
    assert refused.status_code == 422
    assert refused.json["missing"] == {
        "answer": ["How much experience do you have in mixi…", "What are you listening with"]
    }
    assert here.page()["page"] == page["page"]


def test_a_reload_brings_back_every_answer(visit):
    here = visit(SELF_REPORT)
    here.answer(here.page(), {"age": 41, "gender": "free text"})
    stored = {row["name"]: row["value"] for row in here.page()["answers"]}
    assert stored == {"age": 41, "gender": "free text"}


CONDITIONAL = """
[[participants.questions]]
id = "plays"
ask = "Do you play an instrument?"
type = "choice"
options = ["Yes", "No"]

[[participants.questions]]
id = "which"
ask = "Which one?"
if = { question = "plays", is = ["Yes"] }

[[participants.questions]]
id = "years"
ask = "For how many years?"
type = "number"
low = 0
if = { question = "which", is = ["Drums"] }
"""


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        ({"plays": "No"}, []),
        ({"plays": "Yes"}, ["Which one"]),
        ({"plays": "Yes", "which": "Piano"}, []),
        ({"plays": "Yes", "which": "Drums"}, ["For how many years"]),
        ({"plays": "Yes", "which": "Drums", "years": 3}, []),
        # Hidden questions must have no answer.
        ({"plays": "No", "which": "Drums"}, ["Which one"]),
        ({"plays": "No", "which": "Drums", "years": 3}, ["Which one", "For how many years"]),
        ({"plays": "No", "which": None, "years": None}, []),
    ],
)
def test_a_hidden_question_is_not_required_and_must_be_unanswered(visit, answers, missing):
    here = visit(CONDITIONAL)
    page = here.page()
    here.answer(page, answers)
    refused = here.finish(page)
    assert refused.status_code == (422 if missing else 200)
    assert refused.json.get("missing", {}).get("answer", []) == missing


def test_an_unexpected_answer_to_a_question_of_attention_flags_it(visit):
    question = """
[[participants.questions]]
id = "colour"
ask = "Please choose blue."
type = "choice"
options = ["Red", "Blue"]
expect = ["Blue"]
"""
    here = visit(question)
    here.answer(here.page(), {"colour": "Red"})
    assert here.finish(here.page()).status_code == 200
    assert here.flags() == {"attention": {"question": "colour", "answer": "Red"}}


def test_final_comments_are_the_last_page_and_may_stay_empty(visit):
    here = visit("[participants]\nfinal_comments = true\n")
    assert here.kinds()[-1] == ("questions_end", "step", None)
    while here.page()["type"] == "sliders":
        here.rate(here.page())
    page = here.page()
    assert here.answer(page, {"final_comments": "x" * 2001}).status_code == 422
    assert here.answer(page, {"final_comments": "Fine\nwith me"}).status_code == 200
    assert here.finish(page).status_code == 200
    assert here.page() is None
