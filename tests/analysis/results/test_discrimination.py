"""Judges: simulated listeners that follow the decision rules, integration of the models, counts by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from mixeval_analysis.results.discrimination import (
    d_of,
    d_prime,
    differencing,
    independent_observation,
    listeners,
)


def _observed(d, random, n):
    """Draw what a listener hears of A, B and X, X being A; unit variance, means d apart."""
    return random.normal(0, 1, n), random.normal(d, 1, n), random.normal(0, 1, n)


@pytest.mark.parametrize("d", [0.5, 1.0, 2.0, 3.5])
def test_listeners_who_take_the_nearer_one_are_right_as_often_as_differencing_says(d):
    n = 400_000
    a, b, x = _observed(d, np.random.default_rng(11), n)
    right = np.mean(np.abs(x - a) < np.abs(x - b))
    assert right == pytest.approx(differencing(d), abs=5 * 0.5 / np.sqrt(n))


@pytest.mark.parametrize("d", [0.5, 1.0, 2.0, 3.5])
def test_listeners_who_order_a_and_b_are_right_as_often_as_independent_observation_says(d):
    n = 400_000
    a, b, x = _observed(d, np.random.default_rng(12), n)
    # X is called by its side of the middle, and A is taken for the lower of the two if it was heard lower.
    right = np.mean((x < d / 2) == (a < b))
    assert right == pytest.approx(independent_observation(d), abs=5 * 0.5 / np.sqrt(n))


@pytest.mark.parametrize("d", [0.3, 1.7, 4.0])
def test_differencing_is_the_integral_over_what_may_be_heard(d):
    # |X - A| < |X - B|: X on A's side of the middle of A and B, whose difference and sum are independent.
    def inner(gap):
        # given B - A = gap: X - (A + B)/2 is normal with mean -d/2 and variance 3/2
        side = stats.norm.cdf((d / 2) / np.sqrt(1.5))
        return stats.norm.pdf(gap, d, np.sqrt(2)) * (side if gap > 0 else 1 - side)

    total = integrate.quad(inner, -20, 0)[0] + integrate.quad(inner, 0, 25)[0]
    assert differencing(d) == pytest.approx(total, abs=1e-9)


@given(st.floats(0.5001, 0.9999), st.sampled_from([differencing, independent_observation]))
def test_d_gives_back_the_proportion_and_the_better_rule_needs_less_of_it(proportion, rule):
    assert rule(d_of(proportion, rule)) == pytest.approx(proportion, abs=1e-9)
    assert d_of(proportion, independent_observation) <= d_of(proportion, differencing)


def test_chance_is_0_and_certainty_has_no_d():
    assert d_of(0.5, differencing) == 0.0
    assert d_of(0.2, differencing) == 0.0
    assert d_of(1.0, differencing) is None


def test_twelve_of_sixteen_by_hand(trials_of):
    # The usual ABX: 12 of 16 right. P(X >= 12) = (1820 + 560 + 120 + 16 + 1) / 65536.
    rows = [("P1", "a", "b", "a", "a" if i < 12 else "b") for i in range(16)]
    table = d_prime(trials_of(rows))
    row = table.frame.iloc[0]
    assert (row["n"], row["correct"], row["proportion"]) == (16, 12, 0.75)
    assert float(row["p"]) == pytest.approx(2517 / 65536)
    assert row["d_io"] == pytest.approx(d_of(0.75, independent_observation))
    assert row["d_io_ci95_lo"] == 0.0  # the interval holds 1/2
    assert row["d_diff_ci95_hi"] == pytest.approx(d_of(row["ci95_hi"], differencing))
    assert float(row["p_signed_rank"]) == pytest.approx(0.5)  # one listener


def test_all_right_has_a_lower_limit_only_and_says_so(trials_of):
    table = d_prime(trials_of([("P1", "a", "b", "b", "b")] * 8))
    row = table.frame.iloc[0]
    assert (row["d_io"], row["d_io_ci95_hi"], row["d_diff"]) == (None, None, None)
    assert row["d_io_ci95_lo"] > 0
    assert table.notes[0] == "A and B: every answer was right, so that d' has a lower limit only."


def test_fewer_right_than_by_guessing_is_0_and_says_so(trials_of):
    table = d_prime(trials_of([("P1", "a", "b", "b", "a")] * 3 + [("P2", "a", "b", "a", "a")]))
    assert table.frame.iloc[0]["d_diff"] == 0.0
    assert "fewer than half" in table.notes[0]


def test_each_listener_has_a_score(trials_of):
    rows = [("P2", "a", "b", "a", "a")] * 5 + [("P1", "a", "b", "a", "b")] + [("P1", "a", "b", "b", "b")]
    table = listeners(trials_of(rows))
    assert table.frame[["participant", "n", "correct"]].to_numpy().tolist() == [["P1", 2, 1], ["P2", 5, 5]]
    assert float(table.frame["p"][1]) == pytest.approx(1 / 32)
    assert table.notes == (
        "Of 2 participants who only guess, up to 0.1 are to be expected with a p below 0.05.",
    )
