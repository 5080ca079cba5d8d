"""What is asked of the answers: options before the study, names that must be there, roles and factors that follow."""

import pytest

from mixeval.errors import AnalysisError
from mixeval.study import AnalysisSection, Study, parse_study
from mixeval_analysis.load import load
from mixeval_analysis.sources.factors_file import read_factors

ROWS = "participant,item,condition,rating\nP1,loop,a,1\nP1,loop,b,2\nP1,loop,c,3\n"


@pytest.fixture
def ratings(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_an_option_goes_before_the_file_beside_the_ratings(ratings):
    beside = ratings.with_name("ratings.analysis.toml")
    beside.write_text('margin = 5.0\nlow_anchor = "c"\norder = ["c", "b", "a"]\n', encoding="utf-8")
    answers = load(str(ratings), AnalysisSection(margin=2.0, reference="a"))
    assert (answers.settings.margin, answers.settings.low_anchor) == (2.0, "c")
    assert list(answers.labels) == ["c", "b", "a"]
    assert answers.roles == {"a": "reference", "c": "anchor"}


@pytest.mark.parametrize(
    "asked",
    [
        AnalysisSection(reference="d"),
        AnalysisSection(low_anchor="d"),
        AnalysisSection(factors={"d": {"process": "dry"}}),
        AnalysisSection(order=("d",)),
    ],
)
def test_what_is_asked_of_a_condition_that_is_not_there_is_refused(ratings, asked):
    with pytest.raises(AnalysisError, match='"d"'):
        load(str(ratings), asked)


def test_factors_come_from_a_file(tmp_path):
    path = tmp_path / "factors.csv"
    path.write_text("condition,method,process\na,net,dry\nb,net,wet\nc,,\n", encoding="utf-8")
    assert read_factors(path) == {
        "a": {"method": "net", "process": "dry"},
        "b": {"method": "net", "process": "wet"},
        "c": {},
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("method\nnet\n", "has no column condition with a factor beside it"),
        ("condition\na\n", "has no column condition with a factor beside it"),
        ("condition,method\na,net\na,forest\n", 'row 3: condition "a" is there twice'),
    ],
)
def test_factors_that_cannot_be_read_are_refused(tmp_path, text, problem):
    path = tmp_path / "factors.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AnalysisError, match=problem):
        read_factors(path)


def test_a_key_that_a_study_does_not_use_makes_no_other_version_of_it():
    study = parse_study(
        '[study]\ntitle = "T"\n[stimuli]\ndataset = { kind = "synthetic" }\n'
        '[[stimuli.conditions]]\nid = "a"\nmethod = "sum"\n[[stimuli.conditions]]\nid = "b"\nmethod = "sum"\n'
        "[analysis]\nmargin = 5.0\n"
    )
    assert '"analysis":{"margin":5.0,"order":null}' in study.canonical_json()
    assert Study.model_validate_json(study.canonical_json()) == study
