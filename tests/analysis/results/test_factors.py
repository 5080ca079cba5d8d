"""Judges: SciPy's tests of what each effect compares, differences by hand, invariances."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mixeval_analysis.inference.factorial import factorial_part
from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.results.factors import FRIEDMAN, SIGNED_RANK, factor_tables


def crossed(values, sizes, **details):
    """Make ratings of one item in a full crossing; `values` is (participants, cells), the last factor fastest."""
    names = "abc"[: len(sizes)]
    cells = list(itertools.product(*(range(1, size + 1) for size in sizes)))
    conditions = ["".join(f"{n}{level}" for n, level in zip(names, cell, strict=True)) for cell in cells]
    rows = [
        {"participant": f"P{p:02}", "item": "loop", "condition": conditions[c], "rating": float(value)}
        for (p, c), value in np.ndenumerate(values)
        if not np.isnan(value)
    ]
    factors = {
        condition: {n: f"{n}{level}" for n, level in zip(names, cell, strict=True)}
        for condition, cell in zip(conditions, cells, strict=True)
    }
    labels = {condition: condition.upper() for condition in conditions}
    return Ratings(
        **{
            "rows": with_defaults(pd.DataFrame(rows)),
            "labels": labels,
            "factors": factors,
            "title": "By hand",
            "source": "by hand",
            **details,
        }
    )


@pytest.fixture
def values():
    """Ten participants' whole ratings of six conditions."""
    return np.random.default_rng(6).integers(0, 101, (10, 6)).astype(float)


def exact(differences):
    """Return the signed-rank p by trying every sign, ties with their mean rank."""
    own = np.round(differences, 10)
    own = own[own != 0]
    ranks = stats.rankdata(np.abs(own))
    signs = np.array(list(itertools.product((0, 1), repeat=len(own))))
    away = np.abs(signs @ ranks - ranks.sum() / 2)
    return float((away >= abs(ranks[own > 0].sum() - ranks.sum() / 2)).mean())


def effects(ratings):
    return factor_tables(ratings)[0].frame.set_index("effect")


def test_main_effects_and_interactions_are_tested_on_what_they_compare(values):
    found = effects(crossed(values, (3, 2)))
    cells = values.reshape(10, 3, 2)
    assert list(found["test"]) == [FRIEDMAN, SIGNED_RANK, FRIEDMAN]
    assert list(found["levels"]) == ["3", "2", "3 x 2"]
    three = stats.friedmanchisquare(*cells.mean(axis=2).T)
    assert (found.loc["a", "statistic"], float(found.loc["a", "p"])) == pytest.approx(
        (three.statistic, three.pvalue)
    )
    means = cells.mean(axis=1)
    assert float(found.loc["b", "p"]) == pytest.approx(exact(means[:, 0] - means[:, 1]))
    differences = cells[:, :, 0] - cells[:, :, 1]
    both = stats.friedmanchisquare(*differences.T)
    assert (found.loc["a x b", "statistic"], float(found.loc["a x b", "p"])) == pytest.approx(
        (both.statistic, both.pvalue)
    )


def test_two_by_two_interact_where_the_difference_of_differences_is_not_zero(values):
    found = effects(crossed(values[:, :4], (2, 2)))
    double = values[:, 0] - values[:, 1] - values[:, 2] + values[:, 3]
    assert float(found.loc["a x b", "p"]) == pytest.approx(exact(double))
    ranks = stats.rankdata(np.abs(double))
    assert found.loc["a x b", "statistic"] == ranks[double > 0].sum()


def test_larger_factors_interact_by_f_alone_and_a_sentence_says_so():
    values = np.random.default_rng(1).normal(50, 9, (8, 9))
    table = factor_tables(crossed(values, (3, 3)))[0]
    row = table.frame.iloc[2]
    assert (row["test"], row["p"]) == (None, None)
    assert row["F"] > 0
    assert any("no test by ranks" in note for note in table.notes)


def test_three_factors_have_three_effects_and_three_interactions_of_two():
    values = np.random.default_rng(1).normal(50, 9, (8, 12))
    found = effects(crossed(values, (2, 3, 2)))
    assert list(found.index) == ["a", "b", "c", "a x b", "a x c", "b x c"]
    levels = values.reshape(8, 2, 3, 2).mean(axis=2)
    double = levels[:, 0, 0] - levels[:, 0, 1] - levels[:, 1, 0] + levels[:, 1, 1]
    assert float(found.loc["a x c", "p"]) == pytest.approx(exact(double))


def test_levels_are_means_over_the_other_factor(values):
    levels = factor_tables(crossed(values, (3, 2)))[1].frame
    cells = values.reshape(10, 3, 2)
    assert list(levels["level"]) == ["a1", "a2", "a3", "b1", "b2"]
    assert list(levels["mean"]) == pytest.approx([*cells.mean(axis=(0, 2)), *cells.mean(axis=(0, 1))])
    assert list(levels["median"][:3]) == pytest.approx(np.median(cells.mean(axis=2), axis=0))
    assert all(levels["ci95_lo"] < levels["mean"])
    assert all(levels["mean"] < levels["ci95_hi"])


def test_an_anchor_stands_outside(values):
    ratings = crossed(values, (3, 2))
    factors = {name: own for name, own in ratings.factors.items() if name != "a3b2"}
    # a3b1 alone would make no full crossing.
    table = factor_tables(replace(ratings, factors=factors))[0]
    assert list(table.frame["levels"]) == ["2", "2", "2 x 2"]
    assert table.notes[:2] == (
        "A3B2 stands outside: it has no a and no b.",
        "Not every combination of levels was rated; A3B1 stands outside the largest full crossing.",
    )


def test_the_largest_full_crossing_is_found(values):
    ratings = crossed(np.tile(values, 2), (4, 3))
    kept = {name: own for name, own in ratings.factors.items() if name not in {"a1b1", "a2b1", "a3b1"}}
    part = factorial_part(replace(ratings, factors=kept)).part
    # All four a with b2 and b3 are eight; a4 alone has b1.
    assert dict(part.levels) == {"a": ("a1", "a2", "a3", "a4"), "b": ("b2", "b3")}


def test_factors_that_are_not_crossed_have_a_sentence_and_no_test(values):
    ratings = crossed(values[:, :4], (2, 2))
    kept = {name: ratings.factors[name] for name in ("a1b1", "a2b2")}
    table, levels = factor_tables(replace(ratings, factors=kept))
    assert list(table.frame["p"]) == [None, None]
    assert levels is None
    assert "not crossed" in table.notes[-1]


def test_conditions_of_the_same_levels_count_as_one(values):
    ratings = crossed(values[:, :4], (2, 2))
    factors = {**ratings.factors, "a2b2": dict(ratings.factors["a2b1"])}
    table = factor_tables(replace(ratings, factors={**factors, "a1b2": ratings.factors["a1b1"]}))[0]
    assert list(table.frame["effect"]) == ["a"]
    difference = values[:, :2].mean(axis=1) - values[:, 2:4].mean(axis=1)
    assert float(table.frame["p"][0]) == pytest.approx(exact(difference))
    assert "A1B1, A1B2 have the same levels and count as one, by their mean." in table.notes


def test_no_factors_make_no_table(panel):
    assert factor_tables(panel) == [None, None]


def test_who_lacks_a_condition_is_not_counted(values):
    values[0, 3] = np.nan
    table = factor_tables(crossed(values, (3, 2)))[0]
    assert list(table.frame["n"]) == [9, 9, 9]
    assert table.notes == ("1 participant did not rate all of these conditions and is not counted.",)


@pytest.mark.parametrize("panel", [np.full((6, 4), 33.3), np.array([[1.0, 5, 2, 9]])])
def test_equal_ratings_and_one_participant_have_sentences(panel):
    for table in factor_tables(crossed(panel, (2, 2))):
        assert table.notes
        for column in table.frame:
            assert not any(isinstance(cell, float) and np.isnan(cell) for cell in table.frame[column])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 100), min_size=36, max_size=36),
    st.lists(st.integers(-30, 30), min_size=6, max_size=6),
)
def test_how_high_a_participant_rates_altogether_changes_nothing(ratings, shifts):
    values = np.array(ratings, dtype=float).reshape(6, 6)
    one = effects(crossed(values, (3, 2)))
    other = effects(crossed(values + np.array(shifts, dtype=float)[:, None], (3, 2)))
    for name in ("statistic", "rank_biserial", "kendall_W"):
        assert list(one[name]) == list(other[name])
    for own, turned in zip(one["F"], other["F"], strict=True):
        assert (own is None) == (turned is None)
        assert own is None or own == pytest.approx(turned, rel=1e-6, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 100), min_size=36, max_size=36), st.permutations([0, 1, 2]))
def test_the_order_of_levels_changes_no_test(ratings, order):
    values = np.array(ratings, dtype=float).reshape(6, 3, 2)
    one = effects(crossed(values.reshape(6, 6), (3, 2)))
    other = effects(crossed(values[:, order].reshape(6, 6), (3, 2)))
    for name in ("p", "p_F"):
        for own, turned in zip(one[name], other[name], strict=True):
            assert (own is None) == (turned is None)
            assert own is None or float(own) == pytest.approx(float(turned), rel=1e-6)


def test_swapping_two_levels_turns_the_sign(values):
    one = effects(crossed(values[:, :4], (2, 2)))
    other = effects(crossed(values[:, [1, 0, 3, 2]], (2, 2)))
    assert other.loc["b", "rank_biserial"] == pytest.approx(-one.loc["b", "rank_biserial"])
    assert other.loc["a x b", "rank_biserial"] == pytest.approx(-one.loc["a x b", "rank_biserial"])
    assert other.loc["a", "rank_biserial"] == one.loc["a", "rank_biserial"]
