"""Threads: every job computes with one, however many CPUs there are.

A render is parallel over jobs. A numerical library that takes all CPUs for itself as well makes each job slower, and
splits its sums by the number of CPUs, so that the same mix would have other bytes on another machine.

No numerical library is imported here: how many threads they take is set before they are loaded, and at those
that are loaded already.
"""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

VARIABLES = (
    "OMP_NUM_THREADS",  # OpenMP: PyTorch, scikit-learn, ONNX Runtime's older builds
    "OPENBLAS_NUM_THREADS",  # NumPy and SciPy
    "MKL_NUM_THREADS",  # NumPy and PyTorch on Intel's library
    "VECLIB_MAXIMUM_THREADS",  # NumPy on macOS
)
"""What numerical libraries read once, when they are loaded."""

_for_good: list[AbstractContextManager[None]] = []
"""A block that was entered and is never left: one thread that leaves would loosen what holds for the others."""


@contextmanager
def one_thread_for_new_processes() -> Iterator[None]:
    """Give one numerical thread to processes that are started in the block, and to libraries loaded in it."""
    before = {name: os.environ.get(name) for name in VARIABLES}
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def one_thread() -> Iterator[None]:
    """Let what runs in the block compute with one thread: libraries, loaded or not, and child processes.

    Libraries count their threads per process, so one thread of a process at a time may be in such a block.
    """
    with one_thread_for_new_processes(), _one_thread_in_torch(), _one_thread_in_blas():
        yield


def one_thread_for_good() -> None:
    """Let this process compute with one thread from now on, in a worker that does nothing else.

    Several threads may call it, at any time.
    """
    if not _for_good:
        block = one_thread()
        block.__enter__()
        _for_good.append(block)


@contextmanager
def _one_thread_in_torch() -> Iterator[None]:
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _one_thread_in_blas() -> Iterator[None]:
    try:
        threadpoolctl = importlib.import_module("threadpoolctl")
    except ModuleNotFoundError:  # it comes with scikit-learn; without it, only what is loaded later has one
        yield
        return
    with threadpoolctl.threadpool_limits(1):
        yield
