"""A study with every step there is, taken by simulated listeners; and the first and the last page of it."""

import re

import pytest
from sqlalchemy import func, select

from mixeval.database import open_database
from mixeval.errors import StudyError
from mixeval.models import Answer, Event, Flag, Page, ParticipantSession
from mixeval.settings import database_url
from mixeval.study import read_study
from mixeval_webapp.simulate.crowd import simulate_study, simulate_url

EVERYTHING = """
[participants]
consent_boxes = ["I am 18 or older.", { text = "You may publish my ratings.", required = false }]
questionnaire = ["age", "gender", "experience", "headphones", "headphone_model", "environment"]
final_comments = true
practice_items = ["shuffle"]
familiarisation = {}
level = {}
redirect = "https://example.org/back?cc={code}&id={participant}"

[[participants.questions]]
id = "sure"
ask = "How sure are you?"
type = "scale"
at = "after_page"

[[participants.questions]]
id = "why"
ask = "Why?"
type = "choices"
options = ["Noise", "Alike"]
at = "after_page"
if = { question = "sure", is = [1, 2, 3] }

[participants.checks]
left_right = true
headphones = "both"
"""
KINDS = [
    *("questions_start", "level", "left_right", "huggins", "antiphase"),
    *("familiarisation", "sliders", "sliders", "questions_after", "questions_end"),
]


def add(study_folder, toml):
    path = study_folder / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + toml, encoding="utf-8")


@pytest.fixture
def stored():
    """Read a study's database, and close it."""
    opened = []

    def read(study_folder, query):
        database = open_database(database_url(study_folder, {}))
        opened.append(database)
        with database.read() as db:
            return [tuple(row) for row in db.execute(query)]

    yield read
    for database in opened:
        database.close()


def test_simulated_listeners_take_every_step_and_some_fail_a_check(study_folder, stored):
    add(study_folder, EVERYTHING)
    listeners = 8
    assert simulate_study(study_folder, listeners=listeners, seed=2) == listeners * 2
    sessions = stored(
        study_folder, select(ParticipantSession.completion_code, ParticipantSession.consent_boxes)
    )
    assert all(code is not None and boxes == ["I am 18 or older."] for code, boxes in sessions)
    kinds = stored(study_folder, select(Page.kind).order_by(Page.session_id, Page.position))
    assert [kind for (kind,) in kinds] == KINDS * listeners
    scores = stored(study_folder, select(Page.kind, Answer.value).join(Answer).where(Answer.name == "score"))
    by_kind = {kind: [score for of, score in scores if of == kind] for kind in KINDS}
    # Their ears are other code than what made the sounds; who does not guess hears every one.
    full = {"left_right": 4, "huggins": 6, "antiphase": 6}
    failed = {kind: sum(score < best for score in by_kind[kind]) for kind, best in full.items()}
    assert all(
        len(by_kind[kind]) == listeners and by_kind[kind].count(best) >= 5 for kind, best in full.items()
    )
    flagged = stored(study_folder, select(Flag.name, func.count()).group_by(Flag.name))
    assert dict(flagged).get("left_right", 0) == failed["left_right"]
    assert sum(failed.values()) > 0
    volumes = stored(study_folder, select(Page.kind).join(Event).where(Event.kind == "volume").distinct())
    assert volumes == [("level",)]


def test_listeners_at_an_address_take_every_step_by_ear(study_folder, open_app, serve, stored):
    add(study_folder, EVERYTHING)
    with serve(open_app(study_folder)) as url:
        assert simulate_url(url, listeners=1, seed=3) == 2
    assert stored(study_folder, select(ParticipantSession.completed_at.is_not(None))) == [(True,)]


def test_the_same_seed_answers_alike(tmp_path, write_study, stored):
    found = []
    for name in ("one", "two"):
        folder = write_study(tmp_path / name)
        add(folder, EVERYTHING)
        simulate_study(folder, listeners=1, seed=9)
        query = select(Answer.name, Answer.value).join(Page).where(Page.kind.startswith("questions"))
        found.append(sorted(map(str, stored(folder, query))))
    assert found[0] == found[1]


def test_who_leaves_a_required_box_empty_stays_on_the_first_page_with_what_was_ticked(visit):
    here = visit(EVERYTHING, start=False)
    refused = here.listener.start(box_1="1")
    assert refused.status_code == 422
    assert "Please tick every box" in refused.text
    assert re.search(r'name="box_1" value="1"\s+checked', refused.text)
    assert here.kinds() == []
    assert here.listener.start(box_0="1", box_1="1").status_code == 303
    with here.database.read() as db:
        boxes = db.scalars(select(ParticipantSession.consent_boxes)).one()
    assert boxes == ["I am 18 or older.", "You may publish my ratings."]


def test_the_version_of_the_consent_changes_with_its_text_and_its_boxes(
    tmp_path, write_study, stored, listener_on, open_app
):
    versions = set()
    for name, toml in (
        ("a", ""),
        ("b", '[participants]\nconsent_boxes = ["Yes"]'),
        ("c", '[participants]\nconsent = "Well"'),
    ):
        folder = write_study(tmp_path / name)
        add(folder, toml)
        listener_on(open_app(folder)).start(box_0="1")
        versions |= set(stored(folder, select(ParticipantSession.consent_sha256)))
    assert len(versions) == 3


def test_who_does_not_agree_is_told_that_nothing_was_stored_and_nothing_is(visit):
    here = visit(EVERYTHING, start=False)
    first = here.listener.get("/").text
    address = re.search(r'href="([^"]+)">I do not agree', first).group(1)
    answer = here.listener.get(address)
    assert answer.status_code == 200
    assert "Nothing about you was stored" in answer.text
    assert here.kinds() == []


def test_the_last_page_leads_on_with_code_and_pseudonym_and_names_the_place(visit):
    here = visit('[participants]\nredirect = "https://example.org/back?cc={code}&id={participant}"\n')
    text = here.listener.finish().text
    with here.database.read() as db:
        session = db.scalars(select(ParticipantSession)).one()
        expected = f"https://example.org/back?cc={session.completion_code}&amp;id={session.participant.code}"
    assert f'href="{expected}"' in text
    assert "You go back to example.org." in text
    assert "form-action 'self'" in here.listener.get("/test").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('redirect = "javascript:alert(1)"', "begins with https:// or http://"),
        ('redirect = "//example.org/"', "begins with https:// or http://"),
        ('redirect = "https://{code}.example.org/"', "in its host"),
        ('redirect = "https://example.org/{name}"', "{code} and {participant} only"),
        ('questionnaire = ["age", "age"]', '"age" is there twice'),
        ('questionnaire = ["income"]', "income"),
        ('questions = [{ id = "age", ask = "Age?" }]', '"age" is taken'),
        ('questions = [{ id = "a", ask = "A?", type = "choice", options = ["x"] }]', "at least two options"),
        ('questions = [{ id = "a", ask = "A?", options = ["x", "y"] }]', "is no choice"),
        ('questions = [{ id = "a", ask = "A?", type = "number", low = 3, high = 2 }]', "low above high"),
        ('questions = [{ id = "a", ask = "A?", type = "scale", low = 1, high = 99 }]', "21 steps"),
        ('questions = [{ id = "a", ask = "A?", items = ["x"] }]', "has items"),
        (
            'questions = [{ id = "a", ask = "A?", if = { question = "b", is = ["x"] } }]',
            "is not asked before it",
        ),
        (
            'questions = [{ id = "b", ask = "B?", type = "choice", options = ["x", "y"] }, { id = "a", ask = "A?", if = { question = "b", is = ["z"] } }]',
            "does not offer",
        ),
        (
            'questions = [{ id = "b", ask = "B?", type = "choice", options = ["x", "y"], flag = { f = ["z"] } }]',
            "none of its options",
        ),
        ('checks = { headphones = "bass" }', "headphones"),
        ('level = { condition = "nobody" }', '"nobody"'),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(study_folder, toml, words):
    add(study_folder, f"[participants]\n{toml}\n")
    with pytest.raises(StudyError) as caught:
        read_study(study_folder)
    assert words in str(caught.value)
