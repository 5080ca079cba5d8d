"""Judges: the tests one by one, the noncentral t distribution, and the figures of paired t tests."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from mixeval_analysis.inference.probability import holm
from mixeval_analysis.inference.signed_rank import signed_rank
from mixeval_analysis.inference.variance_components import Components
from mixeval_analysis.plans.power import (
    Goal,
    Simulation,
    equivalence_finds,
    friedman_finds,
    holm_finds_first,
    wilcoxon_finds,
)
from mixeval_analysis.plans.simulated_panels import Design, SimulatedPanels
from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.results.omnibus import friedman


def design_of(sd_of_differences, means=(0.0, 0.0)):
    """One item, and participants whose differences have this standard deviation."""
    return Design(tuple(means), 1, Components(participant_condition=sd_of_differences / 2**0.5))


def paired_t_power(n, difference, sd, alpha):
    limit, shift = stats.t.isf(alpha / 2, n - 1), difference / sd * n**0.5
    return stats.nct.sf(limit, n - 1, shift) + stats.nct.cdf(-limit, n - 1, shift)


def tost_power(n, margin, sd):
    """True difference 0: the mean and the standard deviation are independent, over which is integrated."""
    limit = stats.t.isf(0.05, n - 1)
    largest = (n - 1) * (margin * n**0.5 / (limit * sd)) ** 2

    def equivalent(chi2):
        room = margin * n**0.5 / sd - limit * (chi2 / (n - 1)) ** 0.5
        return (2 * stats.norm.cdf(room) - 1) * stats.chi2.pdf(chi2, n - 1)

    return integrate.quad(equivalent, 0, largest)[0]


@pytest.mark.parametrize(
    ("n", "sd", "power"), [(20, 5, 0.81), (20, 8, 0.28), (20, 11, 0.11), (40, 8, 0.75), (40, 11, 0.37)]
)
def test_the_exact_signed_rank_test_is_nearly_as_powerful_as_a_paired_t_test(n, sd, power):
    closed = paired_t_power(n, 5, sd, 0.05 / 21)
    assert round(closed, 2) == power
    # One pair at Bonferroni's level: the exact test gives away little where differences are normal.
    goal = Goal(design_of(sd, (5.0, 0.0)), alpha=0.05 / 21)
    found = Simulation(goal, simulations=4000, seed=1, name="t").power("wilcoxon", n)
    assert closed - 0.05 < found.power < closed + 0.015


@pytest.mark.parametrize(("sd", "power"), [(5, 0.99), (8, 0.71), (11, 0.26)])
def test_the_power_of_equivalence_is_the_closed_form_s(sd, power):
    closed = tost_power(20, 5, sd)
    assert closed == pytest.approx(power, abs=0.0075)
    found = Simulation(Goal(design_of(sd), margin=5.0), simulations=4000, seed=1, name="tost").power(
        "equivalence", 20
    )
    assert found.low - 0.01 < closed < found.high + 0.01


@pytest.mark.parametrize("n", [4, 10, 14, 24, 45])
@pytest.mark.parametrize("step", [1 / 6, 5])
def test_holm_finds_what_it_finds_in_each_panel_by_itself(n, step):
    random = np.random.default_rng(n)
    means = random.normal(0, 8, (60, n, 5)) + np.array([0, 25, 14, 8, 2]) / n**0.5
    means = np.round(means / step) * step
    pairs = list(itertools.combinations(range(5), 2))
    differences = np.stack([means[:, :, a] - means[:, :, b] for a, b in pairs], axis=1)
    expected = []
    for panel in differences:
        results = [signed_rank(own) for own in panel]
        p = holm([None if result is None else result.p_exact for result in results])[0]
        expected.append(p is not None and float(p) < 0.05)
    assert list(holm_finds_first(differences)) == expected


def test_the_family_is_the_pair_and_as_many_others_as_are_compared():
    means = np.random.default_rng(3).normal(0, 8, (200, 20, 4)) + np.array([6, 0, 0, 0])
    found = [
        wilcoxon_finds(means, Goal(design_of(8, (0.0,) * 4), (0, 1), comparisons)).sum()
        for comparisons in (1, 3, 6)
    ]
    assert found[0] > found[1] >= found[2]


@pytest.mark.parametrize("step", [0.5, 10])
def test_friedman_finds_what_the_table_finds(step):
    means = np.round((np.random.default_rng(5).normal(0, 8, (40, 9, 3)) + np.array([0, 4, 8])) / step) * step
    found = friedman_finds(means, Goal(design_of(8, (0.0,) * 3)))
    for panel, decision in zip(means, found, strict=True):
        rows = pd.DataFrame(
            [
                {"participant": f"P{p}", "item": "loop", "condition": f"c{c}", "rating": value}
                for (p, c), value in np.ndenumerate(panel)
            ]
        )
        ratings = Ratings(
            rows=with_defaults(rows), labels={f"c{c}": f"c{c}" for c in range(3)}, title="", source=""
        )
        p = friedman(ratings).frame.set_index("level")["p_F"]["participant_mean"]
        assert decision == (p is not None and float(p) < 0.05)


def test_participants_who_agree_whole_are_found_by_friedman():
    means = np.tile([1.0, 2.0, 3.0], (1, 5, 1))
    assert friedman_finds(means, Goal(design_of(1, (0.0,) * 3))).all()
    assert not friedman_finds(np.zeros((1, 5, 3)), Goal(design_of(1, (0.0,) * 3))).any()


def test_equivalence_is_two_one_sided_t_tests():
    means = np.random.default_rng(6).normal(0, 6, (50, 15, 2))
    for panel, decision in zip(means, equivalence_finds(means, Goal(design_of(8), margin=5.0)), strict=True):
        difference = panel[:, 0] - panel[:, 1]
        p = max(
            stats.ttest_1samp(difference, -5, alternative="greater").pvalue,
            stats.ttest_1samp(difference, 5, alternative="less").pvalue,
        )
        assert decision == (p < 0.05)


def test_the_smallest_panel_is_where_the_closed_form_says():
    goal = Goal(design_of(8, (5.0, 0.0)))
    simulation = Simulation(goal, simulations=4000, seed=2, name="smallest")
    found = simulation.smallest("wilcoxon", 0.8)
    closed = next(n for n in range(3, 100) if paired_t_power(n, 5, 8, 0.05) >= 0.8)
    assert abs(found.participants - closed) <= 2
    assert simulation.power("wilcoxon", found.participants).power >= 0.8
    assert simulation.power("wilcoxon", found.participants - 1).power < 0.8
    assert found.least <= found.participants <= found.most


def test_a_power_that_no_panel_reaches_is_said_so():
    goal = Goal(design_of(30, (1.0, 0.0)))
    assert (
        Simulation(goal, simulations=200, seed=1, name="never")
        .smallest("wilcoxon", 0.8, (5, 20))
        .participants
        is None
    )


def test_nothing_is_found_more_often_than_allowed_where_nothing_is():
    design = Design((50.0,) * 4, 3, Components(10, 5, 3, 6, 4, 12), (0.0, 100.0), 1.0)
    simulation = Simulation(Goal(design, comparisons=6), simulations=4000, seed=1, name="null")
    assert simulation.power("friedman", 15).low <= 0.05
    assert simulation.power("wilcoxon", 15).high <= 0.05


def test_a_smaller_panel_is_the_beginning_of_a_larger_one_and_a_seed_repeats_both():
    design = Design((50.0, 55.0), 3, Components(10, 5, 3, 6, 4, 12), (0.0, 100.0), 1.0)
    panels = SimulatedPanels(design, simulations=50, seed=4, name="a")
    few, many = panels.means(5).copy(), panels.means(30)
    assert (many[:, :5] == few).all()
    again = SimulatedPanels(design, simulations=50, seed=4, name="a")
    assert (again.means(30) == many).all()
    other = SimulatedPanels(design, simulations=50, seed=5, name="a")
    assert (other.means(30) != many).any()


def test_means_differ_as_their_components_say():
    sd = Components(10, 5, 3, 6, 4, 12)
    means = SimulatedPanels(Design((50.0, 57.0), 4, sd), simulations=2000, seed=1, name="b").means(10)
    differences = means[:, :, 1] - means[:, :, 0]
    assert differences.mean() == pytest.approx(7, abs=0.4)
    assert differences.std(axis=1, ddof=1).mean() == pytest.approx(sd.of_differences(4), rel=0.04)


@pytest.mark.parametrize(("scale", "step"), [((0.0, 1.0), 0.0), ((1.0, 5.0), 1.0), ((1.0, 5.0), 0.1)])
def test_ratings_keep_to_their_scale_and_steps(scale, step):
    middle, size = sum(scale) / 2, scale[1] - scale[0]
    design = Design((middle,) * 2, 1, Components(residual=size), scale, step)
    panels = SimulatedPanels(design, simulations=50, seed=1, name="c")
    means = panels.means(8)
    assert means.min() == scale[0]
    assert means.max() == scale[1]
    assert panels.clipped > 0.3
    if step:
        assert np.allclose((means - scale[0]) / step, np.rint((means - scale[0]) / step))
