"""A kit small enough for tests: decaying tones and noise in the folders of a one-shot kit."""

import numpy as np
import pytest
import soundfile

from mixeval_stimuli.datasets.kit import plan
from mixeval_stimuli.datasets.kit.samples import HEARD_BY, MICS, open_kit

RATE = 44_100
HITS = 4
TONES = {instrument: 300.0 + 150.0 * index for index, instrument in enumerate(HEARD_BY)}


def write_hit(folder, instrument, n, *, frames=8820, rate=RATE, mics=MICS):
    """Write a hit of `frames` that grows with `n`, a tone of its own, weaker and later on distant microphones."""
    rng = np.random.default_rng([len(instrument), n])
    time = np.arange(frames) / rate
    tone = np.exp(-60.0 * time) * (
        np.sin(2 * np.pi * TONES[instrument] * time) + 0.2 * rng.standard_normal(frames)
    )
    for index, mic in enumerate(MICS):
        near = mic in HEARD_BY[instrument]
        delay = 0 if near else 20 + 5 * index
        heard = np.concatenate([np.zeros(delay), tone])[:frames] * (0.06 * n if near else 0.006 * n)
        if mic in mics:
            file = folder / "Samples" / instrument / f"{n}-{instrument}-{mic}.flac"
            file.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(file, heard, rate, subtype="PCM_24")


@pytest.fixture
def write_kit():
    """Write a whole kit, but for the instruments `without`."""

    def write(folder, *, hits=HITS, without=(), rate=RATE):
        for instrument in HEARD_BY:
            if instrument not in without:
                for n in range(1, hits + 1):
                    write_hit(folder, instrument, n, rate=rate)
        return folder

    return write


@pytest.fixture(scope="session")
def kit_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one-shots")
    for instrument in HEARD_BY:
        for n in range(1, HITS + 1):
            write_hit(folder, instrument, n)
    write_hit(folder, "HihatOpen", HITS + 1, frames=40)
    (folder / "LICENSE").write_text("Somebody's kit, CC BY 4.0\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def small_kit(kit_folder):
    return open_kit(kit_folder)


@pytest.fixture(scope="module")
def short_takes():
    """Let recordings last a second or two, so that a whole tree is written in as many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "_SECONDS", dict.fromkeys(("hits", "phrase", "solo"), (1.2, 1.8)))
        yield


@pytest.fixture(scope="session")
def tones():
    """Frequency of each instrument's tone in hertz."""
    return TONES


@pytest.fixture
def one_more_hit():
    """Write a single hit into a kit, see write_hit."""
    return write_hit
