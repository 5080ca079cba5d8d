"""Guests: mixers that mixeval did not write, and what it does for all of them.

A guest gets the stems at the rate it asks for and answers with a mix. Reading and resampling, stems that are
missing, and the answer's length, delay, channels and numbers are the host's business, here; loudness, clipping
and the cache are those of every method.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from mixeval.audio import SAMPLE_RATES, Audio, Samples
from mixeval.conditions import PlainText
from mixeval.errors import AudioError, DatasetError, RenderError
from mixeval_stimuli.clipping import clipping_notes
from mixeval_stimuli.delay import NOTED_SECONDS, delay_seconds, in_words
from mixeval_stimuli.methods.inputs import stem_files
from mixeval_stimuli.methods.method import Mix, MixMethod
from mixeval_stimuli.recordings import Recording, read_stems
from mixeval_stimuli.resampling import resample

Stem = npt.NDArray[np.float32]
"""Samples of one microphone, of shape (samples,)."""

SampleRate = Annotated[int, Field(ge=SAMPLE_RATES[0], le=SAMPLE_RATES[-1])]

TimeoutSeconds = Annotated[float, Field(gt=0.0, le=86_400.0, exclude=True)]
"""How long a mix may take does not decide how it sounds: it stands neither in the cache's key nor in the manifest."""

NOTED_DIFFERENCE_SECONDS = 0.010
REFUSED_DIFFERENCE_SECONDS = 1.0
"""A mix that is this much longer or shorter than its stems is of something else, or was cut off."""


class Guest(MixMethod):
    """A mixer that gets stems and gives a mix. Subclasses say how in :meth:`mix_stems`."""

    stems: Annotated[tuple[PlainText, ...], Field(min_length=1)] | None = None
    """The stems that it gets, in this order; left out: all that the recording has."""
    missing: Literal["refuse", "absent", "silence"] = "refuse"
    """What becomes of a recording that lacks one of `stems`."""
    sample_rate: SampleRate | None = None
    """The only rate that it knows, in hertz; left out, it takes the recording's."""

    @model_validator(mode="after")
    def _missing_from_a_list(self) -> Self:
        if self.stems is None and self.missing != "refuse":
            raise ValueError("missing says what becomes of stems that are named, name them in stems")
        if self.stems is not None and len(set(self.stems)) < len(self.stems):
            raise ValueError("stems names one twice")
        return self

    def own_files(self) -> tuple[Path, ...]:
        """Name the files beside the stems that decide the mix, such as a checkpoint."""
        return ()

    def mix_stems(self, stems: Mapping[str, Stem], sample_rate: int) -> Audio:
        """Make the mix from stems of `sample_rate` hertz. Raises MixevalError when it cannot."""
        raise NotImplementedError

    def inputs(self, recording: Recording) -> tuple[Path, ...]:
        return (*stem_files(recording, self._present(recording)), *self.own_files())

    def mix(self, recording: Recording) -> Mix:
        recorded = read_stems(recording, self._present(recording))
        heard = total(recorded.values())
        sample_rate = self.sample_rate or heard.sample_rate
        given = {name: resample(stem, sample_rate).samples[0] for name, stem in recorded.items()}
        if self.stems is not None and self.missing == "silence":
            silence = np.zeros_like(next(iter(given.values())))
            # A copy for each, so that a mixer that works in place turns one of them only.
            given = {name: given.get(name, silence).copy() for name in self.stems}
        answer = self.mix_stems(given, sample_rate)
        return received(Mix(answer, {"stems_given": list(given)}), heard)

    def _present(self, recording: Recording) -> tuple[str, ...]:
        if not recording.stems:
            raise DatasetError(
                f'recording "{recording.item}" has no stems to mix',
                remedy="use this method with a multitrack data set",
            )
        if self.stems is None:
            return tuple(recording.stems)
        present = tuple(name for name in self.stems if name in recording.stems)
        absent = [name for name in self.stems if name not in recording.stems]
        if absent and (self.missing == "refuse" or not present):
            raise DatasetError(
                f'recording "{recording.item}" has no stem "{absent[0]}"',
                remedy=f"name stems that it has ({', '.join(recording.stems)}), "
                'or say missing = "silence" where the mixer may go without',
            )
        return present


def total(stems: Iterable[Audio]) -> Audio:
    """Add stems up to one channel: what a mix of them is compared with."""
    each = list(stems)
    added = np.stack([stem.samples for stem in each]).sum(axis=0, dtype=np.float64)
    return Audio(np.asarray(added, dtype=np.float32), each[0].sample_rate)


def received(mix: Mix, stems: Audio) -> Mix:
    """Give a guest's mix the rate and length of its stems, whose sum is `stems`, and note what was off.

    Raises AudioError when it holds no samples, or some that are no finite numbers, or is neither mono nor
    stereo; and RenderError when it differs in length by more than a second.
    """
    _check(mix.audio)
    # Resampling rounds flat tops off, so they are looked for before it.
    turned = mix.audio.sample_rate != stems.sample_rate
    clipped = clipping_notes(mix.audio) if turned else ()
    audio, length_notes = _with_length(resample(mix.audio, stems.sample_rate), stems.frames)
    return Mix(audio, mix.parameters, (*mix.notes, *clipped, *length_notes, *_delay_notes(audio, stems)))


def _check(audio: Audio) -> None:
    audio.as_stereo()
    if audio.frames == 0:
        raise AudioError("the mix holds no samples", remedy="see that the mixer gives all of its mix")
    finite = np.isfinite(audio.samples)
    if not finite.all():
        channel, index = np.argwhere(~finite)[0]
        raise AudioError(
            f"the mix holds {audio.samples[channel, index]} at sample {index} of channel {channel + 1}",
            remedy="see why the mixer gives numbers that are not finite, such as weights or a division",
        )


def _with_length(audio: Audio, frames: int) -> tuple[Audio, tuple[str, ...]]:
    surplus = audio.frames - frames
    if abs(surplus) > REFUSED_DIFFERENCE_SECONDS * audio.sample_rate:
        raise RenderError(
            f"the mix has {audio.frames} samples and its stems have {frames}",
            remedy="see that the mixer gives all of the recording, from its start to its end, and nothing more",
        )
    samples: Samples = audio.samples[:, :frames]
    if surplus < 0:
        samples = np.pad(samples, ((0, 0), (0, -surplus)))
    notes: tuple[str, ...] = ()
    if abs(surplus) > NOTED_DIFFERENCE_SECONDS * audio.sample_rate:
        was, done = ("longer", "cut at its end") if surplus > 0 else ("shorter", "filled up with silence")
        milliseconds = abs(surplus) / audio.sample_rate * 1000
        notes = (f"it came {milliseconds:.0f} ms {was} than its stems and was {done}",)
    return Audio(np.ascontiguousarray(samples), audio.sample_rate), notes


def _delay_notes(audio: Audio, stems: Audio) -> tuple[str, ...]:
    delay = delay_seconds(audio, stems)
    if delay is None or abs(delay) <= NOTED_SECONDS:
        return ()
    return (f"it runs {in_words(delay)} than its stems, correct that where the mixer is",)
