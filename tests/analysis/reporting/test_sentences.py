"""Judges: sentences written out by hand, and a property: nothing but a test of equivalence claims equality."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval.tables import frame_of
from mixeval_analysis.inference.probability import of_value
from mixeval_analysis.page_profiles import analyze_answers
from mixeval_analysis.reporting.sentences import (
    ALPHA,
    NOT_EQUAL,
    Asked,
    equivalence,
    omnibus,
    pair,
    preferred,
    results_in_words,
    told_apart,
)
from mixeval_analysis.tables import Table

LABELS = {"a": "Anchor", "b": "Wave-U-Net Wet"}
CLAIMS = re.compile(
    r"\b(equal|equally|equivalent|same|identical|alike|indistinguishable|no difference|as good as|within)\b"
)
"""Words with which a sentence could claim that two conditions do not differ."""


def row(**changes):
    """Make a row of `wilcoxon`: b ahead of a by 32 points, 18 of 20 for it, one tied."""
    return {
        "a": "a",
        "b": "b",
        "n": 20,
        "n_nonzero": 19,
        "p_exact_holm": of_value(0.0001),
        "rank_biserial": -0.9,
        "mean_diff": -32.2,
        "mean_diff_ci95_lo": -37.3,
        "mean_diff_ci95_hi": -27.4,
        "paired_superiority": 1.5 / 20,
        **changes,
    }


def test_a_difference_is_said_with_the_condition_ahead_first():
    assert pair(row(), LABELS, Asked()) == (
        "Wave-U-Net Wet was rated higher than Anchor by 18 of 20 participants: 32 points on average, 95 % interval "
        "27 to 37, p (exact, Holm) < 0.001."
    )


def test_a_difference_that_was_not_found_is_not_called_equality():
    found = row(p_exact_holm=of_value(0.31), mean_diff=2.1, mean_diff_ci95_lo=-1.0, mean_diff_ci95_hi=5.2)
    assert pair(found, LABELS, Asked()) == (
        "This test did not tell Anchor and Wave-U-Net Wet apart (difference 2.1 points, 95 % interval -1.0 to 5.2, "
        "p (exact, Holm) = 0.31); that does not show that they are equal."
    )


def test_ranks_against_means_are_said_to_disagree():
    found = row(mean_diff=3.0, mean_diff_ci95_lo=-2.0, mean_diff_ci95_hi=8.0)
    sentence = pair(found, LABELS, Asked())
    assert "not one way" in sentence
    assert "rated higher" not in sentence


def test_what_could_not_be_tested_is_said():
    untested = row(n_nonzero=0, p_exact_holm=None, rank_biserial=None, mean_diff=0.0, paired_superiority=0.5)
    assert "could not be compared" in pair(untested, LABELS, Asked())
    assert pair(row(n=0), LABELS, Asked()) == "Nobody rated both Anchor and Wave-U-Net Wet."
    nothing = {"level": "participant_mean", "blocks": 1, "p": None, "p_F": None}
    assert "could not be tested" in omnibus(_table("friedman", [nothing]))


def test_only_a_test_of_equivalence_says_that_a_difference_is_within_the_margin():
    found = {"margin": 5.0, "ci90_lo": -1.2, "ci90_hi": 2.9, "p_tost_holm": of_value(0.01)}
    unknown = {**found, "p_tost_holm": of_value(0.49)}
    assert equivalence(found, Asked(), apart=False) == (
        "Their difference is within the margin of 5 points (TOST, p (Holm) = 0.010; 90 % interval -1.2 to 2.9)."
    )
    assert equivalence(found, Asked(), apart=True).startswith("Yet their difference is within the margin")
    assert equivalence(unknown, Asked(), apart=False).startswith("It is not shown either that")
    assert equivalence(unknown, Asked(), apart=True) == ""
    assert equivalence({**found, "p_tost_holm": None}, Asked(), apart=False) == ""


def test_the_reference_comes_first_and_other_pairs_are_details(panel):
    words = results_in_words(analyze_answers(panel).tables, Asked("reference"))
    assert words.main[0].startswith(
        "The conditions were not all answered alike (Friedman test of the means of 12"
    )
    assert len(words.main) == 1 + 3
    assert all("Reference" in sentence for sentence in words.main[1:])
    assert len(words.details) == 3
    assert "corrected for all 6 pairs" in words.remark


def test_choices_and_abx_have_sentences_of_their_own(trials_of):
    choices = trials_of([(f"P{i}", "a", "b", "a" if i < 9 else "b") for i in range(10)])
    (sentence,) = results_in_words(analyze_answers(choices).tables, Asked()).main
    assert sentence.startswith(
        "A was preferred to B in 9 of 10 choices, 95 % interval 55 to 100 %; p (participants"
    )
    heard = trials_of([(f"P{i}", "a", "b", "a", "a" if i < 5 else "b") for i in range(10)])
    (sentence,) = results_in_words(analyze_answers(heard).tables, Asked()).main
    assert sentence.startswith(
        "These trials did not show that listeners tell A and B apart (5 of 10 trials right"
    )
    assert sentence.endswith("that does not show that the two sound the same.")


def test_other_tables_have_no_sentences():
    assert not results_in_words({}, Asked())


p_values = st.floats(1e-300, 1.0).map(of_value) | st.none()
sizes = st.floats(-100, 100)


@given(
    p=p_values, limits=st.lists(sizes, min_size=3, max_size=3), n=st.integers(1, 30), share=st.floats(0, 1)
)
def test_no_random_table_makes_a_sentence_claim_equality(p, limits, n, share):
    low, middle, high = sorted(limits)
    wins = round(share * n)
    found = row(
        n=n,
        n_nonzero=n,
        p_exact_holm=p,
        rank_biserial=None if p is None else 2 * share - 1,
        mean_diff=middle,
        mean_diff_ci95_lo=low,
        mean_diff_ci95_hi=high,
        paired_superiority=wins / n,
    )
    sentence = pair(found, LABELS, Asked())
    bare = sentence.replace(NOT_EQUAL, "").replace("means are the same for both", "")
    assert not CLAIMS.search(bare), sentence
    if p is not None and float(p) >= ALPHA:
        assert NOT_EQUAL in sentence
        assert "higher" not in sentence
    if p is not None and float(p) < ALPHA:
        assert "did not" not in sentence


@given(p=st.floats(ALPHA, 1.0).map(of_value), right=st.integers(0, 20))
def test_no_random_choice_or_trial_makes_a_sentence_claim_equality(p, right):
    choice = {"a": "a", "b": "b", "chosen_a": right, "chosen_b": 20 - right, "p_signed_rank_holm": p}
    trial = {"a": "a", "b": "b", "correct": right, "n": 20, "p_holm": p}
    limits = {"ci95_lo": 0.1, "ci95_hi": 0.9}
    for sentence, denial in (
        (
            preferred({**choice, **limits}, _table("binomial", [])),
            "that does not show that they are liked equally",
        ),
        (
            told_apart({**trial, **limits}, _table("d_prime", [])),
            "that does not show that the two sound the same",
        ),
    ):
        assert denial in sentence
        assert not CLAIMS.search(sentence.replace(denial, "")), sentence


@given(p_tost=st.floats(1e-6, 1.0).map(of_value), margin=st.floats(0.5, 20))
def test_a_margin_is_claimed_only_below_the_level(p_tost, margin):
    found = {"margin": margin, "ci90_lo": -1.0, "ci90_hi": 1.0, "p_tost_holm": p_tost}
    for apart in (True, False):
        said = equivalence(found, Asked(), apart=apart)
        assert ("difference is within" in said and "not shown" not in said) is (float(p_tost) < ALPHA)


@pytest.mark.parametrize("word", ["proves", "no effect", "insignificant"])
def test_no_sentence_overstates(panel, word):
    words = results_in_words(analyze_answers(panel).tables, Asked("reference"))
    assert not any(word in sentence for sentence in (*words.main, *words.details, words.remark))


def _table(name, rows):
    return Table(name=name, title=name, frame=frame_of(rows), method="", level="", labels=LABELS)
