"""Judges: Python's csv module over what was stored, the analysis of the exported files, a writer beside it."""

import csv
import json
import threading
from datetime import UTC, datetime

import pandas as pd
import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.decisions import decide, withdraw
from mixeval.errors import AnalysisError, ResultError
from mixeval.models import Answer, Event, ExternalId, Flag, ParticipantSession, Rating
from mixeval_analysis.export import LISTING, export_study
from mixeval_analysis.export_dictionary import ANSWERS, EVENTS, RATINGS, SESSIONS, TRIALS
from mixeval_analysis.selection import select
from mixeval_analysis.sources.tidy_csv import read_tidy_csv

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def rows_of(collected, tmp_path):
    def export(name):
        export_study(collected.folder, tmp_path / "out")
        with (tmp_path / "out" / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    return export


def test_every_rating_is_there_with_what_is_known_of_it(collected, rows_of):
    version = collected.version()
    collected.session(version, code="p-1")
    collected.session(version, code="p-2", complete=False, simulated=True)
    rows = rows_of("ratings.csv")
    assert len(rows) == 12
    assert list(rows[0]) == [*RATINGS, "drummer"]
    first = rows[0]
    assert (first["participant"], first["item"], first["condition"], first["page_type"]) == (
        "p-1",
        "loop1",
        "ref",
        "sliders",
    )
    assert (first["complete"], first["simulated"], first["drummer"]) == ("true", "false", "d1")
    assert first["rated_at"].endswith("+00:00")
    assert {(row["complete"], row["simulated"]) for row in rows if row["participant"] == "p-2"} == {
        ("false", "true")
    }


def test_exported_files_are_analysed_as_the_study_itself(collected, tmp_path):
    from mixeval_analysis.sources.collected import answers_in_study

    version = collected.version()
    for _ in range(3):
        collected.session(version)
    collected.session(version, complete=False)
    _never_rated(collected, "t1-loop1-ref")
    export_study(collected.folder, tmp_path / "out")
    (direct,) = select(answers_in_study(collected.folder)).groups
    (again,) = select(read_tidy_csv(tmp_path / "out" / "ratings.csv")).groups
    columns = ["participant", "item", "condition", "rating"]
    assert again.rows[columns].equals(direct.rows[columns])
    assert {(entry.reason, entry.answers) for entry in again.left_out} == {
        (entry.reason, entry.answers) for entry in direct.left_out
    }


def test_trials_are_a_file_of_their_own_only_where_there_are_some(collected, rows_of, tmp_path):
    collected.choices(collected.version(), [("loop1", "net", "ref", "net", "ref")], kind="abx", code="p-1")
    (row,) = rows_of("trials.csv")
    assert list(row) == [*TRIALS, "drummer"]
    assert (row["a"], row["b"], row["x"], row["chosen"], row["correct"]) == (
        "ref",
        "net",
        "net",
        "ref",
        "false",
    )
    assert read_tidy_csv(tmp_path / "out" / "trials.csv").rows["page_type"].tolist() == ["abx"]
    assert rows_of("ratings.csv") == []


def test_answers_comments_events_and_sessions(collected, rows_of):
    version = collected.version()
    collected.choices(version, [("loop1", "net", "ref", None, "ref")], code="p-1")
    with collected.database.write() as session:
        session.add_all(
            [
                Answer(page_id="s1-0", name="age", value=34, sequence=1, answered_at=MOMENT),
                Answer(page_id="s1-0", name="used", value=["a", "b"], sequence=1, answered_at=MOMENT),
                Answer(
                    page_id="s1-0",
                    subject="t1-0-0",
                    name="comment",
                    value="too\ndry, I think",
                    sequence=1,
                    answered_at=MOMENT,
                ),
                Flag(session_id="s1", name="environment", detail={}),
                Flag(session_id="s1", name="headphones", detail={}),
                Event(
                    session_id="s1",
                    page_id="s1-0",
                    event_id="e1",
                    kind="play",
                    stimulus_token="t1-0-1",
                    client_ms=12.5,
                    detail={"loop": True},
                    received_at=MOMENT,
                ),
            ]
        )
    answers = rows_of("answers.csv")
    assert list(answers[0]) == list(ANSWERS)
    assert [(row["mix"], row["question"], row["value"]) for row in answers] == [
        ("", "age", "34"),
        ("", "used", '["a", "b"]'),
        ("net", "comment", "too\ndry, I think"),
    ]
    (event,) = rows_of("events.csv")
    assert list(event) == list(EVENTS)
    assert (event["kind"], event["condition"], event["client_ms"]) == ("play", "ref", "12.5")
    assert json.loads(event["detail"]) == {"loop": True}
    (sitting,) = rows_of("sessions.csv")
    assert list(sitting) == list(SESSIONS)
    assert (sitting["flags"], sitting["completion_code"], sitting["seat"], sitting["language"]) == (
        "environment;headphones",
        "yes",
        "1",
        "en",
    )


def test_no_code_and_no_secret_leaves(collected, tmp_path):
    collected.choices(collected.version(), [("loop1", "net", "ref", None, "ref")])
    export_study(collected.folder, tmp_path / "out")
    with collected.database.read() as session:
        sitting = session.query(ParticipantSession).one()
    written = "".join(path.read_text() for path in (tmp_path / "out").iterdir())
    assert sitting.completion_code not in written
    assert sitting.secret_sha256 not in written


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_text_that_a_spreadsheet_would_run_is_guarded(collected, rows_of, text):
    collected.choices(collected.version(), [("loop1", "net", "ref", None, "ref")])
    with collected.database.write() as session:
        session.add(Answer(page_id="s1-0", name="comment", value=text, sequence=1, answered_at=MOMENT))
    (row,) = rows_of("answers.csv")
    assert row["value"] == f"'{text}".replace("\r", "\n")


def test_a_guarded_name_is_read_as_it_was(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text("participant,item,condition,rating\nP1,'-6dB,a,3\nP1,'-6dB,b,4\n", encoding="utf-8")
    assert set(read_tidy_csv(path).rows["item"]) == {"-6dB"}


def test_the_readme_names_every_file_and_column(collected, tmp_path):
    collected.session(collected.version())
    written = export_study(collected.folder, tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text()
    assert "Three mixes" in text
    for name in written.rows:
        table = name.partition(".")[0]
        assert f"## {table}" in text
        if name.endswith(".json"):
            continue
        with (tmp_path / "out" / name).open(newline="", encoding="utf-8") as file:
            for column in next(csv.reader(file)):
                assert f"| {column} |" in text.split(f"## {table}\n")[1].split("\n## ")[0]


def test_a_file_of_somebody_else_s_is_not_touched_and_nothing_is_written(collected, tmp_path):
    collected.session(collected.version())
    out = tmp_path / "out"
    out.mkdir()
    (out / "events.csv").write_text("mine")
    with pytest.raises(ResultError, match="was not written by mixeval"):
        export_study(collected.folder, out)
    assert [path.name for path in out.iterdir()] == ["events.csv"]


def test_all_files_are_of_one_moment_while_people_rate(collected, tmp_path):
    version = collected.version()
    collected.session(version)
    stop = threading.Event()

    def rate():
        while not stop.is_set():
            collected.session(version)

    writer = threading.Thread(target=rate)
    writer.start()
    try:
        for number in range(5):
            out = tmp_path / f"out{number}"
            export_study(collected.folder, out)
            with (out / "ratings.csv").open(newline="") as file:
                rated = {row["session"] for row in csv.DictReader(file)}
            with (out / "sessions.csv").open(newline="") as file:
                begun = {row["session"] for row in csv.DictReader(file)}
            assert rated == begun
    finally:
        stop.set()
        writer.join()


def test_the_command_says_what_it_wrote(collected):
    collected.session(collected.version())
    result = CliRunner().invoke(main, ["export", str(collected.folder)])
    assert result.exit_code == 0, result.output
    assert "        6 ratings.csv" in result.output
    assert (collected.folder / "export" / LISTING).is_file()
    asked = ["export", str(collected.folder), "--format", "csv", "--json"]
    told = json.loads(CliRunner().invoke(main, asked).output)
    assert told["rows"] == {
        "ratings.csv": 6,
        "answers.csv": 0,
        "events.csv": 0,
        "heard.csv": 0,
        "sessions.csv": 1,
        "decisions.csv": 0,
    }


NASTY = [
    "=1+1",
    "\rx\r\ny",
    "\t@SUM(A1)",
    "“quoted”, with\ncomma; 한국어 \U0001f941 e\u0301",
    "\u202eright",
    "007",
    "NaN",
    "'",
]


def test_json_holds_every_text_as_it_was_typed(collected, tmp_path):
    collected.choices(collected.version(), [("loop1", "net", "ref", None, "ref")])
    values = [*NASTY, 1.5, 0, True, ["a", "=b"], None]
    with collected.database.write() as session:
        for number, value in enumerate(values):
            session.add(
                Answer(page_id="s1-0", name=f"q{number}", value=value, sequence=1, answered_at=MOMENT)
            )
    export_study(collected.folder, tmp_path / "out", kind="json")
    rows = json.loads((tmp_path / "out" / "answers.json").read_bytes())
    assert [row["value"] for row in rows] == values
    assert [type(row["value"]) for row in rows] == [type(value) for value in values]
    assert list(rows[0]) == list(ANSWERS)
    assert not list((tmp_path / "out").glob("*.csv"))
    described = json.loads((tmp_path / "out" / "dictionary.json").read_text())
    assert list(described["answers"]["columns"]) == list(ANSWERS)


def test_csv_and_json_hold_the_same_rows(collected, tmp_path):
    version = collected.version()
    collected.session(version)
    collected.session(version, complete=False)
    _never_rated(collected, "t1-loop1-ref")
    written = export_study(collected.folder, tmp_path / "out")
    for name in ("ratings", "sessions", "events"):
        frame = pd.read_csv(tmp_path / "out" / f"{name}.csv", keep_default_na=False, dtype=str)
        rows = json.loads((tmp_path / "out" / f"{name}.json").read_text())
        assert written.rows[f"{name}.csv"] == written.rows[f"{name}.json"] == len(rows) == len(frame)
        for cells, row in zip(frame.to_dict("records"), rows, strict=True):
            assert list(cells) == list(row)
            assert {
                column: "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
                for column, value in row.items()
            } == cells
    first = json.loads((tmp_path / "out" / "ratings.json").read_text())[0]
    assert first["rating"] is None


def test_every_decision_is_there_with_its_reason_and_whether_it_stands(collected, rows_of):
    collected.session(collected.version(), code="p-1")
    with collected.database.write() as db:
        decide(db, session_id="s1", kind="exclude", reason="=left\nearly")
        withdraw(db, decide(db, session_id="s1", kind="flag", reason="a phone rang").id)
    rows = rows_of("decisions.csv")
    assert [(row["participant"], row["kind"], row["reason"], row["withdrawn_at"] != "") for row in rows] == [
        ("p-1", "exclude", "'=left\nearly", False),
        ("p-1", "flag", "a phone rang", True),
    ]


def test_what_a_platform_calls_participants_is_written_only_when_asked_for(collected, tmp_path):
    collected.session(collected.version(), code="p-1")
    with collected.database.write() as db:
        db.add(ExternalId(session_id="s1", platform="prolific", value="5f0cafe", submission="sub77"))
    export_study(collected.folder, tmp_path / "out")
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir())
    assert b"5f0cafe" not in written
    assert b"sub77" not in written
    asked = ["export", str(collected.folder), "--out", str(tmp_path / "out"), "--with-external-ids"]
    assert CliRunner().invoke(main, asked).exit_code == 0
    (row,) = csv.DictReader((tmp_path / "out" / "external_ids.csv").read_text().splitlines())
    assert (row["participant"], row["platform"], row["value"]) == ("p-1", "prolific", "5f0cafe")
    # Asked without, the file goes again.
    export_study(collected.folder, tmp_path / "out")
    assert not (tmp_path / "out" / "external_ids.csv").exists()


def test_a_study_without_a_database_is_told_so(collected, tmp_path):
    collected.database.close()
    (collected.folder / "study.sqlite3").unlink()
    with pytest.raises(AnalysisError, match="holds no ratings yet"):
        export_study(collected.folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def _never_rated(collected, token):
    from mixeval.models import Rating

    with collected.database.write() as session:
        rating = session.query(Rating).filter_by(stimulus_token=token).one()
        rating.value, rating.moved = None, False


def test_what_was_only_heard_has_a_file_of_its_own(collected):
    collected.session(collected.version())
    with collected.database.write() as db:
        heard = db.query(Rating).order_by(Rating.id).first()
        heard.value, heard.moved, heard.listened_seconds = None, False, 3.25
        heard.stimulus.role, heard.stimulus.shown_as = "reference", "Ref"
    export_study(collected.folder, collected.folder / "out")
    (row,) = pd.read_csv(collected.folder / "out" / "heard.csv").to_dict(orient="records")
    assert (row["role"], row["shown_as"], row["listened_seconds"], row["unplayable"]) == (
        "reference",
        "Ref",
        3.25,
        False,
    )
    assert len(pd.read_csv(collected.folder / "out" / "ratings.csv")) == 5
