"""Measures: what a mix is like by itself, and how far it is from its counterpart.

Stimuli are measured as rendered: all mixes of an item have one loudness, so a mix is not far from another for
being louder.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mixeval.audio import Audio
from mixeval.manifest import Stimulus
from mixeval_stimuli.comparison.rendered import Rendered, read_stimulus
from mixeval_stimuli.distance import Distance, distance
from mixeval_stimuli.lag import Lag, find_lag
from mixeval_stimuli.loudness import integrated_loudness, true_peak


@dataclass(frozen=True)
class Character:
    """What a mix is like by itself; `stereo_correlation` is None where a channel is silent."""

    loudness_lufs: float
    true_peak_dbtp: float
    crest_db: float
    stereo_correlation: float | None


@dataclass(frozen=True)
class Measured:
    """One stimulus, what it is like, and how far it is from the condition `compare_to` (None: from nothing)."""

    item: str
    condition: str
    compare_to: str | None
    sample_rate: int
    character: Character
    distance: Distance | None
    lag: Lag | None


def measure_study(
    rendered: Rendered,
    items: Sequence[str],
    executor: Executor,
    *,
    progress: Callable[[str, str], None] | None = None,
) -> list[Measured]:
    """Measure each of the study's conditions of `items`, item by item in the order of the study.

    `progress` is told item and condition of each that is done.

    Raises ManifestError when a file is missing or changed, and AudioError when one cannot be measured.
    """
    pending = []
    for item in items:
        for condition in rendered.study.conditions:
            other = rendered.counterparts[condition.id]
            stimulus = rendered.stimulus(item, condition.id)
            reference = None if other is None else rendered.stimulus(item, other)
            job = executor.submit(_measure_stimulus, rendered.folder, stimulus, reference)
            pending.append((item, condition.id, job))
    measured = []
    for item, condition_id, job in pending:
        measured.append(job.result())
        if progress is not None:
            progress(item, condition_id)
    return measured


def character(audio: Audio) -> Character:
    """Measure a stereo mix by itself.

    Raises AudioError where it has no loudness (:func:`mixeval_stimuli.loudness.integrated_loudness`).
    """
    return Character(
        loudness_lufs=integrated_loudness(audio),
        true_peak_dbtp=true_peak(audio),
        crest_db=crest_db(audio),
        stereo_correlation=stereo_correlation(audio),
    )


def crest_db(audio: Audio) -> float:
    """Give the crest factor in decibels: highest sample over root mean square, both over all channels.

    A sine has 3.01 dB, a square wave 0 dB. Silence gives NaN.
    """
    samples = audio.samples.astype(np.float64)
    rms = math.sqrt(float(np.mean(np.square(samples))))
    return 20.0 * math.log10(float(np.max(np.abs(samples))) / rms) if rms else math.nan


def stereo_correlation(audio: Audio) -> float | None:
    """Give sum(L R) / sqrt(sum(L^2) sum(R^2)), as a correlation meter shows it.

    1 is mono, 0 unrelated channels, -1 channels of opposite polarity; None where a channel is silent.
    """
    left, right = audio.as_stereo().samples.astype(np.float64)
    norm = math.sqrt(float(np.sum(left**2)) * float(np.sum(right**2)))
    return float(np.sum(left * right)) / norm if norm else None


def _measure_stimulus(folder: Path, stimulus: Stimulus, reference: Stimulus | None) -> Measured:
    audio = read_stimulus(folder, stimulus)
    other = None if reference is None else read_stimulus(folder, reference)
    return Measured(
        item=stimulus.item,
        condition=stimulus.condition,
        compare_to=None if reference is None else reference.condition,
        sample_rate=audio.sample_rate,
        character=character(audio),
        distance=None if other is None else distance(audio, other),
        lag=None if other is None else find_lag(audio, other),
    )
