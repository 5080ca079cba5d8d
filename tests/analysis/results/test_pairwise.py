"""Judges: counting pairs, SciPy's own test, hand computation, symmetries."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.results import pairwise
from mixeval_analysis.results.pairwise import mann_whitney

column = st.lists(st.integers(0, 8), min_size=2, max_size=25)


def test_u_and_p_of_a_textbook_sample_are_r_s(ratings_of):
    # Hollander and Wolfe (1973), placental permeability, the example of R's ?wilcox.test: W = 35. With n = 10
    # and 5 and no ties: mean 25, variance 10 * 5 * 16 / 12, z = 9.5 / 8.16497.
    term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    early = [1.15, 0.88, 0.90, 0.74, 1.21]
    row = mann_whitney(ratings_of({"term": term, "early": early})).frame.iloc[0]
    assert row["U_a"] == 35
    assert float(row["p"]) == pytest.approx(2 * stats.norm.sf(9.5 / (200 / 3) ** 0.5), rel=1e-12)
    assert row["cliffs_delta"] == pytest.approx(0.4)
    assert row["vda_A"] == pytest.approx(0.7)


@given(a=column, b=column)
@settings(max_examples=80, deadline=None)
def test_u_counts_the_pairs_in_which_a_is_above_b_and_half_of_the_ties(a, b):
    row = _pairs({"a": a, "b": b}).iloc[0]
    assert row["U_a"] == sum((x > y) + 0.5 * (x == y) for x in a for y in b)


@given(a=column, b=column)
@settings(max_examples=80, deadline=None)
def test_p_is_scipys_asymptotic_p(a, b):
    row = _pairs({"a": a, "b": b}).iloc[0]
    if len({*a, *b}) == 1:
        assert row["p"] is None
        return
    expected = stats.mannwhitneyu(a, b, alternative="two-sided", method="asymptotic", use_continuity=True)
    assert float(row["p"]) == pytest.approx(min(1.0, expected.pvalue), rel=1e-9)


@given(a=column, b=column)
@settings(max_examples=30, deadline=None)
def test_turning_a_pair_round_turns_its_sign_and_nothing_else(a, b):
    there, back = _pairs({"a": a, "b": b}).iloc[0], _pairs({"b": b, "a": a}).iloc[0]
    assert there["U_a"] + back["U_a"] == len(a) * len(b)
    assert there["cliffs_delta"] == pytest.approx(-back["cliffs_delta"], abs=1e-12)
    assert there["p"] == back["p"]


@given(a=column, b=column)
@settings(max_examples=30, deadline=None)
def test_only_the_order_of_ratings_matters(a, b):
    plain, bent = _pairs({"a": a, "b": b}), _pairs({"a": [3.5**v for v in a], "b": [3.5**v for v in b]})
    pd.testing.assert_frame_equal(plain, bent)


def test_pairs_run_in_the_order_of_conditions_and_all_of_them_are_corrected_for(ratings_of):
    values = {"z": range(10), "a": range(5, 15), "m": range(40, 50), "b": range(10)}
    table = mann_whitney(ratings_of(values))
    assert list(zip(table.frame["a"], table.frame["b"], strict=True)) == [
        ("z", "a"),
        ("z", "m"),
        ("z", "b"),
        ("a", "m"),
        ("a", "b"),
        ("m", "b"),
    ]
    assert "m = 6 pairs" in table.method
    for p, adjusted in zip(table.frame["p"], table.frame["p_bonferroni"], strict=True):
        assert float(adjusted) == pytest.approx(min(1.0, 6 * float(p)))


def test_a_million_ratings_give_a_p_that_is_small_and_not_zero(ratings_of):
    low, high = [float(v % 50) for v in range(20_000)], [50.0 + v % 50 for v in range(20_000)]
    row = mann_whitney(ratings_of({"low": low, "high": high})).frame.iloc[0]
    assert float(row["p"]) == 0.0
    assert row["p"].text() == "< 1e-300"
    assert row["symbol"] == "***"


def test_two_conditions_whose_ratings_are_all_equal_give_a_sentence(ratings_of):
    table = mann_whitney(ratings_of({"a": [5, 5], "b": [5, 5], "c": [1, 9]}))
    first = table.frame.iloc[0]
    assert (first["p"], first["p_bonferroni"], first["symbol"], first["cliffs_delta"]) == (
        None,
        None,
        None,
        0.0,
    )
    assert table.notes[1] == "a and b: all ratings are equal, so there is nothing to test."


def _pairs(values):
    rows = pd.DataFrame(
        [
            {"participant": f"P{i}", "item": "i", "condition": c, "rating": float(v)}
            for c, column in values.items()
            for i, v in enumerate(column)
        ]
    )
    return mann_whitney(Ratings(with_defaults(rows), {c: c for c in values}, "t", "s")).frame


def test_values_in_blocks_give_what_all_at_once_give(panel, monkeypatch):
    whole = mann_whitney(panel).frame
    monkeypatch.setattr(pairwise, "_VALUES_PER_BLOCK", 3)
    blocks = mann_whitney(panel).frame
    assert [float(p) for p in blocks["p"]] == [float(p) for p in whole["p"]]
    assert blocks["U_a"].tolist() == whole["U_a"].tolist()
