"""Judges: hand computation, a second implementation from the definition, invariances."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval_analysis.omnibus import kruskal_wallis


def test_h_of_a_textbook_table_is_r_s(ratings_of):
    # Hollander and Wolfe (1973), mucociliary efficiency, the example of R's ?kruskal.test: H = 0.77143, df 2,
    # p = 0.68. By hand: rank sums 36, 36, 33 over n = 5, 4, 5 give 12/(14*15) * (...) - 45.
    efficiency = {
        "normal": [2.9, 3.0, 2.5, 2.6, 3.2],
        "obstructive": [3.8, 2.7, 4.0, 2.4],
        "asbestosis": [2.8, 3.4, 3.7, 2.2, 2.0],
    }
    row = kruskal_wallis(ratings_of(efficiency)).frame.iloc[0]
    assert row["H"] == pytest.approx(27 / 35, abs=1e-9)
    assert float(row["p"]) == pytest.approx(np.exp(-27 / 70), rel=1e-9)
    assert (row["df"], row["N"], row["k"]) == (2, 14, 3)
    assert row["epsilon2"] == pytest.approx(27 / 35 / 13)


groups = st.lists(st.lists(st.integers(0, 6), min_size=2, max_size=8), min_size=2, max_size=5)


@given(groups)
@settings(max_examples=60, deadline=None)
def test_h_is_the_ratio_of_rank_variances_between_and_overall(columns):
    everything = list(itertools.chain.from_iterable(columns))
    if len(set(everything)) == 1:
        return
    rank = {
        value: np.mean([sum(o < value for o in everything) + 1, sum(o <= value for o in everything)])
        for value in everything
    }
    n, middle = len(everything), (len(everything) + 1) / 2
    between = sum(len(c) * (np.mean([rank[v] for v in c]) - middle) ** 2 for c in columns)
    total = sum((rank[v] - middle) ** 2 for v in everything)
    assert _h(columns) == pytest.approx((n - 1) * between / total, abs=1e-9)


@given(groups)
@settings(max_examples=30, deadline=None)
def test_a_monotone_transform_and_the_order_of_conditions_change_nothing(columns):
    h = _h(columns)
    assert _h([[2.0**v for v in column] for column in columns]) == pytest.approx(h, abs=1e-9)
    assert _h(columns[::-1]) == pytest.approx(h, abs=1e-9)


def test_equal_ratings_give_a_sentence(ratings_of):
    table = kruskal_wallis(ratings_of({"a": [5, 5, 5], "b": [5, 5, 5]}))
    assert table.frame.loc[0, ["H", "p", "epsilon2"]].tolist() == [None, None, None]
    assert table.notes == ("All ratings are equal: there is nothing to test.",)


def _h(columns):
    import pandas as pd

    from mixeval_analysis.ratings import Ratings, with_defaults

    rows = pd.DataFrame(
        [
            {"participant": f"P{i}", "item": "i", "condition": f"c{c}", "rating": float(v)}
            for c, column in enumerate(columns)
            for i, v in enumerate(column)
        ]
    )
    labels = {f"c{c}": f"c{c}" for c in range(len(columns))}
    result = kruskal_wallis(Ratings(with_defaults(rows), labels, "t", "s")).frame.iloc[0]["H"]
    return 0.0 if result is None else result
