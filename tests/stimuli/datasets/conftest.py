"""Small data sets on disk."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

WriteWav = Callable[..., Path]


@pytest.fixture
def write_wav() -> WriteWav:
    """Write a short WAV of quiet noise."""

    def write(path: Path, *, frames: int = 4410, channels: int = 1, rate: int = 44_100) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = 0.1 * np.random.default_rng(0).standard_normal((frames, channels))
        soundfile.write(path, noise, rate, subtype="PCM_16")
        return path

    return write
