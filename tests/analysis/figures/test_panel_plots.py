"""Judges: the drawn text and shapes in the SVG, and the same bytes on a second run."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from mixeval.study import AnalysisSection
from mixeval_analysis.figures.drawing import draw
from mixeval_analysis.figures.panel_plots import listening_figure, screening_figure, timing_figure
from mixeval_analysis.listeners.screening import screen
from mixeval_analysis.listeners.timing import timing
from mixeval_analysis.page_profiles import analyze_answers

NAMES = ("timing", "listening", "screening")


def test_a_panel_that_was_observed_has_the_three_figures_the_same_on_every_run(listened):
    analysis = analyze_answers(listened)
    assert {figure.name for figure in analysis.figures} >= set(NAMES)
    first, second = draw(analysis), draw(analyze_answers(listened))
    for name in NAMES:
        assert set(first[name]) == {"pdf", "svg", "png"}
        assert first[name] == second[name]


def test_a_bare_table_has_no_figure_of_time_or_listening(panel):
    assert {figure.name for figure in analyze_answers(panel).figures}.isdisjoint({"timing", "listening"})


def test_the_matrix_names_rules_and_people_and_says_how_many_are_flagged(listened):
    words = _words(screening_figure(listened))
    assert {
        "post_screening",
        "too_fast",
        "P00",
        "P11",
        "Participants flagged",
        "1 of 12 participants flagged",
    } <= words
    assert "flagged, and left out of the main tables" not in words
    excluding = replace(
        listened, settings=AnalysisSection(reference="reference", exclude=("post_screening",))
    )
    screened = replace(excluding, screening=screen(excluding))
    assert "flagged, and left out of the main tables" in _words(screening_figure(screened))


def test_of_a_large_panel_only_the_flagged_are_drawn(listened):
    many = pd.concat(
        [listened.rows.assign(participant=f"{letter}" + listened.rows["participant"]) for letter in "abcdef"],
        ignore_index=True,
    )
    words = _words(screening_figure(replace(listened, rows=many, panel=None, repeats=None)))
    assert "6 of 72 participants flagged, and only those are drawn" in words
    assert "aP00" in words
    assert "aP01" not in words


def test_a_page_left_open_over_lunch_makes_the_axis_logarithmic(listened):
    assert "Seconds" in _words(timing_figure(listened, timing(listened)))
    lunch = listened.panel.pages.copy()
    lunch.loc[0, "seconds"] = 4000.0
    away = replace(listened, panel=replace(listened.panel, pages=lunch))
    assert "Seconds (logarithmic)" in _words(timing_figure(away, timing(away)))


def test_simulated_listeners_are_named_on_every_figure(listened):
    simulated = replace(listened, rows=listened.rows.assign(simulated=True))
    analysis = analyze_answers(simulated)
    for name in NAMES:
        assert any("SIMULATED" in word for word in _words(draw(analysis)[name]))


@pytest.mark.parametrize("label", ["$\\alpha$ & <b>", "ミックス", "x" * 120])
def test_any_label_is_drawn_as_text(listened, label):
    labelled = replace(listened, labels={**listened.labels, "mine": label})
    analysis = analyze_answers(labelled)
    drawn = listening_figure(labelled, analysis.tables["listening"])
    assert drawn["svg"].startswith(b"<?xml")


def _words(drawn):
    return {word.strip() for word in re.findall(r"<text[^>]*>([^<]*)</text>", drawn["svg"].decode())}
