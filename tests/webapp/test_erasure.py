"""Erasing one participant: what is left of them, what their browser may still do, and what a backup brings back."""

import shutil
import stat

import pytest
from sqlalchemy import select

from mixeval.decisions import decide
from mixeval.erasure import erase, erase_all, pseudonym_of, reapply
from mixeval.errors import ParticipantError
from mixeval.models import (
    Base,
    Erasure,
    ExternalId,
    Flag,
    Invite,
    Participant,
    ParticipantSession,
    now,
)
from mixeval.results_so_far import FILE_NAME
from mixeval.tombstones import add_tombstones, read_tombstones
from mixeval_webapp.app import site_of

SECRET_WORDS = "The cellist next door was practising Kodaly"


@pytest.fixture
def study_folder(study_folder):
    text = (study_folder / "study.toml").read_text()
    (study_folder / "study.toml").write_text(text.replace("[test]", '[test]\ncomments = "mixes"'))
    return study_folder


@pytest.fixture
def two_listeners(database, new_listener):
    """The first has everything that can be stored about anybody; the second has finished too."""
    first, second = new_listener(), new_listener()
    for listener in (first, second):
        listener.start()
        page = listener.page()
        listener.send(
            "PUT",
            page["answers_url"],
            {
                "answers": [
                    {
                        "subject": page["stimuli"][0]["token"],
                        "name": "comment",
                        "value": SECRET_WORDS if listener is first else "fine",
                        "sequence": 1,
                    }
                ]
            },
        )
        listener.put(page, listener.ratings(page, sequence=2))
        listener.events(
            [
                {
                    "id": "e1",
                    "page": page["page"],
                    "kind": "play",
                    "stimulus": None,
                    "client_ms": 5,
                    "detail": {},
                }
            ]
        )
        listener.last_page = page
    with database.write() as db:
        session = db.scalars(select(ParticipantSession).order_by(ParticipantSession.started_at)).first()
        decide(db, session_id=session.id, kind="exclude", reason=f"says: {SECRET_WORDS}")
        db.add(Flag(session_id=session.id, name="environment", detail={}))
        db.add(ExternalId(session_id=session.id, platform="prolific", value="5f0cafe"))
        db.add(Invite(token_sha256="0" * 64, used_at=now(), session_id=session.id))
    first.code, first.session = code_of(database, session.id), session.id
    return first, second


def code_of(database, session_id):
    with database.read() as db:
        return db.get_one(ParticipantSession, session_id).participant.code


def everything(database):
    with database.read() as db:
        return {
            name: [tuple(map(str, row)) for row in db.execute(select(table))]
            for name, table in Base.metadata.tables.items()
        }


@pytest.mark.both_databases
def test_nothing_of_an_erased_participant_is_left_in_any_table(database, study_folder, two_listeners):
    first, _ = two_listeners
    before = everything(database)
    own = {first.code, first.session, "5f0cafe", SECRET_WORDS}
    own |= {row[0] for row in before["pages"] if row[1] == first.session}
    own |= {row[0] for row in before["page_stimuli"] if row[1] in own}
    erased = erase(database, first.code, folder=study_folder)
    after = everything(database)
    assert (erased.participants, erased.sessions, erased.ratings, erased.answers, erased.events) == (
        1,
        1,
        4,
        1,
        1,
    )
    assert (erased.flags, erased.decisions, erased.external_ids, erased.scrubbed) == (1, 1, 1, True)
    tombstones = after.pop("erasures")
    assert [row[0] for row in tombstones] == [first.code]
    found = [(name, row) for name, rows in after.items() for row in rows for cell in row if cell in own]
    assert found == []
    # An invite stays used.
    assert [(row[5] != "None", row[6]) for row in after["invites"]] == [(True, "None")]


@pytest.mark.both_databases
def test_everybody_else_keeps_every_row(database, study_folder, two_listeners):
    first, second = two_listeners
    others = everything(database)["ratings"]
    erase(database, first.code, folder=study_folder)
    kept = everything(database)
    assert len(kept["ratings"]) == 4
    assert set(kept["ratings"]) < set(others)
    assert second.finish().status_code == 200


@pytest.mark.both_databases
def test_the_browser_of_an_erased_participant_is_refused_and_brings_nothing_back(
    database, study_folder, two_listeners
):
    first, _ = two_listeners
    page = first.last_page
    erase(database, first.code, folder=study_folder)
    before = everything(database)
    for response in (
        first.put(page, first.ratings(page, sequence=9)),
        first.complete(page, first.ratings(page, sequence=9)),
        first.events(
            [
                {
                    "id": "e2",
                    "page": page["page"],
                    "kind": "play",
                    "stimulus": None,
                    "client_ms": 6,
                    "detail": {},
                }
            ]
        ),
    ):
        assert response.status_code == 401
        assert "session" in response.get_json()["detail"]
    assert first.get("/test").status_code == 303
    assert everything(database) == before


def test_the_file_and_its_log_hold_no_byte_of_what_was_written(database, study_folder, two_listeners):
    first, _ = two_listeners
    files = [path for path in study_folder.iterdir() if path.name.startswith("study.sqlite3")]
    assert any(SECRET_WORDS.encode() in path.read_bytes() for path in files)
    erase(database, first.code, folder=study_folder)
    for path in study_folder.iterdir():
        if path.name.startswith("study.sqlite3"):
            for trace in (SECRET_WORDS, first.session, "5f0cafe"):
                assert trace.encode() not in path.read_bytes(), path.name


def test_the_tombstone_is_in_a_file_that_only_its_owner_reads(database, study_folder, two_listeners):
    first, _ = two_listeners
    erase(database, first.code, folder=study_folder)
    path = study_folder / "erased.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(read_tombstones(study_folder)) == [first.code]
    text = path.read_text()
    assert first.session not in text
    assert SECRET_WORDS not in text


def test_results_that_were_made_before_and_may_name_somebody_go_too(database, study_folder, two_listeners):
    (study_folder / FILE_NAME).write_text(SECRET_WORDS)
    erase(database, two_listeners[0].code, folder=study_folder)
    assert not (study_folder / FILE_NAME).exists()


@pytest.mark.both_databases
def test_erasing_twice_is_fine_and_an_unknown_pseudonym_is_told(database, study_folder, two_listeners):
    first, _ = two_listeners
    erase(database, first.code, folder=study_folder)
    lines = (study_folder / "erased.txt").read_text()
    again = erase(database, first.code, folder=study_folder)
    assert (again.participants, again.ratings) == (0, 0)
    assert (study_folder / "erased.txt").read_text() == lines
    with pytest.raises(ParticipantError, match='no participant "Pnobody"'):
        erase(database, "Pnobody", folder=study_folder)
    assert (study_folder / "erased.txt").read_text() == lines


def test_who_asks_to_be_erased_is_found_by_any_code_that_they_know(database, two_listeners):
    first, second = two_listeners
    second.finish()
    with database.read() as db:
        done = db.scalars(
            select(ParticipantSession).where(ParticipantSession.completed_at.is_not(None))
        ).one()
        assert pseudonym_of(db, first.code) == first.code
        assert pseudonym_of(db, "5f0cafe") == first.code
        assert pseudonym_of(db, done.completion_code) == done.participant.code
        assert pseudonym_of(db, "nobody") == "nobody"
    with database.write() as db:
        db.add(ExternalId(session_id=done.id, platform="sona", value="5f0cafe"))
    with database.read() as db, pytest.raises(ParticipantError, match="names 2 participants"):
        pseudonym_of(db, "5f0cafe")


def test_a_tombstone_that_cannot_be_written_leaves_everything_as_it_was(
    database, study_folder, two_listeners
):
    first, _ = two_listeners
    (study_folder / "erased.txt").mkdir()
    before = everything(database)
    with pytest.raises(ParticipantError, match=r"erased\.txt cannot be"):
        erase(database, first.code, folder=study_folder)
    assert everything(database) == before


def test_a_database_that_is_copied_back_from_a_backup_is_erased_again_at_the_next_start(
    open_app, study_folder, listener_on, tmp_path
):
    app = open_app(study_folder)
    listener = listener_on(app)
    listener.start()
    page = listener.page()
    listener.put(page, listener.ratings(page))
    database = site_of(app).database
    with database.read() as db:
        code = db.scalars(select(Participant.code)).one()
    with database.engine.connect() as connection:
        connection.connection.driver_connection.execute("VACUUM INTO ?", (str(tmp_path / "old.sqlite3"),))
    erase(database, code, folder=study_folder)
    database.close()
    for path in study_folder.glob("study.sqlite3*"):
        path.unlink()
    shutil.copy(tmp_path / "old.sqlite3", study_folder / "study.sqlite3")

    restored = open_app(study_folder)
    found = everything(site_of(restored).database)
    assert (found["participants"], found["sessions"], found["ratings"]) == ([], [], [])
    assert [row[0] for row in found["erasures"]] == [code]
    late = listener_on(restored)
    late.client = restored.test_client()
    assert late.send("PUT", page["ratings_url"], {"ratings": listener.ratings(page)}).status_code == 401


@pytest.mark.both_databases
def test_an_analysis_of_a_restored_database_counts_nobody_who_was_erased(
    study_folder, open_app, new_listener
):
    from mixeval_analysis.export import export_study

    for _ in range(2):
        new_listener().start()
    database = site_of(open_app(study_folder)).database
    with database.read() as db:
        code, other = db.scalars(select(Participant.code).order_by(Participant.id))
    # As after a restore: the file knows of it, the database does not.
    add_tombstones(study_folder, {code: now()})
    export_study(study_folder, study_folder / "export")
    sessions = (study_folder / "export" / "sessions.csv").read_text()
    assert code not in sessions
    assert other in sessions


@pytest.mark.both_databases
def test_tombstones_that_the_file_has_lost_are_written_to_it_again(database, study_folder, two_listeners):
    first, _ = two_listeners
    erase(database, first.code, folder=study_folder)
    (study_folder / "erased.txt").unlink()
    assert reapply(database, study_folder) == ()
    assert list(read_tombstones(study_folder)) == [first.code]


def test_a_torn_line_of_the_tombstones_swallows_no_other(study_folder):
    add_tombstones(study_folder, {"P1": now()})
    with (study_folder / "erased.txt").open("a") as file:
        file.write("P2\t2026-")
    add_tombstones(study_folder, {"P3": now()})
    assert list(read_tombstones(study_folder)) == ["P1", "P2", "P3"]


def test_tombstones_that_cannot_be_read_stop_the_start(open_app, study_folder):
    (study_folder / "erased.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ParticipantError, match="nobody knows whose data were erased"):
        open_app(study_folder)


@pytest.mark.both_databases
def test_more_participants_than_one_transaction_takes_are_erased_together(
    database, study_folder, monkeypatch
):
    with database.write() as db:
        db.add_all(Participant(code=f"P{number}") for number in range(7))
    monkeypatch.setattr("mixeval.erasure.AT_ONCE", 3)
    erased = erase_all(database, [f"P{number}" for number in range(6)], folder=study_folder)
    assert erased.participants == 6
    with database.read() as db:
        assert list(db.scalars(select(Participant.code))) == ["P6"]
        assert len(db.scalars(select(Erasure)).all()) == 6
    assert len(read_tombstones(study_folder)) == 6


def test_a_start_that_erases_nobody_writes_no_file(database, study_folder):
    assert reapply(database, study_folder) == ()
    assert not (study_folder / "erased.txt").exists()
