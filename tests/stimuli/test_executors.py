import os
import signal
import subprocess
import time
from concurrent.futures import Executor, as_completed

import pytest

from mixeval.audio import read_audio
from mixeval.errors import AudioError, RenderError
from mixeval_stimuli.executors import TRIES, WorkerPool, local_executor


@pytest.fixture(scope="module")
def pool():
    with local_executor(2) as executor:
        yield executor


def test_results_come_back_from_other_processes(pool):
    assert isinstance(pool, Executor)
    assert pool.submit(os.getpid).result() != os.getpid()
    assert list(pool.map(abs, [-1, -2, -3])) == [1, 2, 3]


def test_numerical_libraries_get_one_thread_in_each_worker(pool):
    assert pool.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"


def test_an_error_comes_back_as_it_was_raised(pool, tmp_path):
    with pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result()
    with pytest.raises(AudioError, match=r"absent\.wav is missing; put the file there"):
        pool.submit(read_audio, tmp_path / "absent.wav").result()


def test_what_a_worker_cannot_unpack_is_an_error_and_no_death(pool):
    class Local:
        pass

    with pytest.raises(Exception, match="Local"):
        pool.submit(repr, Local()).result()


def test_a_killed_worker_costs_nobody_a_job(pool, tmp_path):
    # The job kills its own worker once and succeeds when it is tried again.
    marker = tmp_path / "tried"
    once = f'test -e "{marker}" && echo done || {{ touch "{marker}"; kill -9 $PPID; sleep 5; }}'
    killed = pool.submit(subprocess.check_output, ["sh", "-c", once])
    others = [pool.submit(abs, -number) for number in range(20)]

    assert [other.result() for other in others] == list(range(20))
    assert killed.result() == b"done\n"


def test_a_job_that_kills_every_worker_is_named_and_the_others_complete(pool):
    poison = pool.submit(os._exit, 3)
    others = [pool.submit(abs, -number) for number in range(20)]

    assert sorted(future.result() for future in as_completed(others)) == list(range(20))
    with pytest.raises(RenderError, match=f"died {TRIES} times .last with exit code 3."):
        poison.result()


def test_ending_early_cancels_what_waits_and_leaves_no_process():
    pool = WorkerPool(1)
    worker = pool.submit(os.getpid).result()
    running = pool.submit(time.sleep, 600)
    waiting = pool.submit(abs, -1)

    pool.shutdown(cancel_futures=True)

    assert waiting.cancelled()
    assert running.done()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, signal.SIG_DFL)


def test_one_worker_means_this_process():
    with local_executor(1) as executor:
        assert executor.submit(os.getpid).result() == os.getpid()
