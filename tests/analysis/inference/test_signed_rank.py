"""Judges: R's `?wilcox.test` example, all signs counted out, inversion of the test, SciPy."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mixeval_analysis.inference.signed_rank import LARGEST_EXACT, hodges_lehmann, sign_test, signed_rank

whole = st.lists(st.integers(-4, 4), min_size=1, max_size=9).filter(any)


def test_depression_before_and_after_is_r_s():
    # R's ?wilcox.test after Hollander and Wolfe (1973), 29f: V = 40, one-sided p = 0.01953.
    before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
    after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    result = signed_rank(np.subtract(before, after))
    assert result.v == 40
    assert float(result.p_greater) == pytest.approx(10 / 512)
    assert float(result.p_exact) == pytest.approx(20 / 512)


@given(whole)
@settings(deadline=None)
def test_p_is_the_share_of_all_signs_that_are_as_extreme(differences):
    nonzero = [d for d in differences if d]
    ranks = stats.rankdata(np.abs(nonzero))
    sums = [sum(r for r, s in zip(ranks, signs, strict=True) if s) for signs in _signs(len(ranks))]
    v = sum(r for r, d in zip(ranks, nonzero, strict=True) if d > 0)
    middle = sum(ranks) / 2
    result = signed_rank(differences)
    assert result.v == v
    assert result.n_nonzero == len(nonzero)
    extreme = np.mean([abs(s - middle) >= abs(v - middle) for s in sums])
    assert float(result.p_exact) == pytest.approx(extreme, rel=1e-9)
    assert float(result.p_greater) == pytest.approx(np.mean([s >= v for s in sums]), rel=1e-9)


@given(whole)
@settings(deadline=None)
def test_turning_all_differences_round_turns_v_round(differences):
    one, other = signed_rank(differences), signed_rank([-d for d in differences])
    assert float(one.p_exact) == pytest.approx(float(other.p_exact), rel=1e-12)
    assert one.rank_biserial == pytest.approx(-other.rank_biserial, abs=1e-12)
    assert sign_test(differences) == sign_test([-d for d in differences])[::-1]


def test_the_approximation_is_scipy_s_with_ties_and_continuity():
    differences = np.random.default_rng(4).integers(-6, 9, 80)
    judge = stats.wilcoxon(differences, zero_method="wilcox", correction=True, method="asymptotic")
    assert float(signed_rank(differences).p_asymptotic) == pytest.approx(judge.pvalue, rel=1e-9)


def test_a_large_panel_is_approximated_close_to_exact():
    differences = np.random.default_rng(5).normal(0.1, 1, LARGEST_EXACT)
    exact = signed_rank(differences)
    more = signed_rank([*differences, 0.05])
    assert float(exact.p_exact) == pytest.approx(float(exact.p_asymptotic), rel=0.01)
    assert float(more.p_greater) == pytest.approx(float(exact.p_greater), rel=0.1)


@given(st.integers(6, 12), st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_the_limits_are_the_shifts_that_the_test_does_not_reject(n, seed):
    differences = np.random.default_rng(seed).normal(0.5, 1, n)
    rows, columns = np.triu_indices(len(differences))
    walsh = np.unique((differences[rows] + differences[columns]) / 2)
    if np.diff(walsh).min() < 1e-6:
        return  # as good as tied
    middle, low, high = hodges_lehmann(differences)
    assert low <= middle <= high
    between = (walsh[:-1] + walsh[1:]) / 2
    kept = [shift for shift in between if float(signed_rank(differences - shift).p_exact) > 0.05]
    assert low == walsh[walsh < min(kept)].max()
    assert high == walsh[walsh > max(kept)].min()


def test_nothing_is_tested_where_all_are_equal():
    assert signed_rank([0.0, 0.0]) is None
    assert hodges_lehmann(np.array([1.0, 2.0, 3.0])) == (2.0, None, None)


def test_equal_means_tie_however_floats_round():
    # 0.1 + 0.2 - 0.3 is not 0 in floating point, nor is 0.7 - 0.1 equal to 0.6.
    result = signed_rank([0.1 + 0.2 - 0.3, 0.7 - 0.1, 0.6, -1.0])
    assert (result.n_nonzero, result.v) == (3, 3.0)


def _signs(n):
    return itertools.product((False, True), repeat=n)
