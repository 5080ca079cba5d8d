"""Results of a study that is still running: those of `mixeval analyze`, and rules asked of who is under way too."""

import pytest
from sqlalchemy import update

from mixeval.models import Page, Rating
from mixeval.results_so_far import parse_results
from mixeval_analysis.load import load
from mixeval_analysis.page_profiles import analyze_answers
from mixeval_analysis.selection import select
from mixeval_analysis.so_far import results_so_far


@pytest.fixture
def open_pages(collected):
    """Say when the pages of a session were opened and finished; None leaves a page unfinished."""

    def tell(session, *, seconds=30.0):
        from datetime import timedelta

        with collected.database.write() as db:
            for page in db.query(Page).filter_by(session_id=session):
                page.opened_at = collected.moment
                page.completed_at = None if seconds is None else collected.moment + timedelta(seconds=seconds)

    return tell


def test_tables_and_figures_are_those_of_analyze(collected):
    version = collected.version()
    for _ in range(4):
        collected.session(version)
    found = parse_results(results_so_far(collected.folder).to_json())
    (group,) = select(load(str(collected.folder))).groups
    analysis = analyze_answers(group)
    (shown,) = found.sets
    assert [table.name for table in shown.tables] == list(analysis.tables)
    assert [list(row) for row in shown.tables[0].rows] == analysis.tables[shown.tables[0].name].cells()
    assert [figure.name for figure in shown.figures] == [figure.name for figure in analysis.figures]
    assert all("<svg" in figure.svg for figure in shown.figures)
    assert not shown.simulated
    assert found.problem == ""


def test_why_there_are_none_is_said(collected):
    collected.session(collected.version(), complete=False)
    found = results_so_far(collected.folder)
    assert found.sets == ()
    assert "no completed session yet (1 begun)" in found.problem


def test_rules_are_asked_of_finished_pages_of_who_is_under_way(collected, open_pages):
    version = collected.version()
    collected.session(version, code="same", complete=False)
    collected.session(version, code="fine", complete=False)
    collected.session(version, code="unfinished", complete=False)
    with collected.database.write() as db:
        for number in (1, 3):
            db.execute(update(Rating).where(Rating.stimulus_token.like(f"t{number}-%")).values(value=50.0))
    open_pages("s1")
    open_pages("s2")
    open_pages("s3", seconds=None)
    found = results_so_far(collected.folder)
    assert ("same", "all_equal") in {(entry.participant, entry.rule) for entry in found.suspicions}
    assert {entry.participant for entry in found.suspicions} == {"same"}
    assert set(found.page_seconds.values()) == {30.0}
    assert all(page.startswith(("s1-", "s2-")) for page in found.page_seconds)
    # Nobody is complete, so nothing is a result yet.
    assert found.sets == ()


def test_simulated_listeners_are_results_only_while_nobody_real_is_complete(collected):
    version = collected.version()
    for _ in range(3):
        collected.session(version, simulated=True)
    assert results_so_far(collected.folder).sets[0].simulated
    for _ in range(2):
        collected.session(version)
    assert not results_so_far(collected.folder).sets[0].simulated
