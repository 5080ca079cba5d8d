"""Time the paper's seven mixes of one 14 s recording against the two networks' own share of it.

    python benchmarks/seven_mixes.py [REPEATS]

Models are loaded first, by a run that is not counted. Each repeat makes all seven mixes with one thread, as a render's
worker does; the figure is the median of the repeats' ratios, so that a busy machine counts on both sides. Goal: 1.5.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

from mixeval.conditions import Condition
from mixeval_stimuli.datasets import synthetic
from mixeval_stimuli.methods.registry import make_method

CONDITIONS = (
    ("reference", {"variant": "dry"}),
    ("reference", {"variant": "wet"}),
    ("wave_u_net", {"variant": "dry"}),
    ("wave_u_net", {"variant": "wet"}),
    ("random_forest", {"variant": "dry"}),
    ("random_forest", {"variant": "wet"}),
    ("anchor", {}),
)


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    torch.set_num_threads(1)
    methods = [
        make_method(Condition(id=f"c{index}", method=name, options=options))
        for index, (name, options) in enumerate(CONDITIONS)
    ]
    with tempfile.TemporaryDirectory() as folder:
        drums = synthetic.load(Path(folder) / "drums", seed=1, recordings_per_drummer=2, seconds=14.0)
        # The forest keeps the features of the last recordings: another one before each repeat makes it measure.
        for method in methods:
            method.mix(drums[0])
        ratios, networks, totals = [], [], []
        for repeat in range(repeats):
            recording = drums[1 + repeat % (len(drums) - 1)]
            seconds = []
            for method in methods:
                began = time.perf_counter()
                method.mix(recording)
                seconds.append(time.perf_counter() - began)
            networks.append(seconds[2] + seconds[3])
            totals.append(sum(seconds))
            ratios.append(totals[-1] / networks[-1])
    print(f"two networks    {statistics.median(networks):6.2f} s")
    print(f"all seven mixes {statistics.median(totals):6.2f} s")
    print(f"ratio           {statistics.median(ratios):6.2f}   (goal: at most 1.5)")


if __name__ == "__main__":
    main()
