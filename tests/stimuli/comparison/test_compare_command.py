import csv
import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval_stimuli.comparison.measure_tables import MEASURES


def run(*arguments):
    return CliRunner().invoke(main, ["compare", *map(str, arguments), "--workers", "1"])


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_command_writes_tables_and_figures_and_prints_the_measures(finished):
    result = run(finished.folder)

    assert result.exit_code == 0, result.output
    folder = finished.folder / "comparison"
    assert names(folder) == sorted(
        [
            "comparison.json",
            *(f"figures/{kind}_loop_{n}.{form}" for kind in ("mixes", "transient") for n in (1, 2) for form in ("pdf", "png", "svg")),
            *(f"tables/measures{of}.{form}" for of in ("", "_by_condition") for form in ("csv", "md", "tex")),
        ]
    )  # fmt: skip
    table = rows(folder / "tables" / "measures.csv")
    assert list(table[0]) == ["item", "condition", "compare_to", *MEASURES]
    assert [(row["item"], row["condition"]) for row in table][:2] == [
        ("loop 1", "reference"),
        ("loop 1", "network"),
    ]
    lines = result.stdout.splitlines()
    assert lines[1] == "loop 1"
    assert lines[2].split()[:3] == ["mix", "L1", "SDR"]
    assert "mean over items" in lines
    assert any(line.startswith("loop 1: the transient is at ") for line in lines)
    listing = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    assert listing["stimuli"] == finished.version.stimuli_id
    assert listing["files"] == [*listing["files"]]
    assert sorted(listing["files"]) == names(folder)


def test_one_item_and_one_moment_can_be_chosen_and_json_is_for_scripts(finished, tmp_path):
    result = run(finished.folder, "--item", "loop 2", "--at", "0.5", "--out", tmp_path / "out", "--json")

    told = json.loads(result.stdout)
    assert {row["item"] for row in told["tables"]["measures"]} == {"loop 2"}
    assert "loop 2: the transient is at 0.500 s" in told["remarks"]
    assert (tmp_path / "out" / "figures" / "transient_loop_2.pdf").exists()
    assert not (tmp_path / "out" / "figures" / "mixes_loop_1.pdf").exists()


def test_equal_mixes_are_infinitely_near_also_in_json(finished):
    text = (finished.folder / "study.toml").read_text(encoding="utf-8")
    twin = '\n[[stimuli.conditions]]\nid = "twin"\nmethod = "files"\noptions = { source = "human" }\n'
    (finished.folder / "study.toml").write_text(text + twin, encoding="utf-8")
    assert CliRunner().invoke(main, ["render", str(finished.folder), "--workers", "1"]).exit_code == 0

    told = json.loads(run(finished.folder, "--item", "loop 1", "--json").stdout)

    assert told["tables"]["measures"][-1]["sdr_db"] == "inf"
    folder = finished.folder / "comparison" / "tables"
    assert rows(folder / "measures.csv")[-1]["sdr_db"] == "inf"
    assert "| \N{INFINITY} |" in (folder / "measures.md").read_text(encoding="utf-8")
    assert r"$\infty$" in (folder / "measures.tex").read_text(encoding="utf-8")


def test_robustness_has_a_table_and_figures_beside_those_of_the_measures(multitrack):
    run(multitrack.folder, "--item", "take 1")
    before = names(multitrack.folder / "comparison")

    result = run(multitrack.folder, "--robustness", "--condition", "sum", "--range-db", "6")

    assert result.exit_code == 0, result.output
    assert "17 mixes to make and measure" in result.stderr
    assert result.stdout.splitlines()[1].startswith("sum: SDR in dB, ")
    assert set(names(multitrack.folder / "comparison")) - set(before) == {
        "robustness.json",
        "tables/robustness.csv",
        *(
            f"figures/robustness_{m}.{form}"
            for m in ("sdr", "l1", "mrstft")
            for form in ("pdf", "svg", "png")
        ),
    }
    table = rows(multitrack.folder / "comparison" / "tables" / "robustness.csv")
    assert len(table) == 17
    assert {row["change"] for row in table} == {"none", "gain", "missing", "swap"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--item", "lop 1"], 'the study has no item "lop 1"; did you mean "loop 1".'),
        (["--at", "7"], '"loop 1" lasts 1.00 s, there is nothing at 7 s; give --at a time within it.'),
        (["--condition", "network"], "belong to the analysis of robustness; add --robustness."),
        (["--robustness"], "there are no stems to change"),
    ],
)
def test_an_error_is_one_line_and_exit_code_1(finished, arguments, words):
    result = run(finished.folder, *arguments)

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert words in result.stderr.splitlines()[-1]
    assert not (finished.folder / "comparison").exists()


def test_a_folder_of_somebody_else_is_not_written_over(finished, tmp_path):
    (tmp_path / "out" / "tables").mkdir(parents=True)
    (tmp_path / "out" / "tables" / "measures.csv").write_text("mine", encoding="utf-8")

    result = run(finished.folder, "--item", "loop 1", "--out", tmp_path / "out")

    assert "was not written by mixeval" in result.stderr
    assert (tmp_path / "out" / "tables" / "measures.csv").read_text(encoding="utf-8") == "mine"


def test_a_comparison_loads_neither_torch_nor_any_method(finished):
    script = f"""
import sys
from mixeval.cli import main
main(["compare", {str(finished.folder)!r}, "--item", "loop 1", "--workers", "1", "--json"], standalone_mode=False)
unwanted = {{"torch", "flask", "sklearn", "mixeval_stimuli.methods.anchor"}}
print(sorted(set(sys.modules) & unwanted), file=sys.stderr)
"""
    finished_process = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert finished_process.stderr.splitlines()[-1] == "[]"
