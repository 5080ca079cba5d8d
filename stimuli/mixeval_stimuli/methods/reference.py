"""The reference: the mix that came with the recording, dry or wet."""

from pathlib import Path
from typing import ClassVar, Literal

from mixeval.audio import read_audio
from mixeval_stimuli.methods.inputs import mix_file
from mixeval_stimuli.methods.method import Mix, MixMethod
from mixeval_stimuli.recordings import Recording


class Reference(MixMethod):
    """The engineer's mix of a multitrack data set, with (`wet`) or without (`dry`) its effects."""

    version: ClassVar[str] = "1"

    variant: Literal["dry", "wet"]

    def inputs(self, recording: Recording) -> tuple[Path, ...]:
        return (mix_file(recording, self.variant),)

    def mix(self, recording: Recording) -> Mix:
        return Mix(read_audio(mix_file(recording, self.variant)))
