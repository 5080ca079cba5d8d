"""Judges: the SVG's own text, the bytes of a second run."""

import re

import pytest

from mixeval_analysis.figures.drawing import draw
from mixeval_analysis.page_profiles import analyze_answers
from mixeval_analysis.selection import select


@pytest.fixture
def choices(trials_of):
    rows = [(f"P{i}", "a", "b", "a" if i < 7 else "b") for i in range(9)]
    return trials_of(rows, labels={"a": "Mix $a_1$ <dry>", "b": "Sum & all"})


def test_both_mixes_of_a_pair_are_named_as_they_are_written(choices):
    svg = draw(analyze_answers(choices))["choices"]["svg"].decode()
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert "Mix $a_1$ &lt;dry&gt;" in texts
    assert "Sum &amp; all" in texts
    assert "Preferred the mix on the right" in texts
    assert "9 participants x 1 item" in texts


def test_a_second_run_draws_the_same_bytes(choices):
    assert draw(analyze_answers(choices)) == draw(analyze_answers(choices))


def test_the_kinds_are_what_their_names_say(choices):
    figures = draw(analyze_answers(choices))["choices"]
    assert figures["pdf"].startswith(b"%PDF")
    assert figures["png"].startswith(b"\x89PNG")


def test_as_many_pairs_as_a_study_can_have_fit_on_a_sheet(trials_of):
    names = [f"m{index:02}" for index in range(20)]
    rows = [("P1", a, b, a) for index, a in enumerate(names) for b in names[index + 1 :]]
    figures = draw(analyze_answers(trials_of(rows)))["choices"]
    height = int.from_bytes(figures["png"][20:24], "big")
    assert height < 1050 / 25.4 * 300


def test_a_page_where_nothing_was_decided_is_drawn_without_an_estimate(trials_of):
    (group,) = select(trials_of([("P1", "a", "b", "")])).groups
    assert draw(analyze_answers(group))["choices"]["svg"]
