"""Judge: the flags that were written into the database; a flag is counted, shown, and drops nobody."""

import json

import pytest

from mixeval.models import Flag, Rating
from mixeval_analysis.reporting.report_folder import write_report
from mixeval_analysis.selection import select
from mixeval_analysis.sources.collected import answers_in_study


@pytest.fixture
def flag(collected):
    def raise_flag(number, *names):
        with collected.database.write() as db:
            db.add_all(Flag(session_id=f"s{number}", name=name, detail={}) for name in names)

    return raise_flag


def test_flagged_sessions_are_counted_and_stay_in_the_tables(collected, flag):
    version = collected.version()
    for _ in range(3):
        collected.session(version)
    collected.session(version, complete=False)
    collected.session(version, preview=True)
    flag(1, "noisy_environment", "attention")
    flag(2, "attention")
    flag(4, "attention")
    flag(5, "attention")
    (group,) = select(answers_in_study(collected.folder)).groups
    assert group.participants == 3
    assert [(entry.flag, entry.counted, entry.others) for entry in group.flagged] == [
        ("attention", 2, 1),
        ("noisy_environment", 1, 0),
    ]


def test_the_report_names_the_flags_and_says_where_there_are_none(collected, flag, tmp_path):
    version = collected.version()
    for _ in range(3):
        collected.session(version)
    folder = tmp_path / "report"
    write_report(select(answers_in_study(collected.folder)), folder)
    assert "No session was flagged" in (folder / "report.html").read_text(encoding="utf-8")
    flag(2, "budget_headphones")
    write_report(select(answers_in_study(collected.folder)), folder)
    assert "<code>budget_headphones</code></td><td>1</td><td>0</td>" in (folder / "report.html").read_text(
        encoding="utf-8"
    )
    assert json.loads((folder / "report.json").read_text(encoding="utf-8"))["flagged"] == [
        {"flag": "budget_headphones", "counted": 1, "others": 0}
    ]


def test_what_could_not_be_played_is_left_out_by_that_reason(collected):
    version = collected.version()
    for _ in range(3):
        collected.session(version)
    with collected.database.write() as db:
        first, second = db.query(Rating).order_by(Rating.id).limit(2)
        first.value, first.moved, first.unplayable = None, False, True
        second.value, second.moved = None, False
    (group,) = select(answers_in_study(collected.folder)).groups
    assert {entry.reason: entry.answers for entry in group.left_out} == {
        "the participant's browser could not play it, and it was not rated": 1,
        "never answered": 1,
    }
