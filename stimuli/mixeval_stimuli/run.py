"""A run: every planned stimulus through both stages, as many at a time as there are workers.

Planning reads each input to hash it, so the plan is taken piece by piece: the first jobs run while the inputs of
later ones are still to be read, and never are more jobs out than keep the workers busy.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from mixeval.errors import MixevalError, RenderError, StudyError
from mixeval_stimuli.alignment import Alignment, align
from mixeval_stimuli.cache import CachedMix, find_mix, keep_mix
from mixeval_stimuli.clipping import clipping_notes
from mixeval_stimuli.plan import Cell, Unplanned
from mixeval_stimuli.stimulus import Place, StimulusFile, find_stimulus, write_stimulus

CellId = tuple[str, str]
"""Item and condition."""

OUT_FOR_EACH_WORKER = 2
"""Jobs that are out at a time, for each worker: one that it does, and one that it need not wait for."""


@dataclass(frozen=True)
class Progress:
    """How far a render is: `done` of `total` steps, two for each stimulus, and what was just finished.

    Steps of stimuli that turn out to be impossible leave `total`.
    """

    done: int
    total: int
    item: str
    condition: str
    stage: Literal["mix", "stimulus"]
    item_finished: bool
    """Whether this was the last step of its item."""


@dataclass(frozen=True)
class _Job:
    """What a worker is to do for `cells`, and what is done with its answer."""

    cells: list[Cell]
    then: Callable[[list[Cell], Any], None]
    failed: Callable[[list[Cell], MixevalError], None]
    function: Callable[..., object]
    arguments: tuple[object, ...]


class Run:
    """What is known of each stimulus so far, and which jobs are out.

    What fails keeps its own item from being finished and nothing else; `unplanned` and `failures` tell them all.
    """

    def __init__(
        self,
        executor: Executor,
        place: Place,
        *,
        items: int,
        conditions: int,
        target_lufs: float,
        workers: int,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.cells: list[Cell] = []
        self.mixes: dict[CellId, CachedMix] = {}
        self.alignments: dict[str, Alignment] = {}
        self.files: dict[CellId, StimulusFile] = {}
        self.unplanned: list[tuple[str, MixevalError]] = []
        self.failures: list[tuple[str, MixevalError]] = []
        self.mixed = 0
        self.rendered = 0
        self._executor = executor
        self._place = place
        self._conditions = conditions
        self._target_lufs = target_lufs
        self._most_out = OUT_FOR_EACH_WORKER * workers
        self._progress = progress
        self._done = 0
        self._total = 2 * items * conditions
        self._mixed_cells: dict[str, list[Cell]] = defaultdict(list)
        self._waiting: dict[str, list[Cell]] = {}
        """Cells of each mix that is being made, by its key: a hidden reference is made once."""
        self._made: dict[str, CachedMix | MixevalError] = {}
        self._stimuli: deque[_Job] = deque()
        self._out: dict[Future[Any], _Job] = {}

    def execute(self, plan: Iterable[Cell | Unplanned]) -> None:
        """Bring every stimulus of a plan as far as it goes.

        Raises StudyError at once when the study's folder cannot be written: no other stimulus would fare better.
        """
        jobs = self._jobs(iter(plan))
        while True:
            while len(self._out) < self._most_out and (job := next(jobs, None)) is not None:
                self._submit(job)
            if not self._out:
                return
            finished, _ = wait(self._out, return_when=FIRST_COMPLETED)
            for future in finished:
                self._collect(future)

    def _jobs(self, plan: Iterator[Cell | Unplanned]) -> Iterator[_Job | None]:
        """Give what can be done next, and nothing while all depends on what is out: items are finished first."""
        while True:
            if self._stimuli:
                yield self._stimuli.popleft()
            elif (entry := next(plan, None)) is None:
                yield None
            elif (job := self._planned(entry)) is not None:
                yield job

    def _planned(self, entry: Cell | Unplanned) -> _Job | None:
        if isinstance(entry, Unplanned):
            self._total -= 2
            self.unplanned.append((entry.where, entry.error))
            return None
        self.cells.append(entry)
        if entry.key in self._waiting:
            self._waiting[entry.key].append(entry)
            return None
        known = self._made.get(entry.key) or find_mix(self._place.cache, entry.key)
        match known:
            case None:
                cells = self._waiting[entry.key] = [entry]
                return _Job(cells, self._mix_made, self._mix_failed, _make_mix, (entry, self._place.cache))
            case MixevalError():
                self._failed([entry], known)
            case _:
                self._mix_ready([entry], known)
        return None

    def _submit(self, job: _Job) -> None:
        try:
            self._out[self._executor.submit(job.function, *job.arguments)] = job
        except RuntimeError as error:  # an executor that was handed in, and broke
            job.failed(job.cells, _unexpected(error))

    def _collect(self, future: Future[Any]) -> None:
        job = self._out.pop(future)
        try:
            result = future.result()
        except StudyError:
            raise
        except MixevalError as error:
            job.failed(job.cells, error)
        except Exception as error:  # noqa: BLE001 - a method is anybody's code; the other items go on
            job.failed(job.cells, _unexpected(error))
        else:
            job.then(job.cells, result)

    def _mix_made(self, cells: list[Cell], mix: CachedMix) -> None:
        self.mixed += 1
        self._made[mix.key] = mix
        del self._waiting[mix.key]
        self._mix_ready(cells, mix)

    def _mix_failed(self, cells: list[Cell], error: MixevalError) -> None:
        key = cells[0].key
        self._made[key] = error
        del self._waiting[key]
        self._failed(cells, error)

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
            if found is not None:
                self._stimulus_ready([cell], found)
                continue
            arguments = (self._place, mix, alignment)
            self._stimuli.append(
                _Job([cell], self._stimulus_written, self._failed, write_stimulus, arguments)
            )

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
            mates = self._mixed_cells[cell.item]
            finished = len(mates) == self._conditions and all(mate.id in self.files for mate in mates)
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
