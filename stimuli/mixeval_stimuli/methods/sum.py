"""The sum: every stem as it was recorded, added up in the centre, as a baseline."""

from pathlib import Path
from typing import ClassVar

from mixeval.errors import DatasetError
from mixeval_stimuli.methods.inputs import stem_files
from mixeval_stimuli.methods.method import Mix, MixMethod
from mixeval_stimuli.recordings import Recording, read_stems
from mixeval_stimuli.stems import plain_sum


class Sum(MixMethod):
    """All stems at unity gain in one channel, which both ears get."""

    version: ClassVar[str] = "1"

    def inputs(self, recording: Recording) -> tuple[Path, ...]:
        if not recording.stems:
            raise DatasetError(
                f'recording "{recording.item}" has no stems to add up',
                remedy="use this method with a multitrack data set",
            )
        return stem_files(recording, _stems(recording))

    def mix(self, recording: Recording) -> Mix:
        stems = read_stems(recording, _stems(recording))
        return Mix(plain_sum(stems.values()), {"stems": list(stems)})


def _stems(recording: Recording) -> tuple[str, ...]:
    # One order whatever the data set's: the rounding of a sum depends on it.
    return tuple(sorted(recording.stems))
