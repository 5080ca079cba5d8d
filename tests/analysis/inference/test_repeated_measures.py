"""Judges: the analysis of variance written out as sums over levels, and a t test where an effect has two levels."""

import numpy as np
import pytest
from scipy import stats

from mixeval_analysis.inference.repeated_measures import crossed_contrasts, helmert, within_effect


@pytest.fixture
def values():
    """Nine participants' values of 3 x 2 cells, the second factor running fastest."""
    return np.random.default_rng(2).normal(50, 10, (9, 6)) + np.array([0, 5, 10, 0, 3, 12])


@pytest.mark.parametrize("k", [2, 3, 7])
def test_contrasts_are_orthonormal_and_sum_to_zero(k):
    contrasts = helmert(k)
    assert contrasts.T @ contrasts == pytest.approx(np.eye(k - 1))
    assert contrasts.sum(axis=0) == pytest.approx(0)


def test_effects_are_those_of_sums_over_levels(values):
    cells = values.reshape(9, 3, 2)
    grand, by_p = cells.mean(), cells.mean(axis=(1, 2))
    a, b, ab = cells.mean(axis=(0, 2)), cells.mean(axis=(0, 1)), cells.mean(axis=0)
    pa, pb = cells.mean(axis=2), cells.mean(axis=1)
    ss = {
        (0,): 18 * ((a - grand) ** 2).sum(),
        (1,): 27 * ((b - grand) ** 2).sum(),
        (0, 1): 9 * ((ab - a[:, None] - b + grand) ** 2).sum(),
    }
    error = {
        (0,): 2 * ((pa - by_p[:, None] - a + grand) ** 2).sum(),
        (1,): 3 * ((pb - by_p[:, None] - b + grand) ** 2).sum(),
        (0, 1): (
            (cells - pa[:, :, None] - pb[:, None, :] - ab + by_p[:, None, None] + a[:, None] + b - grand) ** 2
        ).sum(),
    }
    between = 6 * ((by_p - grand) ** 2).sum()
    for places, df in (((0,), 2), ((1,), 1), ((0, 1), 2)):
        found = within_effect(values, crossed_contrasts((3, 2), places))
        assert (found.df1, found.df2) == (df, df * 8)
        assert found.f == pytest.approx(ss[places] / df / (error[places] / (df * 8)))
        assert float(found.p) == pytest.approx(stats.f.sf(found.f, df, df * 8))
        assert found.partial_eta2 == pytest.approx(ss[places] / (ss[places] + error[places]))
        # Olejnik and Algina (2003), all factors manipulated: SS over itself, participants and every error.
        assert found.generalised_eta2 == pytest.approx(
            ss[places] / (ss[places] + between + sum(error.values()))
        )


def test_an_effect_of_two_levels_is_a_paired_t_test(values):
    found = within_effect(values, crossed_contrasts((3, 2), (1,)))
    cells = values.reshape(9, 3, 2).mean(axis=1)
    judge = stats.ttest_rel(cells[:, 0], cells[:, 1])
    assert found.f == pytest.approx(judge.statistic**2)
    assert float(found.p) == pytest.approx(judge.pvalue)
    assert found.epsilon == 1


def test_epsilon_is_box_s_of_the_covariances(values):
    # Greenhouse and Geisser (1959), after Box (1954): of the covariance matrix of the levels, doubly centred.
    levels = values[:, :4]
    found = within_effect(levels, helmert(4))
    s = np.cov(levels.T)
    k = 4
    above = k**2 * (np.diag(s).mean() - s.mean()) ** 2
    below = (k - 1) * ((s**2).sum() - 2 * k * (s.mean(axis=1) ** 2).sum() + k**2 * s.mean() ** 2)
    assert found.epsilon == pytest.approx(above / below)
    assert float(found.p_corrected) == pytest.approx(
        stats.f.sf(found.f, 3 * found.epsilon, 24 * found.epsilon)
    )


def test_epsilon_is_the_same_with_more_contrasts_than_participants():
    levels = np.random.default_rng(5).normal(0, 1, (4, 9))
    deviations = (levels - levels.mean(axis=0)) @ helmert(9)
    s = deviations.T @ deviations
    assert within_effect(levels, helmert(9)).epsilon == pytest.approx(np.trace(s) ** 2 / (8 * (s**2).sum()))


def test_one_participant_and_equal_differences_give_no_test():
    assert within_effect(np.array([[1.0, 2.0]]), helmert(2)) is None
    assert within_effect(np.array([[1.1, 2.4], [3.3, 4.6], [0.1, 1.4]]), helmert(2)) is None
