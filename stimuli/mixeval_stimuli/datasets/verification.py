"""Whether a data set's files are all there and can all be read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mixeval.audio import read_audio
from mixeval.errors import AudioError
from mixeval_stimuli.recordings import Recording


@dataclass(frozen=True)
class Verification:
    """What is wrong with a data set: files that are not there, and files that cannot be read, with the reason."""

    missing: tuple[Path, ...]
    corrupt: Mapping[Path, str]

    @property
    def sound(self) -> bool:
        return not self.missing and not self.corrupt


def verify(recordings: Iterable[Recording]) -> Verification:
    """Read every file of `recordings` and report which are missing and which are corrupt."""
    missing, corrupt = [], {}
    for recording in recordings:
        for file in (*recording.stems.values(), *recording.mixes.values()):
            if not file.is_file():
                missing.append(file)
                continue
            try:
                read_audio(file)
            except AudioError as error:
                corrupt[file] = error.problem
    return Verification(tuple(missing), corrupt)
