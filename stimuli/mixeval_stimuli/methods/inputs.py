"""Inputs: the files that a method takes from a recording, or an error that names what is missing."""

from collections.abc import Mapping
from pathlib import Path

from mixeval.errors import DatasetError
from mixeval_stimuli.recordings import Recording


def mix_file(recording: Recording, name: str) -> Path:
    """Find the finished mix `name` of a recording. Raises DatasetError when it has none of that name."""
    return _find(recording, recording.mixes, name, "mix")


def stem_files(recording: Recording, names: tuple[str, ...]) -> tuple[Path, ...]:
    """Find the stems `names` of a recording, in that order. Raises DatasetError when one is not there."""
    return tuple(_find(recording, recording.stems, name, "stem") for name in names)


def _find(recording: Recording, files: Mapping[str, Path], name: str, what: str) -> Path:
    if name not in files:
        raise DatasetError(
            f'recording "{recording.item}" has no {what} "{name}"',
            remedy=f"name one that it has ({', '.join(files) or 'it has none'})",
        )
    return files[name]
