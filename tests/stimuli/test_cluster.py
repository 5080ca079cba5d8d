"""Rendering on a real dask scheduler with worker processes of its own, all on loopback."""

import asyncio
import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import dask
import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.errors import AudioError, ModelError, RenderError
from mixeval_stimuli import cluster
from mixeval_stimuli.cluster import cluster_executor
from mixeval_stimuli.methods.registry import METHODS
from mixeval_stimuli.render import render_study

METHODS_OF_THIS_TEST = """
import os
import time
from mixeval_stimuli.methods.files import Files

class Poison(Files):
    def mix(self, recording):
        if recording.item == "loop 1":
            os._exit(9)
        return super().mix(recording)

class Interrupted(Files):
    def mix(self, recording):
        begun = self.path("begun")
        if recording.item == "loop 1" and not begun.exists():
            begun.with_suffix(".draft").write_text(str(os.getpid()))
            begun.with_suffix(".draft").replace(begun)
            time.sleep(600)
        return super().mix(recording)
"""

BLIND = """
import sys

def refuse(event, arguments):
    if event == "open" and "{folder}" in str(arguments[0]):
        raise FileNotFoundError(2, "No such file or directory")

sys.addaudithook(refuse)
"""


@dataclass(frozen=True)
class Scheduler:
    """A scheduler, and how its workers are started."""

    folder: Path
    address: str
    modules: Path

    @contextmanager
    def worker(self, *arguments, path=()):
        # By name and not by number: a nanny may be bringing another's back meanwhile.
        name = uuid4().hex
        joined = os.pathsep.join(map(str, [*path, self.modules, *sys.path]))
        command = ["distributed.cli.dask_worker", self.address, "--host", "127.0.0.1", "--nthreads", "1"]
        command += ["--no-dashboard", "--local-directory", str(self.folder)]
        command += ["--name", name, *arguments]
        with running(command, self.folder, PYTHONPATH=joined) as process:
            until(lambda: name in self.workers())
            yield process
        until(lambda: name not in self.workers())

    def workers(self):
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            return {worker["name"] for worker in client.scheduler_info(n_workers=-1)["workers"].values()}


@contextmanager
def running(command, folder, **environment):
    with (
        (folder / "log").open("ab") as log,
        subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()


@contextmanager
def scheduling(folder):
    told = folder / "scheduler.json"
    command = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    command += ["--no-dashboard", "--no-jupyter", "--scheduler-file", str(told)]
    modules = folder / "modules"
    modules.mkdir()
    (modules / "methods_of_this_test.py").write_text(METHODS_OF_THIS_TEST, encoding="utf-8")
    with running(command, folder, PYTHONPATH=os.pathsep.join(sys.path)) as process:
        until(told.exists)
        yield Scheduler(folder, json.loads(told.read_text(encoding="utf-8"))["address"], modules), process


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    with scheduling(tmp_path_factory.mktemp("cluster")) as (scheduler, _):
        yield scheduler


@pytest.fixture(scope="module")
def two_workers(scheduler):
    # Each with its nanny, which starts another when it dies, as on a real cluster.
    with scheduler.worker(), scheduler.worker():
        yield scheduler


@pytest.fixture
def with_method(small_study, scheduler, monkeypatch):
    """Let the study's network be a method that only this test's workers know."""
    monkeypatch.syspath_prepend(scheduler.modules)

    def change(name):
        monkeypatch.setitem(
            METHODS, name.lower(), getattr(importlib.import_module("methods_of_this_test"), name)
        )
        return small_study.with_text(
            lambda text: text.replace(
                'id = "network"\nmethod = "files"', f'id = "network"\nmethod = "{name.lower()}"'
            )
        )

    yield change
    sys.modules.pop("methods_of_this_test", None)


def until(happened):
    # A deadline that ends a test which would hang; nothing is measured.
    for _ in range(1200):
        if happened():
            return
        time.sleep(0.05)
    pytest.fail("waited a minute in vain")


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in (folder / "stimuli").iterdir() if path.is_file()}


def drafts(folder):
    return list((folder / "stimuli").rglob(".draft-*"))


def test_a_cluster_gives_the_bytes_of_this_machine(small_study, two_workers, monkeypatch):
    here = small_study.folder.with_name("here")
    shutil.copytree(small_study.folder, here)
    monkeypatch.chdir(small_study.folder.parent)

    # The path is relative, and the workers are started in another folder.
    result = CliRunner().invoke(main, ["render", "study", "--cluster", two_workers.address])

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "rendered 6, reused 0"
    render_study(small_study.study, here, workers=1)
    assert bytes_of(small_study.folder) == bytes_of(here)
    assert drafts(small_study.folder) == []


def test_a_worker_that_is_killed_in_the_middle_of_a_job_loses_nothing(with_method, two_workers):
    small = with_method("Interrupted")
    begun = small.folder / "begun"

    def kill():
        until(begun.exists)
        os.kill(int(begun.read_text(encoding="utf-8")), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    report = render_study(small.study, small.folder, cluster=two_workers.address)
    killer.join()

    assert (report.mixed, report.rendered) == (6, 6)
    assert drafts(small.folder) == []
    there = bytes_of(small.folder)
    shutil.rmtree(small.folder / "stimuli")
    render_study(small.study, small.folder, workers=1)
    assert bytes_of(small.folder) == there


def test_a_recording_that_kills_its_workers_is_named_after_two_tries_and_the_rest_is_done(
    with_method, two_workers
):
    small = with_method("Poison")

    with pytest.raises(RenderError) as refusal:
        render_study(small.study, small.folder, cluster=two_workers.address)

    assert str(refusal.value) == (
        "loop 1, network: its worker process died 2 times; "
        "see that memory suffices and read the workers' logs, or render it on this machine."
    )
    assert len(list((small.folder / "stimuli").glob("*.flac"))) == 3
    assert len(list((small.folder / "stimuli" / "cache").glob("*.wav"))) == 5
    assert drafts(small.folder) == []


@pytest.mark.slow
def test_jobs_that_wait_behind_poisonous_ones_are_not_blamed(two_workers, tmp_path):
    # The scheduler counts each death against them; four are more than it allows.
    with cluster_executor(two_workers.address, tmp_path) as executor:
        poison = [executor.submit(os._exit, 3) for _ in range(2)]
        others = [executor.submit(divmod, number, 10) for number in range(30)]

        assert [other.result() for other in others] == [divmod(number, 10) for number in range(30)]
        for future in poison:
            with pytest.raises(RenderError, match="its worker process died 2 times"):
                future.result()


def test_an_error_comes_back_from_a_cluster_as_it_was_raised(two_workers, tmp_path):
    from mixeval.audio import read_audio

    def both_are_there():
        # Another test may have killed one, whose nanny is starting the next.
        with cluster_executor(two_workers.address, tmp_path) as executor:
            return executor.workers == 2

    until(both_are_there)
    with cluster_executor(two_workers.address, tmp_path) as executor:
        with pytest.raises(AudioError, match=r"absent\.wav is missing; put the file there"):
            executor.submit(read_audio, tmp_path / "absent.wav").result()
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result()


def test_a_worker_with_another_mixeval_is_named_before_work_starts(small_study, two_workers, tmp_path):
    other = tmp_path / "other" / "mixeval-99.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: mixeval\nVersion: 99.0\n", encoding="utf-8")

    with (
        two_workers.worker("--no-nanny", path=[other.parent]),
        pytest.raises(
            RenderError,
            match=r"the worker tcp://127\.0\.0\.1:\d+ has mixeval 99\.0, here it is .*same version",
        ),
    ):
        render_study(small_study.study, small_study.folder, cluster=two_workers.address)

    assert not list((small_study.folder / "stimuli").rglob("*.wav"))


@pytest.mark.slow
def test_a_worker_with_another_numerical_library_is_named(small_study, two_workers, tmp_path):
    other = tmp_path / "other" / "scipy-0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: scipy\nVersion: 0.1\n", encoding="utf-8")

    with (
        two_workers.worker("--no-nanny", path=[other.parent]),
        pytest.raises(RenderError, match=r"has scipy 0\.1, here it is .*, so its stimuli could differ"),
    ):
        render_study(small_study.study, small_study.folder, cluster=two_workers.address)


def test_a_worker_that_does_not_see_the_study_is_named(small_study, two_workers, tmp_path):
    blind = tmp_path / "blind"
    blind.mkdir()
    text = BLIND.format(folder=small_study.folder)
    (blind / "sitecustomize.py").write_text(text, encoding="utf-8")

    with (
        two_workers.worker("--no-nanny", path=[blind]),
        pytest.raises(RenderError) as refusal,
    ):
        render_study(small_study.study, small_study.folder, cluster=two_workers.address)

    assert str(refusal.value).startswith("the worker tcp://127.0.0.1:")
    assert (
        f"cannot write in {small_study.folder / 'stimuli' / 'cache'}; mount the study's folder there"
    ) in str(refusal.value)


@pytest.mark.slow
def test_a_worker_without_mixeval_is_named(small_study, two_workers, tmp_path):
    broken = tmp_path / "broken" / "mixeval_stimuli"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('not here')", encoding="utf-8")

    with (
        two_workers.worker("--no-nanny", path=[broken.parent]),
        pytest.raises(
            RenderError, match=r"the worker tcp://\S+ cannot run mixeval \(.*not here.*\); install it"
        ),
    ):
        render_study(small_study.study, small_study.folder, cluster=two_workers.address)


def test_a_scheduler_that_is_slow_to_part_hides_no_error(tmp_path, monkeypatch):
    class Parting:
        def close(self, timeout):
            raise TimeoutError(f"timed out after {timeout} s.")

    def check(*_):
        raise RenderError("it has no worker", remedy="start one")

    monkeypatch.setattr(cluster, "_connect", lambda _: Parting())
    monkeypatch.setattr(cluster, "_check_workers", check)
    with pytest.raises(RenderError, match="no worker"), cluster_executor("tcp://here", tmp_path):
        pass


@pytest.mark.slow
def test_a_scheduler_without_workers_is_told_so(tmp_path, monkeypatch):
    import distributed

    # Impatient for workers alone: a busy machine's scheduler takes its time to answer.
    wait = distributed.Client.wait_for_workers
    monkeypatch.setattr(
        distributed.Client,
        "wait_for_workers",
        lambda client, count, **_: wait(client, count, timeout=0.5),
    )

    with (
        scheduling(tmp_path) as (alone, _),
        pytest.raises(RenderError, match=r"has no worker; start some: dask worker tcp://127\.0\.0\.1"),
        cluster_executor(alone.address, tmp_path),
    ):
        pass


@pytest.mark.parametrize("listens", [False, True], ids=["nobody listens", "nobody answers"])
def test_a_scheduler_that_does_not_answer_is_told_in_a_sentence(small_study, monkeypatch, listens):
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 0.5)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        if listens:
            mute.listen()
        address = f"tcp://127.0.0.1:{mute.getsockname()[1]}"

        result = CliRunner().invoke(main, ["render", str(small_study.folder), "--cluster", address])

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        f"Error: no dask scheduler answers at {address}; see that it runs there, or correct the address."
    )


def test_what_is_no_address_is_refused(tmp_path):
    with pytest.raises(RenderError, match=r'"nowhere://x" is no address of a scheduler'):
        cluster_executor("nowhere://x", tmp_path).__enter__()


def test_without_the_extra_the_remedy_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(
        ModelError, match=r"needs distributed, which is not installed; install .*mixeval\[cluster\]"
    ):
        cluster_executor("tcp://127.0.0.1:1", tmp_path).__enter__()


def test_a_cluster_has_its_own_workers(small_study):
    result = CliRunner().invoke(
        main, ["render", str(small_study.folder), "--cluster", "tcp://127.0.0.1:1", "--workers", "2"]
    )

    assert result.exit_code == 2
    assert "--workers counts processes of this machine" in result.stderr


@pytest.mark.slow
def test_a_render_whose_last_worker_is_gone_ends_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "ALONE_SECONDS", 1.0)

    with (
        scheduling(tmp_path) as (lonely, _),
        lonely.worker("--no-nanny") as worker,
        cluster_executor(lonely.address, tmp_path) as executor,
    ):
        future = executor.submit(time.sleep, 600)
        worker.kill()

        with pytest.raises(
            RenderError, match=r"was not finished, the scheduler has had no worker for 1 s; start"
        ):
            future.result()


@pytest.mark.slow
def test_a_render_whose_scheduler_is_gone_ends_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "ALONE_SECONDS", 2.0)

    with (
        scheduling(tmp_path) as (dying, process),
        running(
            [
                *("distributed.cli.dask_worker", dying.address, "--host", "127.0.0.1", "--no-nanny"),
                *("--no-dashboard", "--death-timeout", "60", "--local-directory", str(tmp_path)),
            ],
            tmp_path,
            PYTHONPATH=os.pathsep.join(sys.path),
        ) as worker,
    ):
        until(dying.workers)
        with cluster_executor(dying.address, tmp_path) as executor:
            future = executor.submit(time.sleep, 600)
            process.kill()
            with (
                dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
                pytest.raises(RenderError, match="it was not finished, the scheduler"),
            ):
                future.result()
        worker.kill()


def test_a_scheduler_is_asked_also_from_within_an_event_loop():
    async def in_a_notebook():
        with (
            pytest.raises(RenderError, match="no dask scheduler answers at"),
            cluster_executor("tcp://127.0.0.1:1", Path.cwd()),
        ):
            pass

    # In a thread: the browser tests may have left this one an event loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(in_a_notebook())).result()
