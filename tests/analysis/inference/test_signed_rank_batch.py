"""Judge: the test of one panel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval_analysis.inference.signed_rank import signed_rank
from mixeval_analysis.inference.signed_rank_batch import panels_of


def one_by_one(differences):
    results = [signed_rank(panel) for panel in differences]
    return [1.0 if result is None else float(result.p_exact) for result in results]


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.lists(st.lists(st.integers(-4, 4), min_size=n, max_size=n), min_size=1, max_size=6)
    )
)
@settings(deadline=None)
def test_p_of_many_small_panels_is_that_of_each(rows):
    differences = np.array(rows, dtype=float) / 3
    panels = panels_of(differences)
    assert [panels.exact(place) for place in range(len(rows))] == pytest.approx(
        one_by_one(differences), rel=1e-12
    )


@pytest.mark.parametrize("n", [20, 21, 30, 60, 150, 210])
@pytest.mark.parametrize("step", [0.01, 1 / 6, 3])
def test_p_of_larger_panels_is_that_of_each_and_lies_within_its_bounds(n, step):
    random = np.random.default_rng(n)
    shift = random.uniform(0, 40 / np.sqrt(n), (60, 1))
    differences = np.round(random.normal(shift, 8, (60, n)) / step) * step
    panels = panels_of(differences)
    exact = np.array([panels.exact(place) for place in range(60)])
    assert exact == pytest.approx(one_by_one(differences), rel=1e-11)
    low, high = panels.bounds()
    assert (low <= exact).all()
    assert (exact <= high * (1 + 1e-12)).all()


def test_a_panel_without_differences_has_nothing_to_find():
    panels = panels_of(np.zeros((2, 5)))
    low, high = panels.bounds()
    assert panels.exact(0) == 1
    assert list(low) == list(high) == [1, 1]
