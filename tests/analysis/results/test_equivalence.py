"""Judges: intervals, SciPy's one-sided t tests, invariances; R's results are in tests/paper."""

from dataclasses import replace

import numpy as np
import pytest

from mixeval.study import AnalysisSection
from mixeval_analysis.results.equivalence import equivalence


def test_there_is_no_table_without_a_margin(panel):
    assert equivalence(panel) is None


def test_p_is_below_5_percent_where_the_90_percent_interval_lies_within_the_margin(panel):
    for margin in (1, 5, 8, 12, 20, 30):
        for _, row in _table(panel, margin).frame.iterrows():
            inside = -margin < row["ci90_lo"] and row["ci90_hi"] < margin
            assert (float(row["p_tost"]) < 0.05) == inside


def test_p_is_the_larger_of_two_one_sided_t_tests(panel):
    from scipy import stats

    means = panel.rows.groupby(["participant", "condition"])["rating"].mean().unstack()
    for _, row in _table(panel, 8).frame.iterrows():
        a, b = means[row["a"]], means[row["b"]]
        above = stats.ttest_rel(a + 8, b, alternative="greater").pvalue
        below = stats.ttest_rel(a - 8, b, alternative="less").pvalue
        assert float(row["p_tost"]) == pytest.approx(max(above, below), rel=1e-9)


def test_swapping_a_and_b_turns_the_difference_and_keeps_p(panel):
    there = _table(panel, 8).frame.set_index(["a", "b"])
    labels = dict(reversed(panel.labels.items()))
    back = _table(replace(panel, labels=labels), 8).frame.set_index(["b", "a"])
    for pair, row in there.iterrows():
        turned = back.loc[pair]
        assert turned["mean_diff"] == pytest.approx(-row["mean_diff"])
        assert (turned["ci90_lo"], turned["ci90_hi"]) == pytest.approx((-row["ci90_hi"], -row["ci90_lo"]))
        assert float(turned["p_tost"]) == pytest.approx(float(row["p_tost"]), rel=1e-9)


def test_ratings_and_margin_on_another_scale_give_the_same_p(panel):
    narrow = replace(panel, rows=panel.rows.assign(rating=panel.rows["rating"] / 100 + 3))
    for ours, theirs in zip(
        _table(panel, 8).frame["p_tost"], _table(narrow, 0.08).frame["p_tost"], strict=True
    ):
        assert float(theirs) == pytest.approx(float(ours), rel=1e-9)


def test_a_p_too_small_for_a_float_keeps_its_digits(ratings_of):
    random = np.random.default_rng(1)
    a = random.normal(50, 1e-6, 400)
    values = {"a": a, "b": a + random.normal(0, 1e-6, 400)}
    table = equivalence(ratings_of(values, settings=AnalysisSection(margin=5)))
    p = table.frame.iloc[0]["p_tost"]
    assert p.text() == "< 1e-300"
    assert p.exact().endswith("e-" + p.exact().split("e-")[1])
    assert p.ln < -700


def test_holm_is_over_the_pairs(panel):
    frame = _table(panel, 20).frame
    ordered = sorted(map(float, frame["p_tost"]))
    expected = np.maximum.accumulate([min(1.0, p * (len(ordered) - i)) for i, p in enumerate(ordered)])
    assert sorted(map(float, frame["p_tost_holm"])) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "sentence", "defined"),
    [
        ({"a": [5, 6, 7], "b": [4, 5, 6]}, "all participants differ by the same", {"mean_diff", "se"}),
        ({"a": [0.3, 0.5], "b": [0.1, 0.3]}, "all participants differ by the same", {"mean_diff", "se"}),
        ({"a": [5], "b": [4]}, "one participant gives no standard error", {"mean_diff"}),
    ],
)
def test_where_it_is_undefined_a_sentence_says_why(ratings_of, values, sentence, defined):
    table = equivalence(ratings_of(values, settings=AnalysisSection(margin=5)))
    row = table.frame.iloc[0]
    measured = {"mean_diff", "se", "ci90_lo", "ci90_hi", "p_tost", "p_tost_holm"}
    assert {name for name in measured if row[name] is not None} == defined
    assert sentence in " ".join(table.notes)


def test_no_sentence_claims_equality_from_a_large_p_or_a_difference_from_it(panel):
    assert "does not say that two conditions differ" in _table(panel, 1).notes[0]


def _table(panel, margin):
    return equivalence(replace(panel, settings=AnalysisSection(margin=margin)))
