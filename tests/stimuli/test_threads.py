import os
import subprocess
import sys

import numpy as np
import pytest

from mixeval_stimuli.executors import local_executor
from mixeval_stimuli.threads import VARIABLES, one_thread, one_thread_for_new_processes

threadpoolctl = pytest.importorskip("threadpoolctl", reason="comes with the extra models")

NUMBER_OF_THREADS = "__import__('torch').get_num_threads()"


def blas_threads():
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture
def two_blas_threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        if blas_threads() != {2}:
            pytest.skip("this NumPy's library takes no second thread")
        yield


@pytest.mark.usefixtures("two_blas_threads")
def test_numpy_computes_with_one_thread_inside_and_as_before_outside():
    with one_thread():
        assert blas_threads() == {1}

    assert blas_threads() == {2}


@pytest.mark.usefixtures("two_blas_threads")
def test_jobs_in_this_process_compute_with_one_thread():
    with local_executor(1) as executor:
        assert executor.submit(blas_threads).result() == {1}

    assert blas_threads() == {2}


def test_a_worker_stays_at_one_thread_whichever_of_its_threads_asked():
    asked = """
import threading
import numpy, threadpoolctl
from mixeval_stimuli.threads import one_thread_for_good

for _ in range(3):
    thread = threading.Thread(target=one_thread_for_good)
    thread.start()
    thread.join()
print({pool["num_threads"] for pool in threadpoolctl.threadpool_info()})
"""
    environment = {name: text for name, text in os.environ.items() if name not in VARIABLES}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)

    told = subprocess.check_output([sys.executable, "-c", asked], env=environment, text=True)

    assert told.strip() == "{1}"


@pytest.mark.usefixtures("two_blas_threads")
def test_a_sum_has_the_same_bits_on_any_number_of_cpus():
    samples = np.random.default_rng(1).standard_normal(600_000)
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        alone = np.dot(samples, samples)

    with one_thread():
        assert np.dot(samples, samples) == alone


def test_programs_that_a_job_starts_get_one_thread_too(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    asked = [sys.executable, "-c", f"import os; print({{os.environ[name] for name in {VARIABLES}}})"]

    with one_thread():
        assert subprocess.check_output(asked, text=True).strip() == "{'1'}"

    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_the_environment_comes_back_after_an_error(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")

    with pytest.raises(ZeroDivisionError), one_thread_for_new_processes():
        divmod(1, 0)

    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_pytorch_has_one_thread_in_a_worker_process_whatever_the_environment_says(monkeypatch):
    pytest.importorskip("torch", reason="comes with the extra models")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")

    with local_executor(2) as executor:
        assert executor.submit(eval, NUMBER_OF_THREADS).result() == 1


def test_pytorch_that_was_loaded_before_has_one_thread_inside():
    torch = pytest.importorskip("torch", reason="comes with the extra models")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
