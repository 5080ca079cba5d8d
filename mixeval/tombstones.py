"""Tombstones outside the database: a backup that is put in its place must not bring an erased participant back.

STUDY/erased.txt has one line per erased participant, the pseudonym and the moment, and is only ever added to.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from mixeval.errors import ParticipantError

FILE_NAME = "erased.txt"
_HEADING = (
    "# Participants whose data were erased. Keep this file: a backup that is restored is erased again by it."
)


def read_tombstones(folder: Path) -> dict[str, datetime]:
    """Read when each erased participant of the study in `folder` was erased, by pseudonym.

    Raises ParticipantError when the file is there and cannot be read: nothing may be served or counted then.
    """
    path = folder / FILE_NAME
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ParticipantError(
            f"{path} cannot be read ({error}), so nobody knows whose data were erased",
            remedy="make it a readable UTF-8 file",
        ) from error
    return {line[0]: _moment(line) for text in lines if (line := text.split("\t"))[0] and text[0] != "#"}


def add_tombstones(folder: Path, erased: Mapping[str, datetime]) -> None:
    """Add lines to the file of the study in `folder`; when this returns, they outlive a power cut.

    Raises ParticipantError when they cannot be written.
    """
    path = folder / FILE_NAME
    try:
        new = not path.exists()
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "r+b") as file:
            # A line that a power cut has torn must not swallow the next one.
            torn = _ends_without_newline(file.fileno())
            lines = [*([_HEADING] if new else []), *_lines(erased)]
            file.write((b"\n" if torn else b"") + "".join(f"{line}\n" for line in lines).encode())
            file.flush()
            os.fsync(file.fileno())
        if new:
            _sync_folder(folder)
    except OSError as error:
        raise ParticipantError(
            f"{path} cannot be written ({error.strerror}), and without it a backup would bring the data back",
            remedy="give yourself write permission there, and room on the disk",
        ) from error


def _lines(erased: Mapping[str, datetime]) -> Iterable[str]:
    for participant, moment in erased.items():
        yield f"{participant}\t{moment.astimezone(UTC).isoformat(timespec='seconds')}"


def _moment(line: list[str]) -> datetime:
    try:
        moment = datetime.fromisoformat(line[1])
    except (IndexError, ValueError):
        # Whoever stands here is to be erased, whenever that was.
        return datetime(1970, 1, 1, tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _ends_without_newline(handle: int) -> bool:
    size = os.fstat(handle).st_size
    return size > 0 and os.pread(handle, 1, size - 1) != b"\n"


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
