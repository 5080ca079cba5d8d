"""Judge: the code. What the documents list is what there is."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from mixeval.plan_section import PlannedSd, PlanSection
from mixeval.study import AnalysisSection
from mixeval_analysis import export_dictionary, ratings, trials
from mixeval_analysis.answers import DECISIONS, RatedVersion
from mixeval_analysis.inference.variance_components import Components, components_table, estimate_components
from mixeval_analysis.page_profiles import PROFILES, analyze_answers
from mixeval_analysis.paper_profile import LABEL
from mixeval_analysis.plans.planning import Question, answer
from mixeval_analysis.plans.power_table import power_table

DOCS = Path(__file__).parents[2] / "docs"

pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="the documents are not shipped with the wheel")


@pytest.mark.parametrize(
    ("heading", "rows"), [("## Ratings in tidy form", ratings), ("## Trials in tidy form", trials)]
)
def test_the_data_dictionary_lists_every_tidy_column_and_what_its_absence_says(heading, rows):
    text = (DOCS / "data-dictionary.md").read_text(encoding="utf-8")
    section = text.split(heading)[1].split("\n## ")[0]
    lines = re.findall(r"^\| (`[^|]+) \|.*\| ([^|]+) \|$", section, re.MULTILINE)
    listed = [(name, absent) for names, absent in lines for name in re.findall(r"`(\w+)`", names)]
    assert [name for name, _ in listed] == list(rows.COLUMNS)
    assert {name for name, absent in listed if absent == "required"} == set(rows.REQUIRED)
    assert {name for name, absent in listed if absent not in {"required", "not known"}} == set(rows.DEFAULTS)


def test_the_data_dictionary_lists_every_column_of_every_table(panel, listened, trials_of):
    text = (DOCS / "data-dictionary.md").read_text(encoding="utf-8").split("## Tables")[1]
    sections = dict(re.findall(r"### `(\w+)`[^\n]*\n(.*?)(?=##|\Z)", text, re.DOTALL))
    asked = {
        "ab": trials_of([("P1", "anchor", "mine", "mine"), ("P2", "anchor", "mine", "anchor")]),
        "abx": trials_of([("P1", "anchor", "mine", "mine", "mine")]),
        "bs1116": replace(panel, roles={"reference": "reference"}),
        "sliders": with_decisions(listened),
    }
    tables = {}
    for page in PROFILES:
        answers = asked.get(page, with_all_asked(panel))
        tables |= analyze_answers(replace(answers, page=page)).tables
    tables |= analyze_answers(replace(panel, settings=AnalysisSection(plan=plan_of(panel)))).tables
    assert set(sections) == set(tables)
    for name, table in tables.items():
        first_cells = re.findall(r"^\| (`[^|]+) \|", sections[name], re.MULTILINE)
        listed = re.findall(r"`(\w+)`", " ".join(first_cells))
        assert listed == [column for column in table.frame.columns if column not in table.labels], name


def with_decisions(answers):
    """Let the researcher have flagged the first session that there is."""
    first = answers.rows.iloc[0]
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    row = (first["session"], first["participant"], first["version"], "flag", "noise", moment, False)
    return replace(
        answers,
        decisions=pd.DataFrame([row], columns=list(DECISIONS)),
        versions=(RatedVersion(id=first["version"], stimuli_id="0" * 64),),
    )


def with_all_asked(panel):
    """Give a panel factors, comparisons, facts about items and whatever else makes a table."""
    names = list(panel.labels)
    factors = {name: {"method": name[0], "process": "dry"} for name in names}
    return replace(
        panel,
        rows=panel.rows.assign(drummer=panel.rows["item"].map({"item0": "a", "item1": "a", "item2": "b"})),
        factors=factors,
        settings=AnalysisSection(margin=5.0, contrasts=(f"{names[0]} vs {names[1]}",)),
    )


def plan_of(ratings):
    return PlanSection(
        made_with="mixeval",
        participants=12,
        items=3,
        conditions=ratings.conditions,
        tests=("wilcoxon",),
        comparisons=1,
        power=0.8,
        simulations=1,
        seed=0,
        sd_from="given",
        sd=PlannedSd(residual=1.0),
    )


def test_the_data_dictionary_lists_every_column_of_a_plan_s_tables(panel):
    text = (DOCS / "data-dictionary.md").read_text(encoding="utf-8").split("## Tables of `mixeval plan`")[1]
    sections = dict(re.findall(r"### `(\w+)`[^\n]*\n(.*?)(?=##|\Z)", text, re.DOTALL))
    found = answer(
        Question(3, 3, Components(residual=5.0), difference=9.0, simulations=100, participants=(9, 9))
    )
    for table in (power_table(found, "given"), components_table(estimate_components(panel), panel)):
        first_cells = re.findall(r"^\| (`[^|]+) \|", sections[table.name], re.MULTILINE)
        assert re.findall(r"`(\w+)`", " ".join(first_cells)) == list(table.frame.columns)


def test_the_guide_to_planning_knows_the_options():
    from mixeval.cli.plan import plan

    text = (DOCS / "plan-a-study.md").read_text(encoding="utf-8")
    for option in plan.params:
        if option.name not in {"study", "as_json"}:
            assert option.opts[0] in text, option.opts[0]


def test_the_data_dictionary_lists_every_exported_column():
    text = (DOCS / "data-dictionary.md").read_text(encoding="utf-8").split("## Files of `mixeval export`")[1]
    assert list(export_dictionary.RATINGS) == [name for name in ratings.COLUMNS if name != "screened"]
    assert list(export_dictionary.TRIALS) == list(trials.COLUMNS)
    for name in ("answers", "events", "sessions", "decisions", "external_ids"):
        line = next(line for line in text.splitlines() if line.startswith(f"| `{name}.csv`"))
        listed = re.findall(r"`(\w+)`", line.split(":", 1)[1])
        columns = getattr(export_dictionary, name.upper())
        assert [word for word in listed if word in columns] == list(columns)


def test_the_guide_names_the_tables_and_the_figure_of_every_page_type():
    text = (DOCS / "read-the-report.md").read_text(encoding="utf-8")
    for page, profile in PROFILES.items():
        line = next(
            line for line in text.splitlines() if line.startswith("| ") and f"`{page or 'sliders'}`" in line
        )
        drawn = re.findall(r"`(\w+)`", line.split("|")[-2])
        assert drawn == [figure.name for figure in profile.figures]


def test_the_guide_knows_the_options_and_the_profile():
    from mixeval.cli.analyze import analyze

    text = (DOCS / "read-the-report.md").read_text(encoding="utf-8")
    unwrapped = " ".join(text.split())
    assert LABEL.split("; ")[1] in unwrapped
    for option in analyze.params:
        if option.name not in {"source", "as_json"}:
            assert option.opts[0] in text
