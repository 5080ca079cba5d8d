"""Judges: counts by hand, R's figures through SciPy's binomtest, invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mixeval_analysis.results.forced_choice import DEPENDENT, TIES, binomial, choices


def test_a_pair_by_hand(trials_of):
    # Ten listeners, one trial each: 8 for the network, 1 for the sum, 1 of no preference.
    rows = [(f"P{i}", "net", "sum", "net" if i < 8 else "sum" if i == 8 else "") for i in range(10)]
    table = binomial(trials_of(rows))
    row = table.frame.iloc[0]
    assert (row["n"], row["chosen_a"], row["chosen_b"], row["ties"]) == (10, 8, 1, 1)
    assert row["proportion_a"] == pytest.approx(8 / 9)
    # 2 (1 + 9) / 512, by hand.
    assert float(row["p"]) == pytest.approx(20 / 512)
    assert (row["participants"], row["prefer_a"], row["prefer_b"]) == (10, 8, 1)
    assert (row["ci95_lo"], row["ci95_hi"]) == pytest.approx(
        tuple(stats.binomtest(8, 9).proportion_ci(method="exact"))
    )
    assert table.notes == (TIES,)


def test_with_one_trial_each_the_tests_of_participants_are_the_binomial_test(trials_of):
    rows = [(f"P{i:02}", "a", "b", "a" if i < 14 else "b") for i in range(20)]
    row = binomial(trials_of(rows)).frame.iloc[0]
    assert float(row["p_sign"]) == pytest.approx(float(row["p"]), rel=1e-12)
    # All differences have one size, so that their ranks tie and only signs count.
    assert float(row["p_signed_rank"]) == pytest.approx(float(row["p"]), rel=1e-9)


def test_one_keen_listener_does_not_outvote_the_panel(trials_of):
    # 40 trials of one listener and one of each of four others.
    rows = [("keen", "a", "b", "a")] * 40 + [(f"P{i}", "a", "b", "b") for i in range(4)]
    table = binomial(trials_of(rows))
    row = table.frame.iloc[0]
    assert float(row["p"]) < 1e-6
    assert float(row["p_sign"]) == pytest.approx(2 * 6 / 32)
    assert DEPENDENT in table.notes


def test_holm_goes_over_the_pairs(trials_of):
    rows = [
        (f"P{i}", a, b, a if i < wins else b)
        for (a, b), wins in {("a", "b"): 10, ("a", "c"): 9, ("b", "c"): 5}.items()
        for i in range(10)
    ]
    frame = binomial(trials_of(rows)).frame
    p = [float(value) for value in frame["p"]]
    assert [float(value) for value in frame["p_holm"]] == pytest.approx([3 * p[0], 2 * p[1], p[2]])


pairs = st.lists(
    st.tuples(st.sampled_from(["P1", "P2", "P3", "P4"]), st.sampled_from(["a", "b", ""])),
    min_size=1,
    max_size=30,
)


@given(pairs)
@settings(deadline=None, max_examples=50)
def test_swapping_a_and_b_swaps_the_numbers(trials_of_pairs, found):
    one = binomial(trials_of_pairs([(who, "a", "b", chosen) for who, chosen in found])).frame.iloc[0]
    other = binomial(trials_of_pairs([(who, "b", "a", chosen) for who, chosen in found])).frame.iloc[0]
    for here, there in (("chosen_a", "chosen_b"), ("prefer_a", "prefer_b")):
        assert (one[here], one[there]) == (other[there], other[here])
    for name in ("p", "p_sign", "p_signed_rank"):
        assert (one[name] is None) == (other[name] is None)
        if one[name] is not None:
            assert float(one[name]) == pytest.approx(float(other[name]), rel=1e-9)
    if one["proportion_a"] is not None:
        assert one["proportion_a"] == pytest.approx(1 - other["proportion_a"])
        assert one["ci95_lo"] == pytest.approx(1 - other["ci95_hi"])


@pytest.fixture(scope="module")
def trials_of_pairs():
    import pandas as pd

    from mixeval_analysis import trials

    def make(rows):
        frame = pd.DataFrame(rows, columns=["participant", "a", "b", "chosen"]).assign(item="loop")
        labels = {name: name for name in rows[0][1:3]}
        return trials.Trials(trials.with_defaults(frame), labels, "t", "s", page="ab")

    return make


def test_nobody_who_prefers_either_gives_a_sentence_and_no_number(trials_of):
    table = binomial(trials_of([("P1", "a", "b", ""), ("P2", "a", "b", "")]))
    row = table.frame.iloc[0]
    undefined = ("proportion_a", "ci95_lo", "ci95_hi", "p", "p_holm", "p_sign", "p_signed_rank")
    assert [row[name] for name in undefined] == [None] * len(undefined)
    assert table.notes[0] == "A and B: nobody preferred either."


def test_choices_count_each_mix_over_all_that_it_met(trials_of):
    rows = [("P1", "a", "b", "a"), ("P1", "a", "c", "a"), ("P1", "b", "c", ""), ("P2", "c", "b", "c")]
    frame = choices(trials_of(rows)).frame.set_index("condition")
    assert frame.loc["a", ["n", "chosen", "ties"]].tolist() == [2, 2, 0]
    assert frame.loc["b", ["n", "chosen", "ties"]].tolist() == [3, 0, 1]
    assert frame.loc["c", ["n", "chosen", "ties", "proportion"]].tolist() == [3, 1, 1, 0.5]


def test_no_cell_is_ever_nan(trials_of):
    for table in (binomial(trials_of([("P1", "a", "b", "")])), choices(trials_of([("P1", "a", "b", "a")]))):
        cells = [cell for column in table.frame for cell in table.frame[column]]
        assert not [cell for cell in cells if isinstance(cell, float) and not np.isfinite(cell)]
