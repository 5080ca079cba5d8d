"""Recordings: what a data set gives and a mixing method takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mixeval.audio import Audio, read_audio
from mixeval.errors import DatasetError
from mixeval_stimuli.resampling import resample


@dataclass(frozen=True)
class Recording:
    """One performance as it lies on disk; nothing is read until a method asks.

    `stems` maps a microphone's name to its file; a stem that was not recorded is absent, not silent.
    `mixes` maps a name (`dry` and `wet` for reference mixes, a source for mixes rendered elsewhere) to a file.
    `facts` is what the data set knows of it, such as drummer and group.
    """

    item: str
    stems: Mapping[str, Path] = field(default_factory=dict)
    mixes: Mapping[str, Path] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


def read_stems(
    recording: Recording, names: tuple[str, ...] | None = None, *, sample_rate: int | None = None
) -> dict[str, Audio]:
    """Read the stems `names` of a recording (all of them if left out), each of shape (1, samples).

    They are resampled to `sample_rate` in hertz where it is given and they have another.

    Raises DatasetError when a stem is not there, is not mono, or differs from the others in length or sample
    rate, and AudioError when a file cannot be read.
    """
    wanted = tuple(recording.stems) if names is None else names
    for name in wanted:
        if name not in recording.stems:
            raise DatasetError(
                f'recording "{recording.item}" has no stem "{name}"',
                remedy=f"name one that it has ({', '.join(recording.stems) or 'it has none'})",
            )
    stems = {name: read_audio(recording.stems[name]) for name in wanted}
    for name, stem in stems.items():
        if stem.channels != 1:
            raise DatasetError(
                f"{recording.stems[name]} has {stem.channels} channels where a stem is mono",
                remedy="export one file for each microphone",
            )
    _check_alike(recording, stems)
    if sample_rate is None:
        return stems
    return {name: resample(stem, sample_rate) for name, stem in stems.items()}


def _check_alike(recording: Recording, stems: Mapping[str, Audio]) -> None:
    for what, values in (
        ("samples", {name: stem.frames for name, stem in stems.items()}),
        ("samples a second", {name: stem.sample_rate for name, stem in stems.items()}),
    ):
        if len(set(values.values())) > 1:
            listed = ", ".join(f"{name} {value}" for name, value in values.items())
            raise DatasetError(
                f'the stems of "{recording.item}" differ in {what} ({listed})',
                remedy="export them together, with one start, end and rate",
            )
