"""Examples: what a forest learns from, one for each recording: its features and the gains of its reference mix."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mixeval.audio import Audio, read_audio
from mixeval.errors import DatasetError, MixevalError
from mixeval_stimuli.datasets import enst
from mixeval_stimuli.executors import local_executor
from mixeval_stimuli.gains import estimate_gains
from mixeval_stimuli.loudness import gain_to_loudness, with_gain
from mixeval_stimuli.methods.inputs import mix_file
from mixeval_stimuli.methods.random_forest.features import COMMON_LUFS, Row, describe
from mixeval_stimuli.recordings import Recording, read_stems

MIX = "dry"
"""The reference mix whose gains are learnt; the wet one has effects, which gains do not explain."""

Progress = Callable[[int, int], None]
"""Told how many recordings are measured, of how many."""


@dataclass(frozen=True)
class Source:
    """A recording with the name of the data set that it comes from."""

    dataset: str
    recording: Recording

    @property
    def name(self) -> str:
        return f"{self.dataset}: {self.recording.item}"


@dataclass(frozen=True, eq=False)
class Example:
    """What is known of one recording.

    `row` has the columns `features.COLUMNS`. `gains` has shape (stems, 2) in the order of `enst.STEMS`: the linear
    gain of each stem to the left and right, for stems whose sum has COMMON_LUFS and a mix of the same loudness; NaN
    where a stem is missing or silent. `r2` has shape (2,): how much of each side of the mix these gains explain.
    """

    dataset: str
    item: str
    subset: str
    seconds: float
    row: Row
    gains: npt.NDArray[np.float64]
    r2: npt.NDArray[np.float64]

    @property
    def name(self) -> str:
        return f"{self.dataset}: {self.item}"


def find_sources(folders: Iterable[Path]) -> list[Source]:
    """Find the recordings of trees of ENST-Drums' shape that belong to a subset.

    Raises DatasetError when a tree cannot be used, no recording belongs to a subset, two trees have the same
    name, or a stem or dry mix of a recording is missing.
    """
    sources: list[Source] = []
    for folder in folders:
        dataset = folder.resolve().name
        if any(source.dataset == dataset for source in sources):
            raise DatasetError(
                f'two data sets are called "{dataset}", nobody could tell their recordings apart',
                remedy="name each folder once, or rename one",
            )
        recordings = [recording for recording in enst.load(folder) if "subset" in recording.facts]
        if not recordings:
            raise DatasetError(
                f"no recording of {folder} belongs to a subset",
                remedy=f"add a {enst.SPLIT_FILE_NAME} with the columns {', '.join(enst.SPLIT_COLUMNS)}",
            )
        sources += [Source(dataset, recording) for recording in recordings]
    for source in sources:
        _check_present(source)
    return sources


def measure_examples(
    sources: Sequence[Source], *, workers: int | None = None, progress: Progress | None = None
) -> list[Example]:
    """Measure recordings, in `workers` processes (by default one per CPU), and give the examples in their order.

    Raises DatasetError that lists every recording that cannot be measured.
    """
    findings: list[tuple[str, str]] = []
    examples: dict[str, Example] = {}
    with local_executor(workers) as executor:
        jobs = {executor.submit(measure_example, source): source for source in sources}
        for done, job in enumerate(as_completed(jobs), start=1):
            source = jobs[job]
            try:
                examples[source.name] = job.result()
            except MixevalError as error:
                findings.append((f"{source.name}: {error.problem}", error.remedy))
            if progress is not None:
                progress(done, len(sources))
    if findings:
        raise DatasetError.listing(findings)
    return [examples[source.name] for source in sources]


def measure_example(source: Source) -> Example:
    """Measure a recording's features and the gains of its dry mix.

    Raises DatasetError or AudioError when its files cannot be used together.
    """
    recording = source.recording
    stems = read_stems(recording, tuple(name for name in enst.STEMS if name in recording.stems))
    mix = read_audio(mix_file(recording, MIX)).as_stereo()
    known = describe(stems)
    levelled = {name: _times(stems[name], known.gain) for name in known.heard}
    fit = estimate_gains(levelled, with_gain(mix, gain_to_loudness(mix, COMMON_LUFS)))
    gains = np.full((len(enst.STEMS), 2), np.nan)
    gains[[enst.STEMS.index(name) for name in fit.stems]] = fit.gains
    return Example(
        dataset=source.dataset,
        item=recording.item,
        subset=recording.facts["subset"],
        seconds=mix.seconds,
        row=known.row,
        gains=gains,
        r2=fit.r2,
    )


def _times(audio: Audio, gain: float) -> Audio:
    return Audio((audio.samples * gain).astype(np.float32), audio.sample_rate)


def _check_present(source: Source) -> None:
    # Before hours of work, not after.
    for file in (*source.recording.stems.values(), mix_file(source.recording, MIX)):
        if not file.is_file():
            raise DatasetError(
                f"{source.name} is incomplete, there is no file {file}",
                remedy="copy it from the data set's source or take the recording's other files away",
            )
