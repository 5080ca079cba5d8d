"""A one-shot kit as it lies on disk: single hits of each instrument, each heard by all microphones at once.

What: MuldjordKit by Lars Muldjord, as mapped by kinwie in the repository sfzinstruments/DrumGizmo.MuldjordKit, and any
kit in folders of the same grammar. MuldjordKit is licensed CC BY 4.0: credit it with whatever is made from it. It is
not distributed with mixeval.

Layout: `Samples/{instrument}/{n}-{instrument}-{mic}.flac`, mono, 44.1 kHz. `n` counts from 1 and rises with the strength
of the hit. All files of a hit start at the same instant and have the same length, so what reaches the other
microphones is the room's own bleed, delayed and coloured as it was.

A hit is used whole or not at all: one that lacks a microphone, or has a file shorter than 50 ms (a few hold a
handful of samples), is skipped and counted. Tom3 is not asked for: it is never struck, since no microphone that
ENST-Drums has stands before it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from mixeval.audio import Samples, read_audio
from mixeval.errors import AudioError, DatasetError

SAMPLE_RATE = 44_100

SHORTEST_HIT_SECONDS = 0.05

FEWEST_HITS = 3
"""Each instrument needs a hit for training, one for validation and one for the test."""

CLOSE_MICS = ("Hihat", "KdrumL", "OHL", "OHR", "Snare_top", "Tom1", "Tom2", "Tom4")
ROOM_MICS = ("AmbL", "AmbR")
MICS = (*CLOSE_MICS, *ROOM_MICS)
"""Every microphone, in the order of the first axis of a hit's samples."""

_OVERHEADS = ("OHL", "OHR")
HEARD_BY: Mapping[str, tuple[str, ...]] = {
    "KdrumL": ("KdrumL",),
    "Snare": ("Snare_top",),
    "HihatClosed": ("Hihat",),
    "HihatOpen": ("Hihat",),
    "Tom1": ("Tom1",),
    "Tom2": ("Tom2",),
    "Tom4": ("Tom4",),
    "CrashL": _OVERHEADS,
    "CrashR": _OVERHEADS,
    "RideR": _OVERHEADS,
    "RideRBell": _OVERHEADS,
}
"""Every instrument, and the microphones that are there for it."""

_NAME = re.compile(r"(?P<n>\d+)-(?P<instrument>[^-]+)-(?P<mic>[^-]+)\.flac")
_STROKE_SECONDS = 0.1


@dataclass(frozen=True)
class Hit:
    """One hit: its number, and how strong it is at the microphones that are there for it (dB, of the first 100 ms)."""

    n: int
    level_db: float


@dataclass(frozen=True)
class SampleKit:
    """The usable hits of each instrument in order of their strength; audio is read when a hit is struck.

    `skipped` names the hits that are not usable, `sha256` is of the usable hits' files.
    """

    folder: Path
    hits: Mapping[str, tuple[Hit, ...]]
    skipped: tuple[str, ...]
    sha256: str

    def read(self, instrument: str, n: int) -> Samples:
        """Read a hit with all its microphones, of shape (mics, samples) in the order of MICS."""
        return np.concatenate([read_audio(_path(self.folder, instrument, n, mic)).samples for mic in MICS])


def open_kit(folder: Path) -> SampleKit:
    """Find the hits of the kit in `folder`.

    Raises DatasetError when `folder` is no kit, lacks an instrument or a microphone, leaves an instrument with
    fewer than three usable hits, or holds a file that is damaged, not mono, of another rate, or of another length
    than its hit's other files.
    """
    if not (folder / "Samples").is_dir():
        raise DatasetError(
            f"{folder} is no one-shot kit, there is no folder Samples in it",
            remedy="name the folder that holds Samples/KdrumL/1-KdrumL-KdrumL.flac and its like",
        )
    digest = hashlib.sha256()
    hits, skipped = {}, []
    for instrument in HEARD_BY:
        usable, unusable = _sorted_out(folder, instrument)
        skipped += [f"{n}-{instrument}" for n in unusable]
        if len(usable) < FEWEST_HITS:
            raise DatasetError(
                f"{folder} has {len(usable)} usable hits of {instrument}, and training, validation and test "
                f"need different ones",
                remedy=f"add hits until there are {FEWEST_HITS}, or copy the kit again",
            )
        hits[instrument] = tuple(Hit(n, _level_db(folder, instrument, n)) for n in usable)
        for n in usable:
            for mic in MICS:
                file = _path(folder, instrument, n, mic)
                digest.update(file.name.encode())
                digest.update(file.read_bytes())
    return SampleKit(folder, hits, tuple(skipped), digest.hexdigest())


def _path(folder: Path, instrument: str, n: int, mic: str) -> Path:
    return folder / "Samples" / instrument / f"{n}-{instrument}-{mic}.flac"


def _sorted_out(folder: Path, instrument: str) -> tuple[list[int], list[int]]:
    """Give the numbers of the usable and of the unusable hits of an instrument."""
    mics_of: dict[int, set[str]] = {}
    for file in (folder / "Samples" / instrument).glob("*.flac"):
        found = _NAME.fullmatch(file.name)
        if found and found["instrument"] == instrument:
            mics_of.setdefault(int(found["n"]), set()).add(found["mic"])
    if not mics_of:
        raise DatasetError(
            f"{folder} lacks the instrument {instrument}, there is no hit in Samples/{instrument}",
            remedy="copy the kit again with all its instruments",
        )
    for mic in MICS:
        if not any(mic in mics for mics in mics_of.values()):
            raise DatasetError(
                f"{folder} lacks the microphone {mic}, no hit of {instrument} has it",
                remedy="copy the kit again with all its microphones",
            )
    usable: list[int] = []
    unusable: list[int] = []
    for n in sorted(mics_of):
        whole = mics_of[n].issuperset(MICS) and _is_long_enough(folder, instrument, n)
        (usable if whole else unusable).append(n)
    return usable, unusable


def _is_long_enough(folder: Path, instrument: str, n: int) -> bool:
    frames = {mic: _frames(_path(folder, instrument, n, mic)) for mic in MICS}
    if min(frames.values()) < SHORTEST_HIT_SECONDS * SAMPLE_RATE:
        return False
    if len(set(frames.values())) > 1:
        listed = ", ".join(f"{mic} {count}" for mic, count in frames.items())
        raise DatasetError(
            f"the files of hit {n} of {instrument} in {folder} differ in length ({listed} samples), so they "
            "are not of one hit",
            remedy="copy the hit again, or delete its files to have it left out",
        )
    return True


def _frames(file: Path) -> int:
    try:
        found = soundfile.info(file)
    except soundfile.LibsndfileError as error:
        raise DatasetError(
            f"{file} cannot be read as audio", remedy="copy it again, or delete it to have its hit left out"
        ) from error
    if found.samplerate != SAMPLE_RATE or found.channels != 1:
        raise DatasetError(
            f"{file} has {found.channels} channels at {found.samplerate} Hz where a hit is mono at {SAMPLE_RATE} Hz",
            remedy="convert the whole kit",
        )
    return int(found.frames)


def _level_db(folder: Path, instrument: str, n: int) -> float:
    energy = 0.0
    for mic in HEARD_BY[instrument]:
        file = _path(folder, instrument, n, mic)
        try:
            stroke = read_audio(file).samples[0, : round(_STROKE_SECONDS * SAMPLE_RATE)]
        except AudioError as error:
            raise DatasetError(
                error.problem, remedy="copy it again, or delete it to have its hit left out"
            ) from error
        energy += float(np.mean(np.square(stroke, dtype=np.float64)))
    return 10.0 * float(np.log10(max(energy, 1e-12)))
