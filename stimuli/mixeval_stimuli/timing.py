"""Timing: whether the finished mixes of an item run in time with each other.

Mixes that another program made carry its delay. Each is compared with the item's first mix, in the order of the
study, and what was found is kept beside the mixes, so that it is found once.
"""

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from itertools import groupby
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from mixeval.errors import MixevalError, StudyError
from mixeval_stimuli.cache import CachedMix, read_mix
from mixeval_stimuli.delay import NOTED_SECONDS, delay_seconds, in_words
from mixeval_stimuli.drafts import draft_in, publish, writing_in
from mixeval_stimuli.plan import Cell
from mixeval_stimuli.run import OUT_FOR_EACH_WORKER, CellId

_Delays = tuple[float | None, ...]
_DELAYS = TypeAdapter(_Delays)


def timing_notes(
    cells: Iterable[Cell],
    mixes: Mapping[CellId, CachedMix],
    cache: Path,
    executor: Executor,
    *,
    workers: int = 1,
) -> dict[CellId, str]:
    """Say of each mix from elsewhere by how much it is out of time, naming the mix that it is compared with.

    `cells` are grouped by item. Where the first mix of an item is the one from elsewhere, all others are
    compared with it. Delays of a millisecond or less, and beyond 0.2 s, are not told. The executor has `workers`,
    and gets no more jobs at a time than keep them busy.

    Raises StudyError when the cache cannot be written.
    """
    notes: dict[CellId, str] = {}
    out: deque[tuple[Cell, list[Cell], _Delays | Future[_Delays]]] = deque()
    for first, others in _comparisons(cells):
        pair = mixes[first.id], [mixes[other.id] for other in others]
        kept = _kept(_record(cache, *pair))
        answer = executor.submit(find_delays, cache, *pair) if kept is None else kept
        out.append((first, others, answer))
        if len(out) >= OUT_FOR_EACH_WORKER * workers:
            notes |= _notes(*out.popleft())
    for waiting in out:
        notes |= _notes(*waiting)
    return notes


def _notes(first: Cell, others: Sequence[Cell], answer: _Delays | Future[_Delays]) -> dict[CellId, str]:
    try:
        delays = answer.result() if isinstance(answer, Future) else answer
    except StudyError:
        raise  # a full disk is nothing of the mixes, and has no place in their notes
    except MixevalError as error:
        return {other.id: f"its timing could not be looked at ({error.problem})" for other in others}
    return {
        other.id: f'it runs {in_words(delay)} than "{first.condition}", which listeners hear when they '
        "switch: export both from the same start"
        for other, delay in zip(others, delays, strict=True)
        if delay is not None and abs(delay) > NOTED_SECONDS
    }


def find_delays(cache: Path, first: CachedMix, others: Sequence[CachedMix]) -> _Delays:
    """Find by how many seconds `others` run later than `first`, or nothing where that is unclear, and keep it.

    Raises AudioError when a cached mix was damaged, and StudyError when the cache cannot be written.
    """
    reference = read_mix(first)
    delays = tuple(delay_seconds(read_mix(other), reference) for other in others)
    with writing_in(cache), draft_in(cache) as draft:
        draft.write_bytes(_DELAYS.dump_json(delays))
        publish(draft, _record(cache, first, others))
    return delays


def _comparisons(cells: Iterable[Cell]) -> Iterator[tuple[Cell, list[Cell]]]:
    for _, together in groupby(cells, key=lambda cell: cell.item):
        first, *rest = together
        others = [
            cell
            for cell in rest
            if cell.key != first.key and (cell.method.made_elsewhere or first.method.made_elsewhere)
        ]
        if others:
            yield first, others


def _record(cache: Path, first: CachedMix, others: Sequence[CachedMix]) -> Path:
    text = json.dumps([first.key, *(other.key for other in others)])
    return cache / f"{hashlib.sha256(text.encode()).hexdigest()}.delays.json"


def _kept(record: Path) -> _Delays | None:
    try:
        return _DELAYS.validate_json(record.read_bytes())
    except (OSError, ValidationError):
        return None
