"""Threads: every job computes with one, however many CPUs there are.

A render is parallel over jobs. A numerical library that takes all CPUs for itself as well makes each job slower, and
splits its sums by the number of CPUs, so that the same mix would have other bytes on another machine.

No numerical library is imported here: how many threads they take is set before they are loaded, and at those
that are loaded already.
"""

import importlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

VARIABLES = (
    "OMP_NUM_THREADS",  # OpenMP: PyTorch, scikit-learn, ONNX Runtime's older builds
    "OPENBLAS_NUM_THREADS",  # NumPy and SciPy
    "MKL_NUM_THREADS",  # NumPy and PyTorch on Intel's library
    "VECLIB_MAXIMUM_THREADS",  # NumPy on macOS
)
"""What numerical libraries read once, when they are loaded."""

_lock = threading.Lock()
_inside = 0
_restore = ExitStack()


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

    Blocks may overlap in several threads of this process; what was before comes back when the last one ends.
    """
    global _inside, _restore  # noqa: PLW0603 - most libraries count their threads per process, so this does too
    with _lock:
        if _inside == 0:
            _restore = ExitStack()
            _restore.enter_context(one_thread_for_new_processes())
            _restore.enter_context(_one_thread_in_torch())
            _restore.enter_context(_limit("blas"))
        _inside += 1
    try:
        # OpenMP alone counts for each calling thread by itself.
        with _limit("openmp"):
            yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _restore.close()


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
def _limit(user_api: str) -> Iterator[None]:
    try:
        threadpoolctl = importlib.import_module("threadpoolctl")
    except ModuleNotFoundError:  # it comes with scikit-learn; without it, only what is loaded later has one
        yield
        return
    with threadpoolctl.threadpool_limits(1, user_api=user_api):
        yield
