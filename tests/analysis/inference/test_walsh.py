"""Judge: all averages, formed and sorted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval_analysis.inference import walsh
from mixeval_analysis.inference.walsh import walsh_averages_at

whole = st.lists(st.integers(-6, 6), min_size=1, max_size=40)
fractions = st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 10)), min_size=1, max_size=40)


@pytest.mark.parametrize("laid_out", [1, 7, 20_000])
@given(differences=st.one_of(whole, fractions))
@settings(max_examples=60, deadline=None)
def test_every_place_holds_what_sorting_puts_there(laid_out, differences):
    values = np.array(differences, dtype=np.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walsh, "_LAID_OUT", laid_out)
        assert walsh_averages_at(values, range(_number(values))) == _sorted(values)


@pytest.mark.parametrize("kind", ["continuous", "coarse", "with a far outlier"])
def test_a_large_panel_is_read_from_counts(kind):
    values = np.random.default_rng(3).normal(size=1200)
    if kind == "coarse":
        values = np.round(values, 1)
    if kind == "with a far outlier":
        values[7] = 1e12
    places = [0, 5, 300_000, _number(values) // 2, _number(values) - 1]
    everything = _sorted(values)
    assert walsh_averages_at(values, places) == [everything[place] for place in places]


def _number(values):
    return len(values) * (len(values) + 1) // 2


def _sorted(values):
    rows, columns = np.triu_indices(len(values))
    return sorted(((values[rows] + values[columns]) / 2).tolist())
