"""Executors: where jobs run. By default in worker processes on this machine, one of which may die.

`concurrent.futures.ProcessPoolExecutor` gives up all jobs when one worker is killed, for want of memory say.
:class:`WorkerPool` starts a new worker instead and tries that worker's job again.

No numerical library is imported here, so a worker that waits for its first job is small.
"""

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from mixeval.errors import RenderError
from mixeval_stimuli.threads import one_thread, one_thread_for_new_processes

T = TypeVar("T")

TRIES = 2
"""A job whose worker died is tried once more, then named."""


@contextmanager
def local_executor(workers: int | None = None) -> Iterator[Executor]:
    """Give an executor for this machine: `workers` processes, by default one per CPU. Each job has one thread.

    With one worker, jobs run in this process, which is what a debugger wants. What is not done when the block
    ends is cancelled.
    """
    count = cpus() if workers is None else workers
    executor = InProcess() if count == 1 else WorkerPool(count)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def cpus() -> int:
    """Count the CPUs that this process may use, which a container or scheduler can limit."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


class InProcess(Executor):
    """Jobs that are done when they are submitted, by the thread that submits them."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            with one_thread():
                future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - any error belongs to whoever holds the future
            future.set_exception(error)
        return future


class WorkerPool(Executor):
    """Worker processes that are replaced when they die.

    Each worker takes one job at a time and dies alone: other jobs never notice. The job that it had is tried
    again, once; then its future raises RenderError. Functions and arguments must be picklable.
    """

    def __init__(self, workers: int) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="worker")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._workers: set[_Worker] = set()
        self._closing = False

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        return self._threads.submit(self._run, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for all jobs, or with `cancel_futures` end at once, and end the workers."""
        # What waits is cancelled before the workers end, or their threads would take it up.
        self._threads.shutdown(wait=wait and not cancel_futures, cancel_futures=cancel_futures)
        if not wait and not cancel_futures:
            return  # the workers go on, and end with this process
        with self._lock:
            self._closing = True
            workers, self._workers = self._workers, set()
        for worker in workers:
            worker.end()
        self._threads.shutdown(wait=wait)

    def _run(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        for _ in range(TRIES):
            worker = self._worker()
            try:
                done, answer = worker.ask(fn, args, kwargs)
            except (EOFError, ConnectionError):
                self._retire(worker)
                continue
            if done:
                return answer  # type: ignore[no-any-return]  # what fn returned, through a pipe
            raise answer
        raise RenderError(
            f"its worker process died {TRIES} times (last with exit code {worker.exit_code})",
            remedy="see that memory suffices, or render with one worker to watch it fail",
        )

    def _worker(self) -> "_Worker":
        worker: _Worker | None = getattr(self._own, "worker", None)
        if worker is not None:
            return worker
        with self._lock:
            if self._closing:
                raise CancelledError
            worker = _Worker()
            self._workers.add(worker)
        self._own.worker = worker
        return worker

    def _retire(self, worker: "_Worker") -> None:
        worker.end()
        self._own.worker = None
        with self._lock:
            self._workers.discard(worker)


class _Worker:
    """One process and the pipe to it; the process ends by itself when this end of the pipe is gone."""

    def __init__(self) -> None:
        # Not fork: this program has threads, and so may the numerical libraries.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs,), daemon=True)
        # Set before it starts: a script that renders may load NumPy in its first line, and so does its worker.
        with one_thread_for_new_processes():
            self._process.start()
        theirs.close()

    def ask(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[bool, Any]:
        self._pipe.send((fn, args, kwargs))
        answer: tuple[bool, Any] = self._pipe.recv()
        return answer

    def end(self) -> None:
        self._process.kill()
        self._process.join()

    @property
    def exit_code(self) -> int | None:
        return self._process.exitcode


def _work(pipe: Connection) -> None:
    # What jobs print belongs to the person who watches, not to what a script reads from the parent.
    os.dup2(2, 1)
    # Ctrl-C reaches the whole group; the parent decides what becomes of the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The parent may end while this waits, or while it works.
    with suppress(EOFError, ConnectionError):
        while True:
            pipe.send_bytes(_answer(pipe.recv_bytes()))


def _answer(job: bytes) -> bytes:
    try:
        fn, args, kwargs = pickle.loads(job)  # noqa: S301 - written by the parent process
        return pickle.dumps((True, fn(*args, **kwargs)))
    except Exception as error:  # noqa: BLE001 - any error belongs to whoever holds the future
        return _packed_error(error)


def _packed_error(error: Exception) -> bytes:
    try:
        packed = pickle.dumps((False, error))
        pickle.loads(packed)  # noqa: S301 - our own bytes: some exceptions pack and do not unpack
    except Exception:  # noqa: BLE001 - exceptions fail to pickle in many ways
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return packed
