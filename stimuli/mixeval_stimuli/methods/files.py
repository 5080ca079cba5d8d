"""Files: mixes that were rendered elsewhere, by any tool."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from mixeval.audio import read_audio
from mixeval_stimuli.methods.inputs import mix_file
from mixeval_stimuli.methods.method import Mix, MixMethod
from mixeval_stimuli.recordings import Recording


class Files(MixMethod):
    """One finished mix per recording, called `source` in the data set."""

    version: ClassVar[str] = "1"
    made_elsewhere: ClassVar[bool] = True

    source: Annotated[str, Field(min_length=1)]

    def sources(self) -> tuple[str, ...]:
        return (self.source,)

    def inputs(self, recording: Recording) -> tuple[Path, ...]:
        return (mix_file(recording, self.source),)

    def mix(self, recording: Recording) -> Mix:
        return Mix(read_audio(mix_file(recording, self.source)))
