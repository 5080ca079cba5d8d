"""Whether a data set's files are all there and can all be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mixeval.audio import read_audio
from mixeval.errors import AudioError
from mixeval_stimuli.datasets.trees import Progress
from mixeval_stimuli.recordings import Recording


@dataclass(frozen=True)
class Verification:
    """What is wrong with a data set: files that are not there, and files that cannot be read, with the reason."""

    missing: tuple[Path, ...]
    corrupt: Mapping[Path, str]

    @property
    def sound(self) -> bool:
        return not self.missing and not self.corrupt


def verify(recordings: Sequence[Recording], progress: Progress | None = None) -> Verification:
    """Read every file of `recordings` and report which are missing and which are corrupt."""
    missing, corrupt = [], {}
    for done, recording in enumerate(recordings, start=1):
        for file in (*recording.stems.values(), *recording.mixes.values()):
            if not file.is_file():
                missing.append(file)
                continue
            try:
                read_audio(file)
            except AudioError as error:
                corrupt[file] = error.problem
        if progress is not None:
            progress(done, len(recordings))
    return Verification(tuple(missing), corrupt)
