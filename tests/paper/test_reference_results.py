"""Judge: R 4.2.2 on three real listening tests and on one simulated after the paper.

Statistics agree within 1e-9 of their size (1e-9 where they are near 0), p of Shapiro-Wilk within 1e-6 of theirs, all other
p within 1e-9 of theirs. Every column of R's files that has a counterpart is compared; `agreement_with_r.py` in benchmarks
prints how large the differences are.
"""

import os
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mixeval.study import AnalysisSection
from mixeval_analysis.load import load
from mixeval_analysis.page_profiles import analyze_answers
from mixeval_analysis.results.equivalence import equivalence
from mixeval_analysis.results.omnibus import friedman
from mixeval_analysis.results.paired import wilcoxon
from mixeval_analysis.selection import select

NAMES = ("sim_paper_pattern", "s4_drc", "stahl2024_codec", "stahl2024_codec_filtered")
STATISTIC, PROBABILITY = {"rel": 1e-9, "abs": 1e-9}, {"rel": 1e-9, "abs": 0}
SHAPIRO_PROBABILITY = {"rel": 1e-6, "abs": 0}

WITHOUT_COUNTERPART = {
    "lmer",  # REML of crossed random effects with Satterthwaite's df: no table fits such a model
    "lmer_fixed",  # its fixed effects, contrasts with the first condition
    "R_version",
}

pytestmark = pytest.mark.skipif(
    "MIXEVAL_DEV_DATA" not in os.environ, reason="MIXEVAL_DEV_DATA names no folder of real ratings"
)


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def ratings(name):
    (found,) = select(load(str(_folder() / f"{name}.csv"))).groups
    return found


@pytest.fixture(scope="module")
def tables(ratings):
    return analyze_answers(ratings).tables


@pytest.fixture(scope="module")
def expected(name):
    return lambda test: pd.read_csv(_folder() / "expected" / f"{name}__{test}.csv")


def test_summary_is_r_s(tables, expected):
    names = {"n": "n", "mean": "mean", "sd": "sd", "median": "median", "q1": "q1_type7", "q3": "q3_type7"}
    _agree(tables["summary"], expected("summary"), ["condition"], {**names, "min": "min", "max": "max"}, {})


def test_shapiro_wilk_is_r_s(tables, expected):
    statistics = {"n": "n", "W": "W"}
    judge = expected("shapiro")
    _agree(tables["shapiro_wilk"], judge, ["condition"], statistics, {})
    for ours, r in zip(tables["shapiro_wilk"].frame["p"], judge["p"], strict=True):
        assert float(ours) == pytest.approx(r, **SHAPIRO_PROBABILITY)


def test_kruskal_wallis_is_r_s(tables, expected):
    statistics = {name: name for name in ("H", "df", "N", "k", "epsilon2")}
    _agree(tables["kruskal_wallis"], expected("kruskal"), [], statistics, {"p": "p"})


def test_mann_whitney_is_r_s(tables, expected):
    statistics = {name: name for name in ("n_a", "n_b", "U_a", "cliffs_delta", "vda_A")}
    probabilities = {"p": "p", "p_bonferroni": "p_bonferroni"}
    _agree(tables["mann_whitney"], expected("mannwhitney"), ["a", "b"], statistics, probabilities)


FRIEDMAN = {name: name for name in ("blocks", "k", "Q", "df", "kendall_W", "iman_davenport_F", "df1", "df2")}


def test_friedman_is_r_s(tables, expected):
    # R's file has medians too, which come below.
    judge = expected("friedman").query("level != 'participant_median'").reset_index(drop=True)
    _agree(tables["friedman"], judge, ["level"], FRIEDMAN, {"p": "p", "p_F": "p_F"})


WILCOXON = {name: name for name in ("n", "n_nonzero", "V_a", "rank_biserial", "mean_diff")}
WILCOXON_P = {"p_exact": "p_exact_midrank", "p_exact_holm": "p_exact_holm", "p_asymptotic": "p"}


def test_wilcoxon_is_r_s(tables, expected):
    judge = expected("wilcoxon_participant_mean")
    _agree(tables["wilcoxon"], judge, ["a", "b"], WILCOXON, WILCOXON_P)


def test_friedman_and_wilcoxon_of_participants_medians_are_r_s(ratings, expected):
    # As if each participant had rated one item, and so.
    medians = ratings.rows.groupby(["participant", "condition"], as_index=False)["rating"].median()
    of_medians = replace(ratings, rows=medians.assign(item="median", simulated=False))
    judge = expected("friedman").query("level == 'participant_median'").assign(level="participant_mean")
    table = friedman(of_medians)
    _agree(replace(table, frame=table.frame.iloc[[1]]), judge, ["level"], FRIEDMAN, {"p": "p", "p_F": "p_F"})
    _agree(wilcoxon(of_medians), expected("wilcoxon_participant_median"), ["a", "b"], WILCOXON, WILCOXON_P)


def test_wilcoxon_of_items_means_is_r_s(ratings, expected):
    # As if items were people, who heard participants.
    turned = replace(
        ratings, rows=ratings.rows.rename(columns={"participant": "item", "item": "participant"})
    )
    _agree(wilcoxon(turned), expected("wilcoxon_item_mean"), ["a", "b"], WILCOXON, WILCOXON_P)


def test_asymptotic_wilcoxon_of_single_pages_is_r_s(ratings, expected):
    # As if each page had a participant of its own; R's file has no exact p here.
    pages = ratings.rows["participant"] + " " + ratings.rows["item"]
    table = wilcoxon(replace(ratings, rows=ratings.rows.assign(participant=pages)))
    judge = expected("wilcoxon_participant_x_item")
    assert judge["p_exact_midrank"].isna().all()
    _agree(table, judge, ["a", "b"], WILCOXON, {"p_asymptotic": "p"})


@pytest.mark.parametrize("margin", [5, 10])
def test_equivalence_is_r_s(ratings, expected, margin):
    table = equivalence(replace(ratings, settings=AnalysisSection(margin=margin)))
    statistics = {name: name for name in ("n", "mean_diff", "se", "ci90_lo", "ci90_hi")}
    _agree(table, expected("tost"), ["a", "b"], statistics, {"p_tost": f"p_tost_{margin}"})


def test_intraclass_correlations_are_r_s(name, tables, expected):
    found = tables["agreement"].frame.set_index("measure")
    if not (_folder() / "expected" / f"{name}__icc.csv").exists():
        # Nobody rated every mix of the others.
        assert found.loc[["icc2_1", "icc2_k", "icc3_1", "icc3_k"], "value"].tolist() == [None] * 4
        return
    judge = expected("icc").iloc[0]
    for ours, theirs in {
        "icc2_1": "ICC2_1",
        "icc2_k": "ICC2_k",
        "icc3_1": "ICC3_1",
        "icc3_k": "ICC3_k",
    }.items():
        assert found.loc[ours, "value"] == pytest.approx(judge[theirs], **STATISTIC)
        assert found.loc[ours, "n"] == judge["raters"]


def test_every_file_of_r_is_compared_or_has_no_counterpart():
    files = {path.stem.split("__")[-1] for path in (_folder() / "expected").iterdir()}
    compared = {"summary", "shapiro", "kruskal", "mannwhitney", "friedman", "tost", "icc"}
    compared |= {
        f"wilcoxon_{of}"
        for of in ("participant_mean", "participant_median", "item_mean", "participant_x_item")
    }
    assert files == compared | WITHOUT_COUNTERPART


def _folder():
    return Path(os.environ["MIXEVAL_DEV_DATA"]) / "ratings"


def _agree(table, expected, keys, statistics, probabilities):
    assert len(table.frame) == len(expected)
    for key in keys:
        assert table.frame[key].tolist() == expected[key].tolist()
    for names, tolerance in ((statistics, STATISTIC), (probabilities, PROBABILITY)):
        for ours, theirs in names.items():
            for mine, r in zip(table.frame[ours], expected[theirs], strict=True):
                assert float(mine) == pytest.approx(r, **tolerance), (table.name, ours)
