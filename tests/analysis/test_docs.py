"""Judge: the code. What the documents list is what there is."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from mixeval_analysis import export_dictionary, ratings, trials
from mixeval_analysis.page_profiles import PROFILES, analyze_answers
from mixeval_analysis.paper_profile import LABEL

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
        "sliders": listened,
    }
    tables = {}
    for page in PROFILES:
        answers = asked.get(page, panel)
        with_margin = answers.settings.model_copy(update={"margin": 5.0})
        answers = replace(answers, page=page, settings=with_margin)
        tables |= analyze_answers(answers).tables
    assert set(sections) == set(tables)
    for name, table in tables.items():
        first_cells = re.findall(r"^\| (`[^|]+) \|", sections[name], re.MULTILINE)
        listed = re.findall(r"`(\w+)`", " ".join(first_cells))
        assert listed == [column for column in table.frame.columns if column not in table.labels], name


def test_the_data_dictionary_lists_every_exported_column():
    text = (DOCS / "data-dictionary.md").read_text(encoding="utf-8").split("## Files of `mixeval export`")[1]
    assert list(export_dictionary.RATINGS) == [name for name in ratings.COLUMNS if name != "screened"]
    assert list(export_dictionary.TRIALS) == list(trials.COLUMNS)
    for name in ("answers", "events", "sessions"):
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
