"""ENST-Drums as it lies on disk, and any tree of the same shape.

What: 318 recordings of three drummers on their own kits, each with seven or eight microphones and with a dry and
a wet stereo mix by a human engineer, 16-bit 44.1 kHz.
Paper: O. Gillet and G. Richard, "ENST-Drums: an extensive audio-visual database for drum signals processing",
Proc. ISMIR 2006, pp. 156-159.
Licence: for research, on request from the authors; it is not distributed with mixeval.

Layout: `drummer_{1,2,3}/audio/{stem or mix}/{file}`, one file name in all folders of a recording. The same file name
may exist for two drummers, so an item is named by both. Drummers 1 and 2 have no tom_3.

Names, numbers with gaps:
    001_hits_{instrument}_{sticks}_x{strokes}.wav
    038_phrase_{style}_{complexity}_{tempo}_{sticks}.wav
    098_solo_{style}_{sticks}.wav
    107_minus-one_{tune}_{sticks}.wav
    140_MIDI-minus-one_{tune}_{sticks}.wav          most tunes hold the tempo, as in rock-113

Split: the train, validation and test sets of Martínez Ramírez, Stoller and Moffat (JAES 69(3), 2021), decoded from
their code's data (f90/Mix-Wave-U-Net at 43304ef, MIT licence), in enst_split.csv. It holds 284 + 20 + 14 = 318
recordings; the Total column of the paper's Table 2 sums to 304, which is train and validation only. A tree that
has a `split.csv` of the same columns in its root is split by that instead; a recording that the split does not
list belongs to no subset.
"""

import csv
import importlib.resources
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from mixeval.errors import DatasetError
from mixeval_stimuli.recordings import Recording

STEMS = ("hi-hat", "kick", "overhead_L", "overhead_R", "snare", "tom_1", "tom_2", "tom_3")
"""Every microphone, in the paper's (alphabetical) order."""

MIXES = {"dry": "dry_mix", "wet": "wet_mix"}
"""Folder of each reference mix."""

GROUPS = ("hits", "phrase", "solo", "minus-one", "MIDI-minus-one")

DRUMMERS_WITH_TOM_3 = frozenset({"3"})

SPLIT_FILE_NAME = "split.csv"
SPLIT_COLUMNS = ("drummer", "file", "subset")
SUBSETS = ("train", "val", "test")

Split = Mapping[tuple[str, str], str]
"""Subset of each (drummer, file)."""

_NAMES = tuple(
    re.compile(rf"(?P<number>\d{{3}})_{rest}\.wav")
    for rest in (
        r"(?P<group>hits)_(?P<instrument>[^_]+)_(?P<sticks>[^_]+)_x(?P<strokes>\d+)",
        r"(?P<group>phrase)_(?P<style>[^_]+)_(?P<complexity>[^_]+)_(?P<tempo>[^_]+)_(?P<sticks>[^_]+)",
        r"(?P<group>solo)_(?P<style>[^_]+)_(?P<sticks>[^_]+)",
        r"(?P<group>minus-one|MIDI-minus-one)_(?P<tune>[^_]+)_(?P<sticks>[^_]+)",
    )
)


def load(path: Path) -> list[Recording]:
    """Find the recordings of the tree at `path`, ordered by drummer and file name; no audio is read.

    A recording is there when any of its files is; it gets the path of every file that the layout asks for.
    Facts are drummer, group, what the name says (number, style, tempo, sticks, ...) and the subset where the
    split knows it.

    Raises DatasetError when `path` holds no drummer's folder or no recording, when a file's name does not follow
    the grammar above, or when a split.csv cannot be used.
    """
    folders = sorted(folder for folder in path.glob("drummer_*") if (folder / "audio").is_dir())
    if not folders:
        raise DatasetError(
            f"{path} does not hold ENST-Drums, there is no drummer_1/audio in it",
            remedy="correct the path to the folder that holds drummer_1 to drummer_3",
        )
    split_file = path / SPLIT_FILE_NAME
    split = read_split(split_file) if split_file.exists() else authors_split()
    recordings = [
        _recording(folder / "audio", folder.name.removeprefix("drummer_"), file, split)
        for folder in folders
        for file in _file_names(folder / "audio")
    ]
    if not recordings:
        raise DatasetError(
            f"{path} holds no recording, the folders of its stems and mixes are empty",
            remedy="copy the audio again from its source",
        )
    return recordings


def stems_of(drummer: str) -> tuple[str, ...]:
    """Name the microphones that `drummer` ("1" to "3") was recorded with.

    >>> stems_of("1")[-2:]
    ('tom_1', 'tom_2')
    """
    return STEMS if drummer in DRUMMERS_WITH_TOM_3 else STEMS[:-1]


def authors_split() -> Split:
    """Read the split of the paper's authors, which comes with mixeval."""
    resource = importlib.resources.files("mixeval_stimuli.datasets") / "enst_split.csv"
    with importlib.resources.as_file(resource) as path:
        return read_split(path)


def read_split(path: Path) -> Split:
    """Read a split with the columns drummer, file, subset.

    Raises DatasetError when a column is missing, a subset is unknown or a recording is listed twice.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} cannot be read ({error})", remedy="write it as UTF-8 CSV") from error
    split: dict[tuple[str, str], str] = {}
    for line, row in enumerate(rows, start=2):
        drummer, file_name, subset = (row.get(column) or "" for column in SPLIT_COLUMNS)
        if not drummer or not file_name or subset not in SUBSETS:
            raise DatasetError(
                f"{path}, line {line} is not a drummer, a file and one of {', '.join(SUBSETS)}",
                remedy=f"correct it under the header {','.join(SPLIT_COLUMNS)}",
            )
        if (drummer, file_name) in split:
            raise DatasetError(
                f"{path}, line {line} lists {file_name} of drummer {drummer} a second time",
                remedy="keep one subset for it",
            )
        split[drummer, file_name] = subset
    return split


def facts_of(file: str) -> Mapping[str, str]:
    """Read what a file's name says.

    >>> facts_of("144_MIDI-minus-one_rock-113_sticks.wav")["bpm"]
    '113'

    Raises DatasetError when it does not follow the grammar.
    """
    for expression in _NAMES:
        if found := expression.fullmatch(file):
            facts = found.groupdict()
            if facts["group"] == "MIDI-minus-one" and (bpm := re.search(r"-(\d+)(?:-|$)", facts["tune"])):
                facts["bpm"] = bpm[1]
            return facts
    raise DatasetError(
        f"{file} is not named like a recording of ENST-Drums",
        remedy="name it like 066_phrase_shuffle-blues_simple_slow_brushes.wav or move it elsewhere",
    )


def _file_names(audio: Path) -> list[str]:
    folders = (audio / name for name in (*STEMS, *MIXES.values()))
    return sorted({file.name for folder in folders for file in _recordings_in(folder)})


def _recordings_in(folder: Path) -> Iterable[Path]:
    # Some copies hold *_norm.wav beside the mixes: somebody's normalised versions, not part of the data set.
    return (
        file
        for file in folder.glob("*.wav")
        if not file.name.startswith(".") and not file.name.endswith("_norm.wav")
    )


def _recording(audio: Path, drummer: str, file: str, split: Split) -> Recording:
    try:
        facts = {"drummer": drummer, **facts_of(file)}
    except DatasetError as error:
        raise DatasetError(f"{audio}: {error.problem}", remedy=error.remedy) from error
    if subset := split.get((drummer, file)):
        facts["subset"] = subset
    return Recording(
        item=f"drummer_{drummer}_{file.removesuffix('.wav')}",
        stems={stem: audio / stem / file for stem in stems_of(drummer)},
        mixes={mix: audio / folder / file for mix, folder in MIXES.items()},
        facts=facts,
    )
