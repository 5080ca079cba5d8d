"""Judges: the definitions by hand, R's type 7, a bootstrap that draws one participant at a time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.results.describe import summary

ratings_lists = st.lists(st.integers(0, 100), min_size=2, max_size=30)


def test_moments_and_quartiles_are_those_of_r(ratings_of):
    # R: x <- c(2, 3, 5, 7, 11, 13); mean 6.833333, sd 4.400758, quantile(x, type = 7) 3.5, 6, 10
    row = summary(ratings_of({"x": [2, 3, 5, 7, 11, 13], "y": [0] * 6}), replicates=10).frame.iloc[0]
    assert row["mean"] == pytest.approx(41 / 6, abs=1e-12)
    assert row["sd"] == pytest.approx((581 / 30) ** 0.5, abs=1e-12)
    assert [row[name] for name in ("min", "q1", "median", "q3", "max")] == [2, 3.5, 6, 10, 13]


@given(a=ratings_lists, b=ratings_lists)
@settings(max_examples=25, deadline=None)
def test_the_interval_holds_the_mean_and_lies_within_the_ratings(a, b):
    rows = [
        {"participant": f"P{i}", "item": "i", "condition": c, "rating": float(v)}
        for c, values in {"a": a, "b": b}.items()
        for i, v in enumerate(values)
    ]
    ratings = Ratings(with_defaults(pd.DataFrame(rows)), {"a": "a", "b": "b"}, "t", "s")
    for _, row in summary(ratings, replicates=500).frame.iterrows():
        assert row["min"] - 1e-9 <= row["ci95_lo"] <= row["ci95_hi"] <= row["max"] + 1e-9


def test_the_interval_agrees_with_drawing_participants_one_by_one():
    random = np.random.default_rng(1)
    rows = [
        {
            "participant": f"P{person}",
            "item": f"i{item}",
            "condition": c,
            "rating": float(random.integers(0, 101)),
        }
        for person in range(8)
        for item in range(1 + person)  # some heard more items than others
        for c in ("a", "b")
    ]
    frame = with_defaults(pd.DataFrame(rows))
    by_person = {
        name: group["rating"].to_numpy()
        for name, group in frame[frame["condition"] == "a"].groupby("participant")
    }
    names = list(by_person)
    drawn = [
        np.concatenate(
            [by_person[names[index]] for index in random.integers(0, len(names), len(names))]
        ).mean()
        for _ in range(20_000)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    row = summary(Ratings(frame, {"a": "a", "b": "b"}, "t", "s"), replicates=20_000).frame.iloc[0]
    # Two bootstraps of 20 000 replicates: their limits differ by chance alone, here less than half a point.
    assert row["ci95_lo"] == pytest.approx(low, abs=0.5)
    assert row["ci95_hi"] == pytest.approx(high, abs=0.5)


def test_the_interval_depends_on_the_seed_and_not_on_the_order_of_rows(panel):
    from dataclasses import replace

    shuffled = replace(panel, rows=panel.rows.sample(frac=1, random_state=1))
    assert list(summary(panel).frame["ci95_lo"]) == list(summary(shuffled).frame["ci95_lo"])
    assert list(summary(panel).frame["ci95_lo"]) != list(summary(replace(panel, seed=1)).frame["ci95_lo"])


def test_blocks_of_weights_draw_what_one_block_draws(panel, monkeypatch):
    whole = summary(panel, replicates=300).frame
    monkeypatch.setattr("mixeval_analysis.results.describe._CELLS_PER_BLOCK", 50)
    pd.testing.assert_frame_equal(summary(panel, replicates=300).frame, whole)


def test_one_participant_has_no_interval_and_says_so(ratings_of):
    table = summary(ratings_of({"a": [3], "b": [4]}))
    assert table.frame["sd"].tolist() == [None, None]
    assert table.frame["ci95_lo"].tolist() == [None, None]
    assert "one participant gives no confidence interval" in " ".join(table.notes)


def test_missing_cells_are_counted_in_a_note(ratings_of):
    table = summary(ratings_of({"a": [3, 4, 5], "b": [4, 5]}), replicates=10)
    assert "5 of 6 possible ratings are there" in table.notes[-1]


def test_an_interval_over_few_participants_is_said_to_be_too_narrow(ratings_of):
    # Judge: how often the interval of normal ratings around 0 holds 0.
    random = np.random.default_rng(5)
    tables = [
        summary(ratings_of({"a": random.normal(size=5), "b": random.normal(size=5)}), replicates=500)
        for _ in range(150)
    ]
    limits = np.concatenate([table.frame[["ci95_lo", "ci95_hi"]].to_numpy(float) for table in tables])
    assert 0.75 < np.mean((limits[:, 0] <= 0) & (limits[:, 1] >= 0)) < 0.91
    assert all("fewer than 10 participants are too narrow" in " ".join(table.notes) for table in tables)
    assert not summary(ratings_of({"a": range(10), "b": range(10)}), replicates=500).notes
