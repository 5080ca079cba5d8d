"""Small studies of synthetic mixes, shared by the tests of rendering."""

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixeval.study import Study, parse_study
from mixeval_stimuli.datasets import synthetic
from mixeval_stimuli.recordings import Recording

RATE = 44_100

STUDY = """
[study]
title = "A small study"

[stimuli]
dataset = {{ kind = "files", path = "mixes", pattern = "{{item}}_{{source}}.wav" }}
target_lufs = {target_lufs}

[[stimuli.conditions]]
id = "reference"
method = "files"
options = {{ source = "human" }}
role = "reference"

[[stimuli.conditions]]
id = "network"
method = "files"
options = {{ source = "network" }}

[[stimuli.conditions]]
id = "anchor"
method = "anchor"
options = {{ of = "human" }}
role = "anchor"
"""


@dataclass(frozen=True)
class SmallStudy:
    """A study folder with a study.toml, and its recordings as a data set would open them."""

    folder: Path
    recordings: tuple[Recording, ...]
    study: Study

    def rewrite(self, item, source, **mix):
        """Replace one of the mixes; see write_mix."""
        write_mix(self.folder / "mixes" / f"{item}_{source}.wav", **mix)

    def with_text(self, change):
        """Give the study with another study.toml, `change` of this one."""
        text = change((self.folder / "study.toml").read_text(encoding="utf-8"))
        return replace(self, study=parse_study(text))

    def with_target(self, target_lufs):
        return replace(self, study=write_study(self.folder, target_lufs))


def write_study(folder, target_lufs=-28.0):
    text = STUDY.format(target_lufs=target_lufs)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return parse_study(text)


def write_mix(path, *, seconds=1.0, seed=0, level=0.1, channels=2, rate=RATE, crest=1.0):
    """Write a mix of decaying noise bursts; `crest` raises one sample above the rest."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    samples = (
        level * np.exp(-6.0 * (time % 0.25))[:, np.newaxis] * random.standard_normal((time.size, channels))
    )
    samples[time.size // 2] *= crest
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return path


@pytest.fixture
def small_study(tmp_path):
    """Two items in three conditions; the network's mixes are mono and 10 dB quieter."""
    folder = tmp_path / "study"
    folder.mkdir()
    recordings = []
    for number, item in enumerate(("loop 1", "loop 2")):
        human = write_mix(folder / "mixes" / f"{item}_human.wav", seed=number)
        network = write_mix(
            folder / "mixes" / f"{item}_network.wav", seed=10 + number, level=0.03, channels=1
        )
        recordings.append(
            Recording(item, mixes={"human": human, "network": network}, facts={"drummer": str(number)})
        )
    return SmallStudy(folder, tuple(recordings), write_study(folder))


@pytest.fixture
def small_files():
    """Let no file grow beyond a number of bytes while a block runs: a full disk that needs no disk."""
    resource = pytest.importorskip("resource", reason="this system limits no process")

    @contextmanager
    def limited(size):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


@dataclass(frozen=True)
class SyntheticTree:
    """Synthetic drums on disk: a tree of ENST-Drums' shape, and the parameters that it was written with."""

    path: Path
    parameters: dict


@pytest.fixture(scope="session")
def synthetic_tree(tmp_path_factory):
    """Twelve recordings of three seconds: of each drummer two for training, one to validate and one to test."""
    path = tmp_path_factory.mktemp("synthetic") / "drums"
    parameters = {"seed": 1, "recordings_per_drummer": 4, "seconds": 3.0}
    synthetic.write_tree(path, **parameters)
    return SyntheticTree(path, parameters)


@pytest.fixture(scope="session")
def trained_forest(synthetic_tree, tmp_path_factory):
    """A forest of 40 trees, trained on the synthetic tree."""
    from mixeval_stimuli.training.random_forest import train_random_forest

    out = tmp_path_factory.mktemp("models") / "forest.npz"
    return train_random_forest([synthetic_tree.path], out, trees=40, seed=1, workers=1)


@pytest.fixture(scope="session")
def real_data():
    """The folder of real audio that developers keep outside the project."""
    if "MIXEVAL_DEV_DATA" not in os.environ:
        pytest.skip("MIXEVAL_DEV_DATA names no folder with real audio")
    return Path(os.environ["MIXEVAL_DEV_DATA"])
