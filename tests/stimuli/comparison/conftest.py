"""Rendered studies: one of finished mixes, and one with stems that methods can mix anew."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixeval.study import read_study
from mixeval_stimuli.comparison.rendered import open_rendered
from mixeval_stimuli.render import render_study

RATE = 44_100

STEMS = ("kick", "overhead_L", "overhead_R", "snare")

MULTITRACK = """
[study]
title = "Stems"

[stimuli]
dataset = { kind = "folder", path = "takes", stems = { kick = "kick.wav", overhead_L = "overhead_L.wav", overhead_R = "overhead_R.wav", snare = "snare.wav" }, references = { dry = "dry.wav" } }

[[stimuli.conditions]]
id = "human"
label = "Human Mix"
method = "reference"
options = { variant = "dry" }
role = "reference"

[[stimuli.conditions]]
id = "sum"
label = "Plain Sum"
method = "sum"

[[stimuli.conditions]]
id = "overheads"
method = "anchor"

[[stimuli.conditions]]
id = "anchor"
method = "anchor"
options = { of = "dry" }
role = "anchor"
"""


def write_take(folder, seed):
    """Write four stems of drum-like bursts and a reference that is a louder kick and their sum otherwise."""
    random = np.random.default_rng(seed)
    time = np.arange(RATE) / RATE
    stems = {
        name: 0.1 * np.exp(-30 * ((time - 0.05 * place) % 0.25)) * random.standard_normal(RATE)
        for place, name in enumerate(STEMS)
    }
    folder.mkdir(parents=True)
    for name, samples in stems.items():
        soundfile.write(folder / f"{name}.wav", samples, RATE, subtype="FLOAT")
    mix = sum(stems.values()) + 0.3 * stems["kick"]
    soundfile.write(folder / "dry.wav", np.stack([mix, mix], axis=1), RATE, subtype="FLOAT")


def render(folder):
    render_study(read_study(folder), folder, workers=1)
    return open_rendered(folder)


@pytest.fixture
def finished(small_study):
    """Two items of one second: a human mix, a network's and an anchor, rendered."""
    return render(small_study.folder)


def make_multitrack(folder):
    write_take(folder / "takes" / "take 1", seed=1)
    (folder / "study.toml").write_text(MULTITRACK, encoding="utf-8")
    return render(folder)


@pytest.fixture(scope="session")
def untouched(tmp_path_factory):
    """One take of four stems in four conditions, rendered once: tests leave it as it is."""
    return make_multitrack(tmp_path_factory.mktemp("study") / "multitrack")


@pytest.fixture
def multitrack(untouched, tmp_path):
    """A copy of that study."""
    return open_rendered(Path(shutil.copytree(untouched.folder, tmp_path / "multitrack")))
