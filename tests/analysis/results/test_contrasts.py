"""Judges: R's t tests of equivalence, the table of all pairs, differences by hand, invariances."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mixeval.errors import AnalysisError
from mixeval.study import AnalysisSection
from mixeval_analysis.load import load
from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.results.contrasts import contrasts
from mixeval_analysis.results.equivalence import two_one_sided
from mixeval_analysis.results.paired import wilcoxon
from mixeval_analysis.sources.tidy_csv import read_tidy_csv

FACTORS = {
    f"{method}_{process}": {"method": method, "process": process}
    for method in ("net", "sum")
    for process in ("dry", "wet")
}


def asking(ratings, *texts, **settings):
    return replace(ratings, settings=AnalysisSection(contrasts=texts, **settings))


@pytest.fixture
def values():
    return np.random.default_rng(3).integers(0, 101, (12, 4)).astype(float)


def crossed(values, **details):
    names = list(FACTORS)
    rows = [
        {"participant": f"P{p:02}", "item": "loop", "condition": names[c], "rating": value}
        for (p, c), value in np.ndenumerate(values)
        if not np.isnan(value)
    ]
    return Ratings(
        rows=with_defaults(pd.DataFrame(rows)),
        labels={name: name.upper() for name in names},
        factors=FACTORS,
        title="By hand",
        source="by hand",
        **details,
    )


def test_a_contrast_of_two_conditions_is_their_row_of_all_pairs(panel):
    row = contrasts(asking(panel, "mine vs theirs")).frame.iloc[0]
    pairs = wilcoxon(panel).frame.set_index(["a", "b"])
    judge = pairs.loc[("mine", "theirs")]
    for name in ("n", "mean_diff", "hodges_lehmann", "hl_ci95_lo", "hl_ci95_hi", "rank_biserial"):
        assert row[name] == pytest.approx(judge[name])
    # The same panels were drawn.
    assert row["mean_diff_ci95_lo"] == pytest.approx(judge["mean_diff_ci95_lo"])
    assert row["mean_diff_ci95_hi"] == pytest.approx(judge["mean_diff_ci95_hi"])
    assert float(row["p_exact"]) == pytest.approx(float(judge["p_exact"]))
    assert float(row["p_exact_holm"]) == pytest.approx(float(row["p_exact"]))


def test_a_contrast_of_levels_is_the_mean_of_matched_differences(values):
    table = contrasts(asking(crossed(values), "net vs sum", "net vs sum within wet", "dry vs wet"))
    net_dry, net_wet, sum_dry, sum_wet = values.T
    means = [(net_dry + net_wet - sum_dry - sum_wet).mean() / 2, (net_wet - sum_wet).mean()]
    assert list(table.frame["mean_diff"][:2]) == pytest.approx(means)
    assert list(table.frame["within"]) == [None, "wet", None]
    assert table.frame["mean_diff"][2] == pytest.approx((net_dry + sum_dry - net_wet - sum_wet).mean() / 2)


def test_holm_is_over_the_contrasts_asked_alone(values):
    table = contrasts(asking(crossed(values), "net vs sum", "dry vs wet"))
    smaller, larger = sorted(float(p) for p in table.frame["p_exact"])
    assert sorted(float(p) for p in table.frame["p_exact_holm"]) == pytest.approx(
        sorted([min(1, 2 * smaller), max(min(1, 2 * smaller), larger)])
    )


@pytest.mark.parametrize("name", ["s4_drc", "sim_paper_pattern", "stahl2024_codec"])
def test_equivalence_is_r_s(dev_data, name):
    folder = dev_data / "ratings"
    ratings = read_tidy_csv(folder / f"{name}.csv")
    expected = pd.read_csv(folder / "expected" / f"{name}__tost.csv")
    texts = [f"{row['a']} vs {row['b']}" for _, row in expected.iterrows()]
    for margin in (5, 10):
        found = contrasts(asking(ratings, *texts, margin=float(margin))).frame
        for (_, judge), (_, row) in zip(expected.iterrows(), found.iterrows(), strict=True):
            assert row["mean_diff"] == pytest.approx(judge["mean_diff"], abs=1e-8)
            assert float(row["p_tost"]) == pytest.approx(judge[f"p_tost_{margin}"], rel=1e-7)


def test_equivalence_is_two_one_sided_t_tests():
    differences = np.array([1.5, -2.0, 0.5, 3.0, -0.5, 2.0])
    for margin in (0.4, 2.0, 5.0):
        judge = max(
            stats.ttest_1samp(differences, -margin, alternative="greater").pvalue,
            stats.ttest_1samp(differences, margin, alternative="less").pvalue,
        )
        assert float(two_one_sided(differences, margin)[0]["p_tost"]) == pytest.approx(judge, rel=1e-9)
    assert two_one_sided(np.array([1.0, 1.0]), 5.0)[0]["p_tost"] is None


def test_without_a_margin_there_is_no_equivalence_and_without_contrasts_no_table(panel):
    assert contrasts(panel) is None
    table = contrasts(asking(panel, "mine vs theirs"))
    assert list(table.frame["p_tost"]) == [None]
    assert "margin" not in table.method


def test_who_rated_one_pair_of_two_counts_with_that_one(values):
    values[0, 0] = np.nan
    values[1] = [np.nan, 60, np.nan, np.nan]
    table = contrasts(asking(crossed(values), "net vs sum"))
    assert table.frame["n"][0] == 11
    assert "net vs sum: of 1 participant, only the pairs that they rated are compared." in table.notes


def test_a_contrast_of_what_nobody_rated_has_a_sentence(values):
    values[:, :2] = np.nan
    ratings = crossed(values)
    table = contrasts(
        asking(replace(ratings, labels={"sum_dry": "A", "sum_wet": "B"}), "net vs sum", margin=5.0)
    )
    assert (table.frame["n"][0], table.frame["mean_diff"][0]) == (0, None)
    assert table.notes == ("net vs sum: nobody rated both.",)


def test_swapping_a_and_b_turns_the_difference_round(values):
    one, other = contrasts(asking(crossed(values), "net vs sum", "sum vs net")).frame.to_dict("records")
    assert other["mean_diff"] == pytest.approx(-one["mean_diff"])
    assert other["mean_diff_ci95_lo"] == pytest.approx(-one["mean_diff_ci95_hi"])
    assert other["hodges_lehmann"] == pytest.approx(-one["hodges_lehmann"])
    assert other["rank_biserial"] == pytest.approx(-one["rank_biserial"])
    assert float(other["p_exact"]) == float(one["p_exact"])


def test_equal_ratings_and_one_participant_have_sentences():
    for values in (np.full((4, 4), 50.0), np.array([[1.0, 2, 3, 4]])):
        table = contrasts(asking(crossed(values), "net vs sum", margin=5.0))
        assert table.notes
        assert not any(isinstance(cell, float) and np.isnan(cell) for cell in table.frame.iloc[0])


def test_a_contrast_that_cannot_be_made_is_refused_before_any_table(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text("participant,item,condition,rating\nP1,loop,a,1\nP1,loop,b,2\n", encoding="utf-8")
    with pytest.raises(AnalysisError, match='names "c", which is no condition'):
        load(str(path), AnalysisSection(contrasts=("a vs c",)))
