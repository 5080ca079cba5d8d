"""Judges: R's results for real ratings, counts by hand, invariances."""

import pandas as pd
import pytest

from mixeval_analysis.paired import wilcoxon
from mixeval_analysis.tidy_csv import read_tidy_csv


@pytest.mark.parametrize(
    "name", ["s4_drc", "sim_paper_pattern", "stahl2024_codec", "stahl2024_codec_filtered"]
)
def test_signed_ranks_of_real_ratings_are_r_s(dev_data, name):
    file = dev_data / "ratings" / "expected" / f"{name}__wilcoxon_participant_mean.csv"
    expected = pd.read_csv(file).set_index(["a", "b"])
    table = wilcoxon(read_tidy_csv(dev_data / "ratings" / f"{name}.csv")).frame
    for _, row in table.iterrows():
        pair = (row["a"], row["b"])
        turned = pair not in expected.index
        judge = expected.loc[pair[::-1] if turned else pair]
        for ours, theirs, tolerance in (
            ("n", "n", 0),
            ("n_nonzero", "n_nonzero", 0),
            ("p_exact", "p_exact_midrank", 1e-9),
            ("p_exact_holm", "p_exact_holm", 1e-9),
            ("p_asymptotic", "p", 1e-9),
        ):
            assert float(row[ours]) == pytest.approx(float(judge[theirs]), rel=tolerance or 1e-12), (
                pair,
                ours,
            )
        sign = -1 if turned else 1
        assert row["mean_diff"] == pytest.approx(sign * float(judge["mean_diff"]), abs=1e-8)
        assert row["rank_biserial"] == pytest.approx(sign * float(judge["rank_biserial"]), abs=1e-9)


def test_differences_by_hand(ratings_of):
    table = wilcoxon(ratings_of({"a": [3, 5, 4, 4, 2, 5], "b": [1, 2, 4, 3, 3, 1]}))
    row = table.frame.iloc[0]
    # Differences 2, 3, 0, 1, -1, 4; ranks 3, 4, -, 1.5, 1.5, 5; V = 13.5.
    assert (row["n"], row["n_nonzero"], row["V_a"]) == (6, 5, 13.5)
    assert row["mean_diff"] == pytest.approx(1.5)
    assert row["hodges_lehmann"] == pytest.approx(1.5)
    assert row["paired_superiority"] == pytest.approx(4.5 / 6)
    # Sums of 1.5, 1.5, 3, 4, 5 of 13.5 or more: 13.5 twice, 15; doubled.
    assert float(row["p_exact"]) == pytest.approx(6 / 32)


def test_equal_means_give_a_sentence_and_few_people_a_warning(ratings_of):
    table = wilcoxon(ratings_of({"a": [3, 5], "b": [3, 5]}))
    row = table.frame.iloc[0]
    assert (row["n"], row["n_nonzero"], row["p_exact"], row["p_exact_holm"]) == (2, 0, None, None)
    assert table.notes[0] == "a and b: participants' means are equal, so there is nothing to test."
    assert "2 participants are too few" in table.notes[1]
    assert "no difference however clear" in table.notes[2]


def test_who_rated_only_one_of_two_is_not_in_that_pair(ratings_of):
    table = wilcoxon(ratings_of({"a": [3, 5, 4], "b": [1, 2], "c": []} | {"c": [1]}))
    assert table.frame["n"].tolist() == [2, 1, 1]


def test_the_bootstrap_of_differences_is_that_of_drawing_people_one_by_one(panel):
    import numpy as np

    row = wilcoxon(panel).frame.iloc[0]
    means = panel.rows.groupby(["participant", "condition"])["rating"].mean().unstack()
    differences = np.asarray(means[row["a"]] - means[row["b"]])
    random = np.random.default_rng(9)
    drawn = [random.choice(differences, len(differences)).mean() for _ in range(20_000)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    # Two runs of 10 000 and 20 000 replicates differ by a few hundredths of the interval.
    assert (row["mean_diff_ci95_lo"], row["mean_diff_ci95_hi"]) == pytest.approx(
        (low, high), abs=0.06 * (high - low)
    )
