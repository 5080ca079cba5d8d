import json

import pytest
from click.testing import CliRunner

from mixeval.cli import main

STUDY = """
[study]
title = "Two conditions"

[stimuli]
dataset = { kind = "enst", path = "recordings" }

[[stimuli.conditions]]
id = "reference"
method = "reference"
options = { variant = "dry" }

[[stimuli.conditions]]
id = "sum"
method = "sum"
"""


def run(*arguments):
    return CliRunner().invoke(main, ["dataset", *map(str, arguments)])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    result = run(
        "synthetic", folder / "recordings", "--recordings-per-drummer", 2, "--seconds", 2, "--seed", 3
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("recordings: 6 recordings (3 train, 3 test), 0.2 minutes\n")
    return folder


@pytest.mark.parametrize("source", ["", "recordings"])
def test_the_list_is_the_same_for_a_study_and_its_folder(study, source):
    lines = run("list", study / source).stdout.splitlines()
    assert lines[0].split() == ["recording", "subset", "group", "drummer", "seconds"]
    assert lines[1].split() == [
        "drummer_1_001_phrase_shuffle-blues_simple_slow_brushes", "test", "phrase", "1", "2.0",
    ]  # fmt: skip
    assert lines[-1] == "6 recordings (3 train, 3 test), 0.2 minutes"


def test_a_script_gets_the_list_as_json(study):
    rows = json.loads(run("list", study, "--subset", "test", "--json").stdout)
    assert [row["drummer"] for row in rows] == ["1", "2", "3"]
    assert {"item", "subset", "group", "seconds", "style"} <= rows[0].keys()


def test_a_sound_data_set_is_said_to_be_and_missing_and_corrupt_files_are_named_apart(study):
    assert run("check", study).stdout == "6 recordings, 0 missing, 0 corrupt\n"
    kicks = sorted((study / "recordings" / "drummer_2" / "audio" / "kick").iterdir())
    whole = [kick.read_bytes() for kick in kicks]
    try:
        kicks[0].unlink()
        kicks[1].write_bytes(whole[1][:1000])
        result = run("check", study)
        found = json.loads(run("check", study, "--json").stdout)
    finally:
        for kick, content in zip(kicks, whole, strict=True):
            kick.write_bytes(content)
    assert result.exit_code == 1
    missing, corrupt, total = result.stdout.splitlines()
    assert missing == f"missing: {kicks[0]}"
    assert corrupt.startswith(f"corrupt: {kicks[1]} is cut short")
    assert total == "6 recordings, 1 missing, 1 corrupt"
    assert found["missing"] == [str(kicks[0])]
    assert list(found["corrupt"]) == [str(kicks[1])]


def test_a_folder_that_is_neither_is_told_in_one_line(tmp_path):
    result = run("list", tmp_path)
    assert result.exit_code == 1
    assert "does not hold ENST-Drums" in result.stderr


def test_what_was_written_is_told_as_json(study):
    again = run(
        "synthetic",
        study / "recordings",
        "--recordings-per-drummer",
        2,
        "--seconds",
        2,
        "--seed",
        3,
        "--json",
    )
    assert json.loads(again.stdout) == {
        "path": str(study / "recordings"),
        "recordings": 6,
        "seconds": 12.0,
        "subsets": {"test": 3, "train": 3},
    }


def test_a_folder_that_is_no_kit_is_refused_in_one_line(tmp_path):
    result = run("kit", tmp_path, tmp_path / "out", "--minutes", 1)
    assert result.exit_code == 1
    assert "is no one-shot kit" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_study_whose_conditions_run_code_is_listed_and_checked_without_running_any(study, tmp_path):
    command = '\n[[stimuli.conditions]]\nid = "ours"\nmethod = "command"\noptions = { run = "touch ran {stems} {output}" }\n'
    text = STUDY.replace('path = "recordings"', f'path = "{study / "recordings"}"')
    (tmp_path / "study.toml").write_text(text + command, encoding="utf-8")

    assert run("list", tmp_path).exit_code == 0
    assert "6 recordings, " in run("check", tmp_path).stdout
    assert [path.name for path in tmp_path.iterdir()] == ["study.toml"]
