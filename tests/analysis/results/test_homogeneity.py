"""Judges: R's published example, exact arithmetic, invariances."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval_analysis.results.homogeneity import brown_forsythe

INSECT_SPRAYS = {
    "A": [10, 7, 20, 14, 14, 12, 10, 23, 17, 20, 14, 13],
    "B": [11, 17, 21, 11, 16, 14, 17, 17, 19, 21, 7, 13],
    "C": [0, 1, 7, 2, 3, 1, 2, 1, 3, 0, 1, 4],
    "D": [3, 5, 12, 6, 4, 3, 5, 5, 5, 5, 2, 4],
    "E": [3, 5, 3, 5, 3, 6, 1, 1, 3, 2, 6, 4],
    "F": [11, 9, 15, 22, 15, 16, 13, 10, 26, 26, 24, 13],
}


def test_f_and_p_of_insect_sprays_are_those_that_r_prints(ratings_of):
    # leveneTest(count ~ spray, data = InsectSprays) of R's package car: F 3.8214 on 5 and 66, p 0.004223.
    row = brown_forsythe(ratings_of(INSECT_SPRAYS)).frame.iloc[0]
    assert row["F"] == pytest.approx(3.8214, abs=5e-5)
    assert (row["df1"], row["df2"]) == (5, 66)
    assert float(row["p"]) == pytest.approx(0.004223, abs=5e-7)


columns = st.lists(st.lists(st.integers(0, 100), min_size=1, max_size=9), min_size=2, max_size=5)


@given(columns)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_f_is_that_of_exact_arithmetic(values):
    expected = _exact(values)
    row = _row(values)
    if expected is None:
        assert (row["F"], row["p"]) == (None, None)
    else:
        assert row["F"] == pytest.approx(float(expected), rel=1e-9, abs=1e-12)


@given(columns)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_another_scale_and_another_order_of_conditions_change_nothing(values):
    f = _row(values)["F"]
    moved = _row([[0.01 * value - 0.3 for value in column] for column in values[::-1]])["F"]
    assert moved == (None if f is None else pytest.approx(f, rel=1e-7, abs=1e-9))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"a": [5, 5, 5], "b": [7, 7]}, "there is no spread to compare"),
        ({"a": [0.1, 0.3], "b": [0.2, 0.2]}, "F has no limit"),
        ({"a": [3], "b": [4]}, "there is no spread to compare"),
    ],
)
def test_where_it_is_undefined_a_sentence_says_so(ratings_of, values, sentence):
    table = brown_forsythe(ratings_of(values))
    assert table.frame.loc[0, ["F", "p"]].tolist() == [None, None]
    assert sentence in table.notes[0]


def test_the_method_says_that_the_paper_did_not_do_this(panel):
    assert "tests normality alone" in brown_forsythe(panel).method


def _row(values):
    import pandas as pd

    from mixeval_analysis.ratings import Ratings, with_defaults

    rows = pd.DataFrame(
        [
            {"participant": f"P{i}", "item": "i", "condition": f"c{c}", "rating": float(value)}
            for c, column in enumerate(values)
            for i, value in enumerate(column)
        ]
    )
    labels = {f"c{c}": f"c{c}" for c in range(len(values))}
    return brown_forsythe(Ratings(with_defaults(rows), labels, "t", "s")).frame.iloc[0]


def _exact(values):
    """One-way analysis of variance of distances from the medians, in fractions."""

    def median(column):
        ordered, half = sorted(column), len(column) // 2
        return Fraction(ordered[half] + ordered[-half - 1], 2)

    distances = [[abs(value - median(column)) for value in column] for column in values]
    k, n = len(values), sum(len(column) for column in values)
    grand = Fraction(sum(map(sum, distances)), n)
    means = [Fraction(sum(column), len(column)) for column in distances]
    between = sum(len(c) * (mean - grand) ** 2 for c, mean in zip(distances, means, strict=True))
    within = sum((d - mean) ** 2 for c, mean in zip(distances, means, strict=True) for d in c)
    return None if within == 0 else (between / (k - 1)) / (within / (n - k))
