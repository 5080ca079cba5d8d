"""The synthetic data set on disk: a tree of ENST-Drums' shape, whole or not there at all."""

import csv
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mixeval.audio import Samples, write_samples
from mixeval.errors import DatasetError
from mixeval_stimuli.datasets import enst
from mixeval_stimuli.datasets.synthetic.drums import SAMPLE_RATE, Hits
from mixeval_stimuli.datasets.synthetic.kits import KITS, Kit
from mixeval_stimuli.datasets.synthetic.patterns import STYLES
from mixeval_stimuli.datasets.synthetic.session import Multitrack, Take, hits_of, hold
from mixeval_stimuli.recordings import Recording

PARAMETERS_FILE_NAME = "synthetic.json"

VERSION = 1
"""Changes whenever the same parameters would give other samples."""

Progress = Callable[[int, int], None]
"""Told how many recordings are written, of how many."""

_TEMPI = ("slow", "medium", "fast")


def load(path: Path, *, seed: int, recordings_per_drummer: int, seconds: float) -> list[Recording]:
    """Find the recordings of the synthetic tree at `path`, and write it first where it is not there yet.

    Raises DatasetError when there is something else at `path`, such as a tree of another seed.
    """
    write_tree(path, seed=seed, recordings_per_drummer=recordings_per_drummer, seconds=seconds)
    return enst.load(path)


def write_tree(
    folder: Path,
    *,
    seed: int,
    recordings_per_drummer: int,
    seconds: float,
    progress: Progress | None = None,
) -> None:
    """Write the tree of these parameters to `folder`, unless it is there already.

    The same parameters give the same bytes on the same machine. The tree is written beside `folder` and moved
    there whole, so what a killed run leaves is never taken for a data set.

    Raises DatasetError when `folder` holds anything else, or cannot be written.
    """
    parameters = {
        "version": VERSION,
        "seed": seed,
        "recordings_per_drummer": recordings_per_drummer,
        "seconds": seconds,
    }
    if _is_there(folder, parameters):
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_partial_prefix(folder)))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        _write_recordings(partial, seed, recordings_per_drummer, seconds, progress)
        (partial / PARAMETERS_FILE_NAME).write_text(json.dumps(parameters, indent=2) + "\n", encoding="utf-8")
        partial.chmod(0o755)  # mkdtemp makes it private
        partial.replace(folder)
    except OSError as error:
        # Another process that wrote the same tree may have been first.
        if not _is_there(folder, parameters):
            raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for left_over in folder.parent.glob(f"{_partial_prefix(folder)}*"):
        shutil.rmtree(left_over, ignore_errors=True)


def takes_of(drummer_index: int, count: int) -> list[Take]:
    """List the takes of a drummer: styles in turn, every drummer from another one on, tempi and complexity mixed.

    24 takes are every style in every tempo.
    """
    styles = list(STYLES)
    takes = []
    for index in range(count):
        style = styles[(index + 3 * drummer_index) % len(styles)]
        tempo = _TEMPI[(index + drummer_index) % len(_TEMPI)]
        complexity = "complex" if (index + index // len(styles)) % 2 else "simple"
        takes.append(Take(index + 1, style, complexity, tempo, STYLES[style].sticks))
    return takes


def subset_of(index: int, count: int) -> str:
    """Say which subset a drummer's take of this index belongs to.

    The first sixth (at least one) is test, the next sixth validation, the rest training, rounded to whole takes.

    >>> [subset_of(index, 6) for index in range(6)]
    ['test', 'val', 'train', 'train', 'train', 'train']
    """
    test = max(1, round(count / 6))
    validation = round(count / 6)
    if index < test:
        return "test"
    return "val" if index < test + validation else "train"


def _is_there(folder: Path, parameters: dict[str, Any]) -> bool:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    try:
        found = json.loads((folder / PARAMETERS_FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise DatasetError(
            f"{folder} holds something other than synthetic drums",
            remedy="name another path for the data set, mixeval does not write over your files",
        )
    if found != parameters:
        changed = [name for name, value in parameters.items() if found.get(name) != value]
        raise DatasetError(
            f"{folder} holds synthetic drums of other parameters ("
            + ", ".join(f"{name} {found.get(name)} where {parameters[name]} is asked for" for name in changed)
            + ")",
            remedy="delete that folder to have it written again, or name another path",
        )
    return True


def _partial_prefix(folder: Path) -> str:
    return f".{folder.name}.partial-"


def _unwritable(folder: Path, error: OSError) -> DatasetError:
    return DatasetError(
        f"{folder} cannot be written ({error.strerror or error})",
        remedy="free space, allow writing there, or name another path",
    )


def _write_recordings(
    folder: Path, seed: int, recordings_per_drummer: int, seconds: float, progress: Progress | None
) -> None:
    total = recordings_per_drummer * len(KITS)
    rows = []
    for drummer_index, kit in enumerate(KITS):
        takes = takes_of(drummer_index, recordings_per_drummer)
        hits: dict[str, Hits] = {}
        for index, take in enumerate(takes):
            if take.sticks not in hits:
                hits[take.sticks] = hits_of(kit, take.sticks, seed=seed)
            multitrack = hold(kit, hits[take.sticks], take, seed=seed, seconds=seconds)
            _write_multitrack(folder, kit, take, multitrack)
            rows.append((kit.drummer, take.file, subset_of(index, recordings_per_drummer)))
            if progress is not None:
                progress(len(rows), total)
    with (folder / enst.SPLIT_FILE_NAME).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([enst.SPLIT_COLUMNS, *rows])


def _write_multitrack(folder: Path, kit: Kit, take: Take, multitrack: Multitrack) -> None:
    audio = folder / f"drummer_{kit.drummer}" / "audio"
    for name, samples in (
        *multitrack.stems.items(),
        *((enst.MIXES[mix], samples) for mix, samples in multitrack.mixes.items()),
    ):
        (audio / name).mkdir(parents=True, exist_ok=True)
        _write_wav(audio / name / take.file, samples)


def _write_wav(path: Path, samples: Samples) -> None:
    # Rounded here, so that what is written does not hang on how a version of libsndfile rounds.
    integers = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)
    write_samples(path, integers, SAMPLE_RATE, container="WAV", subtype="PCM_16")
