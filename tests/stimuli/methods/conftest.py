"""A small multitrack study, and packages that offer mixing methods, for the tests of guests."""

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixeval.study import parse_study
from mixeval_stimuli.recordings import Recording

RATE = 44_100
STEMS = ("kick", "snare", "overhead_L", "overhead_R")

STUDY = """
[study]
title = "A multitrack study"

[stimuli]
dataset = { kind = "folder", path = "takes", stems = { kick = "kick.wav", snare = "snare.wav", overhead_L = "overhead_L.wav", overhead_R = "overhead_R.wav" } }

[[stimuli.conditions]]
id = "sum"
method = "sum"

[[stimuli.conditions]]
id = "anchor"
method = "anchor"
role = "anchor"
"""


@dataclass(frozen=True)
class Multitrack:
    """A study of two takes in the plain sum and an anchor, to which conditions are added."""

    folder: Path

    def add(self, condition):
        """Add the text of a condition to study.toml and give the study."""
        path = self.folder / "study.toml"
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{condition}", encoding="utf-8")
        return parse_study(path.read_text(encoding="utf-8"))

    @property
    def recording(self):
        take = self.folder / "takes" / "take 1"
        return Recording("take 1", stems={name: take / f"{name}.wav" for name in STEMS})


def write_take(folder, *, seed=0, seconds=1.0, rate=RATE, stems=STEMS):
    """Write stems of decaying noise bursts, each at another tempo."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    folder.mkdir(parents=True)
    for number, name in enumerate(stems):
        burst = np.exp(-20.0 * (time % (0.2 + 0.07 * number)))
        soundfile.write(
            folder / f"{name}.wav", 0.1 * burst * random.standard_normal(time.size), rate, "FLOAT"
        )


@pytest.fixture
def multitrack(tmp_path):
    folder = tmp_path / "a study, ünïcode"
    for seed in (1, 2):
        write_take(folder / "takes" / f"take {seed}", seed=seed)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return Multitrack(folder)


@pytest.fixture
def recording(multitrack):
    return multitrack.recording


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package of one module as pip would, in a folder that is on the path of worker processes too."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    modules = []

    def install(source, *, module="drum_mixer", target="mix", name="louder", distribution="drum-mixer"):
        (site / f"{module}.py").write_text(source, encoding="utf-8")
        info = site / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[mixeval.methods]\n{name} = {module}:{target}\n")
        importlib.invalidate_caches()
        modules.append(module)
        return site / f"{module}.py"

    yield install
    for module in modules:
        sys.modules.pop(module, None)
    from mixeval_stimuli.methods.guests import plugin

    plugin._digest.cache_clear()
