"""The corpus of a training run: data sets in the shape of ENST-Drums, split into what is learnt and what validates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixeval.errors import DatasetError
from mixeval_stimuli.datasets import enst
from mixeval_stimuli.training.options import Options
from mixeval_stimuli.training.tracks import SAMPLE_RATE, Track, open_tracks


@dataclass(frozen=True)
class Corpus:
    """Tracks to learn from, tracks to validate with, and what a model's card says of them."""

    training: Sequence[Track]
    validation: Sequence[Track]
    description: Mapping[str, Any]


def open_corpus(
    datasets: Sequence[Path],
    options: Options,
    *,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Corpus:
    """Open the train and val subsets of ENST-shaped trees; `progress` is told of recordings done and in all.

    Raises DatasetError when a subset is empty, and as :func:`mixeval_stimuli.datasets.enst.load` and
    :func:`mixeval_stimuli.training.tracks.open_tracks`.
    """
    recordings = [recording for path in datasets for recording in enst.load(path)]
    subsets = {
        name: [recording for recording in recordings if recording.facts.get("subset") == name]
        for name in ("train", "val")
    }
    for name, found in subsets.items():
        if not found:
            raise DatasetError(
                f'no recording of {", ".join(map(str, datasets))} is in the subset "{name}"',
                remedy=f"list some in a {enst.SPLIT_FILE_NAME} in the data set's folder",
            )
    total = sum(map(len, subsets.values()))
    done = 0

    def opened() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    tracks = open_tracks([*subsets["train"], *subsets["val"]], options, progress=opened)
    training, validation = tracks[: len(subsets["train"])], tracks[len(subsets["train"]) :]
    return Corpus(
        training,
        validation,
        {
            "datasets": [path.resolve().name for path in datasets],
            "train": _described(training),
            "val": _described(validation),
        },
    )


def _described(tracks: Sequence[Track]) -> dict[str, Any]:
    minutes = sum(track.frames for track in tracks) / SAMPLE_RATE / 60.0
    return {"recordings": len(tracks), "minutes": round(minutes, 2)}
