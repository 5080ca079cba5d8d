"""The guide for people who bring a mixer: what it prints is what is run here."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mixeval.manifest import read_manifest

PATH = Path(__file__).parents[2] / "docs" / "add-a-mixing-method.md"
if not PATH.is_file():
    pytest.skip("the documents are not shipped with the wheel", allow_module_level=True)
GUIDE = PATH.read_text(encoding="utf-8")

STUDY = """
[study]
title = "A study that gets new mixes"

[stimuli]
dataset = { kind = "synthetic", recordings_per_drummer = 1, seconds = 2.0 }

[[stimuli.conditions]]
id = "sum"
method = "sum"

[[stimuli.conditions]]
id = "anchor"
method = "anchor"
role = "anchor"
"""


def file_in_guide(name):
    """Give the block of code that follows the name of its file."""
    return re.search(rf"`{re.escape(name)}`:\n\n```\w+\n(.*?)```", GUIDE, re.DOTALL)[1]


def condition_in_guide(name):
    blocks = re.findall(r"```toml\n(\[\[stimuli\.conditions\]\].*?)```", GUIDE, re.DOTALL)
    return next(block for block in blocks if f'id = "{name}"' in block)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "my-study"
    folder.mkdir()
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder


@pytest.fixture
def render(folder, tmp_path):
    """Render in two worker processes as a script does, and give what is told in JSON."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), *sys.path]),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }

    def rendered(*options):
        done = subprocess.run(
            [sys.executable, "-m", "mixeval", "render", str(folder), "--workers", "2", "--json", *options],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), done.stderr

    return rendered


def install(site):
    """Put the guide's package where pip would, with the metadata that its pyproject.toml asks for."""
    project = tomllib.loads(file_in_guide("drum-mixer/pyproject.toml"))["project"]
    information = site / f"drum_mixer-{project['version']}.dist-info"
    information.mkdir(parents=True)
    (site / "drum_mixer.py").write_text(file_in_guide("drum-mixer/drum_mixer.py"), encoding="utf-8")
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8"
    )
    offered = "".join(f"[{group}]\n{name} = {target}\n" for group, names in project["entry-points"].items() for name, target in names.items())  # fmt: skip
    (information / "entry_points.txt").write_text(offered, encoding="utf-8")


def add(folder, condition):
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n{condition}")


def test_the_mixers_of_the_guide_are_added_to_a_study_and_no_other_method_runs(folder, render, tmp_path):
    told, _ = render()
    assert told["mixed"] == 6
    cached = {path: path.stat().st_mtime_ns for path in (folder / "stimuli" / "cache").glob("*.wav")}

    install(tmp_path / "site")
    add(folder, condition_in_guide("even"))
    told, said = render("--trust")
    assert told["mixed"] == 3
    assert "  even: the package drum-mixer 0.1.0 (drum_mixer:mix)\n" in said

    (folder / "mix.sh").write_text(file_in_guide("my-study/mix.sh"), encoding="utf-8")
    (folder / "mix.sh").chmod(0o755)
    add(folder, condition_in_guide("rounded"))
    told, said = render("--trust")
    assert told["mixed"] == 3
    assert "  rounded: the command line './mix.sh {stems} {output}'\n" in said

    assert render("--trust")[0]["mixed"] == 0
    assert (
        cached.items()
        <= {p: p.stat().st_mtime_ns for p in (folder / "stimuli" / "cache").glob("*.wav")}.items()
    )
    manifest = read_manifest(folder)
    assert [stimulus.condition for stimulus in manifest.stimuli[:4]] == ["sum", "anchor", "even", "rounded"]
    assert [note for note in told["notes"] if "than its stems" in note] == []
    even = manifest.stimuli[2]
    assert even.method_version.startswith("0.1.0 sha256:")
    assert even.parameters["overheads"] == 1.4
    assert "mix.sh" in {given.file for given in manifest.stimuli[3].inputs}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_a_mixer_prints_is_kept_out_of_the_json(folder, render, tmp_path, workers):
    install(tmp_path / "site")
    chatty = "print('hello from the import')\ndef mix(stems, sample_rate):\n    print('hello from the mix')\n    return stems['kick']\n"
    (tmp_path / "site" / "drum_mixer.py").write_text(chatty, encoding="utf-8")
    add(folder, '[[stimuli.conditions]]\nid = "chatty"\nmethod = "even_mix"\n')

    told, said = render("--trust", "--workers", workers)

    assert told["mixed"] == 9
    assert "hello from the import" in said
    assert "hello from the mix" in said


def test_the_python_mixer_of_the_guide_has_ten_lines_at_most():
    code = file_in_guide("drum-mixer/drum_mixer.py")

    assert len([line for line in code.splitlines() if line.strip()]) <= 10
