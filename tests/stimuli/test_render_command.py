import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.manifest import read_manifest

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")


def run(*arguments):
    return CliRunner().invoke(main, ["render", *map(str, arguments)])


def command(folder, *, program=("-m", "mixeval"), **environment):
    return subprocess.Popen(
        [sys.executable, *program, "render", str(folder), "--workers", "2"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_command_tells_each_loudness_and_what_it_did(small_study):
    result = run(small_study.folder, "--workers", 1)

    assert result.exit_code == 0
    assert "loop 1: done" in result.stderr
    assert [line.split() for line in result.stdout.splitlines()][:2] == [
        ["mix", "LUFS", "dBTP", "gain", "dB"],
        ["loop", "1"],
    ]
    assert result.stdout.count("-28.00") == 6
    assert result.stdout.splitlines()[-1] == "rendered 6, reused 0"
    assert run(small_study.folder, "--workers", 1).stdout.splitlines()[-1] == "rendered 0, reused 6"


def test_the_command_says_which_item_was_lowered_by_how_much_and_why(small_study):
    small_study.rewrite("loop 1", "network", level=0.03, channels=1, crest=60.0)

    lines = run(small_study.folder, "--workers", 1).stdout.splitlines()

    target = read_manifest(small_study.folder).of_item("loop 1")[0].target_lufs
    assert (
        f"loop 1: target lowered from -28.00 to {target:.2f} LUFS for the whole item, "
        'where the true peak of "network" would have passed -1 dBTP.'
    ) in lines


def test_letters_that_the_terminal_lacks_are_told_by_their_numbers(small_study):
    mixes = small_study.folder / "mixes"
    for source in ("human", "network"):
        (mixes / f"loop 1_{source}.wav").rename(mixes / f"Grüße_{source}.wav")

    rendering = command(small_study.folder, PYTHONIOENCODING="ascii")
    output, _ = rendering.communicate()

    assert rendering.returncode == 0
    assert "Gr\\xfc\\xdfe" in output
    assert "Traceback" not in output


def test_json_is_for_scripts(small_study):
    result = run(small_study.folder, "--workers", 1, "--json")

    told = json.loads(result.stdout)
    assert (told["rendered"], told["reused"], told["mixed"], told["lowered"], told["notes"]) == (
        6,
        0,
        6,
        [],
        [],
    )
    written = json.loads((small_study.folder / "stimuli" / "manifest.json").read_text(encoding="utf-8"))
    assert told["manifest"] == written


def test_an_error_is_one_line_and_exit_code_1(small_study):
    small_study.rewrite("loop 2", "network", level=0.0)

    result = run(small_study.folder, "--workers", 1)

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        "Error: loop 2, network: the audio is silent, it has no loudness; check that it holds the mix."
    )
    assert "Traceback" not in result.output


def test_the_help_has_an_example():
    assert "Example: mixeval render my-study" in run("--help").stdout


@pytest.fixture
def many_loops(small_study):
    """Fourteen items in three conditions."""
    for number, source in ((n, s) for n in range(3, 15) for s in ("human", "network")):
        small_study.rewrite(f"loop {number}", source, seconds=6.0, seed=number)
    return small_study


# It is interrupted before it ends, however late that is.
WAITS_BEFORE_ITS_END = """
import time
from mixeval.cli import main, render

show = render._Bar.show

def waiting(bar, progress):
    show(bar, progress)
    if progress.done == 40:
        time.sleep(600)

render._Bar.show = waiting
main()
"""


@linux
def test_ctrl_c_ends_a_render_and_its_workers(many_loops):
    rendering = command(many_loops.folder, program=("-c", WAITS_BEFORE_ITS_END))
    _until(lambda: any((many_loops.folder / "stimuli").glob("cache/*.wav")))
    workers = _children(rendering.pid)
    rendering.send_signal(signal.SIGINT)
    output, _ = rendering.communicate()

    assert workers
    assert rendering.returncode == 1
    assert "Aborted!" in output
    assert "Traceback" not in output
    _until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    assert not (many_loops.folder / "stimuli" / "manifest.json").exists()
    assert not list((many_loops.folder / "stimuli").glob(".manifest-*"))


@pytest.mark.slow
@linux
@pytest.mark.parametrize(
    ("files", "count"),
    [("cache/*.wav", 8), ("*.flac", 1), ("cache/*.stimulus.json", 42)],
)
def test_a_render_that_is_killed_leaves_no_process_and_goes_on_where_it_stopped(many_loops, files, count):
    undisturbed = many_loops.folder.with_name("undisturbed")
    shutil.copytree(many_loops.folder, undisturbed)
    stimuli = many_loops.folder / "stimuli"

    killed = command(many_loops.folder)
    _until(lambda: len(list(stimuli.glob(files))) >= count)
    workers = _children(killed.pid)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    _until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    kept = len(list(stimuli.glob("cache/*.wav")))
    result = run(many_loops.folder, "--workers", 1, "--json")
    assert json.loads(result.stdout)["mixed"] <= 42 - kept + 2  # each worker may have left half a mix
    assert command(undisturbed).communicate()[0].splitlines()[-1] == "rendered 42, reused 0"
    for name in ["manifest.json", *(s.file for s in read_manifest(undisturbed).stimuli)]:
        whole = (undisturbed / "stimuli" / name).read_bytes()
        assert (stimuli / name).read_bytes() == whole


def _children(pid):
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            found += thread.read_text(encoding="ascii").split()
    return found


def _until(happened):
    # A deadline that ends a test which would hang; nothing is measured.
    for _ in range(1200):
        if happened():
            return
        time.sleep(0.05)
    pytest.fail("waited a minute in vain")
