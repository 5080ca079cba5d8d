"""Clusters: jobs on other machines, through a dask scheduler that somebody has started there.

The workers have mixeval as it is here and see the study's folder under the same name; both are checked before
any work. What travels is the names of files and what is measured of a mix, never audio.

dask gives a job that lost its worker to another one, and counts a lost worker against all jobs that it had,
also those that it had not begun. So each try leaves a mark in the study's cache before it begins: the marks say
which job is poisonous, whatever the scheduler counts and allows.
"""

import asyncio
import importlib
import pickle
import queue
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from mixeval.errors import RenderError
from mixeval_stimuli.drafts import draft_in, leave_mark, remove_mark, writing_in
from mixeval_stimuli.executors import TRIES
from mixeval_stimuli.extras import needing
from mixeval_stimuli.threads import one_thread_for_good
from mixeval_stimuli.tools import libraries

T = TypeVar("T")

ANSWER_SECONDS = 10.0
"""A scheduler answers at once, and has a worker by the time that somebody renders on it."""

ALONE_SECONDS = 60.0
"""How long a render waits for a first worker to come back once all are gone: a supervisor starts one in a few."""

_LOOK_SECONDS = 1.0
_RESENDS = 3


@contextmanager
def cluster_executor(address: str, folder: Path) -> Iterator["Cluster"]:
    """Give an executor on the workers of the dask scheduler at `address`, such as "tcp://10.0.0.1:8786".

    `folder` is one that the workers share with this process. What is not done when the block ends is cancelled.

    Raises ModelError when the extra `cluster` is not installed; RenderError when the scheduler does not answer,
    has no worker, or has workers that would make other stimuli than this process or put them elsewhere.
    """
    client = _connect(address)
    try:
        _check_workers(client, address, folder)
        cluster = Cluster(client, folder)
        try:
            yield cluster
        finally:
            cluster.shutdown(cancel_futures=True)
    finally:
        # A scheduler that is slow to part takes nothing from what was rendered, and hides no error.
        with suppress(TimeoutError):
            client.close(timeout=ANSWER_SECONDS)


class Cluster(Executor):
    """The workers of a dask scheduler.

    A job whose worker dies is tried again on another, once; then its future raises RenderError. So do the futures
    of all jobs once the scheduler is gone, or has had no worker for a minute. Functions and arguments must be
    picklable.
    """

    def __init__(self, client: Any, folder: Path) -> None:
        self.workers: int = sum(client.nthreads().values())
        """Jobs that run at a time."""
        self._client = client
        self._dask = client.get_executor(pure=False)
        self._folder = folder
        self._out: set[Future[Any]] = set()
        self._again: queue.SimpleQueue[_Sent | None] = queue.SimpleQueue()
        self._watch = threading.Thread(target=self._look_after, name="cluster", daemon=True)
        self._watch.start()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        self._out.add(future)
        job = _Job(self._folder, uuid.uuid4().hex, libraries(), pickle.dumps((fn, args, kwargs)))
        self._send(_Sent(future, job, _RESENDS))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for all jobs, or with `cancel_futures` forget them: those that run already go on to their end."""
        if wait and not cancel_futures:
            for future in list(self._out):
                future.exception()
        self._again.put(None)
        self._watch.join()
        # A scheduler that is gone has nothing left to cancel.
        with suppress(Exception):
            self._dask.shutdown(wait=False)

    def _send(self, sent: "_Sent") -> None:
        answer = self._dask.submit(_try, sent.job)
        answer.add_done_callback(lambda done: self._take(sent, done))

    def _take(self, sent: "_Sent", done: Future[Any]) -> None:
        try:
            result = done.result()
        except _distributed().KilledWorker:
            if sent.resends:
                # Its marks know how often it was tried itself. Not sent from here, which is dask's own thread.
                self._again.put(replace(sent, resends=sent.resends - 1))
            else:
                self._fail(sent.future, _died())
        except CancelledError:
            self._fail(sent.future, _lost("the scheduler closed the connection"))
        except Exception as error:  # noqa: BLE001 - any error belongs to whoever holds the future
            self._fail(sent.future, error)
        else:
            self._settle(sent.future, lambda: sent.future.set_result(result))

    def _look_after(self) -> None:
        """Send again what was lost with a worker, and notice when no worker is left to send it to."""
        looks_without = 0
        while True:
            with suppress(queue.Empty):
                sent = self._again.get(timeout=_LOOK_SECONDS)
                if sent is None:
                    return
                self._send(sent)
            looks_without = 0 if self._has_workers() else looks_without + 1
            if looks_without * _LOOK_SECONDS >= ALONE_SECONDS:
                for future in list(self._out):
                    self._fail(future, _lost(f"the scheduler has had no worker for {ALONE_SECONDS:.0f} s"))

    def _has_workers(self) -> bool:
        try:
            return bool(self._client.nthreads())
        except (OSError, RuntimeError):  # closed, or closing
            return False

    def _fail(self, future: Future[Any], error: Exception) -> None:
        self._settle(future, lambda: future.set_exception(error))

    def _settle(self, future: Future[Any], settle: Callable[[], None]) -> None:
        # The answer may come from dask and from the watch; the first one counts.
        with suppress(KeyError):
            self._out.remove(future)
            settle()


@dataclass(frozen=True)
class _Sent:
    future: Future[Any]
    job: "_Job"
    resends: int


def _connect(address: str) -> Any:
    distributed = _distributed()
    try:
        # In a thread of its own: the caller's may have an event loop already, as in a notebook.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(_greet(address))).result()
        return distributed.Client(address, timeout=ANSWER_SECONDS, set_as_default=False, name="mixeval")
    except ValueError as error:
        raise RenderError(
            f'"{address}" is no address of a scheduler ({str(error).rstrip(".")})',
            remedy="give it as the scheduler printed it, such as tcp://10.0.0.1:8786",
        ) from error
    except (OSError, TimeoutError) as error:
        raise RenderError(
            f"no dask scheduler answers at {address}",
            remedy="see that it runs there, or correct the address",
        ) from error


def _distributed() -> Any:
    with needing("cluster", "rendering on a cluster"):
        return importlib.import_module("distributed")


async def _greet(address: str) -> None:
    """See that a scheduler answers: the client itself waits for ever on a program that listens and is silent."""
    distributed = _distributed()
    arguments = distributed.Security().get_connection_args("client")
    answer = distributed.comm.connect(address, timeout=ANSWER_SECONDS, **arguments)
    await (await asyncio.wait_for(answer, ANSWER_SECONDS)).close()


def _check_workers(client: Any, address: str, folder: Path) -> None:
    """Refuse workers that would render something else than this process, or somewhere else."""
    try:
        client.wait_for_workers(1, timeout=ANSWER_SECONDS)
    except (OSError, TimeoutError) as error:
        raise RenderError(
            f"the scheduler at {address} has no worker", remedy=f"start some: dask worker {address}"
        ) from error
    # First by dask's own means: a worker without this version may not know what else it is asked.
    found = client.get_versions(packages=["mixeval"])
    _refuse_others(
        found["client"]["packages"]["mixeval"],
        {
            f"the scheduler at {address}": found["scheduler"]["packages"]["mixeval"],
            **{name: worker["packages"]["mixeval"] for name, worker in found["workers"].items()},
        },
    )
    with writing_in(folder), draft_in(folder) as probe:
        probe.touch()
        answers = client.run(_look, probe, on_error="return")
    failed = [name for name, answer in answers.items() if isinstance(answer, Exception)]
    if failed:
        raise RenderError(
            f"{_named(failed)} cannot run mixeval ({answers[failed[0]]})",
            remedy="install it there as it is here",
        )
    _refuse_other_tools(libraries(), {name: answer.tools for name, answer in answers.items()})
    blind = [name for name, answer in answers.items() if not answer.sees_folder]
    if blind:
        raise RenderError(
            f"{_named(blind)} cannot write in {folder}",
            remedy="mount the study's folder there under the same path, for the same user",
        )


def _refuse_other_tools(here: Mapping[str, str], there: Mapping[str, Mapping[str, str]]) -> None:
    # Python itself rounds alike everywhere, and a library that a worker lacks may not be needed.
    for package in sorted(here.keys() - {"python"}):
        _refuse_others(
            here[package],
            {name: found[package] for name, found in there.items() if package in found},
            package,
        )


def _refuse_others(here: str | None, there: Mapping[str, str | None], package: str = "mixeval") -> None:
    others = [name for name, version in there.items() if version != here]
    if others:
        raise RenderError(
            f"{_named(others)} has {package} {there[others[0]] or 'not installed'}, here it is {here}, "
            "so its stimuli could differ",
            remedy="install the same version on all machines",
        )


def _named(who: Sequence[str]) -> str:
    first = who[0] if who[0].startswith("the ") else f"the worker {who[0]}"
    return first + (f" (like {len(who) - 1} more)" if len(who) > 1 else "")


@dataclass(frozen=True)
class _Surroundings:
    tools: Mapping[str, str]
    sees_folder: bool


def _look(probe: Path) -> _Surroundings:
    try:
        with draft_in(probe.parent) as draft:
            draft.touch(exist_ok=False)
    except OSError:
        return _Surroundings(libraries(), sees_folder=False)
    return _Surroundings(libraries(), sees_folder=probe.exists())


@dataclass(frozen=True)
class _Job:
    folder: Path
    name: str
    tools: Mapping[str, str]
    call: bytes
    """Function and arguments, packed: the scheduler opens what it passes on, and need not know every method."""


def _try(job: _Job) -> Any:
    """Do a job on a worker, unless it has been begun there or elsewhere as often as it may be."""
    one_thread_for_good()
    # A worker that joined later was not checked.
    _refuse_other_tools(job.tools, {"the worker that took it": libraries()})
    names = [f"{job.name}-{number}" for number in range(TRIES)]
    with writing_in(job.folder):
        begun = any(leave_mark(job.folder, name) for name in names)
    try:
        if not begun:
            raise _died()
        function, args, kwargs = pickle.loads(job.call)  # noqa: S301 - who may send jobs may run anything
        return function(*args, **kwargs)
    finally:
        for name in names:
            remove_mark(job.folder, name)


def _died() -> RenderError:
    return RenderError(
        f"its worker process died {TRIES} times",
        remedy="see that memory suffices and read the workers' logs, or render it on this machine",
    )


def _lost(why: str) -> RenderError:
    return RenderError(
        f"it was not finished, {why}", remedy="start workers and render again, what is done is kept"
    )
