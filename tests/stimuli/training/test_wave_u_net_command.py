"""`mixeval train wave-u-net` as users run it: stopped, killed, and as two processes."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner
from free_ports import find_port

from mixeval.cli import main
from mixeval.cli.train import wave_u_net
from mixeval_stimuli.checkpoints import read_checkpoint
from mixeval_stimuli.training.run_folder import BEST, LAST, LOSSES, STATE_KIND

TINY = """
output_frames = 2000
batch_size = 5
steps_per_epoch = 20
learning_rates = [1e-3]
[architecture]
levels = 3
filters = 4
inputs = ["hi-hat", "kick", "snare"]
"""


@pytest.fixture
def arguments(tmp_path, tiny_tree):
    """Give the arguments that train a tiny network in a folder."""
    config = tmp_path / "tiny.toml"
    config.write_text(TINY, encoding="utf-8")

    def of(out, *more, variant="dry"):
        known = ["--variant", variant, "--out", str(out), "--config", str(config)]
        return [
            "train",
            "wave-u-net",
            str(tiny_tree.folder),
            *known,
            "--device",
            "cpu",
            "--threads",
            "1",
            *more,
        ]

    return of


def run(arguments):
    return CliRunner().invoke(main, arguments)


def tensors_of(folder):
    return read_checkpoint(folder / LAST, kind=STATE_KIND)[0]


def steps_of(folder):
    if not (folder / LAST).exists():
        return 0
    return read_checkpoint(folder / LAST, kind=STATE_KIND)[1].training["state"]["step"]


def losses_of(folder):
    with (folder / LOSSES).open(encoding="utf-8") as file:
        return [{**line, "minutes": None} for line in csv.DictReader(file)]


def test_it_trains_and_says_what_came_of_it(arguments, tmp_path):
    result = run(arguments(tmp_path / "run", "--max-steps", "30"))
    assert result.exit_code == 0, result.output
    assert "epoch 1, 20 steps" in result.stderr
    assert "epoch 2, 30 steps" in result.stderr
    assert result.stdout.startswith("trained 30 steps in ")
    assert f"in {tmp_path / 'run' / BEST}" in result.stdout


def test_a_script_gets_json_and_nothing_else(arguments, tmp_path):
    folder = tmp_path / "run"
    result = run(arguments(folder, "--max-steps", "30", "--json"))
    summary = json.loads(result.stdout)
    assert summary["ended_by"] == "steps"
    assert (summary["steps"], summary["epochs"]) == (30, 2)
    assert summary["checkpoint"] == str(folder / BEST)
    assert summary["best_validation_loss"] == min(
        float(line["validation_loss"]) for line in losses_of(folder)
    )


def test_flags_go_before_the_file(arguments, tmp_path):
    folder = tmp_path / "run"
    result = run(arguments(folder, "--max-steps", "2", "--batch-size", "2", "--seed", "7"))
    assert result.exit_code == 0, result.output
    options = read_checkpoint(folder / BEST, kind="wave-u-net")[1].training["options"]
    assert (options["batch_size"], options["seed"], options["steps_per_epoch"]) == (2, 7, 20)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_after_the_step_and_the_same_command_goes_on(arguments, tmp_path, monkeypatch, number):
    stepped = wave_u_net._Bar.stepped

    def signalled(bar, state, loss):
        stepped(bar, state, loss)
        if state.step == 7:
            signal.raise_signal(number)

    folder = tmp_path / "stopped"
    before = signal.getsignal(number)
    with monkeypatch.context() as patch:
        patch.setattr(wave_u_net._Bar, "stepped", signalled)
        result = run(arguments(folder, "--max-steps", "30", "--json"))
    assert result.exit_code == 128 + number
    assert signal.getsignal(number) == before
    assert "stopping after this step; once more ends at once" in result.stderr
    summary = json.loads(result.stdout)
    # The signal came after the step was counted, so the next one is the last.
    assert (summary["ended_by"], summary["steps"], summary["checkpoint"]) == (None, 8, None)
    assert steps_of(folder) == 8

    assert run(arguments(folder, "--max-steps", "30")).exit_code == 0
    assert run(arguments(tmp_path / "straight", "--max-steps", "30")).exit_code == 0
    assert_same(folder, tmp_path / "straight")


def test_a_second_interrupt_ends_at_once(arguments, tmp_path, monkeypatch):
    def signalled(*_):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(wave_u_net._Bar, "stepped", signalled)
    result = run(arguments(tmp_path / "run", "--max-steps", "30"))
    assert result.exit_code == 1
    assert "Aborted" in result.stderr
    assert steps_of(tmp_path / "run") == 0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--config", "none.toml"], "none.toml cannot be read"),
        (["--device", "cuda"], "finds 0 GPUs here"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(arguments, tmp_path, monkeypatch, more, message):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    result = run(arguments(tmp_path / "run", *more))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_data_set_without_a_split_is_told_in_one_line(arguments, tmp_path, make_tree):
    tree = make_tree(tmp_path / "tree", train=2, val=0)
    given = arguments(tmp_path / "run")
    given[2] = str(tree.folder)
    result = run(given)
    assert result.exit_code == 1
    assert 'is in the subset "val"; list some in a split.csv' in result.stderr


def test_without_pytorch_it_says_which_extra_to_install(arguments, tmp_path, monkeypatch):
    # It imports PyTorch, but was perhaps imported before.
    monkeypatch.setitem(sys.modules, "mixeval_stimuli.training.corpus", None)
    result = run(arguments(tmp_path / "run"))
    assert result.exit_code == 1
    assert (
        "which is not installed; install mixeval with its extra: pip install 'mixeval[models]'."
        in result.stderr
    )


def test_its_help_needs_no_pytorch():
    script = """
import sys
from mixeval.cli import main
main(["train", "wave-u-net", "--help"], standalone_mode=False)
print(sorted(set(sys.modules) & {"torch", "matplotlib"}))
"""
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment()
    )
    assert finished.stdout.splitlines()[-1] == "[]"


# It is killed before it ends, however late that is.
WAITS_BEFORE_ITS_END = """
import time
from mixeval.cli import main
from mixeval.cli.train import wave_u_net

stepped = wave_u_net._Bar.stepped

def waiting(bar, state, loss):
    stepped(bar, state, loss)
    if state.step == 90:
        time.sleep(600)

wave_u_net._Bar.stepped = waiting
main()
"""


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_as_if_it_never_was(arguments, tmp_path):
    folder = tmp_path / "killed"
    for steps in (20, 60):
        process = subprocess.Popen(
            [sys.executable, "-c", WAITS_BEFORE_ITS_END, *arguments(folder, "--max-steps", "100")],
            env=environment(),
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda steps=steps: steps_of(folder) >= steps, process)
        finally:
            process.kill()
        assert process.wait() == -signal.SIGKILL
        assert steps_of(folder) < 100
    assert run(arguments(folder, "--max-steps", "100")).exit_code == 0
    assert run(arguments(tmp_path / "straight", "--max-steps", "100")).exit_code == 0
    assert_same(folder, tmp_path / "straight")


@pytest.mark.slow
def test_two_processes_learn_what_one_does(arguments, tmp_path):
    # 5 snippets make shares of 3 and 2; losses and gradients have to weigh them so.
    more = ["--max-steps", "60"]
    torchrun(arguments(tmp_path / "two", "--max-steps", "25"))
    torchrun(arguments(tmp_path / "two", *more))  # and goes on together
    assert run(arguments(tmp_path / "one", "--max-steps", "25")).exit_code == 0
    assert run(arguments(tmp_path / "one", *more)).exit_code == 0
    for two, one in zip(losses_of(tmp_path / "two"), losses_of(tmp_path / "one"), strict=True):
        assert (two["step"], two["best"]) == (one["step"], one["best"])
        for name in ("training_loss", "validation_loss"):
            assert float(two[name]) == pytest.approx(float(one[name]), abs=1e-5)
    weights, expected = tensors_of(tmp_path / "two"), tensors_of(tmp_path / "one")
    for name in (name for name in expected if name.startswith("network.")):
        assert weights[name] == pytest.approx(expected[name], abs=1e-4), name
    assert "2 x CPU" in read_checkpoint(tmp_path / "two" / BEST, kind="wave-u-net")[1].training["hardware"]


def torchrun(arguments):
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    address = ["--master-addr", "127.0.0.1", "--master-port", str(find_port())]
    finished = subprocess.run(
        [*command, *address, "-m", "mixeval", *arguments],
        env=environment() | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def wait_until(condition, process):
    for _ in range(3000):
        if condition():
            return
        assert process.poll() is None, "it ended by itself"
        time.sleep(0.1)
    pytest.fail("nothing happened")


def assert_same(folder, other):
    found, expected = tensors_of(folder), tensors_of(other)
    assert found.keys() == expected.keys()
    for name in expected:
        assert np.array_equal(found[name], expected[name]), name
    assert losses_of(folder) == losses_of(other)
