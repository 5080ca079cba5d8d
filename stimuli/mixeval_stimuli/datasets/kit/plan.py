"""Which recordings a tree holds, and what each of its subsets may play: no groove and no hit is shared.

The proportions are those of the paper's data set, 284 train, 20 validation and 14 test of 318, but the test set has
at least two recordings of each drummer that are not hits. Of 66 grooves about a tenth are the test's and a tenth the
validation's, each from a style of its own; what else is played in that style belongs to training. A solo is
improvised from its own seed and plays no groove. Of an instrument's hits a sixth are the test's (at least two where
there are six or more, else one) and a twelfth the validation's (at least one), spread over the range of strength.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from mixeval.errors import DatasetError
from mixeval.seeds import generator
from mixeval_stimuli.datasets.enst import SUBSETS
from mixeval_stimuli.datasets.kit.grooves import COMPLEXITIES, STYLES, TEMPI
from mixeval_stimuli.datasets.kit.setups import SETUPS, Setup

T = TypeVar("T")

TRAIN, VALIDATION, TEST = SUBSETS

_VALIDATION_SHARE = 20 / 318
_TEST_SHARE = 14 / 318
_FEWEST_TEST_RECORDINGS = 2
_GROOVE_SHARE = 0.1
_ENOUGH_HITS = 6

_GROUPS = ("hits",) + ("phrase",) * 4 + ("solo",) + ("phrase",) * 5 + ("hits",) + ("phrase",) * 4
_SECONDS: Mapping[str, tuple[float, float]] = {
    "hits": (10.0, 16.0),
    "phrase": (16.0, 40.0),
    "solo": (14.0, 30.0),
}

SOLOS = ("toms", "fusion", "jazz", "rock", "metal", "samba")

HIT_NAMES: Mapping[str, str] = {
    "kick": "bass-drum",
    "snare": "snare-drum",
    "hat": "closed-hi-hat",
    "hat_open": "open-hi-hat",
    "tom_1": "high-tom",
    "tom_2": "mid-tom",
    "floor": "low-tom",
    "crash": "crash-cymbal",
    "ride": "ride-cymbal",
    "bell": "ride-bell",
}
"""What the names of hits recordings call a voice."""

MOST_RECORDINGS = 999
"""Of one drummer: names have three digits."""

Groove = tuple[str, str]
"""Style and complexity."""


@dataclass(frozen=True)
class Take:
    """What one recording is: its names, its length, and the subset whose grooves and hits it plays."""

    drummer: str
    number: int
    group: str
    subset: str
    seconds: float
    style: str = ""
    complexity: str = ""
    tempo: str = ""
    voice: str = ""
    strokes: int = 0

    @property
    def file(self) -> str:
        rest = {
            "hits": f"{HIT_NAMES.get(self.voice)}_sticks_x{self.strokes}",
            "phrase": f"{self.style}_{self.complexity}_{self.tempo}_sticks",
            "solo": f"{self.style}_sticks",
        }[self.group]
        return f"{self.number:03d}_{self.group}_{rest}.wav"

    @property
    def groove(self) -> Groove | None:
        return (self.style, self.complexity) if self.group == "phrase" else None


def takes_for(minutes: float, *, seed: int) -> list[Take]:
    """Plan recordings of `minutes` in all, the same for each drummer but for a recording; ordered by drummer.

    However few minutes are asked for, each drummer has all subsets. Raises DatasetError when a drummer would have
    more recordings than names.
    """
    grooves = split_grooves(seed)
    lengths: dict[str, list[tuple[str, float]]] = {setup.drummer: [] for setup in SETUPS}
    rng = generator(seed, "plan", "lengths")
    remaining, index = minutes * 60.0, 0
    least = len(SETUPS) * 5
    while remaining > 0.0 or index < least:
        drummer = SETUPS[index % len(SETUPS)].drummer
        group = _GROUPS[index // len(SETUPS) % len(_GROUPS)]
        seconds = round(float(rng.uniform(*_SECONDS[group])), 1)
        lengths[drummer].append((group, seconds))
        remaining -= seconds
        index += 1
    if index > MOST_RECORDINGS * len(SETUPS):
        raise DatasetError(
            f"{minutes:g} minutes are more than {MOST_RECORDINGS} recordings of each drummer, and names have three digits",
            remedy="ask for fewer minutes, or write two trees with different seeds",
        )
    return [take for setup in SETUPS for take in _takes_of(setup, lengths[setup.drummer], grooves, seed)]


def split_grooves(seed: int) -> Mapping[str, tuple[Groove, ...]]:
    """Give each subset its grooves: those of test and validation from styles of their own, one of each style."""
    rng = generator(seed, "plan", "grooves")
    styles = [str(style) for style in rng.permutation(list(STYLES))]
    count = round(_GROOVE_SHARE * len(STYLES) * len(COMPLEXITIES))
    held: dict[str, tuple[Groove, ...]] = {}
    for subset, first in ((TEST, 0), (VALIDATION, count)):
        # The complexities in turn, so that a test holds simple and complex grooves alike.
        held[subset] = tuple(
            (style, COMPLEXITIES[place % len(COMPLEXITIES)])
            for place, style in enumerate(styles[first : first + count])
        )
    taken = {groove for grooves in held.values() for groove in grooves}
    everything = ((style, complexity) for style in STYLES for complexity in COMPLEXITIES)
    return {TRAIN: tuple(groove for groove in everything if groove not in taken), **held}


def split_hits(instrument: str, numbers: Sequence[int], *, seed: int) -> Mapping[str, tuple[int, ...]]:
    """Give each subset its hits of an instrument; `numbers` are in order of strength, three at least.

    >>> split_hits("Snare", [1, 2, 3], seed=0).keys() == {"train", "val", "test"}
    True
    """
    rng = generator(seed, "plan", "hits", instrument)
    count = len(numbers)
    # Where there are enough, two at least: one hit over and over is no drummer.
    tests = max(2 if count >= _ENOUGH_HITS else 1, count // 6)
    validations = max(1, count // 12)
    # One of each equal stretch of strength, so that a subset with few hits has soft and hard ones.
    test = _one_of_each(np.array_split(np.arange(count), tests), rng)
    rest = np.setdiff1d(np.arange(count), test)
    validation = _one_of_each(np.array_split(rest, validations), rng)
    train = np.setdiff1d(rest, validation)
    return {
        subset: tuple(numbers[index] for index in places)
        for subset, places in ((TRAIN, train.tolist()), (VALIDATION, validation), (TEST, test))
    }


def _one_of_each(stretches: Sequence[np.ndarray], rng: np.random.Generator) -> list[int]:
    return [int(rng.choice(stretch)) for stretch in stretches]


def _takes_of(
    setup: Setup, lengths: Sequence[tuple[str, float]], grooves: Mapping[str, tuple[Groove, ...]], seed: int
) -> list[Take]:
    rng = generator(seed, "plan", "drummer", setup.drummer)
    subsets = _subsets([group for group, _ in lengths], rng)
    turns = {subset: _Turns(grooves[subset], rng) for subset in SUBSETS}
    tempi, solos, voices = _Turns(TEMPI, rng), _Turns(SOLOS, rng), _Turns(_voices(setup), rng)
    takes = []
    for index, ((group, seconds), subset) in enumerate(zip(lengths, subsets, strict=True)):
        fixed = (setup.drummer, index + 1, group, subset, seconds)
        if group == "phrase":
            style, complexity = turns[subset].take()
            takes.append(Take(*fixed, style=style, complexity=complexity, tempo=tempi.take()))
        elif group == "solo":
            takes.append(Take(*fixed, style=solos.take()))
        else:
            takes.append(Take(*fixed, voice=voices.take(), strokes=int(rng.integers(5, 10))))
    return takes


def _voices(setup: Setup) -> tuple[str, ...]:
    # Where two voices are one drum, it has one name.
    return tuple(
        voice
        for voice in HIT_NAMES
        if not (voice == "floor" and setup.instruments["floor"] == setup.instruments["tom_2"])
    )


def _subsets(groups: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Choose each recording's subset; hits and the rest are divided alike."""
    subsets = [TRAIN] * len(groups)
    for hits, fewest in ((True, 0), (False, _FEWEST_TEST_RECORDINGS)):
        places = [index for index, group in enumerate(groups) if (group == "hits") == hits]
        order = [int(place) for place in rng.permutation(places)]
        tests = max(fewest, round(_TEST_SHARE * len(order)))
        validations = max(fewest // 2, round(_VALIDATION_SHARE * len(order)))
        for place in order[:tests]:
            subsets[place] = TEST
        for place in order[tests : tests + validations]:
            subsets[place] = VALIDATION
    return subsets


class _Turns(Generic[T]):
    """Everything once in a shuffled order before anything comes again."""

    def __init__(self, choices: Sequence[T], rng: np.random.Generator) -> None:
        self._choices = choices
        self._rng = rng
        self._left: list[int] = []

    def take(self) -> T:
        if not self._left:
            self._left = self._rng.permutation(len(self._choices)).tolist()
        return self._choices[self._left.pop()]
