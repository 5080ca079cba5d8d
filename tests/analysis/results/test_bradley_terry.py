"""Judges: a published example, the likelihood equations, a general optimiser."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from mixeval_analysis.results.bradley_terry import bradley_terry, fit

TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
WINS = np.array(
    [
        [0, 7, 9, 7, 7, 9, 11],
        [6, 0, 7, 5, 11, 9, 9],
        [4, 6, 0, 7, 7, 8, 12],
        [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12],
        [4, 4, 5, 6, 6, 0, 6],
        [2, 4, 1, 3, 1, 7, 0],
    ],
    dtype=float,
)


def test_the_american_league_of_1987_is_agresti_s():
    # Agresti, Categorical Data Analysis (2nd ed. 2002), section 10.6: abilities with Baltimore at 0.
    scores = fit(WINS)
    assert scores - scores[-1] == pytest.approx([1.581, 1.436, 1.294, 1.248, 1.108, 0.684, 0.0], abs=5e-4)


tables = st.lists(st.integers(0, 9), min_size=12, max_size=12)


@given(tables)
@settings(deadline=None, max_examples=40)
def test_scores_have_the_highest_likelihood_or_there_are_none(found):
    wins = np.zeros((4, 4))
    wins[~np.eye(4, dtype=bool)] = found
    scores = fit(wins)
    if scores is None:
        return
    expected = (wins + wins.T) / (1 + np.exp(scores[None, :] - scores[:, None]))
    np.fill_diagonal(expected, 0)
    assert expected.sum(axis=1) == pytest.approx(wins.sum(axis=1), abs=1e-5)
    assert scores.sum() == pytest.approx(0, abs=1e-9)


def test_a_general_optimiser_finds_the_same():
    def minus_ln_likelihood(free):
        scores = np.append(free, 0.0)
        return (WINS * np.log1p(np.exp(scores[None, :] - scores[:, None]))).sum()

    judge = optimize.minimize(minus_ln_likelihood, np.zeros(6), method="BFGS", options={"gtol": 1e-7})
    scores = fit(WINS)
    assert scores[:-1] - scores[-1] == pytest.approx(judge.x, abs=1e-5)


def test_a_mix_that_always_won_has_no_score():
    assert fit(np.array([[0, 3, 3], [0, 0, 2], [0, 1, 0]], dtype=float)) is None


def test_the_table_of_a_panel(trials_of):
    random = np.random.default_rng(8)
    strength = {"a": 1.0, "b": 0.0, "c": -1.0}
    rows = [
        (f"P{i:02}", a, b, a if random.random() < 1 / (1 + np.exp(strength[b] - strength[a])) else b)
        for i in range(40)
        for a, b in (("a", "b"), ("a", "c"), ("b", "c"))
    ]
    frame = bradley_terry(trials_of(rows)).frame.set_index("condition")
    assert frame["score"].astype(float).sum() == pytest.approx(0, abs=1e-9)
    assert frame["n"].tolist() == [80, 80, 80]
    for condition, true in strength.items():
        row = frame.loc[condition]
        assert row["ci95_lo"] < row["score"] < row["ci95_hi"]
        # 95 % of intervals hold the true score; three times as wide, all but one in 10^8 do.
        assert abs(true - row["score"]) < 3 * max(
            row["score"] - row["ci95_lo"], row["ci95_hi"] - row["score"]
        )


def test_no_preference_is_half_a_choice_of_each(trials_of):
    frame = bradley_terry(trials_of([("P1", "a", "b", ""), ("P2", "a", "b", "")])).frame
    assert frame["score"].tolist() == [0.0, 0.0]
    assert frame["wins"].tolist() == [1.0, 1.0]


def test_no_finite_scores_gives_a_sentence(trials_of):
    table = bradley_terry(trials_of([("P1", "a", "b", "a"), ("P2", "a", "b", "a")]))
    assert table.frame["score"].tolist() == [None, None]
    assert "no finite scores" in table.notes[0]
