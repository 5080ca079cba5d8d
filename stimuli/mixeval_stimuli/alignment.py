"""Alignment: what the mixes of one item must share before anybody compares them.

All get one sample rate, one length and one loudness. The loudness is the study's target, lowered for the whole
item where some mix's true peak would pass -1 dBTP; no mix is lowered alone and none is limited, since either
would change what listeners compare.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from mixeval.errors import RenderError
from mixeval_stimuli.loudness import Level

CEILING_DBTP = -1.0
"""EBU R 128 and ITU-R BS.1770 annex 2: room for converters and codecs behind the file."""

TOLERANCE_LU = 0.1

TRIMMED_SECONDS = 0.010
"""Mixes that differ by no more than this are cut to the shortest; more is a wrong export."""


class Measured(Protocol):
    """A mix of which shape and level are known."""

    @property
    def frames(self) -> int: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def level(self) -> Level: ...


@dataclass(frozen=True)
class Alignment:
    """What one item's stimuli share.

    `lowered_for` is the condition whose true peak made `target_lufs` lower than the study's, or nothing.
    """

    sample_rate: int
    frames: int
    target_lufs: float
    lowered_for: str | None


def align(mixes: Mapping[str, Measured], *, target_lufs: float) -> Alignment:
    """Find the rate, length and target loudness for an item's mixes, given by condition.

    Raises RenderError when the mixes differ in sample rate, or in length by more than 10 ms.
    """
    sample_rate = _one_rate(mixes)
    frames = _one_length(mixes, sample_rate)
    target, lowered_for = target_lufs, None
    while (worst := _highest_peak(mixes, target))[1] > CEILING_DBTP:
        condition, peak = worst
        # Rounded down to a figure that reads well in the manifest and keeps the peak under the ceiling.
        target = math.floor((target - (peak - CEILING_DBTP)) * 100.0) / 100.0
        lowered_for = condition
    return Alignment(sample_rate, frames, target, lowered_for)


def _highest_peak(mixes: Mapping[str, Measured], target_lufs: float) -> tuple[str, float]:
    peaks = {
        condition: mix.level.true_peak_dbtp + mix.level.gain_to(target_lufs)
        for condition, mix in mixes.items()
    }
    highest = max(peaks, key=lambda condition: peaks[condition])
    return highest, peaks[highest]


def _one_rate(mixes: Mapping[str, Measured]) -> int:
    rates = {condition: mix.sample_rate for condition, mix in mixes.items()}
    low, high = min(rates, key=lambda c: rates[c]), max(rates, key=lambda c: rates[c])
    if rates[low] != rates[high]:
        raise RenderError(
            f'its mixes differ in sample rate ("{low}" {rates[low]} Hz, "{high}" {rates[high]} Hz)',
            remedy="export them all at one rate",
        )
    return rates[low]


def _one_length(mixes: Mapping[str, Measured], sample_rate: int) -> int:
    frames = {condition: mix.frames for condition, mix in mixes.items()}
    short, long = min(frames, key=lambda c: frames[c]), max(frames, key=lambda c: frames[c])
    if frames[long] - frames[short] > TRIMMED_SECONDS * sample_rate:
        raise RenderError(
            f'its mixes differ in length ("{short}" {frames[short]} samples, "{long}" {frames[long]} samples)',
            remedy="export them from the same start to the same end",
        )
    return frames[short]
