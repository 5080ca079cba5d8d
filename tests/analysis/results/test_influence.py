"""Judges: the table of differences made again without each item and each participant, counts from the definition."""

from dataclasses import replace

import numpy as np
import pytest

from mixeval_analysis.results.influence import first_places, leave_one_out
from mixeval_analysis.results.paired import wilcoxon


@pytest.mark.parametrize("holes", [0, 40])
def test_ranges_are_those_of_leaving_out_and_testing_again(panel, holes):
    gone = np.random.default_rng(1).choice(len(panel.rows), holes, replace=False)
    ratings = replace(panel, rows=panel.rows.drop(index=gone))
    table = leave_one_out(ratings).frame
    assert list(table["mean_diff"]) == pytest.approx(list(wilcoxon(ratings).frame["mean_diff"]), abs=1e-9)
    for column in ("item", "participant"):
        names = sorted(set(ratings.rows[column]))
        again = np.array([_mean_diffs(ratings, ratings.rows[column] != name) for name in names])
        moved = np.abs(again - np.array(table["mean_diff"], dtype=float))
        for index, (_, row) in enumerate(table.iterrows()):
            assert row[f"without_{column}_lo"] == pytest.approx(again[:, index].min())
            assert row[f"without_{column}_hi"] == pytest.approx(again[:, index].max())
            assert moved[names.index(row[f"most_{column}"]), index] == pytest.approx(moved[:, index].max())


def test_one_item_that_carries_a_difference_is_named(panel):
    rows = panel.rows.copy()
    rows["rating"] = 50.0
    rows.loc[(rows["item"] == "item2") & (rows["condition"] == "mine"), "rating"] = 80.0
    table = leave_one_out(replace(panel, rows=rows)).frame
    row = table.set_index(["a", "b"]).loc["mine", "theirs"]
    assert (row["mean_diff"], row["without_item_lo"], row["without_item_hi"]) == (10, 0, 15)
    assert row["most_item"] == "item2"
    assert row[["items_a", "items_b", "items", "participants_a", "participants_b"]].tolist() == [
        1,
        0,
        3,
        12,
        0,
    ]


def test_counts_are_of_means_and_ties_favour_nobody(ratings_of):
    row = leave_one_out(ratings_of({"a": [1, 5, 3], "b": [2, 2, 3]})).frame.iloc[0]
    assert row[["participants_a", "participants_b", "participants"]].tolist() == [1, 1, 3]
    assert row[["items_a", "items_b", "items"]].tolist() == [1, 0, 1]


def test_without_its_only_item_nothing_is_left_and_a_sentence_says_so(ratings_of):
    table = leave_one_out(ratings_of({"a": [1, 7], "b": [2, 2]}))
    row = table.frame.iloc[0]
    assert row[["without_item_lo", "without_item_hi", "most_item"]].tolist() == [None] * 3
    assert row["most_participant"] == "P000"
    assert table.notes == ("a and b: without its only item nothing is left.",)


def test_swapping_a_and_b_turns_the_range(panel):
    there = leave_one_out(panel).frame.iloc[0]
    back = leave_one_out(replace(panel, labels=dict(reversed(panel.labels.items())))).frame.iloc[-1]
    assert (back["a"], back["b"]) == (there["b"], there["a"])
    assert back["without_item_lo"] == pytest.approx(-there["without_item_hi"])
    assert back["participants_a"] == there["participants_b"]
    assert back["most_item"] == there["most_item"]


def test_first_and_last_places_are_counted_where_every_condition_was_rated(panel):
    rows = panel.rows.loc[(panel.rows["participant"] != "P04") | (panel.rows["condition"] != "mine")]
    table = first_places(replace(panel, rows=rows))
    means = rows.groupby(["participant", "condition"])["rating"].mean().unstack().dropna().round(10)
    for _, row in table.frame.iterrows():
        own = means[row["condition"]]
        assert row["participants_first"] == (own == means.max(axis=1)).sum()
        assert row["participants_last"] == (own == means.min(axis=1)).sum()
        assert (row["participants"], row["items"]) == (11, 3)
    assert table.notes == ("1 of 12 participants lack a condition and are not counted.",)


def test_who_ties_for_first_counts_for_each(ratings_of):
    frame = first_places(ratings_of({"a": [5, 1], "b": [5, 2], "c": [4, 2]})).frame
    assert frame["participants_first"].tolist() == [1, 2, 1]
    assert frame["participants_last"].tolist() == [1, 0, 1]


def _mean_diffs(ratings, kept):
    return [
        float(value) for value in wilcoxon(replace(ratings, rows=ratings.rows.loc[kept])).frame["mean_diff"]
    ]
