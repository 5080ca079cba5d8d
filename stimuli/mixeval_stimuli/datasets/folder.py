"""Multitracks of one's own: one folder for each recording, with a path for each stem and reference mix."""

from collections.abc import Mapping
from pathlib import Path

from mixeval.errors import DatasetError, StudyError
from mixeval_stimuli.recordings import Recording


def load(
    path: Path, *, item: str | None, stems: Mapping[str, str], references: Mapping[str, str]
) -> list[Recording]:
    """Find the recordings in `path`: with `item`, `path` is that one; without, each visible folder in it is one.

    `stems` and `references` map a name to a path inside the recording's folder, where links may stand for files.

    Raises StudyError when the study declares neither stems nor references, and DatasetError when the folder is
    missing. That files are missing is told when their recording is chosen.
    """
    if not stems and not references:
        raise StudyError(
            'a data set of kind "folder" declares neither stems nor references',
            remedy='name the files, such as stems = { kick = "kick.wav" }',
        )
    if not path.is_dir():
        raise DatasetError(f"{path} is missing or no folder", remedy="correct the data set's path")
    if item is not None:
        return [_recording(path, item, stems, references)]
    folders = sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if not folders:
        raise DatasetError(
            f"{path} holds no folder that could be a recording",
            remedy="put each recording into a folder of its own, or give item if this is the only one",
        )
    return [_recording(folder, folder.name, stems, references) for folder in folders]


def _recording(folder: Path, item: str, stems: Mapping[str, str], references: Mapping[str, str]) -> Recording:
    return Recording(
        item,
        stems={name: folder / file for name, file in stems.items()},
        mixes={name: folder / file for name, file in references.items()},
    )
