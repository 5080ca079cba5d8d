"""Judges: drawing rows one by one, the closed form of a variance, a simulation of what intervals cover."""

import numpy as np
import pytest

from mixeval_analysis.inference import bootstrap
from mixeval_analysis.inference.bootstrap import Crossed, mean_limits, quantiles, two_way_means


def grid(values):
    participants, items = np.indices(values.shape)
    there = ~np.isnan(values)
    column = Crossed(participants[there], items[there], values[there])
    return lambda _place: column


def test_two_way_replicates_spread_as_those_that_copy_rows():
    values = np.random.default_rng(1).normal(0, 1, (12, 5))
    values[3, 2] = values[7, :3] = np.nan
    fast = two_way_means(grid(values), 1, values.shape, seed=3)[:, 0]
    random = np.random.default_rng(2)
    slow = [
        np.nanmean(values[random.integers(0, 12, 12)][:, random.integers(0, 5, 5)]) for _ in range(len(fast))
    ]
    assert fast.mean() == pytest.approx(np.mean(slow), abs=4 * np.std(slow) / np.sqrt(len(slow) / 2))
    assert fast.std() == pytest.approx(np.std(slow), rel=0.1)
    assert quantiles(fast) == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=0.15 * np.std(slow) * 4)


def test_two_way_variance_is_that_of_the_closed_form():
    # Var of a mean of complete data under both draws: A / n + B / m + (D - A - B) / (n m), with A and B the variances of
    # rows' and columns' means and D that of all cells (Owen 2007, section 4, for no cell missing).
    values = np.random.default_rng(5).normal(0, 1, (9, 7))
    rows, columns, cells = values.mean(axis=1).var(), values.mean(axis=0).var(), values.var()
    expected = rows / 9 + columns / 7 + (cells - rows - columns) / 63
    found = two_way_means(grid(values), 1, values.shape, seed=1)[:, 0]
    assert found.var() == pytest.approx(expected, rel=4 * np.sqrt(2 / len(found)))


def test_blocks_and_sparse_cells_draw_the_same(monkeypatch):
    values = np.random.default_rng(5).normal(0, 1, (9, 7))
    whole = two_way_means(grid(values), 3, values.shape, seed=1)
    monkeypatch.setattr(bootstrap, "_CELLS_AT_ONCE", 40)
    assert two_way_means(grid(values), 3, values.shape, seed=1) == pytest.approx(whole, rel=1e-12)


def test_a_panel_of_very_many_items_that_each_heard_few_of_is_held_by_what_it_heard(monkeypatch):
    monkeypatch.setattr(bootstrap, "TWO_WAY_REPLICATES", 20)
    people = np.arange(3000)
    column = Crossed(people, (people * 7) % 3000, np.ones(3000))
    drawn = two_way_means(lambda _place: column, 1, (3000, 3000), seed=1)
    assert drawn == pytest.approx(1.0)


def test_one_participant_has_no_limits_nor_has_a_column_of_one():
    assert mean_limits(np.array([[1.0, 2.0]]), seed=0) == [(None, None)] * 2
    found = mean_limits(np.array([[1.0, 2.0], [3.0, np.nan]]), seed=0)
    assert found == [(1.0, 3.0), (None, None)]


def test_limits_turn_round_with_the_difference():
    values = np.random.default_rng(8).normal(3, 1, (15, 1))
    ((low, high),) = mean_limits(values, seed=4)
    assert mean_limits(-values, seed=4) == [pytest.approx((-high, -low))]


@pytest.mark.slow
def test_two_way_intervals_hold_the_true_difference_at_least_as_often_as_promised():
    """20 participants, 6 items, both differing in what they make of the two conditions; nominally 95 %."""
    random = np.random.default_rng(7)
    held = {"two_way": 0, "participants": 0}
    times = 200
    for seed in range(times):
        difference = (
            random.normal(0, 6 * np.sqrt(2), (20, 1))
            + random.normal(0, 4 * np.sqrt(2), (1, 6))
            + random.normal(0, 12 * np.sqrt(2), (20, 6))
        )
        low, high = quantiles(two_way_means(grid(difference), 1, (20, 6), seed)[:, 0])
        held["two_way"] += low <= 0 <= high
        ((low, high),) = mean_limits(difference.mean(axis=1)[:, None], seed)
        held["participants"] += low <= 0 <= high
    assert held["two_way"] / times > 0.92
    assert held["participants"] / times < 0.90
