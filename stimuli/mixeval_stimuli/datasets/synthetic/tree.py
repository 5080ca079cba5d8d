"""The synthetic data set on disk: a tree of ENST-Drums' shape, whole or not there at all."""

from pathlib import Path
from typing import Any

from mixeval_stimuli.datasets import enst
from mixeval_stimuli.datasets.synthetic.drums import SAMPLE_RATE, Hits
from mixeval_stimuli.datasets.synthetic.kits import KITS
from mixeval_stimuli.datasets.synthetic.patterns import STYLES
from mixeval_stimuli.datasets.synthetic.session import Take, hits_of, hold
from mixeval_stimuli.datasets.trees import Progress, write_multitrack, write_split, write_whole
from mixeval_stimuli.recordings import Recording

PARAMETERS_FILE_NAME = "synthetic.json"

VERSION = 1
"""Changes whenever the same parameters would give other samples."""

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
    write_whole(
        folder,
        parameters,
        file_name=PARAMETERS_FILE_NAME,
        what="synthetic drums",
        write=lambda partial: _write_recordings(partial, seed, recordings_per_drummer, seconds, progress),
    )


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


def _write_recordings(
    folder: Path, seed: int, recordings_per_drummer: int, seconds: float, progress: Progress | None
) -> dict[str, Any]:
    total = recordings_per_drummer * len(KITS)
    rows = []
    for drummer_index, kit in enumerate(KITS):
        takes = takes_of(drummer_index, recordings_per_drummer)
        hits: dict[str, Hits] = {}
        for index, take in enumerate(takes):
            if take.sticks not in hits:
                hits[take.sticks] = hits_of(kit, take.sticks, seed=seed)
            multitrack = hold(kit, hits[take.sticks], take, seed=seed, seconds=seconds)
            write_multitrack(
                folder,
                kit.drummer,
                take.file,
                stems=multitrack.stems,
                mixes=multitrack.mixes,
                sample_rate=SAMPLE_RATE,
            )
            rows.append((kit.drummer, take.file, subset_of(index, recordings_per_drummer)))
            if progress is not None:
                progress(len(rows), total)
    write_split(folder, rows)
    return {}
