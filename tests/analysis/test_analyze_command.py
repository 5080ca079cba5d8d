"""Judge: what a person sees who runs `mixeval analyze`."""

import json

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval_analysis.scale_profile import SCALE


@pytest.fixture
def analyze(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return CliRunner().invoke(main, ["analyze", *map(str, arguments)], env={"COLUMNS": "100"})

    return run


@pytest.fixture
def panel_csv(panel, tmp_path):
    path = tmp_path / "panel.csv"
    panel.rows[["participant", "item", "condition", "rating"]].to_csv(path, index=False)
    return path


def test_a_csv_is_analysed_into_a_folder_beside_it(analyze, panel_csv):
    result = analyze(panel_csv)
    assert result.exit_code == 0, result.output
    assert "12 participants x 3 items" in result.output
    assert "Shapiro-Wilk" in result.output
    assert "m = 6 pairs" in result.output
    assert result.output.endswith(f"Report: {panel_csv.parent / 'panel-report' / 'report.html'}\n")
    assert (panel_csv.parent / "panel-report" / "tables" / "summary.csv").is_file()


def test_a_study_is_analysed_into_its_own_folder(analyze, collected):
    version = collected.version()
    for _ in range(4):
        collected.session(version)
    collected.session(version, complete=False)
    result = analyze(collected.folder)
    assert result.exit_code == 0, result.output
    assert "Left out: 6 ratings, the session was not completed" in result.output
    assert (collected.folder / "report" / "report.html").is_file()


def test_simulated_listeners_are_announced_at_each_table(analyze, collected):
    version = collected.version()
    for _ in range(4):
        collected.session(version, simulated=True)
    result = analyze(collected.folder)
    # At the head, and at each table; there is none of equivalence where no margin was stated.
    assert result.output.count("SIMULATED") == 1 + len(set(SCALE.printed) - {"equivalence"})


def test_versions_apart_are_said(analyze, collected):
    for audio in ("", "a new model"):
        for _ in range(2):
            collected.session(collected.version(audio=audio))
    result = analyze(collected.folder)
    assert result.exit_code == 0, result.output
    assert "did not all hear the same stimuli" in result.output
    assert result.output.count("Shapiro-Wilk") == 2
    pooled = analyze(collected.folder, "--pool-versions")
    assert "pooled, as asked" in pooled.output
    assert pooled.output.count("Shapiro-Wilk") == 1


def test_an_order_is_kept(analyze, panel_csv):
    result = analyze(panel_csv, "--order", "reference, mine", "--json")
    tables = json.loads(result.output)["results"][0]["tables"]
    assert [row["condition"] for row in tables["summary"]] == ["reference", "mine", "anchor", "theirs"]
    assert tables["mann_whitney"][0]["p"] > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.csv"], "is not there"),
        (["panel.csv", "--order", "nobody"], 'the order names "nobody"'),
        (["panel.csv", "--order", "mine,,anchor"], "has an empty name"),
        (["."], "is not a study"),
    ],
)
@pytest.mark.usefixtures("panel_csv")
def test_an_error_is_one_sentence_and_leaves_nothing(analyze, tmp_path, arguments, words):
    before = sorted(tmp_path.iterdir())
    result = analyze(*arguments)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    assert words in result.output
    assert sorted(tmp_path.iterdir()) == before


def test_help_has_examples(analyze):
    result = analyze("--help")
    assert "mixeval analyze ratings.csv --order anchor,reference,mine" in result.output


def test_the_command_starts_without_drawing_libraries():
    import subprocess
    import sys

    code = "import sys, mixeval.cli.analyze; print(any(m in sys.modules for m in ('seaborn', 'scipy', 'pandas')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_study_of_choices_is_analysed_as_one_and_says_what_was_asked(analyze, collected):
    path = collected.folder / "study.toml"
    text = path.read_text() + '\n[test]\npage = "ab"\nquestion = "Which drums are <tighter>?"\n'
    path.write_text(text, encoding="utf-8")
    version = collected.version(text=text)
    for chosen in ("net", "net", "ref"):
        collected.choices(
            version, [("loop1", "ref", "net", None, chosen), ("loop2", "net", "ref", None, "net")]
        )
    result = analyze(collected.folder)
    assert result.exit_code == 0, result.output
    assert "3 participants x 2 items, 2 conditions, 6 trials" in result.output
    page = (collected.folder / "report" / "report.html").read_text()
    assert "Which drums are &lt;tighter&gt;?" in page
    assert "Listening test, choices between two (AB)" in page
    lines = (collected.folder / "report" / "tables" / "binomial.csv").read_text().splitlines()
    assert lines[1].startswith("ref,net,6,1,5,0,")
    facts = json.loads((collected.folder / "report" / "report.json").read_text())
    assert (facts["page"], facts["trials"], facts["pairs"], facts["correction"]) == ("ab", 6, 1, "holm")


def test_each_of_several_attributes_can_be_analysed(analyze, collected):
    attributes = """
[test]
page = "sliders"
attributes = [
  { name = "preference", question = "How much do you like it?", scale = ["No", "Yes"] },
  { name = "reverberance", question = "How reverberant is it?", scale = ["Dry", "Wet"] },
]
"""
    path = collected.folder / "study.toml"
    text = path.read_text() + attributes
    path.write_text(text, encoding="utf-8")
    version = collected.version(text=text)
    for attribute in ("reverberance", "preference"):
        for _ in range(3):
            collected.session(version, attribute=attribute)
    told = json.loads(analyze(collected.folder, "--json").output)
    assert told["results"][0]["ratings"] == 18
    page = (collected.folder / "report" / "report.html").read_text()
    assert "How much do you like it?" in page
    assert analyze(collected.folder, "--attribute", "reverberance").exit_code == 0
    page = (collected.folder / "report" / "report.html").read_text()
    assert "How reverberant is it?" in page
    assert "How much do you like it?" not in page
    refused = analyze(collected.folder, "--attribute", "punch")
    assert refused.exit_code == 1
    assert "choose from reverberance, preference" in refused.output
