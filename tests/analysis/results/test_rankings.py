"""Judges: ranks by hand, R's `?friedman.test` example, R's results for real ratings."""

import numpy as np
import pandas as pd
import pytest

from mixeval_analysis.results.omnibus import friedman
from mixeval_analysis.results.rankings import in_ranks, mean_ranks
from mixeval_analysis.sources.tidy_csv import read_tidy_csv

# Hollander and Wolfe (1973), p. 140ff: times of 22 players who rounded first base in three ways.
ROUNDING_TIMES = """
5.40 5.50 5.55 5.85 5.70 5.75 5.20 5.60 5.50 5.55 5.50 5.40 5.90 5.85 5.70 5.45 5.55 5.60 5.40 5.40 5.35
5.45 5.50 5.35 5.25 5.15 5.00 5.85 5.80 5.70 5.25 5.20 5.10 5.65 5.55 5.45 5.60 5.35 5.45 5.05 5.00 4.95
5.50 5.50 5.40 5.45 5.55 5.50 5.55 5.55 5.35 5.45 5.50 5.55 5.50 5.45 5.25 5.65 5.60 5.40 5.70 5.65 5.55
6.30 6.30 6.25
"""


def test_q_of_rounding_first_base_is_r_s(ratings_of):
    # R's ?friedman.test: chi-squared = 11.143, df = 2, p-value = 0.003805.
    times = np.array(ROUNDING_TIMES.split(), dtype=float).reshape(22, 3)
    ways = {"round out": times[:, 0], "narrow": times[:, 1], "wide": times[:, 2]}
    row = friedman(ratings_of(ways)).frame.set_index("level").loc["participant_mean"]
    assert row["Q"] == pytest.approx(11.143, abs=5e-4)
    assert (row["df"], row["blocks"], row["k"]) == (2, 22, 3)
    assert float(row["p"]) == pytest.approx(0.003805, abs=5e-7)
    assert row["kendall_W"] == pytest.approx(row["Q"] / 44)


@pytest.mark.parametrize(
    "name", ["s4_drc", "sim_paper_pattern", "stahl2024_codec", "stahl2024_codec_filtered"]
)
def test_friedman_of_real_ratings_is_r_s(dev_data, name):
    expected = pd.read_csv(dev_data / "ratings" / "expected" / f"{name}__friedman.csv").set_index("level")
    table = friedman(read_tidy_csv(dev_data / "ratings" / f"{name}.csv")).frame.set_index("level")
    for level, row in table.iterrows():
        for column in ("blocks", "Q", "p", "kendall_W", "iman_davenport_F", "df1", "df2", "p_F"):
            assert float(row[column]) == pytest.approx(float(expected.loc[level, column]), rel=1e-9), column


def test_blocks_that_agree_have_no_finite_f(ratings_of):
    table = friedman(ratings_of({"a": [1, 2, 3], "b": [4, 5, 6]}))
    row = table.frame.set_index("level").loc["participant_mean"]
    assert (row["kendall_W"], row["iman_davenport_F"], row["p_F"]) == (1.0, None, None)
    assert "participant_mean: every block has the same order, so that F has no limit." in table.notes


def test_nothing_to_rank_gives_a_sentence(ratings_of):
    table = friedman(ratings_of({"a": [5, 5], "b": [5, 5]}))
    assert set(table.frame["Q"]) == {None}
    assert any("all ratings are equal" in note for note in table.notes)
    assert any("1 complete block cannot be tested" in note for note in table.notes)


def test_ranks_count_from_the_best(ratings_of):
    # Stored as k + 1 - rank: 3 is the best of three.
    ratings = ratings_of({"net": [3, 3, 2], "sum": [2, 1, 3], "low": [1, 2, 1]})
    table = mean_ranks(ratings)
    frame = table.frame.set_index("condition")
    assert frame["mean_rank"].tolist() == pytest.approx([4 / 3, 2.0, 8 / 3])
    assert frame["ranked_first"].tolist() == [2, 1, 0]
    assert frame["ranked_last"].tolist() == [0, 1, 2]
    assert (frame["ci95_lo"] <= frame["mean_rank"]).all()
    assert (frame["mean_rank"] <= frame["ci95_hi"]).all()


def test_ranks_of_a_page_sum_to_the_same(panel):
    ranked = in_ranks(panel).rows.groupby(["participant", "item"])["rating"].sum()
    assert set(ranked) == {10.0}
