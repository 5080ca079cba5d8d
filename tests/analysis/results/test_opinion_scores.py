"""Judges: votes by hand with the printed t table, SciPy."""

import pytest
from scipy import stats

from mixeval_analysis.results.opinion_scores import mos


def test_four_votes_by_hand(ratings_of):
    table = mos(ratings_of({"net": [3, 4, 4, 5], "sum": [1, 2, 2, 5]}, page="acr"))
    row = table.frame.iloc[0]
    # Mean 4, sd sqrt(2/3); t(0.975, 3) = 3.182 in every printed table: 4 -+ 3.182 * 0.8165 / 2.
    assert (row["n"], row["mos"]) == (4, 4.0)
    assert row["sd"] == pytest.approx(0.8165, abs=5e-5)
    assert (row["ci95_lo"], row["ci95_hi"]) == pytest.approx((4 - 1.299, 4 + 1.299), abs=5e-4)
    assert [row[f"votes_{category}"] for category in range(1, 6)] == [0, 0, 1, 2, 1]


def test_the_interval_is_student_s(panel):
    for _, row in mos(panel).frame.iterrows():
        low, high = stats.t.interval(0.95, row["n"] - 1, row["mos"], row["sd"] / row["n"] ** 0.5)
        assert (row["ci95_lo"], row["ci95_hi"]) == pytest.approx((low, high), rel=1e-9)
        assert row["panel_ci95_lo"] < row["mos"] < row["panel_ci95_hi"]


def test_one_vote_has_no_interval_and_a_sentence_says_so(ratings_of):
    table = mos(ratings_of({"net": [3], "sum": [4]}))
    assert table.frame.loc[0, ["sd", "ci95_lo", "ci95_hi", "panel_ci95_lo"]].tolist() == [None] * 4
    assert any("one vote" in note for note in table.notes)
