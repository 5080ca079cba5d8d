"""The analysis of what is in so far, made in a process of its own so that it never keeps a save waiting.

It is made only while somebody looks, only when answers have changed, and by one process at a time, however many
servers share the study. What it gave is kept in a file beside the study, with the moment that it is of.
"""

import contextlib
import fcntl
import json
import logging
import math
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.context import SpawnProcess
from pathlib import Path

from mixeval.errors import MixevalError
from mixeval.results_so_far import FILE_NAME, ResultsSoFar, delete_results, parse_results
from mixeval.tombstones import FILE_NAME as TOMBSTONES

LOCK_NAME = ".results-so-far.lock"
NICENESS = 10
"""Below that of the server: saves go first."""
PAUSE_SECONDS = 20.0
"""At least, between two analyses while answers keep coming in."""
SHARE = 4.0
"""A pause is as many times as long as the analysis before it took."""

Analyse = Callable[[Path], ResultsSoFar]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Made:
    """Results with the state of the answers that they are of, and the moment at which they were read."""

    results: ResultsSoFar
    state: str
    moment: datetime
    seconds: float
    """How long it took."""


@dataclass(frozen=True)
class Standing:
    """What can be shown now: the newest results, and whether newer ones are on their way."""

    made: Made | None
    making: bool
    offered: bool = True
    """Whether there is an analysis at all."""


class Background:
    """Results so far of one study folder, for one server."""

    def __init__(self, folder: Path, analyse: Analyse | None) -> None:
        self._folder = folder
        self._analyse = analyse
        # Where the study may only be read, each server keeps its own.
        self._place = folder if os.access(folder, os.W_OK) else None
        self._process: SpawnProcess | None = None
        self._started = -math.inf
        self._turn = threading.Lock()
        self._read: tuple[int, Made] | None = None

    def look(self, state: str) -> Standing:
        """Return what there is, and have newer results made where `state` says that answers have changed."""
        if self._analyse is None:
            return Standing(None, making=False, offered=False)
        made = self._newest()
        if made is not None and made.state == state:
            return Standing(made, making=False)
        if made is not None and self._is_early(made):
            return Standing(made, making=False)
        return Standing(made, making=self._start(state))

    def stop(self) -> None:
        """End an analysis that is under way."""
        with self._turn:
            if self._process is not None and self._process.is_alive():
                self._process.terminate()
                self._process.join()
            self._process = None

    def _is_early(self, made: Made) -> bool:
        passed = (datetime.now(UTC) - made.moment).total_seconds()
        return passed < made.seconds + max(PAUSE_SECONDS, SHARE * made.seconds)

    def _start(self, state: str) -> bool:
        """Start an analysis unless one is under way, or died just now; tells whether there is one."""
        with self._turn:
            if self._process is None or not self._process.is_alive():
                if time.monotonic() - self._started < PAUSE_SECONDS:
                    return False
                place = self._place = self._place or Path(tempfile.mkdtemp(prefix="mixeval-"))
                # Spawned, not forked: this process has threads, and connections to the database.
                process = multiprocessing.get_context("spawn").Process(
                    target=make, args=(self._analyse, self._folder, place, state), daemon=True
                )
                process.start()
                self._process, self._started = process, time.monotonic()
        return True

    def forget(self) -> None:
        """Delete the results, which may show somebody who has just been erased."""
        self.stop()
        self._started, self._read = -math.inf, None
        if self._place is not None:
            delete_results(self._place)

    def _newest(self) -> Made | None:
        if self._place is None:
            return None
        path = self._place / FILE_NAME
        try:
            changed = path.stat().st_mtime_ns
            if self._read is None or self._read[0] != changed:
                self._read = (changed, _parse(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("the results so far cannot be read (%s); they are made again", error)
            return None
        return self._read[1]


def make(analyse: Analyse, folder: Path, place: Path, state: str) -> None:
    """Analyse the study in `folder` and leave what comes of it in `place`, unless another process is at it."""
    with _alone(place) as mine:
        if not mine:
            return
        os.nice(NICENESS)
        erased_before = _erased(folder)
        moment, began = datetime.now(UTC), time.monotonic()
        try:
            results = analyse(folder)
        except MixevalError as error:
            results = ResultsSoFar(problem=str(error))
        except Exception:
            log.exception("the analysis so far failed")
            results = ResultsSoFar(
                problem="The analysis failed; `mixeval analyze` on the study's folder says why."
            )
        made = Made(results, state, moment, time.monotonic() - began)
        draft = place / f"{FILE_NAME}.{os.getpid()}"
        draft.write_text(_written(made), encoding="utf-8")
        draft.replace(place / FILE_NAME)
        if _erased(folder) != erased_before:
            # Somebody was erased meanwhile, who may have been read before. Tombstones come before anything is deleted,
            # so that either this look sees them or whoever erases finds the file.
            delete_results(place)


def _erased(folder: Path) -> bytes:
    try:
        return (folder / TOMBSTONES).read_bytes()
    except OSError:
        return b""


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[bool]:
    """Say whether no other process analyses this study; the lock goes with the process, however that ends."""
    with (place / LOCK_NAME).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _written(made: Made) -> str:
    return json.dumps(
        {
            "state": made.state,
            "moment": made.moment.isoformat(),
            "seconds": made.seconds,
            "results": made.results.to_json(),
        }
    )


def _parse(text: str) -> Made:
    document = json.loads(text)
    try:
        return Made(
            results=parse_results(document["results"]),
            state=str(document["state"]),
            moment=datetime.fromisoformat(document["moment"]),
            seconds=float(document["seconds"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are no results ({error})") from error
