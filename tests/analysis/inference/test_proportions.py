"""Judges: R's `?binom.test` example, SciPy's second implementation, exact counting, invariances."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mixeval_analysis.inference.probability import binomial_tail
from mixeval_analysis.inference.proportions import above_half, clopper_pearson, two_sided_half, wilson

counts = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_the_exact_interval_of_mendels_peas_is_r_s():
    # R's ?binom.test after Conover (1971): 682 giants of 925 plants, 0.7076683 to 0.7654066.
    interval = clopper_pearson(682, 925)
    assert (interval.low, interval.high) == pytest.approx((0.7076683, 0.7654066), abs=5e-8)


@given(counts)
def test_p_and_intervals_are_scipy_s(case):
    k, n = case
    judge = stats.binomtest(k, n, 0.5)
    assert float(two_sided_half(k, n)) == pytest.approx(judge.pvalue, rel=1e-9)
    for ours, method in ((clopper_pearson(k, n), "exact"), (wilson(k, n), "wilson")):
        theirs = judge.proportion_ci(method=method)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_tail_is_the_share_of_all_sequences_of_a_coin(case):
    k, n = case
    share = Fraction(sum(math.comb(n, i) for i in range(k, n + 1)), 2**n)
    assert float(above_half(k, n)) == pytest.approx(float(share), rel=1e-12)


@given(counts)
def test_who_is_called_first_does_not_matter(case):
    k, n = case
    assert two_sided_half(k, n) == two_sided_half(n - k, n)
    one, other = clopper_pearson(k, n), clopper_pearson(n - k, n)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-12)


def test_a_p_below_every_float_keeps_its_logarithm():
    p = binomial_tail(3000, 3000)
    assert p.ln == pytest.approx(-3000 * math.log(2), rel=1e-12)
    assert p.text() == "< 1e-300"
