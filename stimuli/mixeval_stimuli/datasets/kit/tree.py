"""The rendered kit on disk: a tree of ENST-Drums' shape, written by several processes.

`kit.json` in its root holds the parameters it follows from, the hits that were skipped, and of each recording its
subset, groove, tempo, the hits that were struck, and by how much it was turned down, which is none for nearly all.
"""

import shutil
from collections.abc import Sequence
from concurrent.futures import as_completed
from functools import partial
from pathlib import Path
from typing import Any

from mixeval.errors import DatasetError
from mixeval_stimuli.datasets import enst
from mixeval_stimuli.datasets.kit.plan import Take, takes_for
from mixeval_stimuli.datasets.kit.sampler import Sounds
from mixeval_stimuli.datasets.kit.samples import SAMPLE_RATE, SampleKit, open_kit
from mixeval_stimuli.datasets.kit.session import hold
from mixeval_stimuli.datasets.kit.setups import SETUPS
from mixeval_stimuli.datasets.trees import Progress, is_there, write_multitrack, write_split, write_whole
from mixeval_stimuli.executors import local_executor
from mixeval_stimuli.recordings import Recording

PARAMETERS_FILE_NAME = "kit.json"

LICENSE_FILE_NAME = "LICENSE"

WHAT = "a rendered kit"

VERSION = 1
"""Changes whenever the same parameters would give other samples."""

_SOUNDS: dict[tuple[str, str], Sounds] = {}
"""The hits of the setup that this process is rendering: reading them takes longer than placing them."""


def load(path: Path, *, samples: Path | None = None, minutes: float, seed: int) -> list[Recording]:
    """Find the recordings of the rendered tree at `path`; with `samples`, render it first where it is not there yet.

    Without `samples` any rendered tree will do, and `minutes` and `seed` are not asked of it. A tree that is there
    does not need the kit any more.

    Raises DatasetError when there is no tree and no `samples`, or when there is something else at `path`.
    """
    if samples is not None:
        wanted = _parameters(minutes, seed)
        if not is_there(path, wanted, file_name=PARAMETERS_FILE_NAME, what=WHAT):
            write_tree(path, samples=samples, minutes=minutes, seed=seed)
    elif not (path / PARAMETERS_FILE_NAME).is_file():
        raise DatasetError(
            f"{path} holds no rendered kit, there is no {PARAMETERS_FILE_NAME} in it",
            remedy=f"render it (mixeval dataset kit KITFOLDER {path}), or give samples, the one-shot kit's folder",
        )
    return enst.load(path)


def write_tree(
    folder: Path,
    *,
    samples: Path,
    minutes: float,
    seed: int,
    workers: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Render `minutes` of the one-shot kit in `samples` to `folder`, unless they are there already.

    The same kit and parameters give the same bytes on the same machine, with any number of `workers` (one for each
    CPU if left out). The tree is written beside `folder` and moved there whole, so what a killed run leaves is never
    taken for a data set.

    Raises DatasetError when `samples` is no kit, or when `folder` holds anything else or cannot be written.
    """
    kit = open_kit(samples)
    takes = takes_for(minutes, seed=seed)
    write_whole(
        folder,
        {**_parameters(minutes, seed), "samples_sha256": kit.sha256},
        file_name=PARAMETERS_FILE_NAME,
        what=WHAT,
        write=partial(_write_recordings, kit=kit, takes=takes, seed=seed, workers=workers, progress=progress),
    )


def _parameters(minutes: float, seed: int) -> dict[str, Any]:
    return {"version": VERSION, "seed": seed, "minutes": minutes}


def _write_recordings(
    folder: Path,
    *,
    kit: SampleKit,
    takes: Sequence[Take],
    seed: int,
    workers: int | None,
    progress: Progress | None,
) -> dict[str, Any]:
    try:
        with local_executor(workers) as executor:
            futures = [executor.submit(_write_take, folder, kit, take, seed) for take in takes]
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                if progress is not None:
                    progress(done, len(takes))
    finally:
        _SOUNDS.clear()
    write_split(folder, ((take.drummer, take.file, take.subset) for take in takes))
    license_file = kit.folder / LICENSE_FILE_NAME
    if license_file.is_file():
        shutil.copyfile(license_file, folder / LICENSE_FILE_NAME)
    return {
        "skipped_hits": list(kit.skipped),
        "recordings": [future.result() for future in futures],
    }


def _write_take(folder: Path, kit: SampleKit, take: Take, seed: int) -> dict[str, Any]:
    """Render one take into the tree, and say what it is."""
    setup = next(setup for setup in SETUPS if setup.drummer == take.drummer)
    key = (kit.sha256, setup.drummer)
    if key not in _SOUNDS:
        # One setup at a time: its hits take up to 800 MB.
        _SOUNDS.clear()
        _SOUNDS[key] = Sounds(kit, setup)
    multitrack = hold(take, setup, kit, _SOUNDS[key], seed=seed)
    write_multitrack(
        folder,
        take.drummer,
        take.file,
        stems=multitrack.stems,
        mixes=multitrack.mixes,
        sample_rate=SAMPLE_RATE,
    )
    hits: dict[str, set[int]] = {}
    for struck in multitrack.struck:
        hits.setdefault(struck.instrument, set()).add(struck.n)
    return {
        "drummer": take.drummer,
        "file": take.file,
        "subset": take.subset,
        "seconds": take.seconds,
        "groove": "-".join(take.groove) if take.groove else None,
        "bpm": round(multitrack.bpm, 2) or None,
        "turned_down_db": round(multitrack.turned_down_db, 2) + 0.0,
        "hits": {instrument: sorted(numbers) for instrument, numbers in sorted(hits.items())},
    }
