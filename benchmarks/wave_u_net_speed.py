"""Speed and memory of the Wave-U-Net, against what this machine's matrix multiplication allows in the same run.

    python benchmarks/wave_u_net_speed.py [--threads N] [--rounds N] [--seconds S ...]

The paper's network at its frame takes 15.40 GFLOP for a second of mix, and a training step 93.3 GFLOP for one
example. How many of them a machine can do is measured by sgemm (2048 x 2048, 32 bits) in turns with the network, the
best of each counting, so that what else the machine does cancels out. Memory is the growth of the process while it
mixes, in a process of its own for each length (on Linux, which keeps count), without the mix itself, which whoever
asked for it keeps. Goals: 70 % of sgemm's speed for mixing, 55 % for training, 150 MB.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from mixeval_stimuli.methods.wave_u_net.architecture import Architecture, shapes
from mixeval_stimuli.methods.wave_u_net.framing import predict
from mixeval_stimuli.methods.wave_u_net.network import Network

RATE = 44_100
PAPER = shapes(Architecture())
FRAME_FLOP = 2 * 15.5578e9
STEP_FLOP = 93.3e9
SGEMM_SIZE = 2048


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--seconds", type=float, nargs="*", default=[20.0, 300.0], help="of audio, for memory"
    )
    parser.add_argument("--grow", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.grow is not None:
        print(growth_mb(arguments.grow))
        return

    sgemm, mixing, training = best_seconds(arguments.rounds, matrix_product(), frame(), training_step())
    rate = 2 * SGEMM_SIZE**3 / sgemm
    load = os.getloadavg()[0]
    print(
        f"{arguments.threads} threads, torch {torch.__version__}, load {load:.1f}, best of {arguments.rounds}"
    )
    print(f"sgemm                          {rate / 1e9:8.1f} GFLOP/s")
    share = FRAME_FLOP / mixing / rate
    speed = PAPER.output_frames / RATE / mixing
    print(
        f"mixing, one frame of 2.02 s    {mixing:8.3f} s   {speed:5.2f} x real time   {share:4.0%} of sgemm (goal 70 %)"
    )
    share = STEP_FLOP / training / rate
    print(
        f"training step, one example     {training:8.3f} s                      {share:4.0%} of sgemm (goal 55 %)"
    )
    for seconds in arguments.seconds if sys.platform == "linux" else []:
        again = [sys.executable, __file__, "--threads", str(arguments.threads), "--grow", str(seconds)]
        done = subprocess.run(again, capture_output=True, text=True, check=True)
        print(f"memory, mixing {seconds:4.0f} s          {float(done.stdout):8.0f} MB  (goal 150 MB)")


def best_seconds(rounds: int, *works: Callable[[], object]) -> list[float]:
    """Time each work once a round, in turns, and give the best of each."""
    best = [float("inf")] * len(works)
    for work in works:
        work()
    for _ in range(rounds):
        for index, work in enumerate(works):
            began = time.perf_counter()
            work()
            best[index] = min(best[index], time.perf_counter() - began)
    return best


def matrix_product() -> Callable[[], object]:
    left, right = torch.randn(2, SGEMM_SIZE, SGEMM_SIZE)
    return lambda: left @ right


def frame() -> Callable[[], object]:
    network = Network().eval()
    stems = torch.randn(1, 8, PAPER.input_frames)

    def mixed() -> object:
        with torch.inference_mode():
            return network(stems)

    return mixed


def training_step() -> Callable[[], object]:
    network = Network()
    adam = torch.optim.Adam(network.parameters(), lr=1e-4)
    stems = torch.randn(1, 8, PAPER.input_frames)
    mix = torch.randn(1, 2, PAPER.output_frames)

    def stepped() -> object:
        adam.zero_grad()
        (network(stems) - mix).abs().mean().backward()
        adam.step()
        return None

    return stepped


def growth_mb(seconds: float) -> float:
    """Mix that much audio, and give how far the peak of resident memory rose, without the mix."""
    network = Network().eval()
    stems = np.random.default_rng(1).standard_normal((8, round(seconds * RATE)), dtype=np.float32)
    before = resident_mb("VmRSS")
    # From here on; the peak that the system keeps by itself is also that of the process that started this one.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    mix = predict(network, stems)
    return resident_mb("VmHWM") - before - mix.nbytes / 1e6


def resident_mb(which: str) -> float:
    """Read the memory that this process holds (VmRSS) or the most that it held (VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(rf"{which}:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / 1e6 if found else float("nan")


if __name__ == "__main__":
    main()
