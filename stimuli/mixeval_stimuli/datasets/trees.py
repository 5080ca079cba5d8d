"""Trees of recordings that mixeval writes: of ENST-Drums' shape, whole or not there at all."""

import csv
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mixeval.audio import Samples, write_samples
from mixeval.errors import DatasetError
from mixeval_stimuli.datasets import enst

Progress = Callable[[int, int], None]
"""Told how many recordings are written, of how many."""


def write_whole(
    folder: Path,
    parameters: Mapping[str, Any],
    *,
    file_name: str,
    what: str,
    write: Callable[[Path], Mapping[str, Any]],
) -> None:
    """Have `write` fill a folder beside `folder`, and move it there when it is whole.

    What is there already with these `parameters`, by its JSON `file_name`, is left as it is. What `write` returns
    is kept in that file too. `what` names the kind of tree in messages.

    Raises DatasetError when `folder` holds anything else, or cannot be written.
    """
    if is_there(folder, parameters, file_name=file_name, what=what):
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_partial_prefix(folder)))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        contents = {**parameters, **write(partial)}
        (partial / file_name).write_text(json.dumps(contents, indent=2) + "\n", encoding="utf-8")
        partial.chmod(0o755)  # mkdtemp makes it private
        partial.replace(folder)
    except OSError as error:
        # Another process that wrote the same tree may have been first.
        if not is_there(folder, parameters, file_name=file_name, what=what):
            raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for left_over in folder.parent.glob(f"{_partial_prefix(folder)}*"):
        shutil.rmtree(left_over, ignore_errors=True)


def is_there(folder: Path, parameters: Mapping[str, Any], *, file_name: str, what: str) -> bool:
    """Say whether `folder` holds the tree of these `parameters`; False where there is nothing.

    Raises DatasetError when `folder` holds anything else.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    try:
        found = json.loads((folder / file_name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise DatasetError(
            f"{folder} holds something other than {what}",
            remedy="name another path for the data set, mixeval does not write over your files",
        )
    changed = [name for name, value in parameters.items() if found.get(name) != value]
    if changed:
        raise DatasetError(
            f"{folder} holds {what} of other parameters ("
            + ", ".join(f"{name} {found.get(name)} where {parameters[name]} is asked for" for name in changed)
            + ")",
            remedy="delete that folder to have it written again, or name another path",
        )
    return True


def write_multitrack(
    folder: Path,
    drummer: str,
    file: str,
    *,
    stems: Mapping[str, Samples],
    mixes: Mapping[str, Samples],
    sample_rate: int,
) -> None:
    """Write stems of shape (samples,) and mixes of shape (2, samples) to their places, 16-bit."""
    audio = folder / f"drummer_{drummer}" / "audio"
    for name, samples in (
        *stems.items(),
        *((enst.MIXES[mix], samples) for mix, samples in mixes.items()),
    ):
        (audio / name).mkdir(parents=True, exist_ok=True)
        _write_wav(audio / name / file, samples, sample_rate)


def write_split(folder: Path, rows: Iterable[tuple[str, str, str]]) -> None:
    """Write the drummer, file and subset of each recording."""
    with (folder / enst.SPLIT_FILE_NAME).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([enst.SPLIT_COLUMNS, *rows])


def _partial_prefix(folder: Path) -> str:
    return f".{folder.name}.partial-"


def _unwritable(folder: Path, error: OSError) -> DatasetError:
    return DatasetError(
        f"{folder} cannot be written ({error.strerror or error})",
        remedy="free space, allow writing there, or name another path",
    )


def _write_wav(path: Path, samples: Samples, sample_rate: int) -> None:
    # Rounded here, so that what is written does not hang on how a version of libsndfile rounds.
    integers = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)
    write_samples(path, integers, sample_rate, container="WAV", subtype="PCM_16")
