"""How rendering scales: time to the first file, memory, and what a second worker brings.

    python benchmarks/render_scaling.py [--items 100] [--seconds 10] [--cluster]

Writes a study of synthetic stereo mixes (two finished mixes and two anchors of each item) to a temporary folder and
renders it from nothing by `mixeval render`, with one worker and with two. `--cluster` adds a render on a dask
scheduler with two workers of their own on loopback (extra `cluster`). Memory is resident and the highest seen; where
processes share a library's pages each counts them. The time to the first stimulus includes the start of the program.

On a busy machine only the CPU seconds mean something: those of the command and its workers together, where a perfect
scaling spends no more of them than one worker does. The last tick of a process is not seen.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

RATE = 44_100
POLL_SECONDS = 0.02

STUDY = """
[study]
title = "Scaling"

[stimuli]
dataset = { kind = "files", path = "mixes", pattern = "{item}_{source}.wav" }
"""

CONDITION = """
[[stimuli.conditions]]
id = "%s"
method = "%s"
options = { %s }
"""

CONDITIONS = [
    ("reference", "files", 'source = "human"'),
    ("other", "files", 'source = "other"'),
    ("low_anchor", "anchor", 'of = "human"'),
    ("mid_anchor", "anchor", 'of = "human", cutoff_hz = 7000'),
]


@dataclass
class Rendered:
    """One render: seconds, and megabytes resident at most by role of the process."""

    seconds: float = 0.0
    first_mix_seconds: float = 0.0
    first_stimulus_seconds: float = 0.0
    megabytes: dict[str, float] = field(default_factory=dict)
    cpu_seconds: dict[int, float] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--cluster", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "study"
        write_study(folder, arguments.items, arguments.seconds)
        renders = {
            "1 worker": measure(folder, ["--workers", "1"]),
            "2 workers": measure(folder, ["--workers", "2"]),
        }
        if arguments.cluster:
            with dask_cluster(Path(temporary)) as (address, workers):
                renders["dask, 2 workers"] = measure(folder, ["--cluster", address], workers)
    print_table(renders, arguments.items)


def write_study(folder: Path, items: int, seconds: float) -> None:
    (folder / "mixes").mkdir(parents=True)
    text = STUDY + "".join(CONDITION % condition for condition in CONDITIONS)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    time_axis = np.arange(round(seconds * RATE)) / RATE
    for item in range(items):
        random = np.random.default_rng(item)
        envelope = 0.1 * np.exp(-6.0 * (time_axis % 0.25))[:, np.newaxis]
        for source in ("human", "other"):
            samples = envelope * random.standard_normal((time_axis.size, 2))
            soundfile.write(folder / "mixes" / f"{item:03d}_{source}.wav", samples, RATE, subtype="PCM_24")


def measure(folder: Path, options: Sequence[str], elsewhere: Sequence[int] = ()) -> Rendered:
    stimuli = folder / "stimuli"
    shutil.rmtree(stimuli, ignore_errors=True)
    rendered = Rendered()
    started = {pid: cpu_seconds(pid) for root in elsewhere for pid in workers_below(root)}
    start = time.perf_counter()
    command = [sys.executable, "-m", "mixeval", "render", str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as parent:
        while parent.poll() is None:
            seconds = time.perf_counter() - start
            if not rendered.first_mix_seconds and any((stimuli / "cache").glob("*.wav")):
                rendered.first_mix_seconds = seconds
            if not rendered.first_stimulus_seconds and any(stimuli.glob("*.flac")):
                rendered.first_stimulus_seconds = seconds
            look_at_processes(rendered, parent.pid, elsewhere)
            time.sleep(POLL_SECONDS)
    rendered.seconds = time.perf_counter() - start
    for pid, before in started.items():
        rendered.cpu_seconds[pid] -= before
    if parent.returncode:
        raise SystemExit(f"`{' '.join(command)}` failed")
    rendered.files = {
        path.name: path.read_bytes() for path in [stimuli / "manifest.json", *stimuli.glob("*.flac")]
    }
    return rendered


def look_at_processes(rendered: Rendered, parent: int, elsewhere: Sequence[int]) -> None:
    workers = [pid for root in (parent, *elsewhere) for pid in workers_below(root)]
    processes = {"parent": parent} | {f"worker {number}": pid for number, pid in enumerate(workers, start=1)}
    for role, pid in processes.items():
        rendered.megabytes[role] = max(rendered.megabytes.get(role, 0.0), resident_megabytes(pid))
        rendered.cpu_seconds[pid] = max(rendered.cpu_seconds.get(pid, 0.0), cpu_seconds(pid))


def workers_below(root: int) -> list[int]:
    return [pid for pid in descendants(root) if "spawn_main" in read(Path(f"/proc/{pid}/cmdline"))]


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in read(tasks).split():
            found += [int(child), *descendants(int(child))]
    return found


def resident_megabytes(pid: int) -> float:
    lines = read(Path(f"/proc/{pid}/status")).splitlines()
    values = [int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM:")]
    return values[0] if values else 0.0


def cpu_seconds(pid: int) -> float:
    # Fields 14 and 15 of proc(5), counted behind the command's name in parentheses.
    fields = read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # the process has ended
        return ""


@contextmanager
def dask_cluster(folder: Path) -> Iterator[tuple[str, list[int]]]:
    told = folder / "scheduler.json"
    host = ["--host", "127.0.0.1", "--no-dashboard"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    with ExitStack() as stack:
        start(
            stack,
            ["distributed.cli.dask_scheduler", *host, "--port", "0", "--scheduler-file", str(told)],
            environment,
        )
        while not told.exists():
            time.sleep(POLL_SECONDS)
        address = str(json.loads(told.read_text(encoding="utf-8"))["address"])
        worker = ["distributed.cli.dask_worker", address, *host, "--nthreads", "1"]
        worker += ["--local-directory", str(folder)]
        workers = [start(stack, worker, environment).pid for _ in range(2)]
        wait_for_two(address)
        yield address, workers


def start(stack: ExitStack, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    process = stack.enter_context(
        subprocess.Popen(
            [sys.executable, "-m", *command],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    )
    stack.callback(process.terminate)
    return process


def wait_for_two(address: str) -> None:
    from distributed import Client  # noqa: PLC0415 - an extra

    with Client(address) as client:
        client.wait_for_workers(2, timeout=60)


def print_table(renders: Mapping[str, Rendered], items: int) -> None:
    one = renders["1 worker"]
    print(f"{items} items in {len(CONDITIONS)} conditions")
    print(
        "| render | seconds | of 1 worker's | first mix, s | first stimulus, s | resident MB at most | bytes |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, render in renders.items():
        memory = ", ".join(f"{role} {size:.0f}" for role, size in render.megabytes.items())
        same = "the same" if render.files == one.files else "DIFFERENT"
        print(
            f"| {name} | {render.seconds:.1f} | {one.seconds / render.seconds:.2f} times "
            f"| {sum(render.cpu_seconds.values()):.1f} "
            f"| {render.first_mix_seconds:.1f} | {render.first_stimulus_seconds:.1f} | {memory} | {same} |"
        )


if __name__ == "__main__":
    main()
