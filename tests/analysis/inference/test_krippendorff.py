"""Judges: Krippendorff's worked example, the definition pair by pair, the jackknife one observer at a time."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval_analysis.inference.jackknife import jackknife_limits
from mixeval_analysis.inference.krippendorff import alpha_interval

_ = None
WORKED_EXAMPLE = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
]


def test_alpha_of_the_worked_example_is_that_of_krippendorff():
    # "Computing Krippendorff's Alpha-Reliability" (2011), examples C and D: interval data, alpha = 0.849.
    estimate, observers = alpha_interval(*_numbered(WORKED_EXAMPLE))
    assert estimate.value == pytest.approx(0.849, abs=0.0005)
    assert observers == 4


tables = (
    st.integers(2, 5)
    .flatmap(
        lambda units: st.lists(
            st.lists(st.one_of(st.none(), st.integers(0, 100)), min_size=units, max_size=units),
            min_size=2,
            max_size=5,
        )
    )
    .filter(lambda table: any(value is not None for row in table for value in row))
)


@given(tables)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_alpha_is_that_of_all_pairs(table):
    estimate, _observers = alpha_interval(*_numbered(table))
    expected = _pair_by_pair(table)
    assert estimate.value == (None if expected is None else pytest.approx(expected, abs=1e-9))


@given(tables)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_limits_are_those_of_leaving_out_one_observer_at_a_time(table):
    estimate, observers = alpha_interval(*_numbered(table))
    if estimate.value is None:
        return
    paired = [sum(row[unit] is not None for row in table) > 1 for unit in range(len(table[0]))]
    who = [
        i for i, row in enumerate(table) if any(v is not None and p for v, p in zip(row, paired, strict=True))
    ]
    without = [_pair_by_pair(table[:i] + table[i + 1 :]) for i in who]
    assert observers == len(who)
    if None in without:
        assert (estimate.low, estimate.high) == (None, None)
        return
    low, high = jackknife_limits(estimate.value, np.array(without))
    assert estimate.low == pytest.approx(low, abs=1e-6)
    assert estimate.high == pytest.approx(min(1.0, high), abs=1e-6)


def test_observers_who_say_the_same_agree_fully_and_equal_values_have_no_alpha():
    assert alpha_interval(*_numbered([[1, 2, 3]] * 3))[0].value == 1
    assert alpha_interval(*_numbered([[0.1, 0.1, 0.1]] * 3))[0].value is None


def _numbered(table):
    cells = [(i, u, v) for i, row in enumerate(table) for u, v in enumerate(row) if v is not None]
    observer, unit, values = zip(*cells, strict=True)
    return np.array(observer), np.array(unit), np.array(values, dtype=float)


def _pair_by_pair(table):
    """alpha = 1 - D_o / D_e, every pair of values in a unit against every pair of values at all."""
    units = [[row[unit] for row in table if row[unit] is not None] for unit in range(len(table[0]))]
    units = [values for values in units if len(values) > 1]
    everything = [value for values in units for value in values]
    n = len(everything)
    if len(set(everything)) < 2:
        return None
    observed = sum(
        sum((a - b) ** 2 for a, b in itertools.permutations(values, 2)) / (len(values) - 1)
        for values in units
    )
    expected = sum((a - b) ** 2 for a, b in itertools.permutations(everything, 2))
    return 1 - (observed / n) / (expected / (n * (n - 1)))
