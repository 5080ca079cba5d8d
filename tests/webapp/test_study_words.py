"""What study.toml leaves out is said in the study's language; what it says stays as it is written."""

import json
import tomllib
from pathlib import Path

import pytest

import mixeval_webapp
from mixeval.listening_pages import LISTENING_PAGES
from mixeval.study import ParticipantsSection, Study, parse_study
from mixeval_webapp.messages import messages_in
from mixeval_webapp.study_words import in_its_language

LANGUAGES = sorted(path.stem for path in (Path(mixeval_webapp.__file__).parent / "messages").glob("*.toml"))


def study(page, language="en", **test):
    extra = {"reference": "a"} if page == "bs1116" else {}
    values = "\n".join(
        f"{key} = {json.dumps(value)}" for key, value in {"page": page, **extra, **test}.items()
    )
    return parse_study(
        f'[study]\ntitle = "T"\nlanguage = "{language}"\n[stimuli]\ndataset = {{ kind = "synthetic" }}\n'
        '[[stimuli.conditions]]\nid = "a"\nmethod = "reference"\nrole = "reference"\n'
        f'[[stimuli.conditions]]\nid = "b"\nmethod = "sum"\n[test]\n{values}\n'
    )


def texts_of(one):
    return one.test.question, one.test.instructions, *getattr(one.test, "scale", ())


@pytest.mark.parametrize("page", LISTENING_PAGES)
def test_the_english_messages_are_the_defaults_of_study_toml(page):
    assert in_its_language(study(page)) == study(page)


def test_the_english_messages_hold_no_text_that_no_page_has():
    known = {f"{page}_{name}" for page in LISTENING_PAGES for name in ("question", "instructions")}
    for page, model in LISTENING_PAGES.items():
        scale = model.model_fields.get("scale")
        known |= {f"{page}_scale_{n}" for n in range(1, 1 + len(scale.default if scale else ()))}
    assert set(messages_in("en").tables["study"]) == known | {"consent", "thanks"}


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
@pytest.mark.parametrize("page", LISTENING_PAGES)
def test_no_text_that_is_left_out_stays_english(page, language):
    english, other = study(page), in_its_language(study(page, language))
    same = {text for text in texts_of(english) if text in texts_of(other)}
    assert same <= {"Neutral", "Imperceptible"}, "these two are Spanish and French words too"
    assert len(texts_of(other)) == len(set(texts_of(other)))
    assert other.participants.consent != english.participants.consent
    assert other.participants.thanks != english.participants.thanks


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", LISTENING_PAGES)
def test_every_default_is_one_that_study_toml_could_say(page, language):
    spoken = in_its_language(study(page, language))
    assert Study.model_validate_json(spoken.canonical_json()) == spoken
    assert spoken.test.attributes_asked[0].question == spoken.test.question


def test_what_study_toml_says_stays():
    own = study("acr", "de", question="Wie klingt es?", scale=["1", "2", "3", "4", "5"])
    spoken = in_its_language(own)
    assert spoken.test.question == "Wie klingt es?"
    assert spoken.test.scale == ("1", "2", "3", "4", "5")
    assert spoken.test.instructions != own.test.instructions


def test_a_stored_study_is_told_in_its_language_too():
    stored = Study.model_validate_json(study("ab", "ja").canonical_json())
    assert in_its_language(stored) == in_its_language(study("ab", "ja"))
    assert in_its_language(stored).participants.consent != ParticipantsSection().consent


def test_a_study_changes_a_default_in_its_messages():
    own = study("ab", "fa").model_copy(
        update={"messages": tomllib.loads('[fa.study]\nab_question = "کدام؟"')}
    )
    assert in_its_language(own).test.question == "کدام؟"
    assert in_its_language(own).test.instructions == study("ab").test.instructions
