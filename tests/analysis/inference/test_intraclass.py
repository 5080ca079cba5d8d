"""Judges: the worked example of Shrout and Fleiss, the same by variance components, invariances."""

import numpy as np
import pytest

from mixeval_analysis.inference.intraclass import MEASURES, intraclass, mean_squares

SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)


def test_the_worked_example_has_the_published_mean_squares_and_correlations():
    # Psychological Bulletin 86 (1979), doi:10.1037/0033-2909.86.2.420, tables 2, 3 and 4.
    squares = mean_squares(SHROUT_FLEISS)
    assert (squares.bms, squares.jms, squares.ems) == pytest.approx((11.24, 32.49, 1.02), abs=0.005)
    found = intraclass(squares)
    published = {"icc2_1": 0.29, "icc2_k": 0.62, "icc3_1": 0.71, "icc3_k": 0.91}
    assert {name: round(found[name].value, 2) for name in MEASURES} == published


def test_limits_of_the_worked_example_are_those_of_r_s_package_psych():
    # ICC(sf) of psych prints lower and upper bounds to two digits.
    found = intraclass(mean_squares(SHROUT_FLEISS))
    printed = {
        "icc2_1": (0.019, 0.76),
        "icc2_k": (0.071, 0.93),
        "icc3_1": (0.342, 0.95),
        "icc3_k": (0.676, 0.99),
    }
    for name, (low, high) in printed.items():
        assert found[name].low == pytest.approx(low, abs=0.0006)
        assert found[name].high == pytest.approx(high, abs=0.006)


def test_correlations_are_ratios_of_variance_components():
    random = np.random.default_rng(4)
    values = random.normal(0, 3, (12, 1)) + random.normal(0, 2, (1, 5)) + random.normal(0, 1, (12, 5))
    found, n, k = mean_squares(values), 12, 5
    # Expected mean squares of the two-way random model, solved for the components.
    target, judge = (found.bms - found.ems) / k, (found.jms - found.ems) / n
    correlations = intraclass(found)
    assert correlations["icc2_1"].value == pytest.approx(target / (target + judge + found.ems))
    assert correlations["icc2_k"].value == pytest.approx(target / (target + (judge + found.ems) / k))
    assert correlations["icc3_1"].value == pytest.approx(target / (target + found.ems))
    assert correlations["icc3_k"].value == pytest.approx(target / (target + found.ems / k))


def test_limits_hold_the_true_correlation_in_about_95_of_100_panels():
    random = np.random.default_rng(8)
    targets, judges = (20, 1), (1, 10)
    held = dict.fromkeys(MEASURES, 0)
    true = {"icc2_1": 4 / 6.5, "icc2_k": 4 / (4 + 2.5 / 10), "icc3_1": 4 / 5.5, "icc3_k": 4 / (4 + 1.5 / 10)}
    for _ in range(500):
        noise = random.normal(0, 1.5**0.5, (20, 10))
        found = intraclass(mean_squares(random.normal(0, 2, targets) + random.normal(0, 1, judges) + noise))
        for name in MEASURES:
            held[name] += found[name].low <= true[name] <= found[name].high
    # 500 panels: a standard error of 1 %.
    assert all(0.92 <= held[name] / 500 <= 0.98 for name in MEASURES)


def test_shift_and_scale_of_all_ratings_change_nothing():
    found = intraclass(mean_squares(SHROUT_FLEISS))
    moved = intraclass(mean_squares(0.01 * SHROUT_FLEISS - 3))
    for name in MEASURES:
        assert moved[name].value == pytest.approx(found[name].value)
        assert (moved[name].low, moved[name].high) == pytest.approx((found[name].low, found[name].high))


def test_judges_who_differ_in_level_alone_agree_fully_but_for_it():
    found = intraclass(mean_squares(np.array([[1.0, 3.0], [2.0, 4.0], [5.0, 7.0]])))
    assert found["icc3_1"].value == found["icc3_k"].value == 1
    assert found["icc3_1"].low is None
    assert 0 < found["icc2_1"].low < found["icc2_1"].value < 1


def test_a_mean_is_undefined_where_judges_disagree_more_than_by_chance():
    found = intraclass(mean_squares(np.array([[1.0, 5.0], [5.0, 1.0], [1.0, 5.0], [5.0, 1.0]])))
    assert found["icc3_1"].value == pytest.approx(-1)
    assert found["icc3_k"].value is None


@pytest.mark.parametrize(
    "values", [np.ones((3, 4)), np.ones((1, 4)), np.arange(3.0)[:, None], np.empty((5, 0))]
)
def test_what_cannot_be_analysed_is_none(values):
    assert mean_squares(values) is None
