"""Judges: R's results for real ratings and its textbook example, counts by hand, invariances."""

from dataclasses import replace

import pandas as pd
import pytest

from mixeval_analysis.results.paired import wilcoxon
from mixeval_analysis.sources.tidy_csv import read_tidy_csv


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


def test_a_textbook_pair_is_r_s(ratings_of):
    # Hollander and Wolfe (1973), depression before and after a tranquilizer, the example of R's ?wilcox.test: V = 40,
    # one-sided p = 0.01953.
    before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
    after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    row = wilcoxon(ratings_of({"before": before, "after": after})).frame.iloc[0]
    assert row["V_a"] == 40
    assert float(row["p_exact"]) / 2 == pytest.approx(0.01953, abs=5e-6)
    assert row["hodges_lehmann"] == pytest.approx(0.46, abs=0.005)


def test_swapping_a_and_b_turns_every_direction_and_keeps_p(panel):
    there = wilcoxon(panel).frame.set_index(["a", "b"])
    back = wilcoxon(replace(panel, labels=dict(reversed(panel.labels.items())))).frame.set_index(["b", "a"])
    for pair, row in there.iterrows():
        turned = back.loc[pair]
        for name in ("p_exact", "p_exact_holm", "p_asymptotic"):
            assert float(turned[name]) == pytest.approx(float(row[name]), rel=1e-12)
        for name in ("rank_biserial", "mean_diff", "hodges_lehmann"):
            assert turned[name] == pytest.approx(-row[name])
        assert turned["hl_ci95_lo"] == pytest.approx(-row["hl_ci95_hi"])
        assert turned["paired_superiority"] == pytest.approx(1 - row["paired_superiority"])


def test_the_order_of_rows_other_names_and_another_scale_change_no_test(panel):
    before = wilcoxon(panel).frame
    names = {name: f"x{name}" for name in panel.labels}
    shuffled = panel.rows.sample(frac=1, random_state=4)
    moved = replace(
        panel,
        rows=shuffled.assign(
            condition=shuffled["condition"].map(names),
            participant="p" + shuffled["participant"],
            rating=shuffled["rating"] / 100 + 2,
        ),
        labels={names[name]: label for name, label in panel.labels.items()},
    )
    after = wilcoxon(moved).frame
    for name in ("n", "n_nonzero", "V_a", "rank_biserial", "paired_superiority"):
        assert after[name].tolist() == before[name].tolist()
    for name in ("p_exact", "p_exact_holm", "p_asymptotic"):
        assert [p.ln for p in after[name]] == pytest.approx([p.ln for p in before[name]], rel=1e-12)
    for name in ("mean_diff", "mean_diff_ci95_lo", "mean_diff_ci95_hi", "hodges_lehmann", "hl_ci95_lo"):
        assert list(100 * after[name]) == pytest.approx(list(before[name]), abs=1e-6)


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
