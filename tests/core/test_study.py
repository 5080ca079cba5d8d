import contextlib
import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval.conditions import Condition
from mixeval.errors import StudyError
from mixeval.stimuli_section import ItemSelection
from mixeval.study import Study, parse_study, read_study, study_of

STUDY = """
[study]
title = "Drum mixes"
seed = 20261122

[stimuli]
dataset = { kind = "files", path = "mixes", pattern = "{item}_{source}.mp3" }
items = { subset = "test", per_drummer = 2, not = ["hits"] }

[[stimuli.conditions]]
id = "reference_dry"
label = "Reference Dry"
method = "files"
options = { source = "target_dry" }
role = "reference"
factors = { method = "reference", process = "dry" }

[[stimuli.conditions]]
id = "anchor"
method = "anchor"
"""


def test_a_study_is_read_with_the_defaults_of_what_is_left_out():
    study = parse_study(STUDY)
    assert study.study.title == "Drum mixes"
    assert study.stimuli.target_lufs == -28.0
    assert study.stimuli.items == ItemSelection.model_validate(
        {"subset": "test", "per_drummer": 2, "not": ("hits",)}
    )
    assert study.conditions[0].factors == {"method": "reference", "process": "dry"}
    assert study.conditions[1].label == "anchor"
    assert study.conditions[1].role == "system"
    assert study.test.scale == ("Dislike very much", "Neutral", "Like very much")


def test_of_a_condition_only_id_and_method_are_required():
    head = STUDY[: STUDY.index("[[stimuli.conditions]]")]
    study = parse_study(head + '[[stimuli.conditions]]\nid = "only"\nmethod = "sum"\n')
    assert study.conditions == (Condition(id="only", method="sum"),)


def test_a_study_cannot_be_changed():
    study = parse_study(STUDY)
    with pytest.raises(ValueError, match="frozen"):
        study.study.title = "Another"


@pytest.mark.parametrize(
    ("written", "instead", "path", "value", "remedy"),
    [
        ("title =", "titel =", "study.titel", "is not a key", 'did you mean "title"'),
        ("title =", "question =", "study.question", "is not a key", "it belongs in [test]"),
        ("seed = 20261122", 'seed = "1"', "study.seed", '"1"', "it should be an integer"),
        ("seed = 20261122", "seed = -1", "study.seed", "-1", "greater than or equal to 0"),
        ("seed = 20261122", "seed = true", "study.seed", "true", "it should be an integer"),
        ('kind = "files"', 'kind = "fils"', "stimuli.dataset.kind", '"fils"', "'folder'"),
        ('path = "mixes", ', "", "stimuli.dataset.path", "is missing", "add it"),
        ("{item}_{source}", "{item}", "stimuli.dataset", "{source} exactly once", "correct it"),
        ('"test"', '"tset"', "stimuli.items.subset", '"tset"', "'train', 'val' or 'test'"),
        ('id = "anchor"', 'id = "an anchor"', "stimuli.conditions[1].id", '"an anchor"', "ASCII letters"),
        ('id = "anchor"', 'id = "reference_dry"', "stimuli", '"reference_dry" is there twice', "correct it"),
        ('method = "anchor"', "", "stimuli.conditions[1].method", "is missing", "add it"),
        (
            '"reference"\nf',
            '"referenze"\nf',
            "stimuli.conditions[0].role",
            '"referenze"',
            "'system' or 'anchor'",
        ),
        (
            "[stimuli]",
            "[stimuli]\ntarget_lufs = 3.0",
            "stimuli.target_lufs",
            "3.0",
            "less than or equal to -10",
        ),
        ("items = {", 'items = "x" # {', "stimuli.items", '"x"', "it should be a table"),
        ("[stimuli]", "[test]\nscale = ['one']\n[stimuli]", "test.scale", "has 1 entries", "give at least 2"),
        ("[stimuli]", "[analysis]\norder = ['x']\n[stimuli]", "analysis.order", '"x"', "correct it"),
    ],
)
def test_a_wrong_key_is_refused_with_its_file_path_value_and_remedy(written, instead, path, value, remedy):
    assert STUDY.count(written) >= 1
    with pytest.raises(StudyError) as caught:
        parse_study(STUDY.replace(written, instead, 1), source="my/study.toml")
    message = str(caught.value)
    for part in ("my/study.toml: ", path, value, remedy):
        assert part in message


def test_every_wrong_key_is_told_at_once():
    with pytest.raises(StudyError) as caught:
        parse_study(STUDY.replace("title", "titel").replace('"test"', '"tset"'))
    assert [line.split(" ")[1] for line in str(caught.value).splitlines()] == [
        "study.title",
        "study.titel",
        "stimuli.items.subset",
    ]


@pytest.mark.parametrize("text", ["[study", "a = nan", "\x00", "[" * 5000, "a = " + "[" * 5000])
def test_what_is_no_study_at_all_is_refused_in_words(text):
    with pytest.raises(StudyError, match=r"^study\.toml"):
        parse_study(text)


@given(st.text(max_size=200))
def test_no_text_brings_anything_but_a_study_error(text):
    with pytest.raises(StudyError):
        parse_study(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_no_value_of_any_key_brings_anything_but_a_study_error(value):
    document = tomllib.loads(STUDY)
    for section, key in (
        ("study", "title"),
        ("stimuli", "dataset"),
        ("stimuli", "items"),
        ("stimuli", "conditions"),
    ):
        changed = json.loads(json.dumps(document))
        changed[section][key] = value
        with contextlib.suppress(StudyError):
            study_of(changed)


def test_the_canonical_form_does_not_depend_on_the_spelling():
    respelt = STUDY.replace("[stimuli]\n", "[stimuli]\ntarget_lufs = -28 # the paper's\n")
    assert parse_study(STUDY).canonical_json() == parse_study(respelt).canonical_json()
    assert Study.model_validate_json(parse_study(STUDY).canonical_json()) == parse_study(STUDY)


def test_a_folder_without_study_toml_is_no_study(tmp_path):
    with pytest.raises(StudyError, match=r"is not a study, it has no study\.toml"):
        read_study(tmp_path)
    with pytest.raises(StudyError, match="is not a study"):
        read_study(tmp_path / "nowhere")


def test_a_study_toml_written_on_windows_is_the_same_study(tmp_path):
    (tmp_path / "study.toml").write_bytes(b"\xef\xbb\xbf" + STUDY.replace("\n", "\r\n").encode())
    assert read_study(tmp_path) == parse_study(STUDY)


def test_a_study_toml_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "study.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="cannot be read"):
        read_study(tmp_path)


ATTENTION = 'attention = { better = "reference_dry", worse = "anchor", pages = 2 }\n'


@pytest.mark.parametrize("page", ["sliders", "single_axis", "ab", "ranking"])
def test_attention_pages_are_possible_where_two_mixes_can_be_put_in_order(page):
    study = parse_study(f'{STUDY}[test]\npage = "{page}"\n{ATTENTION}')
    assert (study.test.attention.better, study.test.attention.worse, study.test.attention.pages) == (
        "reference_dry",
        "anchor",
        2,
    )


@pytest.mark.parametrize("page", ["abx", "acr"])
def test_attention_pages_are_refused_where_two_mixes_cannot_be_put_in_order(page):
    with pytest.raises(StudyError, match="attention pages put two mixes in order"):
        parse_study(f'{STUDY}[test]\npage = "{page}"\n{ATTENTION}')


def test_attention_to_one_mix_alone_is_refused():
    with pytest.raises(StudyError, match='better and worse are both "anchor"'):
        parse_study(f'{STUDY}[test]\nattention = {{ better = "anchor", worse = "anchor" }}\n')


@pytest.mark.parametrize("line", ["places = 0", "seat_timeout_minutes = 0.5", 'places = "all"'])
def test_places_and_their_timeout_have_limits(line):
    with pytest.raises(StudyError, match="participants"):
        parse_study(f"{STUDY}[participants]\n{line}\n")
