import csv
import json
import stat

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.errors import AnalysisError
from mixeval.models import ParticipantSession, now
from mixeval_webapp.app import site_of
from mixeval_webapp.recruitment.platform_exports import Submission, read_platform_export
from mixeval_webapp.recruitment.reconcile import Recruit, reconcile

pytestmark = pytest.mark.both_databases

# The header of Prolific's "Export demographic data" of 2026, and of an MTurk batch.
PROLIFIC_CSV = """\
Submission id,Participant id,Status,Custom study tncs accepted at,Started at,Completed at,Reviewed at,Archived at,Time taken,Completion code,Total approvals,Age
sub1,done,APPROVED,,2026-11-20T10:00:00.000000Z,,,,600,COMPLETE1,12,31
sub2,half,APPROVED,,,,,,20,NOCODE,3,CONSENT_REVOKED
sub3,stranger,AWAITING REVIEW,,,,,,600,COMPLETE1,3,40
sub4,waiting,AWAITING REVIEW,,,,,,600,COMPLETE1,3,40
sub5,=cmd,RETURNED,,,,,,,,3,40
sub6,out,SCREENED OUT,,,,,,60,SCREENED2,3,40
"""
MTURK_CSV = """\
"HITId","HITTypeId","AssignmentId","WorkerId","AssignmentStatus","Input.link","Answer.surveycode","Approve","Reject"
"H","T","3A","A1","Submitted","","K7W2M9PQ4X","",""
"""


def recruit(value, state="complete"):
    return Recruit(value, "", f"P{value.upper()}", state, "CODE")


def submission(value, state, *, paid):
    return Submission(value, f"s{value}", state, "", paid)


def findings(here, there):
    return {match.value: match.finding for match in reconcile(here, there)}


def test_every_pair_of_here_and_there_has_its_finding():
    here = [
        *(recruit(value) for value in ("paid", "waiting", "absent", "partly")),
        *(recruit(value, "unfinished") for value in ("early", "left", "returned")),
        recruit("out", "screened_out"),
        recruit("out_whole", "screened_out"),
    ]
    there = [
        submission("paid", "APPROVED", paid=True),
        submission("waiting", "AWAITING REVIEW", paid=False),
        submission("partly", "SCREENED OUT", paid=True),
        submission("early", "APPROVED", paid=True),
        submission("returned", "RETURNED", paid=False),
        submission("out", "SCREENED OUT", paid=True),
        submission("out_whole", "APPROVED", paid=True),
        submission("stranger", "APPROVED", paid=True),
    ]
    assert findings(here, there) == {
        **dict.fromkeys(("paid", "out"), "agreed"),
        **dict.fromkeys(("waiting", "absent", "partly"), "not_paid"),
        **dict.fromkeys(("early", "out_whole"), "not_complete"),
        "stranger": "unknown",
        **dict.fromkeys(("left", "returned"), "open"),
    }


def test_of_two_submissions_of_one_participant_the_paid_one_counts():
    returned, approved = submission("a", "RETURNED", paid=False), submission("a", "APPROVED", paid=True)
    for there in ([returned, approved], [approved, returned]):
        assert findings([recruit("a")], there) == {"a": "agreed"}


def test_the_files_of_prolific_and_mturk_are_known_by_their_headers(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("\ufeff" + PROLIFIC_CSV.replace("\n", "\r\n"), encoding="utf-8")
    found = read_platform_export(path)
    assert found[0] == Submission("done", "sub1", "APPROVED", "COMPLETE1", True)
    assert [each.paid for each in found] == [True, True, False, False, False, True]
    path.write_text(MTURK_CSV)
    assert read_platform_export(path) == [Submission("A1", "3A", "Submitted", "K7W2M9PQ4X", False)]


def test_any_other_file_is_read_by_the_columns_that_are_named(tmp_path):
    path = tmp_path / "sona.csv"
    path.write_text("Name;Code;Credit\nA. B.;81723;Granted\nC. D.;81724;No-show\n")
    found = read_platform_export(path, id_column="Code", state_column="Credit", paid_states=["granted"])
    assert [(each.value, each.paid) for each in found] == [("81723", True), ("81724", False)]
    with pytest.raises(AnalysisError, match="--id-column, out of: Name, Code, Credit"):
        read_platform_export(path)
    with pytest.raises(AnalysisError, match='no column "Kode"'):
        read_platform_export(path, id_column="Kode")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"PK\x03\x04", b"a,b\n1,2\n", b'"' * 200_000])
def test_what_is_no_export_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    with pytest.raises(AnalysisError):
        read_platform_export(path)


@pytest.fixture
def recruited(prolific, listener_on, begin_at, study_folder):
    """One who is done, one half way, one who waits for money and one screened out; return the study and a file."""
    for value in ("done", "half", "waiting", "out"):
        listener = listener_on(prolific)
        begin_at(listener, f"/?PROLIFIC_PID={value}&SESSION_ID=x")
        if value in {"done", "waiting"}:
            listener.finish()
    with site_of(prolific).database.write() as db:
        *_, out = db.query(ParticipantSession).order_by(ParticipantSession.started_at)
        out.ended_as, out.ended_at = "screened_out", now()
    (study_folder / "export.csv").write_text(PROLIFIC_CSV)
    return study_folder, study_folder / "export.csv"


def test_the_command_lists_who_is_to_be_paid_and_who_should_not_have_been(recruited):
    study, export = recruited
    result = CliRunner().invoke(main, ["reconcile", str(study), str(export)])
    assert result.exit_code == 0, result.output
    headings = [line for line in result.output.splitlines() if line.rstrip()[-1:].isdigit() and ": " in line]
    assert headings == [
        "Complete here, not paid there: 1",
        "Paid there, not complete here: 1",
        "There only: no session here has this id: 2",
        "Complete here and paid there: 2",
        "Neither complete here nor paid there: 0",
    ]


def test_the_list_is_written_for_its_owner_alone_and_runs_no_formula(recruited):
    study, export = recruited
    out = study / "list.csv"
    command = ["reconcile", str(study), str(export), "--out", str(out), "--json"]
    result = CliRunner().invoke(main, command)
    listed = {row["value"]: row["finding"] for row in json.loads(result.output)}
    assert listed == {
        "waiting": "not_paid",
        "half": "not_complete",
        "stranger": "unknown",
        "=cmd": "unknown",
        "done": "agreed",
        "out": "agreed",
    }
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert "'=cmd" in [row["id"] for row in rows]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "is there already" in CliRunner().invoke(main, command).output


def test_a_study_without_a_platform_has_nothing_to_compare(study_folder):
    (study_folder / "export.csv").write_text(PROLIFIC_CSV)
    result = CliRunner().invoke(main, ["reconcile", str(study_folder), str(study_folder / "export.csv")])
    assert result.exit_code == 1
    assert "has no platform to compare with" in result.output
