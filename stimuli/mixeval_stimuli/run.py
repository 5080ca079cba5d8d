"""A run: every planned stimulus through both stages, as many at a time as the executor allows."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from mixeval.errors import MixevalError, RenderError, StudyError
from mixeval_stimuli.alignment import Alignment, align
from mixeval_stimuli.cache import CachedMix, find_mix, keep_mix
from mixeval_stimuli.clipping import clipping_notes
from mixeval_stimuli.plan import Cell
from mixeval_stimuli.stimulus import Place, StimulusFile, find_stimulus, write_stimulus

CellId = tuple[str, str]
"""Item and condition."""


@dataclass(frozen=True)
class Progress:
    """How far a render is: `done` of `total` steps, two for each stimulus, and what was just finished."""

    done: int
    total: int
    item: str
    condition: str
    stage: Literal["mix", "stimulus"]
    item_finished: bool
    """Whether this was the last step of its item."""


class Run:
    """What is known of each stimulus so far, and which jobs are out.

    What fails keeps its own item from being finished and nothing else; `failures` tells them all.
    """

    def __init__(
        self,
        executor: Executor,
        place: Place,
        *,
        conditions: int,
        target_lufs: float,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.mixes: dict[CellId, CachedMix] = {}
        self.alignments: dict[str, Alignment] = {}
        self.files: dict[CellId, StimulusFile] = {}
        self.failures: list[tuple[str, MixevalError]] = []
        self.mixed = 0
        self.rendered = 0
        self._executor = executor
        self._place = place
        self._conditions = conditions
        self._target_lufs = target_lufs
        self._progress = progress
        self._done = 0
        self._total = 0
        self._mixed_cells: dict[str, list[Cell]] = defaultdict(list)
        self._pending: dict[Future[Any], tuple[list[Cell], Callable[[list[Cell], Any], None]]] = {}

    def execute(self, cells: Sequence[Cell]) -> None:
        """Bring every stimulus as far as it goes.

        Raises StudyError at once when the study's folder cannot be written: no other stimulus would fare better.
        """
        self._total = 2 * len(cells)
        for same in _by_key(cells):
            cached = find_mix(self._place.cache, same[0].key)
            if cached is None:
                self._submit(same, self._mix_made, _make_mix, same[0], self._place.cache)
            else:
                self._mix_ready(same, cached)
        while self._pending:
            finished, _ = wait(self._pending, return_when=FIRST_COMPLETED)
            for future in finished:
                self._collect(future)

    def _submit(
        self,
        cells: list[Cell],
        then: Callable[[list[Cell], Any], None],
        job: Callable[..., object],
        *arguments: object,
    ) -> None:
        try:
            self._pending[self._executor.submit(job, *arguments)] = (cells, then)
        except RuntimeError as error:  # an executor that was handed in, and broke
            self._failed(cells, _unexpected(error))

    def _collect(self, future: Future[Any]) -> None:
        cells, then = self._pending.pop(future)
        try:
            result = future.result()
        except StudyError:
            raise
        except MixevalError as error:
            self._failed(cells, error)
        except Exception as error:  # noqa: BLE001 - a method is anybody's code; the other items go on
            self._failed(cells, _unexpected(error))
        else:
            then(cells, result)

    def _mix_made(self, cells: list[Cell], mix: CachedMix) -> None:
        self.mixed += 1
        self._mix_ready(cells, mix)

    def _mix_ready(self, cells: list[Cell], mix: CachedMix) -> None:
        for cell in cells:
            self.mixes[cell.id] = mix
            self._step(cell, "mix")
            together = self._mixed_cells[cell.item]
            together.append(cell)
            if len(together) == self._conditions:
                self._align(cell.item, together)

    def _align(self, item: str, cells: list[Cell]) -> None:
        mixes = {cell.condition: self.mixes[cell.id] for cell in cells}
        try:
            alignment = align(mixes, target_lufs=self._target_lufs)
        except RenderError as error:
            self.failures.append((item, error))
            return
        self.alignments[item] = alignment
        for cell in cells:
            mix = self.mixes[cell.id]
            found = find_stimulus(self._place, mix, alignment)
            if found is None:
                self._submit([cell], self._stimulus_written, write_stimulus, self._place, mix, alignment)
            else:
                self._stimulus_ready([cell], found)

    def _stimulus_written(self, cells: list[Cell], written: StimulusFile) -> None:
        self.rendered += len(cells)
        self._stimulus_ready(cells, written)

    def _stimulus_ready(self, cells: list[Cell], written: StimulusFile) -> None:
        for cell in cells:
            self.files[cell.id] = written
            self._step(cell, "stimulus")

    def _failed(self, cells: list[Cell], error: MixevalError) -> None:
        self.failures.extend((cell.where, error) for cell in cells)

    def _step(self, cell: Cell, stage: Literal["mix", "stimulus"]) -> None:
        self._done += 1
        if self._progress is not None:
            finished = all(mate.id in self.files for mate in self._mixed_cells[cell.item])
            self._progress(
                Progress(
                    self._done,
                    self._total,
                    cell.item,
                    cell.condition,
                    stage,
                    stage == "stimulus" and finished,
                )
            )


def _by_key(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Group the cells that are one and the same mix, such as a hidden reference."""
    groups: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[cell.key].append(cell)
    return list(groups.values())


def _make_mix(cell: Cell, cache: Path) -> CachedMix:
    mix = cell.method.mix(cell.recording)
    # Refused here, where the error still belongs to one condition.
    mix.audio.as_stereo()
    return keep_mix(cache, cell.key, replace(mix, notes=(*mix.notes, *clipping_notes(mix.audio))))


def _unexpected(error: Exception) -> RenderError:
    return RenderError(
        f"it failed ({type(error).__name__}: {str(error).rstrip('.')})",
        remedy="see whether the method or the disk is at fault",
    )
