"""Messages: every language says everything, with the same things filled in; studies may say it in their own words."""

import gzip
import json
import re
import tomllib
from pathlib import Path

import pytest

import mixeval_webapp
from mixeval.errors import StudyError
from mixeval_webapp.messages import messages_in, placeholders

PACKAGE = Path(mixeval_webapp.__file__).parent
FILES = {path.stem: path for path in (PACKAGE / "messages").glob("*.toml")}
TABLES = {language: tomllib.loads(path.read_text(encoding="utf-8")) for language, path in FILES.items()}
ENGLISH = TABLES["en"]


def test_the_languages_that_are_promised_are_there():
    assert {"en", "de", "fr", "es", "ja"} <= set(FILES)


@pytest.mark.parametrize("language", sorted(set(FILES) - {"en"}))
def test_a_translation_has_every_message_and_no_other(language):
    there = {(table, key) for table, messages in TABLES[language].items() for key in messages}
    wanted = {(table, key) for table, messages in ENGLISH.items() for key in messages}
    assert wanted - there == set()
    assert there - wanted == set()


@pytest.mark.parametrize("language", sorted(FILES))
def test_a_translation_fills_in_what_the_english_message_fills_in(language):
    for table, messages in ENGLISH.items():
        for key, message in messages.items():
            translated = TABLES[language][table][key]
            assert placeholders(translated) == placeholders(message), f"{table}.{key}"
            assert translated.strip() == translated
            assert translated, f"{table}.{key}"


def test_every_message_that_templates_ask_for_is_there_and_none_is_idle():
    sources = [*(PACKAGE / "templates").rglob("*.html"), *PACKAGE.rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    asked = set(re.findall(r'["\']([a-z_]+\.[a-z_0-9]+)["\']', text))
    tables = {
        table: set(messages) for table, messages in ENGLISH.items() if table not in {"browser", "language"}
    }
    for table, keys in tables.items():
        used = {key.split(".")[1] for key in asked if key.split(".")[0] == table}
        # Some keys are put together from a check's, a question's or a place's name.
        if not re.search(rf'["\']{table}\.(?:["\']|\{{)', text):
            assert keys - used == set(), table


def test_every_message_that_scripts_say_is_there_and_none_is_idle():
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "static").rglob("*.js"))
    templates = "\n".join(
        path.read_text(encoding="utf-8") for path in (PACKAGE / "templates").rglob("*.html")
    )
    said = set(re.findall(r'\.say\(\s*"([a-z_0-9]+)"', scripts))
    assert said - set(ENGLISH["browser"]) == set()
    prefixes = tuple(re.findall(r"`([a-z]+_)\$\{", scripts))
    for key in ENGLISH["browser"]:
        assert f'"{key}"' in scripts or f"words.{key}" in templates or key.startswith(prefixes), key


def test_a_region_speaks_its_language_and_an_unknown_language_english():
    assert messages_in("de-AT").say("page.next") == TABLES["de"]["page"]["next"]
    assert messages_in("tlh").language == "en"


def with_language(study_folder, language, messages=None):
    path = study_folder / "study.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("seed = 7", f'seed = 7\nlanguage = "{language}"')
    )
    if messages is not None:
        (study_folder / "messages").mkdir()
        (study_folder / "messages" / f"{language}.toml").write_text(messages, encoding="utf-8")
    return study_folder


def test_a_study_speaks_its_language_from_consent_to_thanks(open_app, study_folder, listener):
    german = TABLES["de"]
    listener.client = open_app(with_language(study_folder, "de")).test_client()
    text = listener.get("/").text
    assert '<html lang="de" dir="ltr">' in text
    assert german["study"]["consent"].split("\n\n", maxsplit=1)[0] in text
    listener.start()
    page = listener.page()
    assert listener.get(page["words_url"]).get_json() == german["browser"]
    assert page["words"] == {"did_not_arrive": german["browser"]["did_not_arrive"]}
    assert page["instructions"] == german["study"]["sliders_instructions"]
    thanks = listener.finish().text
    assert german["thanks"]["title"] in thanks
    assert german["study"]["thanks"] in thanks
    assert german["error"]["title_not_found"] in listener.get("/nothing").text
    assert german["error"]["not_yours"] in listener.get("/resume/nobody").text


def test_words_are_kept_by_a_browser_until_they_change_and_are_only_for_listeners(
    open_app, study_folder, listener
):
    listener.client = open_app(study_folder).test_client()
    listener.start()
    address = listener.page()["words_url"]
    words = listener.get(address, headers={"Accept-Encoding": "gzip"})
    assert words.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(words.data)) == ENGLISH["browser"]
    assert words.cache_control.immutable
    assert words.cache_control.private
    assert open_app(study_folder).test_client().get(address).status_code == 404
    listener.client = open_app(with_language(study_folder, "en", '[browser]\nsaved = "Kept"')).test_client()
    listener.start()
    assert listener.page()["words_url"] != address


def test_a_researcher_adds_a_language_and_changes_a_word(open_app, study_folder, listener):
    persian = '[language]\nname = "فارسی"\ndirection = "rtl"\n[page]\nnext = "بعدی"\n'
    listener.client = open_app(with_language(study_folder, "fa", persian)).test_client()
    listener.start()
    text = listener.get("/test").text
    assert '<html lang="fa" dir="rtl">' in text
    assert ">بعدی<" in text
    assert ENGLISH["page"]["stop"] in text, "what is not translated is said in English"


@pytest.mark.parametrize(
    ("language", "messages", "complaint"),
    [
        ("tlh", None, "there are no messages in it"),
        ("en", '[page]\nnxt = "On"', 'page.nxt is no message of mixeval, did you mean "page.next"'),
        ("en", '[page]\nnumber = "Page {nummer}"', "page.number asks for {nummer}"),
        ("en", "[page]\nnext = 3", "messages.en.page.next is 3"),
    ],
)
def test_messages_that_nobody_could_read_are_refused(open_app, study_folder, language, messages, complaint):
    with pytest.raises(StudyError) as caught:
        open_app(with_language(study_folder, language, messages))
    assert complaint in str(caught.value).replace("; ", ", ")


def test_changed_words_make_a_new_version(open_app, study_folder):
    before = open_app(study_folder).extensions["mixeval"].version_id
    with_language(study_folder, "en", '[page]\nnext = "On"')
    assert open_app(study_folder).extensions["mixeval"].version_id != before
