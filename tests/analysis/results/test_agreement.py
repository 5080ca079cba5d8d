"""Judges: correlations one participant at a time, the tables' parts, invariances; R's ICC are in tests/paper."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from mixeval_analysis.results.agreement import agreement

MEASURES = ["icc2_1", "icc2_k", "icc3_1", "icc3_k", "kendall_w", "alpha_interval", "loo_r"]


def test_every_measure_has_its_row_and_lies_within_its_limits(panel):
    frame = agreement(panel).frame
    assert frame["measure"].tolist() == MEASURES
    assert all(frame["ci95_lo"] < frame["value"])
    assert all(frame["value"] < frame["ci95_hi"])
    assert frame["n"].tolist() == [12] * 7


def test_loo_r_is_the_mean_correlation_with_the_others_mean(panel):
    rows = panel.rows.drop(index=[3, 50, 51, 77])
    cells = rows.pivot(index=["item", "condition"], columns="participant", values="rating")
    found = []
    for name in cells.columns:
        others = cells.drop(columns=name).mean(axis=1)
        both = cells[name].notna() & others.notna()
        found.append(stats.pearsonr(cells.loc[both, name], others[both]).statistic)
    row = _row(agreement(replace(panel, rows=rows)), "loo_r")
    assert row["value"] == pytest.approx(np.mean(found), rel=1e-9)
    limits = stats.t.interval(0.95, 11, np.mean(found), stats.sem(found))
    assert (row["ci95_lo"], row["ci95_hi"]) == pytest.approx(limits, rel=1e-9)


def test_the_order_of_rows_and_the_scale_change_nothing(panel):
    shuffled = panel.rows.sample(frac=1, random_state=3)
    moved = replace(panel, rows=shuffled.assign(rating=shuffled["rating"] / 100 + 7))
    for ours, theirs in zip(agreement(panel).frame["value"], agreement(moved).frame["value"], strict=True):
        assert theirs == pytest.approx(ours, rel=1e-9)


def test_who_did_not_rate_everything_is_in_no_intraclass_correlation_but_in_the_others(panel):
    table = agreement(replace(panel, rows=panel.rows.drop(index=[0])))
    assert table.frame["n"].tolist() == [11, 11, 11, 11, 12, 12, 12]


def test_a_participant_without_preferences_has_no_correlation_and_a_sentence_says_so(panel):
    rows = panel.rows.copy()
    rows.loc[rows["participant"] == "P02", "rating"] = 50.0
    table = agreement(replace(panel, rows=rows))
    assert _row(table, "loo_r")["n"] == 11
    assert "1 of 12 participants have no correlation with the others." in table.notes


def test_one_participant_agrees_with_nobody_and_sentences_say_so(panel):
    table = agreement(replace(panel, rows=panel.rows.loc[panel.rows["participant"] == "P02"]))
    assert table.frame["value"].tolist() == [None] * 7
    assert len(table.notes) == 5


def test_agreement_with_oneself_is_said_to_take_replicates(panel):
    assert "eGauge" in agreement(panel).notes[-1]


def test_limits_hold_the_value_of_a_very_large_panel_in_about_95_of_100_panels():
    import pandas as pd

    from mixeval_analysis.ratings import Ratings, with_defaults

    random = np.random.default_rng(5)
    mixes = random.normal(50, 8, (3, 5))

    def drawn(people):
        level = random.normal(0, 6, (people, 1, 1))
        return mixes + level + random.normal(0, 10, (people, 3, 5))

    def measured(values):
        person, item, condition = (index.ravel() for index in np.indices(values.shape))
        rows = pd.DataFrame(
            {
                "participant": person.astype(str),
                "item": item.astype(str),
                "condition": condition.astype(str),
                "rating": values.ravel(),
            }
        )
        ratings = Ratings(with_defaults(rows), {str(index): str(index) for index in range(5)}, "t", "s")
        return agreement(ratings).frame.set_index("measure")

    true = float(measured(drawn(4000)).loc["alpha_interval", "value"])
    held = 0
    for _ in range(120):
        row = measured(drawn(20)).loc["alpha_interval"]
        held += row["ci95_lo"] <= true <= row["ci95_hi"]
    # 120 panels: a standard error of 2 %.
    assert 0.88 <= held / 120 <= 0.995


def _row(table, measure):
    return table.frame.set_index("measure").loc[measure]
