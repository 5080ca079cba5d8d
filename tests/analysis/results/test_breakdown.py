"""Judges: counts by hand, SciPy's interval, ranks from the definition."""

from dataclasses import replace

import pytest
from scipy import stats

from mixeval_analysis.results.breakdown import by_item, by_participant


def test_an_item_by_hand(ratings_of):
    table = by_item(ratings_of({"a": [1, 2, 6], "b": [5, 5, 5]}))
    first, second = (row for _, row in table.frame.iterrows())
    assert first[["item", "condition", "n", "mean", "median", "rank"]].tolist() == ["loop", "a", 3, 3, 2, 2]
    assert first["sd"] == pytest.approx(7**0.5)
    assert (first["ci95_lo"], first["ci95_hi"]) == pytest.approx(
        stats.t.interval(0.95, 2, 3, stats.sem([1, 2, 6]))
    )
    assert second[["condition", "mean", "sd", "rank", "ci95_lo"]].tolist() == ["b", 5, 0, 1, 5]


def test_conditions_stand_in_the_order_of_the_study_within_each_item_and_participant(panel):
    turned = replace(panel, labels=dict(reversed(panel.labels.items())))
    for table, names in ((by_item(turned), 3), (by_participant(turned), 12)):
        assert table.frame["condition"].tolist() == list(turned.labels) * names
        assert table.frame.iloc[:, 0].is_monotonic_increasing


def test_a_participants_means_are_those_of_the_signed_rank_test(panel):
    frame = by_participant(panel).frame
    means = panel.rows.groupby(["participant", "condition"])["rating"].mean()
    for _, row in frame.iterrows():
        assert row["mean"] == pytest.approx(means[row["participant"], row["condition"]])
        better = sum(means[row["participant"]].round(10) > round(row["mean"], 10))
        equal = sum(means[row["participant"]].round(10) == round(row["mean"], 10))
        assert row["rank"] == better + (equal + 1) / 2


def test_equal_means_share_a_rank_although_their_sums_of_fractions_differ(ratings_of):
    # In floating point, the mean of 0.1, 0.2, 0.3 is not 0.2.
    import pandas as pd

    rows = [("P1", item, "a", value) for item, value in zip("xyz", (0.1, 0.2, 0.3), strict=True)]
    rows += [("P1", item, "b", 0.2) for item in "xyz"]
    frame = pd.DataFrame(rows, columns=["participant", "item", "condition", "rating"])
    base = ratings_of({"a": [1], "b": [1]})
    assert by_participant(replace(base, rows=frame.assign(simulated=False))).frame["rank"].tolist() == [
        1.5,
        1.5,
    ]


def test_where_a_condition_is_missing_there_are_no_ranks_and_a_sentence_says_where(panel):
    gone = (panel.rows["item"] == "item1") & (panel.rows["condition"] == "mine")
    table = by_item(replace(panel, rows=panel.rows.loc[~gone]))
    assert len(table.frame) == 11
    own = table.frame["item"] == "item1"
    assert table.frame.loc[own, "rank"].tolist() == [None] * 3
    assert None not in table.frame.loc[~own, "rank"].tolist()
    assert table.notes == ("No ranks where a condition is missing: item1.",)


def test_a_single_rating_has_no_spread_and_a_sentence_says_so(ratings_of):
    table = by_item(ratings_of({"a": [1], "b": [2]}))
    assert table.frame.loc[0, ["sd", "ci95_lo", "ci95_hi"]].tolist() == [None, None, None]
    assert table.notes == ("One rating has no standard deviation and no interval.",)
