import errno
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mixeval.cli import COMMANDS, main


def test_help_lists_every_command_with_its_line():
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in result.output


@pytest.mark.parametrize("command", ["compare", "render", "serve", "analyze", "simulate"])
def test_a_folder_that_is_no_study_is_told_in_one_line_without_a_traceback(command, tmp_path):
    result = CliRunner().invoke(main, [command, str(tmp_path)])
    assert result.exit_code == 1
    assert result.stdout == ""
    *progress, message = result.stderr.strip().splitlines()
    assert message.startswith("Error: ")
    assert message.endswith("has no study.toml; name the folder that holds one.")
    assert "Traceback" not in "".join(progress)


def test_the_demo_says_in_one_line_that_its_folder_cannot_be_used(tmp_path, monkeypatch):
    def closed(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "exists", closed)
    result = CliRunner().invoke(main, ["demo", str(tmp_path), "--no-serve"])
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        f"Error: {tmp_path} cannot be used (Permission denied); name a folder that you may read and write."
    )


def test_an_unknown_command_is_refused():
    assert CliRunner().invoke(main, ["rendre"]).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], {"flask", "pandas", "scipy", "seaborn", "torch", "sqlalchemy"}),
        (["serve", "--help"], {"pandas", "seaborn", "matplotlib", "torch"}),
        (["analyze", "--help"], {"flask", "torch"}),
        (["plan", "--help"], {"flask", "matplotlib", "pandas", "scipy", "torch"}),
        (["compare", "--help"], {"flask", "matplotlib", "pandas", "scipy", "torch"}),
    ],
)
def test_a_command_starts_without_the_libraries_of_the_others(arguments, unwanted):
    script = f"""
import sys
from mixeval.cli import main
main({arguments!r}, standalone_mode=False)
print(sorted(set(sys.modules) & {unwanted!r}))
"""
    finished = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "PATH": ""},
    )
    assert finished.stdout.splitlines()[-1] == "[]"


def test_an_error_that_quotes_a_hostile_name_leaves_the_terminal_alone(tmp_path):
    folder = tmp_path / "kick\x1b[2J\r"
    result = CliRunner().invoke(main, ["render", str(folder)])
    assert result.exit_code == 1
    assert "kick\\x1b[2J\\r" in result.stderr
    assert "\x1b[2J" not in result.stderr
