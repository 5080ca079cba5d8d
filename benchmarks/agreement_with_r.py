"""How far the tables are from R's: the largest difference in each column of each file of reference results.

Takes a folder with NAME.csv (ratings in tidy form) and expected/NAME__TEST.csv (R's results), computes every table that has a
counterpart there, and prints the largest difference over all rows and all NAMEs. Differences of statistics are relative, or
absolute where R's number is below 1 in size; those of p are relative throughout. Rows without a number in R's file are
not compared. The last lines name the files that no table answers to.

    python benchmarks/agreement_with_r.py FOLDER
"""

import argparse
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from mixeval.study import AnalysisSection
from mixeval_analysis.load import load
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.results.agreement import agreement
from mixeval_analysis.results.describe import summary
from mixeval_analysis.results.equivalence import equivalence
from mixeval_analysis.results.normality import shapiro_wilk
from mixeval_analysis.results.omnibus import friedman, kruskal_wallis
from mixeval_analysis.results.paired import wilcoxon
from mixeval_analysis.results.pairwise import mann_whitney
from mixeval_analysis.selection import select

_TOTALS: Mapping[str, Callable[[str, str], bool]] = {
    "all statistics": lambda _, kind: kind == "statistic",
    "p of Shapiro-Wilk": lambda test, kind: kind == "p" and test == "shapiro",
    "all other p": lambda test, kind: kind == "p" and test != "shapiro",
}

Columns = Mapping[str, str]
"""Our column by R's."""


@dataclass(frozen=True)
class Comparison:
    """Our rows and R's, side by side, and which columns answer to which."""

    test: str
    ours: pd.DataFrame
    statistics: Columns
    probabilities: Columns


@dataclass
class Largest:
    """The largest difference found in a column so far, and how many numbers were compared."""

    difference: float = 0.0
    compared: int = 0
    where: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="ratings, with R's results in expected/")
    folder = parser.parse_args().folder
    expected = {path.stem: path for path in sorted((folder / "expected").glob("*__*.csv"))}
    if not expected:
        parser.error(f"{folder} holds no expected/NAME__TEST.csv")
    largest: dict[tuple[str, str, str], Largest] = {}
    answered = set()
    for name in sorted({stem.split("__")[0] for stem in expected}):
        (ratings,) = select(load(str(folder / f"{name}.csv"))).groups
        for comparison in comparisons(ratings):
            path = expected.get(f"{name}__{comparison.test}")
            if path is not None:
                answered.add(path.stem)
                compare(comparison, pd.read_csv(path), name, largest)
    print(f"{'R file':28} {'column':18} {'kind':12} {'numbers':>8} {'largest difference':>19}  in")
    largest = {key: found for key, found in largest.items() if found.compared}
    for (test, column, kind), found in largest.items():
        print(
            f"{test:28} {column:18} {kind:12} {found.compared:8} {found.difference:19.1e}  "
            f"{found.where if found.difference else ''}"
        )
    for title, counts in _TOTALS.items():
        worst = max(
            (found.difference for key, found in largest.items() if counts(key[0], key[2])), default=0.0
        )
        print(f"{title:58} {worst:28.1e}")
    for stem in expected:
        if stem not in answered:
            print(f"no table answers to {stem}.csv")


def comparisons(ratings: Ratings) -> Iterator[Comparison]:
    """Compute every table that R's files have a counterpart of."""
    rows = ratings.rows
    quartiles = {"q1_type7": "q1", "q3_type7": "q3"}
    described = {name: name for name in ("n", "mean", "sd", "median", "min", "max")}
    yield Comparison("summary", summary(ratings, replicates=1).frame, described | quartiles, {})
    yield Comparison("shapiro", shapiro_wilk(ratings).frame, {"W": "W"}, {"p": "p"})
    kruskal = {name: name for name in ("H", "df", "epsilon2")}
    yield Comparison("kruskal", kruskal_wallis(ratings).frame, kruskal, {"p": "p"})
    pairwise = {name: name for name in ("U_a", "cliffs_delta", "vda_A")}
    bonferroni = {"p": "p", "p_bonferroni": "p_bonferroni"}
    yield Comparison("mannwhitney", mann_whitney(ratings).frame, pairwise, bonferroni)
    medians = rows.groupby(["participant", "condition"], as_index=False)["rating"].median()
    # One item, so that a participant's mean over items is the median.
    of_medians = replace(ratings, rows=medians.assign(item="", simulated=False))
    levels = friedman(ratings).frame
    median_level = friedman(of_medians).frame.iloc[[1]].assign(level="participant_median")
    blocks = pd.concat([levels.iloc[:2], median_level, levels.iloc[2:]], ignore_index=True)
    omnibus = {name: name for name in ("blocks", "Q", "df", "kendall_W", "iman_davenport_F", "df1", "df2")}
    yield Comparison("friedman", blocks, omnibus, {"p": "p", "p_F": "p_F"})
    as_blocks = {
        "participant_mean": ratings,
        "participant_median": of_medians,
        "item_mean": replace(ratings, rows=rows.assign(participant=rows["item"], item=rows["participant"])),
        "participant_x_item": replace(
            ratings, rows=rows.assign(participant=rows["participant"] + "\n" + rows["item"])
        ),
    }
    signed = {name: name for name in ("n", "n_nonzero", "V_a", "rank_biserial", "mean_diff")}
    exact = {"p_exact_midrank": "p_exact", "p_exact_holm": "p_exact_holm", "p": "p_asymptotic"}
    for level, blocked in as_blocks.items():
        yield Comparison(f"wilcoxon_{level}", wilcoxon(blocked).frame, signed, exact)
    within = {name: name for name in ("n", "mean_diff", "se", "ci90_lo", "ci90_hi")}
    tests = {margin: _equivalence(ratings, margin) for margin in (5.0, 10.0)}
    both = tests[5.0].assign(p_tost_5=tests[5.0]["p_tost"], p_tost_10=tests[10.0]["p_tost"])
    yield Comparison("tost", both, within, {"p_tost_5": "p_tost_5", "p_tost_10": "p_tost_10"})
    values = agreement(ratings).frame.set_index("measure")["value"]
    correlations = {f"ICC{kind}": f"icc{kind}" for kind in ("2_1", "2_k", "3_1", "3_k")}
    yield Comparison("icc", pd.DataFrame([values]), correlations, {})


def _equivalence(ratings: Ratings, margin: float) -> pd.DataFrame:
    table = equivalence(replace(ratings, settings=AnalysisSection(margin=margin)))
    if table is None:
        raise RuntimeError("a margin was stated, and there is no table of equivalence")
    return table.frame


def compare(
    comparison: Comparison, expected: pd.DataFrame, name: str, largest: dict[tuple[str, str, str], Largest]
) -> None:
    """Enter the differences of one file's columns into `largest`; refuse rows that do not correspond."""
    ours = comparison.ours
    keys = [key for key in ("condition", "level", "a", "b") if key in expected.columns]
    if ours[keys].to_numpy().tolist() != expected[keys].to_numpy().tolist():
        raise SystemExit(f"{name}__{comparison.test}.csv has other rows, or rows in another order, than ours")
    for kind, columns in (("statistic", comparison.statistics), ("p", comparison.probabilities)):
        for theirs, own in columns.items():
            found = largest.setdefault((comparison.test, theirs, kind), Largest())
            for mine, r in zip(ours[own], expected[theirs], strict=True):
                if math.isnan(r):
                    continue
                size = abs(r) if kind == "p" else max(1.0, abs(r))
                difference = abs(float(mine) - r) / size
                found.compared += 1
                if difference > found.difference:
                    found.difference, found.where = difference, name


if __name__ == "__main__":
    main()
