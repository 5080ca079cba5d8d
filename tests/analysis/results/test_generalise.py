"""Judges: R's mixed model where its differences are the same, resampling written out, invariances."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.results.generalise import generalise_tables
from mixeval_analysis.sources.tidy_csv import read_tidy_csv


def made(ratings):
    return {table.name: table for table in generalise_tables(ratings)}


def rated(values, **details):
    """Make ratings of `values`, (participants, items, conditions), NaN where there is none."""
    rows = [
        {"participant": f"P{p:03}", "item": f"item{i}", "condition": f"c{c}", "rating": float(value)}
        for (p, i, c), value in np.ndenumerate(values)
        if not np.isnan(value)
    ]
    labels = {f"c{c}": f"C{c}" for c in range(values.shape[2])}
    return Ratings(
        **{
            "rows": with_defaults(pd.DataFrame(rows)),
            "labels": labels,
            "title": "By hand",
            "source": "by hand",
            **details,
        }
    )


def test_complete_ratings_have_four_tests_and_variances(panel):
    tables = made(panel)
    frame = tables["generalise"].frame
    assert list(frame["test"]) == ["F1", "F2", "quasi_F", "min_F"]
    by_test = frame.set_index("test")
    # 12 participants, 3 items, 4 conditions.
    assert (by_test.loc["F1", "df1"], by_test.loc["F1", "df2"]) == (3, 33)
    assert (by_test.loc["F2", "df1"], by_test.loc["F2", "df2"]) == (3, 6)
    f1, f2 = by_test.loc["F1", "statistic"], by_test.loc["F2", "statistic"]
    assert by_test.loc["min_F", "statistic"] == pytest.approx(f1 * f2 / (f1 + f2))
    assert list(tables["variance_components"].frame["component"]) == [
        "participant",
        "item",
        "participant x item",
        "condition x participant",
        "condition x item",
        "residual",
    ]
    assert sum(tables["variance_components"].frame["share"]) == pytest.approx(1)
    assert "3 items say little about other items" in tables["generalise"].notes[-1]


def test_pairs_of_complete_ratings_are_tested_as_two_conditions_alone(panel):
    pairs = made(panel)["generalise_pairs"].frame.set_index(["a", "b"])
    for pair in (("anchor", "mine"), ("mine", "theirs")):
        rows = panel.rows[panel.rows["condition"].isin(pair)]
        alone = made(replace(panel, rows=rows, labels={name: name for name in pair}))["generalise"].frame
        quasi = alone.set_index("test").loc["quasi_F"]
        assert pairs.loc[pair, "F"] == pytest.approx(quasi["statistic"])
        assert float(pairs.loc[pair, "p"]) == pytest.approx(float(quasi["p"]))


def test_effects_of_factors_are_generalised_too(panel):
    factors = {
        "anchor": {"method": "a", "process": "dry"},
        "mine": {"method": "b", "process": "dry"},
        "theirs": {"method": "a", "process": "wet"},
        "reference": {"method": "b", "process": "wet"},
    }
    frame = made(replace(panel, factors=factors))["generalise"].frame
    assert list(frame["effect"])[4:] == ["method", "process", "method x process"]
    means = panel.rows.pivot_table(index=["participant", "item"], columns="condition", values="rating")
    method = (means["mine"] + means["reference"] - means["anchor"] - means["theirs"]) / 2
    as_pair = rated(np.stack([np.asarray(method).reshape(12, 3), np.zeros((12, 3))], axis=2))
    judge = made(as_pair)["generalise"].frame.set_index("test").loc["quasi_F", "statistic"]
    assert frame["statistic"][4] == pytest.approx(judge)


def test_differences_of_incomplete_blocks_are_r_s(dev_data):
    # Every page has all conditions, so that the estimates of condition in the mixed model are mean differences.
    folder = dev_data / "ratings"
    fixed = pd.read_csv(folder / "expected" / "stahl2024_codec__lmer_fixed.csv")
    estimates = {str(row["term"]).removeprefix("condition"): row["estimate"] for _, row in fixed.iterrows()}
    tables = made(read_tidy_csv(folder / "stahl2024_codec.csv"))
    pairs = tables["generalise_pairs"].frame
    for _, row in pairs[pairs["a"] == "Anchor"].iterrows():
        assert -row["mean_diff"] == pytest.approx(estimates[row["b"]], rel=1e-6)
        assert row["ci95_lo"] < row["mean_diff"] < row["ci95_hi"]
    assert list(tables) == ["generalise", "generalise_pairs"]
    assert list(tables["generalise"].frame["test"]) == ["bootstrap_max_t"]
    assert float(tables["generalise"].frame["p"][0]) == pytest.approx(1 / 2001)


def test_a_missing_rating_takes_away_the_closed_form_and_says_so():
    values = np.random.default_rng(3).normal(50, 10, (15, 8, 3)).round()
    whole = made(rated(values))["generalise_pairs"].frame
    values[4, 2, 1] = np.nan
    tables = made(rated(values))
    pairs = tables["generalise_pairs"].frame
    assert all(table.notes[0].startswith("Ratings are missing") for table in tables.values())
    assert list(pairs["n"]) == [119, 120, 119]
    assert list(pairs["F"]) == [None] * 3
    # One of 120: the interval is nearly that of all.
    for place in range(3):
        assert pairs["ci95_lo"][place] == pytest.approx(whole["ci95_lo"][place], abs=0.5)
        assert pairs["ci95_hi"][place] == pytest.approx(whole["ci95_hi"][place], abs=0.5)


def test_a_clear_difference_is_found_and_none_is_not_by_the_bootstrap():
    values = np.random.default_rng(5).normal(50, 10, (15, 8, 3)).round()
    values[0, 0, 0] = np.nan
    assert float(made(rated(values))["generalise"].frame["p"][0]) > 0.05
    values[:, :, 1] += 20
    assert float(made(rated(values))["generalise"].frame["p"][0]) < 0.01


def test_conditions_that_nobody_rated_together_have_a_sentence():
    values = np.random.default_rng(5).normal(50, 10, (6, 4, 3))
    values[:3, :, 0] = np.nan
    values[3:, :, 1] = np.nan
    tables = made(rated(values))
    assert tables["generalise_pairs"].frame["mean_diff"][0] is None
    assert "C0 and C1: nobody rated both of the same item." in tables["generalise_pairs"].notes


@pytest.mark.parametrize("shape", [(1, 1, 2), (1, 5, 3), (5, 1, 3), (2, 2, 2)])
def test_small_studies_have_an_answer_or_a_sentence(shape):
    for missing in (False, True):
        values = np.random.default_rng(2).normal(50, 10, shape)
        if missing:
            values[0, 0, 0] = np.nan
        for table in generalise_tables(rated(values)):
            assert table.notes
            for column in table.frame:
                assert not any(isinstance(cell, float) and np.isnan(cell) for cell in table.frame[column])


def test_equal_ratings_have_nothing_to_test():
    tables = made(rated(np.full((5, 4, 3), 70.3)))
    assert list(tables["generalise"].frame["p"]) == [None] * 4
    assert list(tables["generalise_pairs"].frame["p"]) == [None] * 3
    assert list(tables["generalise_pairs"].frame["ci95_lo"]) == pytest.approx([0, 0, 0], abs=1e-9)
    assert list(tables["variance_components"].frame["share"]) == [None] * 6


def test_the_order_of_rows_and_the_names_of_people_change_nothing(panel):
    turned = replace(panel, rows=panel.rows.sample(frac=1, random_state=1))
    for table, other in zip(generalise_tables(panel), generalise_tables(turned), strict=True):
        assert list(map(list, table.cells())) == list(map(list, other.cells()))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 4), st.floats(-50, 50))
def test_another_unit_and_zero_of_the_scale_change_no_test(seed, unit, zero):
    values = np.random.default_rng(seed).normal(50, 10, (5, 4, 3))
    one, other = made(rated(values)), made(rated(values * unit + zero))
    assert list(one["generalise"].frame["statistic"]) == pytest.approx(
        list(other["generalise"].frame["statistic"]), rel=1e-6
    )
    assert [unit * value for value in one["generalise_pairs"].frame["mean_diff"]] == pytest.approx(
        list(other["generalise_pairs"].frame["mean_diff"]), rel=1e-6, abs=1e-8
    )


def test_swapping_two_conditions_turns_their_difference_round():
    values = np.random.default_rng(12).normal(50, 10, (6, 5, 2))
    one = made(rated(values))["generalise_pairs"].frame.iloc[0]
    other = made(rated(values[:, :, ::-1]))["generalise_pairs"].frame.iloc[0]
    assert other["mean_diff"] == pytest.approx(-one["mean_diff"])
    assert (other["ci95_lo"], other["ci95_hi"]) == pytest.approx((-one["ci95_hi"], -one["ci95_lo"]))
    assert float(other["p"]) == pytest.approx(float(one["p"]))
