"""Judge: what was written into the versions that participants were served."""

from dataclasses import replace

import pytest

from mixeval.plan_section import PlannedSd, PlanSection
from mixeval.preregistration import frozen
from mixeval.study import AnalysisSection
from mixeval_analysis.answers import RatedVersion
from mixeval_analysis.load import load
from mixeval_analysis.page_profiles import analyze_answers
from mixeval_analysis.plans.plan_departures import plan_departures
from mixeval_analysis.selection import select


def plan_for(ratings, **changed):
    planned = {
        "made_with": "mixeval 1.0",
        "participants": ratings.participants,
        "items": ratings.items,
        "conditions": ratings.conditions,
        "tests": ("friedman", "wilcoxon"),
        "comparisons": len(ratings.conditions) * (len(ratings.conditions) - 1) // 2,
        "power": 0.8,
        "simulations": 2000,
        "seed": 1,
        "sd_from": "given",
        "sd": PlannedSd(residual=12.0),
        **changed,
    }
    return PlanSection(**planned)


def served(ratings, plan, *, settings=None, versions=None):
    settings = settings or AnalysisSection(plan=plan, margin=plan.margin)
    versions = [settings] if versions is None else versions
    return replace(
        ratings,
        settings=settings,
        versions=tuple(RatedVersion(f"v{n}", "s", analysis=entry) for n, entry in enumerate(versions)),
    )


def text_of(collected):
    return (collected.folder / "study.toml").read_text(encoding="utf-8")


def departed(table):
    rows = table.frame.set_index("what")
    return {what: rows["departed"][what] for what in rows.index}


def test_there_is_no_table_without_a_plan(panel):
    assert plan_departures(panel) is None
    assert "plan" not in analyze_answers(panel).tables


def test_an_analysis_as_planned_departs_in_nothing(panel):
    table = plan_departures(served(panel, plan_for(panel)))
    assert set(departed(table).values()) == {"no"}
    assert table.notes == ("Nothing that is compared here departs from the plan.",)


@pytest.mark.parametrize(
    ("what", "changed"),
    [
        ("participants who count", {"participants": 30}),
        ("items per participant", {"items": 1}),
        ("conditions, in order", {"conditions": ("mine", "another")}),
        ("pairs compared", {"comparisons": 2}),
        ("tests", {"tests": ("wilcoxon",)}),
        ("contrasts", {"contrasts": ("mine vs anchor",)}),
        ("rules of exclusion", {"exclude": ("bs1534",)}),
    ],
)
def test_each_departure_is_said(panel, what, changed):
    table = plan_departures(served(panel, plan_for(panel, **changed)))
    assert [name for name, answer in departed(table).items() if answer == "yes"] == [what]
    assert "in 1 point:" in table.notes[0]


def test_a_margin_that_was_first_stated_after_the_data_is_a_departure(panel):
    plan = plan_for(panel, margin=5.0, tests=("friedman", "wilcoxon", "equivalence"))
    late = AnalysisSection(plan=plan, margin=5.0)
    table = plan_departures(served(panel, plan, settings=late, versions=[AnalysisSection()]))
    assert departed(table)["margin of equivalence"] == "yes"
    assert departed(table)["plan stated"] == "yes"
    some = plan_departures(served(panel, plan, settings=late, versions=[AnalysisSection(), late]))
    assert departed(some)["plan stated"] == "yes"
    assert "in 1 of 2 versions" in some.frame.set_index("what")["done"]["plan stated"]
    assert departed(plan_departures(served(panel, plan)))["margin of equivalence"] == "no"


def test_another_margin_than_the_planned_one_is_a_departure(panel):
    plan = plan_for(panel, margin=5.0, tests=("friedman", "wilcoxon", "equivalence"))
    table = plan_departures(served(panel, plan, settings=AnalysisSection(plan=plan, margin=8.0)))
    assert departed(table)["margin of equivalence"] == "yes"


def test_a_file_of_ratings_cannot_tell_what_came_first(panel):
    table = plan_departures(served(panel, plan_for(panel), versions=[]))
    assert departed(table)["plan stated"] is None
    assert any("cannot be told" in note for note in table.notes)


def test_a_study_that_was_planned_late_is_told_so_from_its_database(collected):
    for _ in range(3):
        collected.session(collected.version())
    plan = PlanSection(
        **{
            **plan_for(select(load(str(collected.folder))).groups[0]).model_dump(),
            "margin": 5.0,
            "tests": ("friedman", "wilcoxon", "equivalence"),
            "sd": PlannedSd(residual=12.0),
        }
    )
    (collected.folder / "study.toml").write_text(frozen(text_of(collected), plan), encoding="utf-8")
    ratings = select(load(str(collected.folder))).groups[0]
    # [analysis] names no margin: the plan's is that of the analysis.
    assert ratings.settings.margin == 5.0
    answers = departed(plan_departures(ratings))
    assert [what for what, answer in answers.items() if answer == "yes"] == [
        "plan stated",
        "margin of equivalence",
    ]


def test_a_study_that_was_served_with_its_plan_departs_in_nothing(collected):
    collected.session(collected.version())
    first = select(load(str(collected.folder))).groups[0]
    text = frozen(
        text_of(collected),
        plan_for(first, margin=5.0, tests=("friedman", "wilcoxon", "equivalence"), participants=2),
    )
    collected.database.close()
    (collected.folder / "study.toml").write_text(text, encoding="utf-8")
    ratings = load(str(collected.folder))
    planned = replace(
        ratings, versions=tuple(replace(v, analysis=ratings.settings) for v in ratings.versions)
    )
    answers = departed(plan_departures(select(planned).groups[0]))
    assert [what for what, answer in answers.items() if answer == "yes"] == ["participants who count"]
