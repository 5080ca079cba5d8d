"""Judges: hand computation, a second implementation from the definition, invariances."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval_analysis.results.omnibus import friedman, kruskal_wallis


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


ROUNDING_FIRST_BASE = {
    "round out": "5.40 5.85 5.20 5.55 5.90 5.45 5.40 5.45 5.25 5.85 5.25 "
    "5.65 5.60 5.05 5.50 5.45 5.55 5.45 5.50 5.65 5.70 6.30",
    "narrow angle": "5.50 5.70 5.60 5.50 5.85 5.55 5.40 5.50 5.15 5.80 5.20 "
    "5.55 5.35 5.00 5.50 5.55 5.55 5.50 5.45 5.60 5.65 6.30",
    "wide angle": "5.55 5.75 5.50 5.40 5.70 5.60 5.35 5.35 5.00 5.70 5.10 "
    "5.45 5.45 4.95 5.40 5.50 5.35 5.55 5.25 5.40 5.55 6.25",
}


def test_q_of_a_textbook_table_is_r_s(ratings_of):
    # Hollander and Wolfe (1973), rounding first base, the example of R's ?friedman.test: 11.143, df 2, p = 0.003805.
    seconds = {way: [float(time) for time in times.split()] for way, times in ROUNDING_FIRST_BASE.items()}
    row = friedman(ratings_of(seconds)).frame.set_index("level").loc["participant_mean"]
    assert row["Q"] == pytest.approx(11.143, abs=0.0005)
    assert float(row["p"]) == pytest.approx(0.003805, abs=5e-7)
    assert (row["blocks"], row["k"], row["df"]) == (22, 3, 2)
    assert row["kendall_W"] == pytest.approx(11.143 / (22 * 2), abs=0.0005)


blocks = st.integers(2, 4).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 5), min_size=k, max_size=k), min_size=2, max_size=7)
)


@given(blocks)
@settings(max_examples=40, deadline=None)
def test_q_and_w_are_those_of_the_textbook_formula(rows):
    n, k = len(rows), len(rows[0])
    ranks = [[sum(o < v for o in row) + (sum(o == v for o in row) + 1) / 2 for v in row] for row in rows]
    ties = sum(row.count(value) ** 3 - row.count(value) for row in rows for value in set(row))
    found = _friedman_of(rows)
    if ties == n * (k**3 - k):
        assert found["Q"] is None
        return
    sums = [sum(row[j] for row in ranks) for j in range(k)]
    # Kendall's W with the correction for ties, and Q = n (k - 1) W (Siegel and Castellan 1988, chapter 9).
    w = (12 * sum(s**2 for s in sums) - 3 * n**2 * k * (k + 1) ** 2) / (n**2 * k * (k**2 - 1) - n * ties)
    assert found["kendall_W"] == pytest.approx(w, abs=1e-9)
    assert found["Q"] == pytest.approx(n * (k - 1) * w, abs=1e-9)


@given(blocks, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_people_and_conditions_and_a_monotone_transform_change_no_q(rows, random):
    q = _friedman_of(rows)["Q"]
    order = list(range(len(rows[0])))
    random.shuffle(order)
    turned = [[2.0 ** row[j] for j in order] for row in random.sample(rows, len(rows))]
    assert _friedman_of(turned)["Q"] == (None if q is None else pytest.approx(q, abs=1e-9))


def _friedman_of(rows):
    from mixeval_analysis.ratings import Ratings, with_defaults

    frame = pd.DataFrame(
        [
            {"participant": f"P{i}", "item": "i", "condition": f"c{j}", "rating": float(value)}
            for i, row in enumerate(rows)
            for j, value in enumerate(row)
        ]
    )
    labels = {f"c{j}": f"c{j}" for j in range(len(rows[0]))}
    return friedman(Ratings(with_defaults(frame), labels, "t", "s")).frame.iloc[1]


def _h(columns):
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
