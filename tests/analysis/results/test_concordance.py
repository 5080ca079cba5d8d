"""Judges: Friedman's test, the mean of all pairs' Spearman correlations, one participant at a time."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from mixeval_analysis.results.concordance import agreement_by_item, concordance
from mixeval_analysis.results.omnibus import friedman


def test_w_of_an_item_is_that_of_friedmans_test_of_its_pages(panel):
    found = concordance(panel)
    for item, w in found.by_item.items():
        own = replace(panel, rows=panel.rows.loc[panel.rows["item"] == item])
        assert w == pytest.approx(friedman(own).frame.loc[0, "kendall_W"], rel=1e-12)
    assert found.mean == pytest.approx(np.mean(list(found.by_item.values())))


def test_w_without_ties_is_the_mean_spearman_correlation_of_all_pairs(ratings_of):
    random = np.random.default_rng(2)
    values = random.normal(size=(7, 5))
    ratings = ratings_of({f"c{index}": column for index, column in enumerate(values.T)})
    pairs = [stats.spearmanr(a, b).statistic for a, b in itertools.combinations(values, 2)]
    # Kendall: (m W - 1) / (m - 1).
    assert concordance(ratings).mean == pytest.approx((np.mean(pairs) * 6 + 1) / 7)


def test_the_mean_without_each_participant_is_that_of_the_others(panel):
    # Two items are not whole for two of the participants.
    rows = panel.rows.drop(index=[0, 30, 31])
    found = concordance(replace(panel, rows=rows))
    for name, without in zip(found.participants, found.without, strict=True):
        others = concordance(replace(panel, rows=rows.loc[rows["participant"] != name]))
        assert without == pytest.approx(others.mean, rel=1e-12)


def test_pages_that_lack_a_condition_do_not_count(panel):
    page = (panel.rows["participant"] == "P03") & (panel.rows["item"] == "item1")
    holed = panel.rows.drop(index=panel.rows.index[page][0])
    without = panel.rows.loc[~page]
    assert (
        concordance(replace(panel, rows=holed)).by_item == concordance(replace(panel, rows=without)).by_item
    )


def test_an_item_that_one_participant_rated_whole_has_a_sentence(panel):
    rows = panel.rows.loc[(panel.rows["item"] != "item0") | (panel.rows["participant"] == "P01")]
    table = agreement_by_item(replace(panel, rows=rows))
    assert table.frame["n"].tolist() == [1, 12, 12]
    assert table.frame.loc[0, "kendall_W"] is None
    assert table.notes == (
        "item0: Kendall's W takes two participants who rated every condition and told some apart.",
    )


def test_the_order_of_an_item_is_compared_with_that_of_the_others(panel):
    rows = panel.rows.copy()
    turned = rows["item"] == "item2"
    rows.loc[turned, "rating"] = 100 - rows.loc[turned, "rating"]
    table = agreement_by_item(replace(panel, rows=rows))
    means = rows.groupby(["item", "condition"])["rating"].mean().unstack()
    for _, row in table.frame.iterrows():
        others = means.drop(index=row["item"]).mean()
        assert row["order_r"] == pytest.approx(stats.spearmanr(means.loc[row["item"]], others).statistic)
    assert table.frame.loc[2, "order_r"] < 0
