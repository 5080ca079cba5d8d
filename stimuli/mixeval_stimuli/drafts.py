"""Drafts: files that appear whole or not at all, whatever stops the program."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mixeval.errors import StudyError

_PREFIX = ".draft-"
_STALE_SECONDS = 3600.0


@contextmanager
def writing_in(folder: Path) -> Iterator[None]:
    """Raise StudyError where `folder` cannot be written, for want of permission or of room."""
    try:
        yield
    except OSError as error:
        raise StudyError(
            f"{folder} cannot be written ({error.strerror})",
            remedy="give yourself write permission and room there, what is done is kept",
        ) from error


@contextmanager
def draft_in(folder: Path) -> Iterator[Path]:
    """Give a path in `folder` to write to; whoever writes it publishes it with :func:`publish`.

    A draft that was not published is removed. One that a killed program left behind has a name that nothing
    reads, and :func:`remove_stale_drafts` takes it away.
    """
    draft = folder / f"{_PREFIX}{uuid.uuid4().hex}"
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def leave_mark(folder: Path, name: str) -> bool:
    """Leave an empty draft of that name; say no when it is there already, left from any machine."""
    try:
        (folder / f"{_PREFIX}{name}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def remove_mark(folder: Path, name: str) -> None:
    """Remove what :func:`leave_mark` left, if it did."""
    (folder / f"{_PREFIX}{name}").unlink(missing_ok=True)


def publish(draft: Path, path: Path) -> None:
    """Put a finished draft in its place in one step, once its bytes are on the disk."""
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    draft.replace(path)


def remove_stale_drafts(folder: Path) -> None:
    """Remove drafts that are too old for anybody to be writing them still."""
    for draft in folder.glob(f"{_PREFIX}*"):
        try:
            if time.time() - draft.stat().st_mtime > _STALE_SECONDS:
                draft.unlink()
        except FileNotFoundError:
            continue  # another render was faster
