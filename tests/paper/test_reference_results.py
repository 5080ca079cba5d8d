"""Judge: R 4.2.2 on three real listening tests and on one simulated after the paper.

Statistics agree within 1e-9 and p within 1e-6 of their size.
"""

import os
from pathlib import Path

import pandas as pd
import pytest

from mixeval_analysis.load import load
from mixeval_analysis.page_profiles import analyze_answers
from mixeval_analysis.selection import select

NAMES = ("sim_paper_pattern", "s4_drc", "stahl2024_codec", "stahl2024_codec_filtered")
STATISTIC, PROBABILITY = {"rel": 1e-9, "abs": 1e-9}, {"rel": 1e-6, "abs": 0}

pytestmark = pytest.mark.skipif(
    "MIXEVAL_DEV_DATA" not in os.environ, reason="MIXEVAL_DEV_DATA names no folder of real ratings"
)


@pytest.fixture(scope="module", params=NAMES)
def both(request):
    folder = Path(os.environ["MIXEVAL_DEV_DATA"]) / "ratings"
    (ratings,) = select(load(str(folder / f"{request.param}.csv"))).groups
    expected = {
        name: pd.read_csv(folder / "expected" / f"{request.param}__{name}.csv")
        for name in ("summary", "shapiro", "kruskal", "mannwhitney")
    }
    return analyze_answers(ratings).tables, expected


def test_summary_is_r_s(both):
    tables, expected = both
    names = {"n": "n", "mean": "mean", "sd": "sd", "median": "median", "q1": "q1_type7", "q3": "q3_type7"}
    _agree(tables["summary"], expected["summary"], ["condition"], {**names, "min": "min", "max": "max"}, {})


def test_shapiro_wilk_is_r_s(both):
    tables, expected = both
    _agree(tables["shapiro_wilk"], expected["shapiro"], ["condition"], {"n": "n", "W": "W"}, {"p": "p"})


def test_kruskal_wallis_is_r_s(both):
    tables, expected = both
    statistics = {name: name for name in ("H", "df", "N", "k", "epsilon2")}
    _agree(tables["kruskal_wallis"], expected["kruskal"], [], statistics, {"p": "p"})


def test_mann_whitney_is_r_s(both):
    tables, expected = both
    statistics = {name: name for name in ("n_a", "n_b", "U_a", "cliffs_delta", "vda_A")}
    probabilities = {"p": "p", "p_bonferroni": "p_bonferroni"}
    _agree(tables["mann_whitney"], expected["mannwhitney"], ["a", "b"], statistics, probabilities)


def _agree(table, expected, keys, statistics, probabilities):
    assert len(table.frame) == len(expected)
    for key in keys:
        assert table.frame[key].tolist() == expected[key].tolist()
    for names, tolerance in ((statistics, STATISTIC), (probabilities, PROBABILITY)):
        for ours, theirs in names.items():
            for mine, r in zip(table.frame[ours], expected[theirs], strict=True):
                assert float(mine) == pytest.approx(r, **tolerance), (table.name, ours)
