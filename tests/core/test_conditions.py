"""Judges: the rule in words, and the JSON of a study as it was before the key existed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mixeval.conditions import Condition, counterparts
from mixeval.errors import StudyError
from mixeval.study import Study, parse_study

STUDY = """
[study]
title = "Drum mixes"
[stimuli]
dataset = { kind = "enst", path = "ENST-Drums" }
[[stimuli.conditions]]
id = "human"
method = "reference"
options = { variant = "dry" }
role = "reference"
[[stimuli.conditions]]
id = "net"
method = "sum"
"""


def condition(name, role="system", process=None, compare_to=None):
    factors = {} if process is None else {"process": process}
    return Condition(id=name, method="sum", role=role, factors=factors, compare_to=compare_to)


DRY, WET = condition("rd", "reference", "dry"), condition("rw", "reference", "wet")


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([DRY, WET, condition("a", process="dry"), condition("b", process="wet")], {"a": "rd", "b": "rw"}),
        ([DRY, WET, condition("a", "anchor")], {"a": None}),
        ([DRY, condition("a", "anchor"), condition("b", process="wet")], {"a": "rd", "b": "rd"}),
        ([condition("r", "reference"), condition("a")], {"a": "r"}),
        ([DRY, condition("rd2", "reference", "dry"), WET, condition("a", process="dry")], {"a": None}),
        ([condition("a"), condition("b")], {"a": None, "b": None}),
        ([DRY, WET, condition("a", process="dry", compare_to="rw")], {"a": "rw"}),
        ([DRY, condition("rw", "reference", "wet", "rd"), condition("a", compare_to="b"), condition("b")],
         {"rw": "rd", "a": "b"}),
    ],
    ids=["by process", "of two", "the only one", "no factors", "two alike", "no reference", "said", "any"],
)  # fmt: skip
def test_a_condition_is_compared_to_what_it_says_or_to_its_reference(conditions, expected):
    found = counterparts(conditions)
    assert found["rd" if DRY in conditions else conditions[0].id] is None
    assert {name: found[name] for name in expected} == expected


@given(st.lists(st.sampled_from(["system", "anchor", "reference"]), min_size=1, max_size=6))
def test_nothing_is_compared_to_itself_unasked(roles):
    conditions = [condition(f"c{place}", role) for place, role in enumerate(roles)]
    assert all(name != other for name, other in counterparts(conditions).items())


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nobody", 'condition "net" has compare_to = "nobody", which is no condition of this study'),
        ("net", 'condition "net" has itself as compare_to'),
    ],
)
def test_compare_to_names_another_condition(name, problem):
    with pytest.raises(StudyError) as caught:
        parse_study(STUDY + f'compare_to = "{name}"\n')
    assert str(caught.value) == f"study.toml: stimuli: {problem}; correct it."


def test_a_study_without_the_key_keeps_the_version_that_its_sessions_carry():
    for entry in json.loads(parse_study(STUDY).canonical_json())["stimuli"]["conditions"]:
        assert list(entry) == ["factors", "id", "label", "method", "options", "role"]


def test_the_key_is_part_of_the_study_where_it_is_used():
    study = parse_study(STUDY + 'compare_to = "human"\n')
    assert '"compare_to":"human"' in study.canonical_json()
    assert Study.model_validate_json(study.canonical_json()) == study


@pytest.mark.parametrize(
    "label",
    ["Quel mixage\N{NO-BREAK SPACE}?", "می\N{ZERO WIDTH NON-JOINER}خواهم", "日本\N{IDEOGRAPHIC SPACE}語"],
)
def test_a_label_is_written_as_its_language_is(label):
    assert Condition(id="a", method="sum", label=label).label == label


@pytest.mark.parametrize(
    "label", ["two\nlines", "\N{NO-BREAK SPACE}", "\N{RIGHT-TO-LEFT OVERRIDE}txt", "a\N{SOFT HYPHEN}b"]
)
def test_a_label_that_cannot_be_seen_or_turns_text_around_is_refused(label):
    with pytest.raises(ValidationError, match="visible text on one line"):
        Condition(id="a", method="sum", label=label)
