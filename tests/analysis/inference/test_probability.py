"""Judges: closed forms, SciPy where a float still holds the value, and the paper's own H."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mixeval_analysis.inference.probability import Probability, chi_squared_tail, of_value, two_sided_normal


def test_the_papers_h_gives_the_papers_order_of_magnitude():
    # chi2.sf(485, 6) by its closed form exp(-y) (1 + y + y^2 / 2) with y = 242.5
    assert chi_squared_tail(485, 6).value == pytest.approx(1.4307e-101, rel=1e-4)


@given(st.floats(1500, 1e5))
def test_a_tail_below_every_float_agrees_with_its_closed_form_at_six_degrees(h):
    y = h / 2
    assert chi_squared_tail(h, 6).ln == pytest.approx(-y + math.log1p(y + y * y / 2), rel=1e-12)


@pytest.mark.parametrize("df", [1, 2, 3, 9, 39])
def test_the_two_ways_to_the_tail_meet_where_both_can_go(df):
    from mixeval_analysis.inference.probability import _ln_upper_gamma_ratio

    assert _ln_upper_gamma_ratio(df / 2, 600) == pytest.approx(stats.chi2.logsf(1200, df), rel=1e-12)


@given(st.floats(0, 37))
def test_two_sided_normal_is_scipys(z):
    assert two_sided_normal(z).value == pytest.approx(2 * stats.norm.sf(z), rel=1e-9)
    assert two_sided_normal(-z) == two_sided_normal(z)


def test_p_is_never_printed_as_zero():
    tiny = two_sided_normal(60.0)
    assert tiny.value == 0.0
    assert tiny.text() == "< 1e-300"
    assert tiny.exact().endswith(
        "e-784"
    )  # ln p = -1805.0, by log_ndtr; erfc(60 / sqrt 2) = 1.9e-784... its order
    assert tiny.times(21).exact() != "0.0"


def test_bonferroni_multiplies_and_stops_at_one():
    assert of_value(0.01).times(21).value == pytest.approx(0.21)
    assert of_value(0.5).times(21) == Probability(0.0, 1.0)
