"""Judge: the file, cell by cell."""

import pytest

from mixeval.errors import AnalysisError
from mixeval.study import AnalysisSection
from mixeval_analysis.load import load
from mixeval_analysis.sources.tidy_csv import read_tidy_csv
from mixeval_analysis.trials import Trials

HEADER = "participant,item,a,b,x,chosen,correct\n"


@pytest.fixture
def csv(tmp_path):
    def write(body, header=HEADER):
        path = tmp_path / "trials.csv"
        path.write_text(header + body, encoding="utf-8")
        return path

    return write


def test_trials_are_known_by_their_columns(csv):
    trials = read_tidy_csv(csv("P1,loop,net,sum,,net,\nP1,loop,net,low,,,\n"))
    assert isinstance(trials, Trials)
    assert trials.conditions == ("net", "sum", "low")
    assert trials.rows["page_type"].tolist() == ["ab", "ab"]
    assert trials.pairs == (("net", "sum"), ("net", "low"))


def test_the_order_decides_who_is_a(csv):
    trials = load(str(csv("P1,loop,net,sum,,net,\n")), AnalysisSection(order=("sum", "net")))
    assert trials.rows[["a", "b", "chosen"]].to_numpy().tolist() == [["sum", "net", "net"]]


def test_correct_is_worked_out(csv):
    trials = read_tidy_csv(csv("P1,loop,a,b,a,a,\nP1,loop,a,b,b,a,false\n"))
    assert trials.rows["correct"].tolist() == ["true", "false"]
    assert trials.rows["page_type"].tolist() == ["abx", "abx"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("P1,loop,a,a,,a,\n", r'row 2: a "a" stands against itself'),
        ("P1,loop,a,b,,c,\n", r'row 2: chosen "c" is neither of the two mixes'),
        ("P1,loop,a,b,c,a,\n", r'row 2: x "c" is neither of the two mixes'),
        ("P1,loop,a,b,a,,\n", "row 2: chosen is empty"),
        ("P1,loop,a,b,a,a,false\n", r'row 2: correct "false" contradicts x and chosen'),
        ("P1,loop,a,,,a,\n", "row 2: b is empty"),
        ("", "holds no trials"),
    ],
)
def test_what_cannot_be_is_refused_with_its_row(csv, body, words):
    with pytest.raises(AnalysisError, match=words):
        read_tidy_csv(csv(body))


def test_a_missing_column_is_named(csv):
    with pytest.raises(AnalysisError, match='no column "b"'):
        read_tidy_csv(csv("P1,loop,a,a\n", header="participant,item,a,chosen\n"))


def test_an_unknown_reference_and_page_type_are_refused(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text(
        "participant,item,condition,rating,page_type\nP1,i,a,3,mushra\nP1,i,b,4,mushra\n", encoding="utf-8"
    )
    with pytest.raises(AnalysisError, match='page_type "mushra" is no type of page'):
        read_tidy_csv(path)
    path.write_text("participant,item,condition,rating\nP1,i,a,3\nP1,i,b,4\n", encoding="utf-8")
    with pytest.raises(AnalysisError, match='"c" is no condition here'):
        load(str(path), AnalysisSection(reference="c"))


def test_a_rating_may_be_empty_only_where_it_was_never_given(tmp_path):
    path = tmp_path / "ratings.csv"
    header = "participant,item,condition,rating,moved\n"
    path.write_text(header + "P1,i,a,3,true\nP1,i,b,,false\nP1,i,c,4,true\n", encoding="utf-8")
    assert read_tidy_csv(path).rows["rating"].isna().tolist() == [False, True, False]
    path.write_text(header + "P1,i,a,3,true\nP1,i,b,,true\n", encoding="utf-8")
    with pytest.raises(AnalysisError, match="row 3: rating is empty"):
        read_tidy_csv(path)
