"""Data sets: from what lies on disk to recordings.

`open_dataset` turns the `[stimuli] dataset` of a study into recordings, `select` keeps those that become items.
A new kind of data set is a model in `mixeval.study`, a module here and one line in KINDS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixeval.errors import DatasetError, StudyError
from mixeval.stimuli_section import Dataset, FolderDataset
from mixeval_stimuli.datasets import enst, files, folder, kit, synthetic
from mixeval_stimuli.datasets.selection import select
from mixeval_stimuli.datasets.verification import Verification, verify
from mixeval_stimuli.recordings import Recording

__all__ = ["KINDS", "Verification", "open_dataset", "select", "verify"]


@dataclass(frozen=True)
class Place:
    """Where a study's data set lies and what else of the study decides its recordings."""

    path: Path
    study_folder: Path
    seed: int
    sources: tuple[str, ...]


KINDS: Mapping[str, Callable[[Any, Place], list[Recording]]] = {
    "enst": lambda _dataset, place: enst.load(place.path),
    "files": lambda dataset, place: files.load(place.path, pattern=dataset.pattern, sources=place.sources),
    "folder": lambda dataset, place: folder.load(
        place.path, item=dataset.item, stems=dataset.stems, references=dataset.references
    ),
    "kit": lambda dataset, place: kit.load(
        place.path,
        samples=None if dataset.samples is None else _path(dataset.samples, place.study_folder),
        minutes=dataset.minutes,
        seed=place.seed,
    ),
    "synthetic": lambda dataset, place: synthetic.load(
        place.path,
        seed=place.seed,
        recordings_per_drummer=dataset.recordings_per_drummer,
        seconds=dataset.seconds,
    ),
}


def open_dataset(
    dataset: Dataset, *, study_folder: Path, seed: int, sources: tuple[str, ...] = ()
) -> list[Recording]:
    """Find the recordings of a data set, one for each item, in a stable order; no audio is read.

    A relative path is relative to `study_folder`. `sources` are those that the study's conditions declare, for
    a data set of kind "files". A data set of kind "synthetic", and one of kind "kit" with samples, is written first
    where it is not there yet, from `seed`.

    Raises StudyError when the study's description of the data set cannot be followed, and DatasetError when
    what lies on disk does not agree with it.
    """
    path = _path(dataset.path, study_folder)
    _check_own_folder(dataset, path, study_folder)
    recordings = KINDS[dataset.kind](dataset, Place(path, study_folder, seed, sources))
    for recording in recordings:
        _check_name(recording.item)
    return recordings


def _path(written: str, study_folder: Path) -> Path:
    try:
        # Python raises RuntimeError for a home that is not known, and ValueError for a path with a zero byte.
        path = study_folder / Path(written).expanduser()
        path.resolve()
    except (RuntimeError, ValueError) as error:
        raise StudyError(
            f"the data set's path {written!a} cannot be used ({str(error).rstrip('.')})",
            remedy="correct it",
        ) from error
    return path


def _check_own_folder(dataset: Dataset, path: Path, study_folder: Path) -> None:
    own = path.resolve() == study_folder.resolve()
    if own and isinstance(dataset, FolderDataset) and dataset.item is None:
        raise StudyError(
            f"the data set's path {dataset.path!a} is the study's own folder, where stimuli/ and report/ would "
            "be recordings too",
            remedy='move the recordings into a folder of their own, such as path = "recordings"',
        )


def _check_name(item: str) -> None:
    # Names stand in tables, file names, SQL and terminals; what is no UTF-8 cannot be written at all.
    if not item.strip() or not item.isprintable():
        raise DatasetError(
            f"{item!a} is no name for an item, it holds characters that cannot be shown or none that can",
            remedy="rename its files or its folder",
        )
