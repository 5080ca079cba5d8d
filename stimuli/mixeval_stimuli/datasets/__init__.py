"""Data sets: from what lies on disk to recordings.

`open_dataset` turns the `[stimuli] dataset` of a study into recordings, `select` keeps those that become items.
A new kind of data set is a model in `mixeval.study`, a module here and one line in KINDS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixeval.study import Dataset
from mixeval_stimuli.datasets import enst, files, folder, synthetic
from mixeval_stimuli.datasets.selection import select
from mixeval_stimuli.datasets.verification import Verification, verify
from mixeval_stimuli.recordings import Recording

__all__ = ["KINDS", "Verification", "open_dataset", "select", "verify"]


@dataclass(frozen=True)
class Place:
    """Where a study's data set lies and what else of the study decides its recordings."""

    path: Path
    seed: int
    sources: tuple[str, ...]


KINDS: Mapping[str, Callable[[Any, Place], list[Recording]]] = {
    "enst": lambda _dataset, place: enst.load(place.path),
    "files": lambda dataset, place: files.load(place.path, pattern=dataset.pattern, sources=place.sources),
    "folder": lambda dataset, place: folder.load(
        place.path, item=dataset.item, stems=dataset.stems, references=dataset.references
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
    a data set of kind "files". A data set of kind "synthetic" is written first where it is not there yet,
    from `seed`.

    Raises StudyError when the study's description of the data set cannot be followed, and DatasetError when
    what lies on disk does not agree with it.
    """
    path = study_folder / Path(dataset.path).expanduser()
    return KINDS[dataset.kind](dataset, Place(path, seed, sources))
