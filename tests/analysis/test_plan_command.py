"""The command as it is typed. Judges: the library, the files, tomllib."""

import json

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.study import read_study
from mixeval_analysis.figures.power_plot import power_figure
from mixeval_analysis.inference.variance_components import Components
from mixeval_analysis.plans.planning import Question, answer

STUDY = """# Three mixes of two loops
[study]
title = "Three mixes"
seed = 7

[stimuli]
dataset = { kind = "files", path = "mixes", pattern = "{item}_{source}.wav" }
items = ["loop1", "loop2"]

[[stimuli.conditions]]
id = "ref"
method = "files"
role = "reference"

[[stimuli.conditions]]
id = "net"
method = "files"

[[stimuli.conditions]]
id = "anchor"
method = "files"

[analysis]
order = ["anchor", "ref", "net"]
"""
GIVEN = ["--sd-participant-condition", "3", "--sd-residual", "6", "--simulations", "200"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        return CliRunner().invoke(main, ["plan", *arguments])

    return invoke


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "my-study"
    folder.mkdir()
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder


def facts_of(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_plan_without_a_study_says_how_many_and_writes_its_files(run, tmp_path):
    result = run("--items", "3", "--conditions", "4", "--difference", "6", *GIVEN)
    assert result.exit_code == 0, result.output
    assert "participants have power 0.8 to find a difference of 6 points" in " ".join(result.output.split())
    written = {path.name for path in (tmp_path / "mixeval-plan").rglob("*") if path.is_file()}
    assert written == {"plan.json", *(f"power.{kind}" for kind in ("csv", "tex", "md", "pdf", "svg", "png"))}


def test_the_same_seed_gives_the_same_files_and_another_does_not(run, tmp_path):
    asked = ("--items", "3", "--conditions", "3", "--difference", "6", "--margin", "6", *GIVEN)
    contents = []
    for folder, seed in (("one", "1"), ("two", "1"), ("three", "2")):
        assert run(*asked, "--out", folder, "--seed", seed).exit_code == 0
        contents.append({p.name: p.read_bytes() for p in (tmp_path / folder).rglob("*") if p.is_file()})
    assert contents[0] == contents[1]
    assert contents[0]["power.csv"] != contents[2]["power.csv"]


def test_a_study_says_items_conditions_scale_and_seed(run, study):
    facts = facts_of(run(str(study), "--difference", "6", "--json", *GIVEN))
    question = facts["question"]
    assert (question["items"], question["conditions"], question["comparisons"]) == (2, 3, 3)
    assert (question["scale"], question["step"], question["seed"]) == ([0.0, 100.0], 1.0, 7)
    assert facts["participants"] == facts["found"]["wilcoxon"]["participants"]
    assert (study / "plan" / "plan.json").exists()


def test_the_margin_of_the_study_is_planned_for(run, study):
    (study / "study.toml").write_text(STUDY + "margin = 5.0\n", encoding="utf-8")
    facts = facts_of(run(str(study), "--json", *GIVEN))
    assert set(facts["curves"]) == {"equivalence"}
    assert facts["question"]["margin"] == 5.0


def test_a_pilot_gives_the_components(run, tmp_path, panel):
    panel.rows[["participant", "item", "condition", "rating"]].to_csv(tmp_path / "pilot.csv", index=False)
    facts = facts_of(
        run(
            "--items",
            "3",
            "--conditions",
            "3",
            "--difference",
            "9",
            "--from",
            "pilot.csv",
            "--sd-item",
            "2",
            "--json",
            "--simulations",
            "200",
        )
    )
    components = facts["question"]["components"]
    assert components["item"] == 2.0
    assert components["residual"] > 0
    assert len(facts["components_from"]["sha256"]) == 64
    assert (tmp_path / "mixeval-plan" / "tables" / "variance_components.csv").exists()


def test_a_plan_is_frozen_once_and_the_file_stays_the_author_s(run, study):
    result = run(str(study), "--difference", "6", "--margin", "5", "--freeze", *GIVEN)
    assert result.exit_code == 0, result.output
    plan = read_study(study).analysis.plan
    assert plan.conditions == ("anchor", "ref", "net")
    assert (plan.difference, plan.margin, plan.seed, plan.comparisons) == (6.0, 5.0, 7, 3)
    assert plan.tests == ("friedman", "wilcoxon", "equivalence")
    assert (study / "study.toml").read_text(encoding="utf-8").startswith(STUDY)
    again = run(str(study), "--difference", "6", "--freeze", *GIVEN)
    assert again.exit_code == 1
    assert "has a plan already" in again.stderr
    replaced = run(str(study), "--difference", "6", "--participants", "12", "--freeze", "--replace", *GIVEN)
    assert replaced.exit_code == 0, replaced.output
    assert read_study(study).analysis.plan.participants == 12


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--items", "3", "--conditions", "3", "--difference", "5"], "nothing says how much ratings vary"),
        (["--items", "3", "--conditions", "3", *GIVEN], "nothing says what is to be found"),
        (["--conditions", "3", "--difference", "5", *GIVEN], "nothing says how many items"),
        (
            ["--items", "3", "--conditions", "3", "--difference", "5", "--sd-item", "5"],
            "all participants agree",
        ),
        (["--items", "3", "--conditions", "3", "--difference", "500", *GIVEN], "lies beyond"),
        (["--items", "3", "--conditions", "3", "--means", "1,2", *GIVEN], "2 means and 3 conditions"),
        (["--items", "3", "--conditions", "3", "--means", "1,x,2", *GIVEN], "are no numbers"),
        (["--items", "3", "--conditions", "3", "--means", "50,50,50", *GIVEN], "no two of the means differ"),
        (
            ["--items", "3", "--conditions", "3", "--difference", "5", "--comparisons", "4", *GIVEN],
            "make 3 pairs",
        ),
        (["--items", "3", "--conditions", "3", "--difference", "5", "--freeze", *GIVEN], "there is no study"),
        (
            ["--items", "3", "--conditions", "3", "--difference", "5", "--replace", *GIVEN],
            "belongs to --freeze",
        ),
        (["--items", "3", "--conditions", "3", "--difference", "5", "--from", "none.csv"], "is not there"),
        (
            ["--items", "3", "--conditions", "3", "--difference", "5", "--from", "x.csv", "--typical"],
            "choose one",
        ),
    ],
)
def test_what_cannot_be_planned_is_told_in_one_line(run, arguments, told):
    result = run(*arguments)
    assert result.exit_code == 1
    assert told in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("wrong", [["--participants", "9..3"], ["--scale", "5"], ["--participants", "few"]])
def test_a_range_that_is_none_is_refused(run, wrong):
    assert run("--items", "3", "--conditions", "3", "--difference", "5", *wrong, *GIVEN).exit_code == 2


def test_choices_between_two_are_no_ratings_to_plan_with(run, study):
    (study / "study.toml").write_text(STUDY + '\n[test]\npage = "ab"\n', encoding="utf-8")
    assert 'asks on a page "ab"' in run(str(study), "--difference", "5", *GIVEN).stderr


def test_a_range_of_panels_is_looked_at_from_end_to_end(run):
    asked = ("--items", "3", "--conditions", "3", "--difference", "1", "--participants", "10..20", "--json")
    facts = facts_of(run(*asked, *GIVEN))
    looked_at = [power["participants"] for power in facts["curves"]["wilcoxon"]]
    assert (looked_at[0], looked_at[-1]) == (10, 20)
    assert facts["participants"] is None


def test_means_ask_for_the_pair_that_differs_least():
    sd = Components(participant_condition=3, residual=6)
    found = answer(Question(3, 3, sd, means=(50.0, 58.0, 80.0), simulations=200))
    assert found.pair_difference == 8
    enough = answer(Question(3, 3, sd, means=(50.0, 58.0, 80.0), difference=20.0, simulations=200))
    assert enough.pair_difference == 22


@pytest.mark.parametrize(
    "question",
    [
        Question(1, 2, Components(residual=5), difference=6.0, simulations=100),
        Question(2, 40, Components(residual=5), difference=20.0, simulations=100, participants=(15, 15)),
        Question(4, 3, Components(residual=0.1), margin=0.1, scale=(0.0, 1.0), step=0.0, simulations=100),
        Question(4, 3, Components(residual=0.8), difference=0.5, scale=(1.0, 5.0), simulations=100),
    ],
)
def test_small_large_and_other_scales_are_planned_and_drawn(question):
    found = answer(question)
    assert found.participants is not None
    assert all(
        0 <= power.low <= power.power <= power.high <= 1 for curve in found.curves.values() for power in curve
    )
    assert power_figure(found)["svg"].startswith(b"<?xml")
