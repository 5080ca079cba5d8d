"""Judge: tomllib. What is written reads as the same study with the plan, and every line that was there stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval.errors import StudyError
from mixeval.plan_section import PlannedSd, PlanSection
from mixeval.preregistration import freeze, frozen
from mixeval.study import parse_study, read_study

TEXT = """# A study of mine
[study]
title = "Mixes"  # not final

[stimuli]
dataset = { kind = "files", path = "mixes", pattern = "{item}_{source}.wav" }

[[stimuli.conditions]]
id = "a"
method = "files"

[[stimuli.conditions]]
id = "b"
method = "files"
"""

PLAN = PlanSection(
    made_with="mixeval 1.0",
    participants=24,
    items=6,
    conditions=("a", "b"),
    attribute="preference",
    tests=("friedman", "wilcoxon", "equivalence"),
    comparisons=1,
    difference=5.0,
    margin=2.5,
    power=0.8,
    simulations=2000,
    seed=3,
    sd_from="given",
    sd=PlannedSd(participant_condition=6.0, residual=1e-7),
)


@pytest.mark.parametrize("end", ["", '\n[analysis]\norder = ["b", "a"]', "\n# the last line"])
def test_a_plan_is_added_and_nothing_else_changes(end):
    after = frozen(TEXT + end, PLAN)
    assert after.startswith(TEXT + end)
    assert parse_study(after).analysis.plan == PLAN
    assert parse_study(after).analysis.order == parse_study(TEXT + end).analysis.order


def test_windows_lines_stay_windows_lines():
    after = frozen(TEXT.replace("\n", "\r\n"), PLAN)
    assert "\n" not in after.replace("\r\n", "")
    assert parse_study(after).analysis.plan == PLAN


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_words_come_back(words):
    plan = PLAN.model_copy(update={"sd_from": words, "contrasts": (words,)})
    try:
        plan = PlanSection.model_validate(plan.model_dump())
    except ValueError:
        return  # what no study may say
    assert parse_study(frozen(TEXT, plan)).analysis.plan == plan


def test_a_second_plan_is_refused_unless_it_is_to_replace_the_first():
    first = frozen(TEXT, PLAN)
    other = PLAN.model_copy(update={"participants": 30})
    with pytest.raises(StudyError, match="has a plan already"):
        frozen(first, other)
    assert parse_study(frozen(first, other, replace=True)).analysis.plan == other
    assert frozen(frozen(first, other, replace=True), PLAN, replace=True) == first


def test_a_plan_that_was_moved_is_not_replaced():
    moved = "\n".join(line for line in frozen(TEXT, PLAN).splitlines() if "End of the plan" not in line)
    with pytest.raises(StudyError, match="not written by mixeval"):
        frozen(moved, PLAN, replace=True)


def test_an_inline_analysis_cannot_take_a_plan_and_nothing_is_written(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(f"analysis = {{ margin = 5.0 }}\n{TEXT}", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(StudyError, match="cannot take the plan"):
        freeze(tmp_path, PLAN)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["study.toml"]


def test_a_frozen_study_reads_with_its_plan_and_leaves_no_draft(tmp_path):
    (tmp_path / "study.toml").write_text(TEXT, encoding="utf-8")
    freeze(tmp_path, PLAN)
    assert read_study(tmp_path).analysis.plan == PLAN
    assert [entry.name for entry in tmp_path.iterdir()] == ["study.toml"]


def test_a_study_without_a_plan_keeps_its_version():
    assert "plan" not in parse_study(TEXT).canonical_json()
