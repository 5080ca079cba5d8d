"""Judges: the tables that were made, and the form of a DOI."""

import re
from dataclasses import replace

import pytest

from mixeval.study import AnalysisSection
from mixeval_analysis.answers import LeftOut, RatedVersion
from mixeval_analysis.page_profiles import analyze_answers
from mixeval_analysis.profile import Analysis, MadeChapter
from mixeval_analysis.reporting.citations import CITATIONS
from mixeval_analysis.reporting.methods import methods, methods_text


def test_the_methods_say_what_was_done_and_cite_only_that(panel):
    analysis = analyze_answers(panel)
    text = " ".join(methods(analysis).paragraphs)
    assert text.startswith("12 participants heard 3 items in 4 conditions (Anchor, Mine, Theirs, Reference)")
    for said in (
        "exact with midranks",
        "Holm's correction (Holm, 1979) over all 6 pairs",
        "B = 10000, seed 0",
    ):
        assert said in text
    assert "m = 6 pairs" in text
    assert "mixeval" in text
    assert "scipy" in text
    keys = {key for key, entry in CITATIONS.items() if entry in methods(analysis).citations}
    assert keys >= {"friedman", "iman_davenport", "wilcoxon", "holm", "hodges_lehmann", "paper"}
    assert not keys & {"schuirmann", "lakens", "bs1534", "bs1116"}
    assert all(entry.short in text for entry in methods(analysis).citations)


def test_without_the_papers_tests_its_methods_are_not_cited(panel):
    analysis = analyze_answers(panel)
    fewer = Analysis(analysis.answers, analysis.profile, analysis.chapters[:2])
    assert "Mann" not in methods_text(fewer)
    assert "Kruskal" not in methods_text(fewer)


def test_design_facts_are_said_where_they_are_known(panel):
    known = replace(
        panel,
        page="sliders",
        attribute="preference",
        questions={"preference": "How {much} do you like it?"},
        versions=(RatedVersion("v", "s", target_lufs=-28.0),),
        left_out=(LeftOut("the session was not completed", 3, 1, 1),),
    )
    text = " ".join(methods_text(analyze_answers(known)).split())
    assert 'The question was "How {much} do you like it?"' in text
    assert "a slider for each mix" in text
    assert "-28 LUFS" in text
    assert "The scale ran from 0 to 100." in text
    assert "Left out: 3 ratings (the session was not completed)." in text
    assert "LUFS" not in methods_text(analyze_answers(panel))


def test_simulated_listeners_are_no_participants(panel):
    simulated = replace(panel, rows=panel.rows.assign(simulated=True))
    assert methods_text(analyze_answers(simulated)).startswith("SIMULATED listeners")


def test_a_margin_that_was_tested_is_stated_with_its_sources(panel):
    margin = replace(panel, settings=AnalysisSection(margin=5.0))
    analysis = analyze_answers(margin)
    table = replace(analysis.tables["summary"], name="equivalence")
    with_table = Analysis(
        margin, analysis.profile, (MadeChapter(analysis.chapters[0].chapter, {"equivalence": table}),)
    )
    text = " ".join(methods_text(with_table).split())
    assert "within a margin of 5 points" in text
    assert "(Schuirmann, 1987; Lakens, 2017)" in text


def test_every_page_type_has_methods(panel, trials_of):
    asked = {
        "ab": trials_of([("P1", "anchor", "mine", "mine"), ("P2", "anchor", "mine", "anchor")]),
        "abx": trials_of([("P1", "anchor", "mine", "mine", "mine")]),
        "bs1116": replace(panel, roles={"reference": "reference"}),
    }
    for page in ("", "single_axis", "sliders", "ab", "abx", "acr", "ranking", "bs1116"):
        text = methods_text(analyze_answers(replace(asked.get(page, panel), page=page)))
        assert "{" not in text, page
        assert ".." not in text, page


@pytest.mark.parametrize("key", CITATIONS)
def test_a_citation_has_a_year_and_a_doi_or_says_where_it_is(key):
    entry = CITATIONS[key]
    assert re.fullmatch(r"10\.\d{4,}/\S+", entry.doi) or "jstor" in entry.full or "ITU-R" in entry.full
    assert re.search(r"\((19|20)\d\d\)", entry.full)
    assert re.search(r"\d{4}", entry.short)
