"""Judges: the example in Shapiro and Wilk's paper, definitions; R's results are in tests/paper."""

import pytest

from mixeval_analysis.results.normality import shapiro_wilk


def test_w_and_p_are_those_of_the_papers_own_example(ratings_of):
    # The example of Shapiro and Wilk (Biometrika 52, 1965): weights of eleven men in pounds
    weights = [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236]
    row = shapiro_wilk(ratings_of({"men": weights, "other": range(11)})).frame.iloc[0]
    assert row["W"] == pytest.approx(0.79, abs=0.005)  # their hand computation gives 0.79
    assert 0.005 < float(row["p"]) < 0.01  # and their 1 % point is 0.792


def test_w_does_not_change_with_scale_or_shift(ratings_of):
    values = [1, 4, 9, 16, 25, 36, 49]
    frame = shapiro_wilk(ratings_of({"a": values, "b": [3 + 0.01 * v for v in values]})).frame
    assert frame["W"].iloc[0] == pytest.approx(frame["W"].iloc[1], abs=1e-9)


def test_w_does_not_change_on_a_very_narrow_scale(ratings_of):
    values = [1, 4, 9, 16, 25, 36, 49]
    frame = shapiro_wilk(ratings_of({"a": values, "b": [1e-30 * v for v in values]})).frame
    assert frame["W"].iloc[0] == pytest.approx(frame["W"].iloc[1], abs=1e-9)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([1, 2], "2 ratings cannot be tested"),
        ([5] * 10, "all ratings are equal"),
        ([0, 0, 1], "W is at its minimum"),
        ([1.32e-16, 1.75e-15, 5.68], "W is at its minimum"),
        (list(range(5001)), "more than the test's approximation covers"),
    ],
)
def test_where_it_is_undefined_a_sentence_stands_instead_of_a_number(ratings_of, values, sentence):
    table = shapiro_wilk(ratings_of({"odd": values, "fine": [1, 2, 4, 8, 16]}))
    assert table.frame["p"].iloc[0] is None
    assert sentence in " ".join(table.notes)
    assert table.frame["p"].iloc[1] is not None
