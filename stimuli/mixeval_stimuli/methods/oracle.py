"""The oracle: the closest to the reference mix that gains and panning alone can come.

It looks at the reference, which no mixing system may; it is there to be measured against. A method that sets gains
cannot be nearer (in squared error), so a network that is has learnt more than gains.
"""

from pathlib import Path
from typing import ClassVar, Literal

from mixeval.audio import read_audio
from mixeval_stimuli.gains import mix_of, oracle_gains
from mixeval_stimuli.methods.inputs import mix_file, stem_files
from mixeval_stimuli.methods.method import Mix, MixMethod
from mixeval_stimuli.recordings import Recording, read_stems


class Oracle(MixMethod):
    """Gains to left and right by least squares on the reference mix `variant` itself."""

    version: ClassVar[str] = "1"

    variant: Literal["dry", "wet"] = "dry"

    def inputs(self, recording: Recording) -> tuple[Path, ...]:
        return (mix_file(recording, self.variant), *stem_files(recording, _stems(recording)))

    def mix(self, recording: Recording) -> Mix:
        stems = read_stems(recording, _stems(recording))
        fit = oracle_gains(stems, read_audio(mix_file(recording, self.variant)).as_stereo())
        gains = {name: sides.tolist() for name, sides in zip(fit.stems, fit.gains, strict=True)}
        return Mix(mix_of(stems, fit.gains), {"gains": gains, "r2": fit.r2.tolist()})


def _stems(recording: Recording) -> tuple[str, ...]:
    return tuple(sorted(recording.stems))
