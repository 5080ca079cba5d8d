import contextlib
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from mixeval.cli import main

STUDY = """
[study]
title = "Three mixes of two loops"
seed = 7

[stimuli]
dataset = { kind = "files", path = "mixes", pattern = "{item}_{source}.wav" }

[[stimuli.conditions]]
id = "human"
label = "Human"
method = "files"
options = { source = "human" }
role = "reference"

[[stimuli.conditions]]
id = "model"
label = "Model"
method = "files"
options = { source = "model" }

[[stimuli.conditions]]
id = "dull"
label = "Dull"
method = "files"
options = { source = "dull" }
role = "anchor"
"""

RATE = 44100


def write_mix(folder, item, source, *, seed, channels=2):
    """Write a second of decaying noise bursts, at a level that depends on the source."""
    random = np.random.default_rng(seed)
    envelope = np.exp(-np.arange(RATE) % (RATE // 4) / 2500.0)
    samples = random.normal(size=(RATE, channels)) * envelope[:, None]
    if source == "dull":
        samples = np.apply_along_axis(
            lambda column: np.convolve(column, np.ones(64) / 64, "same"), 0, samples
        )
    samples *= 0.05 + 0.2 * random.random()
    soundfile.write(folder / f"{item}_{source}.wav", np.clip(samples, -1, 1), RATE, subtype="PCM_16")


@pytest.fixture
def study_folder(tmp_path):
    """A study of two items in three mixes that were rendered elsewhere, one of them mono."""
    folder = tmp_path / "study"
    (folder / "mixes").mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    for number, item in enumerate(("loop1", "loop2")):
        for place, source in enumerate(("human", "model", "dull")):
            write_mix(
                folder / "mixes",
                item,
                source,
                seed=10 * number + place,
                channels=1 if source == "model" else 2,
            )
    return folder


@pytest.fixture
def run():
    """Run a command; it must succeed."""

    def run_command(*arguments):
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
        return result.output

    return run_command


@pytest.fixture
def serve():
    """Serve a study as the command does, in a process of its own on a free port."""

    @contextlib.contextmanager
    def serving(folder):
        server = subprocess.Popen(
            [sys.executable, "-u", "-m", "mixeval", "serve", str(folder), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        try:
            lines = []
            for line in server.stdout:
                lines.append(line)
                address = re.search(r"http://127\.0\.0\.1:\d+", line)
                if address:
                    break
            else:
                pytest.fail("the server did not start:\n" + "".join(lines))
            yield address.group(0)
        finally:
            server.terminate()
            server.communicate(timeout=60)

    return serving
