"""Judges: the conditions that each comparison is about, by hand; the sentences of those that cannot be made."""

import re

import pytest

from mixeval.contrasts import parse_contrast
from mixeval.errors import AnalysisError, StudyError
from mixeval.study import parse_study

FACTORS = {
    f"{method}_{process}": {"method": method, "process": process}
    for method in ("reference", "wave_u_net", "random_forest")
    for process in ("dry", "wet")
}
CONDITIONS = [*FACTORS, "anchor"]

STUDY = """
[study]
title = "T"
[stimuli]
dataset = { kind = "synthetic" }
[[stimuli.conditions]]
id = "a"
method = "sum"
factors = { process = "dry" }
[[stimuli.conditions]]
id = "b"
method = "sum"
factors = { process = "wet" }
[analysis]
"""


def pairs(text, conditions=CONDITIONS, factors=FACTORS):
    return [(*a, *b) for a, b in parse_contrast(text, conditions, factors).pairs]


def test_levels_are_compared_in_conditions_that_are_otherwise_alike():
    assert pairs("wave_u_net vs reference") == [
        ("wave_u_net_dry", "reference_dry"),
        ("wave_u_net_wet", "reference_wet"),
    ]
    assert len(pairs("dry vs wet")) == 3


def test_within_narrows_to_levels_of_other_factors():
    found = parse_contrast("wave_u_net vs reference within wet", CONDITIONS, FACTORS)
    assert found.pairs == ((("wave_u_net_wet",), ("reference_wet",)),)
    assert (found.a, found.b, found.within) == ("wave_u_net", "reference", ("wet",))


def test_within_takes_several_levels_and_vs_may_have_its_point():
    factors = {
        f"{method}{process}{room}": {"method": method, "process": process, "room": room}
        for method in "mn"
        for process in "dw"
        for room in "xy"
    }
    assert pairs("m vs. n within d and x", list(factors), factors) == [("mdx", "ndx")]
    assert pairs("m vs n within y", list(factors), factors) == [("mdy", "ndy"), ("mwy", "nwy")]


def test_conditions_are_compared_by_id():
    assert pairs("anchor vs reference_dry") == [("anchor", "reference_dry")]


def test_names_may_have_spaces_and_any_script():
    assert pairs("Mix Ä vs 混音 2", ["Mix Ä", "混音 2"], {}) == [("Mix Ä", "混音 2")]


def test_a_condition_without_a_counterpart_is_named():
    factors = {name: own for name, own in FACTORS.items() if name != "reference_wet"}
    found = parse_contrast("wave_u_net vs reference", list(factors), factors)
    assert found.pairs == ((("wave_u_net_dry",), ("reference_dry",)),)
    assert found.unmatched == ("wave_u_net_wet",)


def test_a_name_that_two_factors_share_is_told_apart_by_its_factor():
    factors = {
        f"{eq}_{comp}": {"eq": eq, "comp": comp} for eq in ("none", "auto") for comp in ("none", "auto")
    }
    with pytest.raises(AnalysisError, match=r"may be about eq or comp.*write eq=LEVEL vs eq=LEVEL"):
        parse_contrast("none vs auto", list(factors), factors)
    assert pairs("eq=none vs eq=auto", list(factors), factors) == [
        ("none_none", "auto_none"),
        ("none_auto", "auto_auto"),
    ]
    # What is compared leaves only the other factor to be within.
    assert pairs("eq=none vs eq=auto within none", list(factors), factors) == [("none_none", "auto_none")]


def test_a_name_that_is_a_condition_and_a_level_is_refused_only_where_it_matters():
    factors = {"net": {"method": "net"}, "sum": {"method": "sum"}}
    assert pairs("net vs sum", list(factors), factors) == [("net", "sum")]
    factors = {**factors, "net2": {"method": "net"}}
    with pytest.raises(AnalysisError, match="write method=LEVEL or condition=ID"):
        parse_contrast("net vs sum", list(factors), factors)
    assert pairs("condition=net vs condition=sum", list(factors), factors) == [("net", "sum")]
    assert pairs("method=net vs method=sum", list(factors), factors) == [("net", "net2", "sum")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("wave_u_net", 'is no comparison of two; write "A vs B" or "A vs B within C and D".'),
        (
            "wave_unet vs reference",
            'names "wave_unet", which is no condition and no level.*did you mean "wave_u_net"',
        ),
        ("qqq vs dry", "choose from reference_dry, "),
        ("dry vs dry", 'compares "dry" with itself'),
        (
            "dry vs reference",
            '"dry" is a level of process, "reference" is a level of method; name two levels',
        ),
        ("anchor vs dry", '"anchor" is a condition, "dry" is a level of process'),
        ("dry vs wet within dry", "a level of process, whose levels it compares"),
        (
            "reference vs wave_u_net within dry and wet",
            "two levels of process, which no condition has at once",
        ),
        ("reference vs wave_u_net within anchor", '"anchor", which is a condition, not a level'),
        ("anchor vs reference_dry within dry", "which are what they are within any level"),
        ("method=dry vs wet", 'names "method=dry", which is no condition'),
    ],
)
def test_what_cannot_be_compared_is_refused_with_what_to_do(text, sentence):
    with pytest.raises(AnalysisError, match=sentence) as refused:
        parse_contrast(text, CONDITIONS, FACTORS)
    assert f'the contrast "{text}"' in str(refused.value)


def test_levels_that_no_condition_has_together_are_refused():
    factors = {"a": {"m": "x", "p": "d"}, "b": {"m": "y", "p": "w"}}
    with pytest.raises(AnalysisError, match="no two conditions differ only in m"):
        parse_contrast("x vs y", list(factors), factors)
    with pytest.raises(AnalysisError, match=r'no condition has m = "y" within d'):
        parse_contrast("x vs y within d", list(factors), factors)


def test_a_study_with_a_contrast_that_cannot_be_made_is_refused_when_it_is_read():
    study = parse_study(STUDY + 'contrasts = ["dry vs wet", "a vs b"]\n')
    assert study.analysis.contrasts == ("dry vs wet", "a vs b")
    with pytest.raises(
        StudyError, match=re.escape('analysis.contrasts: the contrast "dry vs wt" names "wt"')
    ):
        parse_study(STUDY + 'contrasts = ["dry vs wt"]\n')
    # Levels that [analysis] gives go before those of the condition.
    parse_study(STUDY + 'contrasts = ["x vs y"]\nfactors = { a = { room = "x" }, b = { room = "y" } }\n')
