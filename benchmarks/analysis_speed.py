"""Speed and memory of the analysis: a study as large as the paper's, and a million ratings.

    python benchmarks/analysis_speed.py [--only small|large|csv|help] [--folder DIR]

small: 20 participants x 6 items x 7 conditions; every table, then all figures and the report.
large: 10 000 participants x 5 items x 20 conditions; the tests one by one, all pairs of Mann-Whitney beside SciPy's in
the same run with the largest relative difference of p, and the bootstrap of 10 000 participants with B = 2000.
csv: the same million as a tidy CSV, by `mixeval analyze` from end to end, in a process of its own.
help: `mixeval analyze --help`, the best of five.

Each line has the wall clock and the time that processors spent on it, which other work on the machine stretches less.
Goals: small 1 s and 5 s; tests of a million 2 s, 50 times as fast as SciPy, bootstrap 10 s, 1 GB; help 0.3 s.
"""

import argparse
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy import stats

from mixeval_analysis.figures.drawing import draw
from mixeval_analysis.inference.signed_rank import signed_rank
from mixeval_analysis.load import load
from mixeval_analysis.page_profiles import analyze_answers
from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.reporting.report_folder import write_report
from mixeval_analysis.results.describe import bootstrap_means
from mixeval_analysis.results.normality import shapiro_wilk
from mixeval_analysis.results.omnibus import friedman, kruskal_wallis
from mixeval_analysis.results.pairwise import mann_whitney
from mixeval_analysis.selection import select

Result = TypeVar("Result")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--folder", type=Path, help="where files are written, and stay [default: nowhere]")
    arguments = parser.parse_args()
    print(
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, numpy {np.__version__}, pandas {pd.__version__}"
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        if arguments.only:
            PARTS[arguments.only](folder)
            return
        for part in PARTS:  # each in a process of its own, whose memory is its own
            again = [sys.executable, __file__, "--only", part, "--folder", str(folder)]
            subprocess.run(again, check=True)


def small(folder: Path) -> None:
    """A study as large as the paper's."""
    analyze_answers(panel(3, 2, 2))  # whatever loads at first use
    draw(analyze_answers(panel(3, 2, 2)))
    selection = select(panel(20, 6, 7))
    analysis = timed("840 ratings: every table (goal 1 s)", lambda: analyze_answers(selection.groups[0]))
    print(f"  {', '.join(analysis.tables)}")
    timed(
        "840 ratings: tables, figures, report (goal 5 s)", lambda: write_report(selection, folder / "small")
    )


def large(_: Path) -> None:
    """A million ratings."""
    ratings = timed("a million ratings: selection", lambda: select(panel(10_000, 5, 20)).groups[0])
    if not isinstance(ratings, Ratings):
        raise TypeError("a panel's ratings are ratings")
    began = time.perf_counter(), time.process_time()
    timed("  Shapiro-Wilk (not defined beyond 5000)", lambda: shapiro_wilk(ratings))
    timed("  Kruskal-Wallis", lambda: kruskal_wallis(ratings))
    pairs = timed("  Mann-Whitney, 190 pairs", lambda: mann_whitney(ratings))
    timed("  Friedman, three levels", lambda: friedman(ratings))

    def all_signed_ranks() -> None:
        means = ratings.means("participant")
        for a, b in itertools.combinations(range(len(ratings.labels)), 2):
            signed_rank(means[:, a] - means[:, b])

    timed("  Wilcoxon signed-rank, 190 pairs", all_signed_ranks)
    report("the tests together (goal 2 s)", time.perf_counter() - began[0], time.process_time() - began[1])

    ours = min(_spent_on_pairs(ratings) for _ in range(5))
    columns = ratings.by_condition()
    start = time.process_time()
    judged = [
        stats.mannwhitneyu(columns[a], columns[b], method="asymptotic", use_continuity=True).pvalue
        for a, b in itertools.combinations(ratings.labels, 2)
    ]
    theirs = time.process_time() - start
    known = [(float(p), judge) for p, judge in zip(pairs.frame["p"], judged, strict=True) if judge > 1e-300]
    apart = max(abs(p - judge) / judge for p, judge in known)
    print(f"Mann-Whitney from histograms: {theirs / ours:.0f} times as fast as SciPy pair by pair (goal 50)")
    print(
        f"  SciPy {theirs:.2f} s, here {ours:.3f} s of processor; p apart by {apart:.1e} at most of {len(known)} (goal 1e-9)"
    )
    timed("bootstrap of 10 000 participants, B = 2000 (goal 10 s)", lambda: bootstrap_means(ratings, 2000))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB (goal 1000 MB)")


def csv(folder: Path) -> None:
    """A million rows from end to end."""
    path, out = folder / "million.csv", folder / "million-report"
    panel(10_000, 5, 20).rows[["participant", "item", "condition", "rating"]].to_csv(path, index=False)
    timed(f"reading a CSV of {path.stat().st_size / 1e6:.0f} MB", lambda: load(str(path)))
    command = [sys.executable, "-m", "mixeval", "analyze", str(path), "--out", str(out)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    report("mixeval analyze from end to end", time.perf_counter() - start, spent)
    print(f"peak memory {after.ru_maxrss / 1024:.0f} MB")
    for file in sorted(out.rglob("*")):
        if file.is_file() and file.stat().st_size > 200_000:
            print(f"  {file.relative_to(out)}: {file.stat().st_size / 1e6:.1f} MB")


def show_help(_: Path) -> None:
    """How soon the command answers."""
    command = [sys.executable, "-m", "mixeval", "analyze", "--help"]
    rounds = []
    for _round in range(5):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        rounds.append((time.perf_counter() - start, spent))
    report("mixeval analyze --help (goal 0.3 s)", *map(min, zip(*rounds, strict=True)))


PARTS: dict[str, Callable[[Path], None]] = {"small": small, "large": large, "csv": csv, "help": show_help}


def panel(participants: int, items: int, conditions: int) -> Ratings:
    """Simulate whole ratings from 0 to 100, in which conditions and participants differ."""
    random = np.random.default_rng(1)
    who = np.repeat(np.arange(participants), items * conditions)
    item = np.tile(np.repeat(np.arange(items), conditions), participants)
    condition = np.tile(np.arange(conditions), participants * items)
    ratings = 45 + condition + random.normal(0, 10, participants)[who] + random.normal(0, 15, len(who))
    rows = pd.DataFrame(
        {
            "participant": np.array([f"P{number:05}" for number in range(participants)])[who],
            "item": np.array([f"loop {number}" for number in range(items)])[item],
            "condition": np.array([f"mix_{number:02}" for number in range(conditions)])[condition],
            "rating": np.clip(np.rint(ratings), 0, 100),
        }
    )
    labels = {f"mix_{number:02}": f"Mix {number}" for number in range(conditions)}
    return Ratings(rows=with_defaults(rows), labels=labels, title="Simulated panel", source="chance")


def timed(what: str, work: Callable[[], Result]) -> Result:
    wall, spent = time.perf_counter(), time.process_time()
    result = work()
    report(what, time.perf_counter() - wall, time.process_time() - spent)
    return result


def _spent_on_pairs(ratings: Ratings) -> float:
    """Give the processor's time for all pairs, of ratings split by condition as SciPy needs them too."""
    fresh = replace(ratings)
    fresh.by_condition()
    fresh.shape_in_words()
    start = time.process_time()
    mann_whitney(fresh)
    return time.process_time() - start


def report(what: str, wall: float, spent: float) -> None:
    print(f"{what:58s} {wall:7.2f} s, {spent:6.2f} s of processor", flush=True)


if __name__ == "__main__":
    main()
