"""Judge: the key under the paper's Table 4, and the one gap that it leaves."""

import pytest

from mixeval_analysis.results.pairwise import mann_whitney
from mixeval_analysis.results.symbols import LEGEND, symbol, symbol_matrix


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (1.0, "o"),
        (0.05, "o"),
        (0.0499999, "(*)"),
        (0.01, "(*)"),
        (0.0099999, "*"),
        (0.0001, "*"),
        (0.0000999, "***"),
        (0.0, "***"),
    ],
)
def test_symbols_follow_the_papers_key(p, expected):
    assert symbol(p) == expected


def test_the_matrix_is_symmetric_with_a_dot_on_its_diagonal(ratings_of):
    pairs = mann_whitney(ratings_of({"a": range(30), "b": range(40, 70), "c": range(1, 31)}))
    matrix = symbol_matrix(pairs)
    assert matrix.frame["condition"].tolist() == ["a", "b", "c"]
    assert matrix.frame[["a", "b", "c"]].to_numpy().tolist() == [
        ["·", "***", "o"],
        ["***", "·", "***"],
        ["o", "***", "·"],
    ]
    assert LEGEND in matrix.notes
    assert "m = 3 pairs" in matrix.method


def test_conditions_may_be_called_like_columns_and_symbols(ratings_of):
    names = ("condition", "condition_", "condition__", "a", "o", "simulated", "mean")
    labels = {name: name.upper() for name in names}
    ratings = ratings_of({name: range(place, place + 40) for place, name in enumerate(names)}, labels=labels)
    matrix = symbol_matrix(mann_whitney(ratings))
    assert matrix.headings == ["Condition", *labels.values()]
    assert [row[0] for row in matrix.cells()] == list(labels.values())
    assert {cell for row in matrix.cells() for cell in row[1:]} == {"o", "·"}
