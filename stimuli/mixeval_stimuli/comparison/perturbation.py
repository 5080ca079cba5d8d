"""Perturbations: what may be wrong with the stems that a mixing method gets."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Literal

from mixeval.audio import read_audio, write_samples
from mixeval_stimuli.loudness import with_gain
from mixeval_stimuli.recordings import Recording

Change = Literal["none", "gain", "missing", "swap"]

ALL = "(all)"
"""Stands for every stem at once."""

RANGE_DB = 18.0
STEP_DB = 6.0

_TAKEN_FOR_EACH_OTHER = frozenset({("kick", "snare"), ("hi-hat", "snare")})


@dataclass(frozen=True)
class Perturbation:
    """One change of a recording's stems: none, `stem` at `gain_db`, `stem` missing, or two of them swapped."""

    change: Change
    stem: str = ""
    other_stem: str = ""
    gain_db: float = 0.0


def perturbations(
    stems: Sequence[str], *, gains_db: Iterable[float], swaps: Iterable[tuple[str, str]]
) -> list[Perturbation]:
    """List what is tried: as it is; each stem and all of them at each gain; each missing; each pair swapped."""
    gains = [gain for gain in gains_db if gain != 0.0]
    return [
        Perturbation("none"),
        *(Perturbation("gain", stem, gain_db=gain) for stem in (*stems, ALL) for gain in gains),
        *(Perturbation("missing", stem) for stem in stems),
        *(Perturbation("swap", *pair) for pair in swaps),
    ]


def gains_within(range_db: float = RANGE_DB, step_db: float = STEP_DB) -> tuple[float, ...]:
    """Give the gains from -range to +range in decibels, in steps counted from 0 and without 0.

    >>> gains_within(12.0, 6.0)
    (-12.0, -6.0, 6.0, 12.0)
    """
    up = [step_db * (step + 1) for step in range(int(range_db / step_db + 1e-9))]
    return (*(-gain for gain in reversed(up)), *up)


def likely_swaps(stems: Sequence[str]) -> list[tuple[str, str]]:
    """Choose the pairs that are swapped in practice.

    They are left and right of the same microphones, neighbours of the same name and another number, kick and
    snare, and hi-hat and snare; where names tell none of these, each stem and the next.

    >>> likely_swaps(["kick", "overhead_L", "overhead_R", "snare", "tom_1", "tom_2"])
    [('kick', 'snare'), ('overhead_L', 'overhead_R'), ('tom_1', 'tom_2')]
    """
    found = [pair for pair in every_swap(stems) if _likely(*pair)]
    return found or list(pairwise(stems))


def every_swap(stems: Sequence[str]) -> list[tuple[str, str]]:
    """List all pairs of stems."""
    return list(combinations(stems, 2))


def perturbed(recording: Recording, perturbation: Perturbation, folder: Path) -> Recording:
    """Give the recording with a perturbation; copies with a gain are 32-bit float WAV files in `folder`.

    A stem that is missing is absent, not silent. Raises AudioError when a stem cannot be read.
    """
    stems = dict(recording.stems)
    match perturbation.change:
        case "missing":
            del stems[perturbation.stem]
        case "swap":
            one, other = perturbation.stem, perturbation.other_stem
            stems[one], stems[other] = stems[other], stems[one]
        case "gain":
            louder = tuple(stems) if perturbation.stem == ALL else (perturbation.stem,)
            stems |= _with_gain({name: stems[name] for name in louder}, perturbation.gain_db, folder)
        case "none":
            pass
    return replace(recording, stems=stems)


def _with_gain(stems: Mapping[str, Path], gain_db: float, folder: Path) -> dict[str, Path]:
    copies = {}
    for number, (name, path) in enumerate(stems.items()):
        audio = with_gain(read_audio(path), gain_db)
        # A number, since a stem may be called anything.
        copies[name] = folder / f"{number}.wav"
        write_samples(copies[name], audio.samples, audio.sample_rate, container="WAV", subtype="FLOAT")
    return copies


def _likely(one: str, other: str) -> bool:
    if (one, other) in _TAKEN_FOR_EACH_OTHER or (other, one) in _TAKEN_FOR_EACH_OTHER:
        return True
    if {one[-1:].lower(), other[-1:].lower()} == {"l", "r"}:
        return one[:-1] == other[:-1]
    first, second = (re.fullmatch(r"(.*?)(\d+)", name) for name in (one, other))
    if first is None or second is None or first[1] != second[1]:
        return False
    return abs(int(first[2]) - int(second[2])) == 1
