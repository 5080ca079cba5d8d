"""How a simulated listener judges mixes that it knows only by ear: from plain measures of the sound.

It has no idea of conditions. It likes mixes that are bright, wide and lively, and dislikes dull or washed-out
ones, each compared with the other mixes of the same page.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from mixeval.errors import SimulationError
from mixeval_webapp.simulate.listeners import Opinion

FRAME = 2048
AVERAGE = 62.0
FLOOR_DB = -120.0

Spectrum = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Sound:
    """Measures of one mix."""

    bandwidth_octaves: float
    """log2 of the frequency in hertz below which 95 % of the energy lies."""
    width: float
    """Level of the side signal over that of the mid signal, 0 for mono."""
    crest_db: float
    """Peak over root mean square."""
    wash_db: float
    """Median over 95th percentile of the short-time level: near 0 where nothing ever falls silent."""


class Ears:
    """Judge pages of files; what was heard before is not measured again."""

    def __init__(self) -> None:
        self._heard: dict[str, Sound] = {}

    def judge(self, files: Mapping[str, bytes]) -> dict[str, Opinion]:
        """Judge the FLAC files of one page, given by token, against each other."""
        names = {token: hashlib.sha256(flac).hexdigest() for token, flac in files.items()}
        for token, flac in files.items():
            if names[token] not in self._heard:
                self._heard[names[token]] = measure(flac)
        sounds = {token: self._heard[name] for token, name in names.items()}
        item = hashlib.sha256("".join(sorted(names.values())).encode()).hexdigest()
        typical = _typical(list(sounds.values()))
        return {
            token: Opinion(item=item, mix=names[token], mean=_mean(sound, typical))
            for token, sound in sounds.items()
        }


def measure(flac: bytes) -> Sound:
    """Measure a FLAC file as it came from the server. Raises SimulationError when it cannot be decoded."""
    try:
        samples, sample_rate = soundfile.read(io.BytesIO(flac), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise SimulationError(
            f"an audio file cannot be decoded ({error.error_string})", remedy="render the study again"
        ) from error
    mid, side = samples.mean(axis=1), (samples[:, 0] - samples[:, -1]) / 2
    frames = mid[: len(mid) // FRAME * FRAME].reshape(-1, FRAME) if len(mid) >= FRAME else mid[None, :]
    power = (np.abs(np.fft.rfft(frames * np.hanning(frames.shape[1]), axis=1)) ** 2).sum(axis=0)
    levels = _db(np.sqrt((frames**2).mean(axis=1)))
    return Sound(
        bandwidth_octaves=float(np.log2(_rolloff_hertz(power, sample_rate))),
        width=float(_rms(side) / max(_rms(mid), 1e-9)),
        crest_db=float(_db(np.abs(mid).max()) - _db(_rms(mid))),
        wash_db=float(np.median(levels) - np.percentile(levels, 95)),
    )


def _typical(sounds: list[Sound]) -> Sound:
    measures = np.array([astuple(sound) for sound in sounds])
    return Sound(*map(float, np.median(measures, axis=0)))


def _mean(sound: Sound, typical: Sound) -> float:
    octaves = sound.bandwidth_octaves - typical.bandwidth_octaves
    return float(
        AVERAGE
        # Losing high frequencies is what listeners object to most.
        + (max(-55.0, 22.0 * octaves) if octaves < 0 else min(6.0, 4.0 * octaves))
        + np.clip(10.0 * (sound.width - typical.width), -8.0, 8.0)
        + np.clip(0.8 * (sound.crest_db - typical.crest_db), -8.0, 8.0)
        - np.clip(2.0 * (sound.wash_db - typical.wash_db), -6.0, 30.0)
    )


def _rolloff_hertz(power: Spectrum, sample_rate: int) -> float:
    share = np.cumsum(power) / max(float(power.sum()), 1e-20)
    index = max(1, int(np.searchsorted(share, 0.95)))
    return index * sample_rate / (2 * (len(power) - 1))


def _rms(signal: Spectrum) -> float:
    return float(np.sqrt(np.mean(signal**2)))


def _db(level: Any) -> Any:
    return 20 * np.log10(np.maximum(level, 10 ** (FLOOR_DB / 20)))
