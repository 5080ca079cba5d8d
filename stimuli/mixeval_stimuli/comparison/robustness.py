"""Robustness: how far a mix moves from its reference as the stems that a method gets are not as expected.

The paper's conclusion asks for this analysis. Each perturbed mix is made by the method itself, brought to
the loudness of its reference, and measured against it, so that level alone is no distance.
"""

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mixeval.audio import Audio
from mixeval.conditions import Condition
from mixeval.errors import MixevalError, RenderError, StudyError
from mixeval.manifest import Stimulus
from mixeval.stimuli_section import FilesDataset
from mixeval.study import FILE_NAME
from mixeval_stimuli.alignment import TRIMMED_SECONDS
from mixeval_stimuli.comparison.measures import Character, character
from mixeval_stimuli.comparison.perturbation import (
    Perturbation,
    every_swap,
    likely_swaps,
    perturbations,
    perturbed,
)
from mixeval_stimuli.comparison.rendered import Rendered, read_stimulus
from mixeval_stimuli.datasets import open_dataset, select
from mixeval_stimuli.distance import Distance, distance
from mixeval_stimuli.lag import Lag, find_lag
from mixeval_stimuli.loudness import measure_level, with_gain
from mixeval_stimuli.methods.method import MixMethod
from mixeval_stimuli.methods.registry import make_method
from mixeval_stimuli.recordings import Recording


@dataclass(frozen=True)
class Trial:
    """One mix to be made: a method's, of a recording's perturbed stems, for comparison with a stimulus."""

    folder: Path
    condition: str
    method: MixMethod = field(repr=False)
    recording: Recording = field(repr=False)
    perturbation: Perturbation
    reference: Stimulus = field(repr=False)

    @property
    def item(self) -> str:
        return self.recording.item


@dataclass(frozen=True)
class Outcome:
    """How far the mix of a trial is from its reference, or in `problem` why there is none.

    `loudness_before_lufs` is the mix's loudness as the method made it, before it was brought to its reference's.
    """

    item: str
    condition: str
    compare_to: str
    perturbation: Perturbation
    loudness_before_lufs: float | None = None
    character: Character | None = None
    distance: Distance | None = None
    lag: Lag | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Plan:
    """What is to be tried, and in `remarks` what is left out and why."""

    trials: tuple[Trial, ...]
    remarks: tuple[str, ...]

    @property
    def conditions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(trial.condition for trial in self.trials))

    @property
    def items(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(trial.item for trial in self.trials))


def plan_robustness(
    rendered: Rendered,
    items: Sequence[str],
    conditions: Sequence[str],
    *,
    gains_db: Sequence[float],
    all_swaps: bool = False,
    trusted: bool = False,
) -> Plan:
    """Plan each perturbation of each of `items` in each of `conditions`; where none is named, in all systems.

    Methods that run code from outside mixeval are left out unless somebody `trusted` it.

    Raises StudyError when the study has no stems, when a named condition is unknown, cannot be made without
    running what the study names, takes no stems or is compared to nothing, or when no condition is left; and
    DatasetError when the data set cannot be opened.
    """
    recordings = _recordings(rendered, items)
    trials: list[Trial] = []
    remarks: list[str] = []
    for condition in _chosen(rendered, conditions):
        try:
            trials += _trials_of(
                rendered, condition, recordings, gains_db=gains_db, all_swaps=all_swaps, trusted=trusted
            )
        except StudyError as error:
            if conditions:
                raise
            remarks.append(f"{error.problem[:1].upper()}{error.problem[1:]}, it is left out")
    if not trials:
        left_out = "; ".join(remarks) or "no condition has the role system"
        raise StudyError(
            f"there is no condition to try ({left_out})",
            remedy="name one that mixes stems with --condition",
        )
    return Plan(tuple(trials), tuple(remarks))


def run_trials(
    trials: Sequence[Trial], executor: Executor, *, progress: Callable[[Trial], None] | None = None
) -> list[Outcome]:
    """Make and measure each trial's mix, in the order of `trials`.

    A mix that cannot be made with perturbed stems is an outcome. One that cannot be made of the stems as they are
    is an error: raises MixevalError.
    """
    jobs = [executor.submit(_try, trial) for trial in trials]
    outcomes = []
    for trial, job in zip(trials, jobs, strict=True):
        outcomes.append(job.result())
        if progress is not None:
            progress(trial)
    return outcomes


def _recordings(rendered: Rendered, items: Sequence[str]) -> list[Recording]:
    stimuli = rendered.study.stimuli
    if isinstance(stimuli.dataset, FilesDataset):
        raise StudyError(
            "the study's mixes were rendered elsewhere, there are no stems to change",
            remedy="analyse robustness in a study of a multitrack data set",
        )
    found = open_dataset(stimuli.dataset, study_folder=rendered.folder, seed=rendered.study.study.seed)
    return select(found, tuple(items), seed=rendered.study.study.seed)


def _chosen(rendered: Rendered, names: Sequence[str]) -> list[Condition]:
    conditions = {condition.id: condition for condition in rendered.study.conditions}
    for name in names:
        if name not in conditions:
            raise StudyError(
                f'the study has no condition "{name}"', remedy=f"name one of {', '.join(conditions)}"
            )
    if names:
        return [conditions[name] for name in dict.fromkeys(names)]
    return [condition for condition in conditions.values() if condition.role == "system"]


def _trials_of(
    rendered: Rendered,
    condition: Condition,
    recordings: Sequence[Recording],
    *,
    gains_db: Sequence[float],
    all_swaps: bool,
    trusted: bool,
) -> list[Trial]:
    other = rendered.counterparts[condition.id]
    if other is None:
        raise StudyError(
            f'condition "{condition.id}" is compared to nothing', remedy="give it compare_to in study.toml"
        )
    method = make_method(
        condition, source=str(rendered.folder / FILE_NAME), folder=rendered.folder, trusted=trusted
    )
    trials = []
    for recording in recordings:
        taken = set(method.inputs(recording))
        stems = tuple(name for name, path in recording.stems.items() if path in taken)
        if not stems:
            raise StudyError(f'condition "{condition.id}" takes no stems', remedy="leave it out")
        swaps = every_swap(stems) if all_swaps else likely_swaps(stems)
        trials += [
            Trial(
                rendered.folder,
                condition.id,
                method,
                recording,
                perturbation,
                rendered.stimulus(recording.item, other),
            )
            for perturbation in perturbations(stems, gains_db=gains_db, swaps=swaps)
        ]
    return trials


def _try(trial: Trial) -> Outcome:
    try:
        return _outcome(trial)
    except MixevalError as error:
        problem = error
    except Exception as error:  # noqa: BLE001 - what a method cannot take shows itself in any way
        problem = RenderError(
            f"it failed ({type(error).__name__}: {str(error).rstrip('.')})",
            remedy="see whether the method is at fault",
        )
    if trial.perturbation.change == "none":
        raise type(problem)(f"{trial.item}, {trial.condition}: {problem.problem}", remedy=problem.remedy)
    return Outcome(
        trial.item, trial.condition, trial.reference.condition, trial.perturbation, problem=problem.problem
    )


def _outcome(trial: Trial) -> Outcome:
    reference = read_stimulus(trial.folder, trial.reference)
    with tempfile.TemporaryDirectory(prefix="mixeval-") as folder:
        recording = perturbed(trial.recording, trial.perturbation, Path(folder))
        made = trial.method.mix(recording).audio.as_stereo()
    level = measure_level(made)
    mix = _as_long_as(with_gain(made, level.gain_to(trial.reference.target_lufs)), reference)
    return Outcome(
        trial.item,
        trial.condition,
        trial.reference.condition,
        trial.perturbation,
        loudness_before_lufs=level.loudness_at(0.0),
        character=character(mix),
        distance=distance(mix, reference),
        lag=find_lag(mix, reference),
    )


def _as_long_as(mix: Audio, reference: Audio) -> Audio:
    """Cut or fill up what `mixeval render` would have cut from one of them."""
    surplus = mix.frames - reference.frames
    if abs(surplus) > TRIMMED_SECONDS * reference.sample_rate:
        raise RenderError(
            f"the mix has {mix.frames} samples and its reference {reference.frames}",
            remedy="see whether the method keeps the stems' length",
        )
    samples = np.pad(mix.samples, ((0, 0), (0, max(0, -surplus))))[:, : reference.frames]
    return Audio(np.ascontiguousarray(samples), mix.sample_rate)
