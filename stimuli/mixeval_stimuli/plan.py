"""The plan: which stimuli a study needs, from which files, made by which methods."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mixeval.errors import MixevalError
from mixeval.study import Study
from mixeval_stimuli.cache import InputHashes, mix_key
from mixeval_stimuli.methods.method import MixMethod
from mixeval_stimuli.recordings import Recording


@dataclass(frozen=True)
class Cell:
    """One stimulus to be: an item in a condition. `key` names its mix in the cache."""

    item: str
    condition: str
    method_id: str
    method: MixMethod
    recording: Recording = field(repr=False)
    inputs: tuple[tuple[Path, str], ...] = field(repr=False)
    """Files that decide the mix, and their SHA-256."""
    key: str

    @property
    def id(self) -> tuple[str, str]:
        return self.item, self.condition

    @property
    def where(self) -> str:
        return f"{self.item}, {self.condition}"


@dataclass(frozen=True)
class Unplanned:
    """A stimulus that cannot be made, and why."""

    where: str
    error: MixevalError


def plan_cells(
    study: Study,
    recordings: Sequence[Recording],
    methods: Mapping[str, MixMethod],
    hashes: InputHashes,
) -> Iterator[Cell | Unplanned]:
    """Plan each recording in each condition, in the order of the study.

    Each file is read when its turn comes, so that rendering can begin while most are not yet read.
    """
    for recording in recordings:
        for condition in study.conditions:
            method = methods[condition.id]
            try:
                inputs = tuple((path, hashes.sha256(path)) for path in method.inputs(recording))
            except MixevalError as error:
                yield Unplanned(f"{recording.item}, {condition.id}", error)
                continue
            key = mix_key(condition.method, method, recording, inputs)
            yield Cell(recording.item, condition.id, condition.method, method, recording, inputs, key)
