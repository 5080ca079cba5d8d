"""Tests of other platforms, written by hand in their shapes, with short files of noise for audio."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile


@pytest.fixture
def tool(tmp_path):
    """A folder as both tools have it: audio, and tests in a subfolder."""
    folder = tmp_path / "tool"
    (folder / "audio").mkdir(parents=True)
    (folder / "configs").mkdir()
    for item in ("loop1", "loop2"):
        for seed, mix in enumerate(("ref", "net", "forest")):
            noise = 0.1 * np.random.default_rng(seed).standard_normal((24_000, 2))
            soundfile.write(folder / "audio" / f"{item}_{mix}.wav", noise, 44100)
    return folder


@pytest.fixture
def write_test(tool):
    def write(text, name="drums.yaml"):
        path = tool / "configs" / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def dev_data():
    """The folder of real tests that may not be published with the project."""
    folder = os.environ.get("MIXEVAL_DEV_DATA")
    if not folder:
        pytest.skip("MIXEVAL_DEV_DATA names no folder of real tests")
    return Path(folder)
