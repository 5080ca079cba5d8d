"""Tiny data sets to train on: bursts of coloured noise in three stems, mixed by gains, panning and a short filter."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from mixeval_stimuli.methods.wave_u_net.architecture import Architecture
from mixeval_stimuli.training.corpus import open_corpus
from mixeval_stimuli.training.options import Options

RATE = 44_100
INPUTS = ("hi-hat", "kick", "snare")
PANNED = {"hi-hat": (0.2, 0.5), "kick": (0.6, 0.6), "snare": (0.7, 0.3)}
"""Gains of each stem to the left and to the right."""

TINY = {
    "variant": "dry",
    "architecture": {"levels": 3, "filters": 4, "inputs": INPUTS},
    "output_frames": 2000,
    "batch_size": 4,
    "steps_per_epoch": 5,
    "learning_rates": (1e-3,),
    "max_steps": 15,
}


@pytest.fixture
def tiny_options():
    """Make the options of a run that takes less than a second."""

    def make(**changes):
        given = {**TINY, **changes}
        given["architecture"] = Architecture(**given["architecture"])
        return Options(**given)

    return make


@pytest.fixture(autouse=True)
def one_thread():
    """Sums of floats depend on how threads share them, and other tests run beside."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_tree(tmp_path_factory):
    """An ENST-shaped tree of four recordings, three to learn from and one to validate with."""
    return write_tree(tmp_path_factory.mktemp("multitracks"), train=3)


@pytest.fixture
def make_tree():
    """Write an ENST-shaped tree of other numbers of recordings, lengths, or rate."""
    return write_tree


@pytest.fixture
def tiny_corpus(tiny_tree, tiny_options):
    return open_corpus([tiny_tree.folder], tiny_options())


@dataclass(frozen=True)
class Tree:
    folder: Path
    files: tuple[str, ...]

    def path(self, folder, number=0):
        return self.folder / "drummer_1" / "audio" / folder / self.files[number]

    def read(self, folder, number=0):
        """Read (channels, samples) as they are on disk."""
        return soundfile.read(self.path(folder, number), always_2d=True)[0].T


def write_tree(folder, *, train=1, val=1, seconds=0.6, rate=RATE, level=0.5):
    files = []
    for number in range(train + val):
        # No two recordings have one length, so that lengths cannot be taken for one another.
        frames = round((seconds + 0.1 * number) * rate)
        file = f"{number + 1:03}_phrase_funk_simple_slow_sticks.wav"
        stems = {name: level * noise_bursts(name, number, frames) for name in INPUTS}
        for name, samples in stems.items():
            write(folder, name, file, samples[np.newaxis], rate)
        mix = mixed(stems)
        write(folder, "dry_mix", file, mix, rate)
        write(folder, "wet_mix", file, 0.5 * mix, rate)
        files.append(file)
    with (folder / "split.csv").open("w", encoding="utf-8", newline="") as split:
        rows = csv.writer(split)
        rows.writerow(["drummer", "file", "subset"])
        rows.writerows(["1", file, "train" if index < train else "val"] for index, file in enumerate(files))
    return Tree(folder, tuple(files))


def noise_bursts(name, number, frames):
    random = np.random.default_rng([INPUTS.index(name), number])
    signal = np.zeros(frames)
    for start in random.integers(0, frames - 100, 8):
        rest = np.arange(frames - start)
        signal[start:] += np.exp(-rest / 2000.0) * random.standard_normal(len(rest))
    width = {"hi-hat": 1, "snare": 4, "kick": 16}[name]
    coloured = np.convolve(signal, np.ones(width) / width, mode="same")
    return coloured / np.max(np.abs(coloured))


def mixed(stems):
    """Mix with gains, panning, and a filter of three samples on the hi-hat."""
    filtered = {**stems, "hi-hat": np.convolve(stems["hi-hat"], [-0.2, 1.0, -0.2], mode="same")}
    return 0.5 * np.stack([sum(PANNED[name][side] * filtered[name] for name in INPUTS) for side in (0, 1)])


def write(folder, name, file, samples, rate=RATE):
    path = folder / "drummer_1" / "audio" / name / file
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples.T, rate, subtype="FLOAT")
