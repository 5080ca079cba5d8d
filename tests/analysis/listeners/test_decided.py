"""Judges: the same database without the session; what the researcher wrote."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import delete

from mixeval.cli import main
from mixeval.decisions import decide, withdraw
from mixeval.errors import AnalysisError
from mixeval.models import Participant, ParticipantSession, Rating
from mixeval_analysis.listeners.screening_tables import beside
from mixeval_analysis.page_profiles import analyze_answers
from mixeval_analysis.selection import select
from mixeval_analysis.sources.collected import answers_in_study

REASON = "Told us afterwards\nof a hearing loss"


@pytest.fixture
def four(collected):
    version = collected.version()
    return [collected.session(version) for _ in range(4)]


def made(collected, session_id, kind, reason=REASON):
    with collected.database.write() as db:
        return decide(db, session_id=session_id, kind=kind, reason=reason).id


def analysed(collected):
    (group,) = select(answers_in_study(collected.folder)).groups
    return analyze_answers(group)


def ratings_by_condition(analysis):
    return analysis.tables["summary"].frame[["condition", "n", "mean"]].to_dict("records")


def test_an_excluded_session_leaves_the_main_tables_as_if_it_had_not_been(collected, four):
    with_all = ratings_by_condition(analysed(collected))
    decision = made(collected, "s2", "exclude")
    excluded = analysed(collected)
    assert excluded.answers.participants == 3
    assert [(entry.reason, entry.answers, entry.participants) for entry in excluded.answers.left_out] == [
        ("excluded by the researcher", 6, 1)
    ]
    row = excluded.tables["decisions"].frame.iloc[0]
    assert (row["participant"], row["kind"], row["reason"]) == (
        four[1],
        "exclude",
        "Told us afterwards of a hearing loss",
    )
    rules = excluded.tables["screening_rules"].frame.set_index("rule").loc["excluded_by_researcher"]
    assert (rules["flagged"], rules["excluded"]) == (1, 1)
    effect = excluded.tables["screening_effect"].frame
    assert effect["n_with"].tolist() == [8, 8, 8]
    assert effect["n_without"].tolist() == [6, 6, 6]
    # The results with everybody stand beside.
    assert beside(excluded.answers).participants == 4
    without = ratings_by_condition(excluded)

    with collected.database.write() as db:
        withdraw(db, decision)
    assert ratings_by_condition(analysed(collected)) == with_all
    with collected.database.write() as db:
        db.execute(delete(Rating).where(Rating.stimulus_token.like("t2-%")))
    assert ratings_by_condition(analysed(collected)) == without


def test_a_flag_by_hand_only_shows(collected, four):
    before = ratings_by_condition(analysed(collected))
    made(collected, "s3", "flag")
    flagged = analysed(collected)
    assert ratings_by_condition(flagged) == before
    assert flagged.answers.screening.flagged["flagged_by_researcher"] == [four[2]]
    assert flagged.answers.screening.left_out == {}
    assert four[2] in flagged.answers.screening.anybody


@pytest.mark.usefixtures("four")
def test_decisions_about_previews_and_unfinished_sessions_change_nothing(collected):
    version = collected.version()
    collected.session(version, preview=True)
    collected.session(version, complete=False)
    before = ratings_by_condition(analysed(collected))
    made(collected, "s5", "exclude")
    made(collected, "s6", "exclude")
    after = analysed(collected)
    assert ratings_by_condition(after) == before
    assert after.answers.screening.left_out == {}
    assert len(after.tables["decisions"].frame) == 1  # of the one that was begun


@pytest.mark.usefixtures("four")
def test_excluding_everybody_is_told(collected):
    for number in range(1, 5):
        made(collected, f"s{number}", "exclude")
    with pytest.raises(AnalysisError, match="excluded_by_researcher leaves nobody"):
        analysed(collected)


def test_the_report_and_the_terminal_say_who_and_why(collected, four, tmp_path):
    made(collected, "s2", "exclude", "=HYPERLINK(1) <script>alert(1)</script> 50 % & more")
    out = tmp_path / "report"
    result = CliRunner().invoke(main, ["analyze", str(collected.folder), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert f"excluded_by_researcher flags {four[1]}, left out" in " ".join(result.output.split())
    page = (out / "report.html").read_text()
    assert "excluded by the researcher" in page
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    # A spreadsheet is not to run it.
    assert "'=HYPERLINK" in (out / "tables" / "decisions.csv").read_text()
    facts = json.loads((out / "report.json").read_text())
    assert "excluded_by_researcher" in json.dumps(facts)
    assert (out / "tables" / "with_excluded").is_dir()


def test_an_exclusion_of_somebody_who_was_erased_is_gone_with_them(collected, four):
    from mixeval.erasure import erase

    made(collected, "s2", "exclude")
    erase(collected.database, four[1], folder=collected.folder)
    with collected.database.read() as db:
        assert db.query(ParticipantSession).count() == db.query(Participant).count() == 3
    assert "decisions" not in analysed(collected).tables


def test_excluding_all_but_one_leaves_defined_answers(collected, four):
    for number in range(2, 5):
        made(collected, f"s{number}", "exclude")
    left = analysed(collected)
    assert left.answers.participants == 1
    assert len(left.tables["decisions"].frame) == 3
    effect = left.tables["screening_effect"].frame
    assert effect["n_without"].tolist() == [2, 2, 2]
    assert four[0] not in left.answers.screening.left_out
