"""Backups of a study's answers, and how they are put back."""

import contextlib
import os
import shutil
import sqlite3
import stat

import pytest
from alembic import command
from click.testing import CliRunner
from sqlalchemy import select

import mixeval_migrations
from mixeval.backup import contents_of, keep_newest, make_backup
from mixeval.cli import main
from mixeval.database import open_database
from mixeval.erasure import erase
from mixeval.errors import BackupError, DatabaseError
from mixeval.models import Participant, ParticipantSession
from mixeval.restoring import restore
from mixeval_webapp.app import site_of


@pytest.fixture
def url(study_folder):
    return f"sqlite:///{study_folder / 'study.sqlite3'}"


@pytest.fixture
def rate(open_app, listener_on, study_folder):
    """Have some people rate a page each, and stop the server; return the pseudonyms of all so far."""

    def rated(count=1):
        app = open_app(study_folder)
        for _ in range(count):
            listener = listener_on(app)
            listener.start()
            page = listener.page()
            listener.put(page, listener.ratings(page))
        database = site_of(app).database
        with database.read() as db:
            codes = list(db.scalars(select(Participant.code).order_by(Participant.id)))
        database.close()
        return codes

    return rated


def put_back(backup, url, study_folder):
    return restore(backup, url, study_folder, upgrade=mixeval_migrations.upgrade)


def people(url):
    database = open_database(url)
    try:
        with database.read() as db:
            return list(db.scalars(select(Participant.code).order_by(Participant.id)))
    finally:
        database.close()


def test_a_backup_says_what_it_holds_and_only_its_owner_reads_it(rate, url, study_folder):
    rate(2)
    made = make_backup(url, study_folder)
    assert made.file.parent == study_folder / "backups"
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    assert (made.contents.schema, made.contents.sessions, made.contents.ratings) == (
        mixeval_migrations.head(),
        2,
        8,
    )
    assert contents_of(made.file) == made.contents
    assert [path.name for path in made.file.parent.iterdir()] == [made.file.name]


def test_a_backup_never_takes_the_place_of_another_file(rate, url, study_folder, tmp_path):
    rate()
    kept = tmp_path / "thesis.txt"
    kept.write_text("chapter one")
    with pytest.raises(BackupError, match="is there already"):
        make_backup(url, study_folder, out=kept)
    assert kept.read_text() == "chapter one"


def test_the_newest_backups_are_kept_and_other_files_left_alone(rate, url, study_folder):
    rate()
    made = [make_backup(url, study_folder).file for _ in range(4)]
    aside = make_backup(url, study_folder, label="before-restore").file
    (study_folder / "backups" / "study-notes.txt").write_text("mine")
    killed = study_folder / "backups" / ".draft-study-20260101T000000000000Z.sqlite3"
    killed.touch()
    assert keep_newest(study_folder, 4) == []
    os.utime(killed, (0, 0))
    assert keep_newest(study_folder, 2) == [*made[:2], killed]
    names = {path.name for path in (study_folder / "backups").iterdir()}
    assert names == {made[2].name, made[3].name, aside.name, "study-notes.txt"}


def test_what_was_deleted_is_not_in_a_backup(rate, url, study_folder):
    (code,) = rate()
    database = open_database(url)
    with database.write() as db:
        db.add(Participant(code="Pdeleted"))
    with database.write() as db:
        db.delete(db.scalars(select(Participant).where(Participant.code == "Pdeleted")).one())
    database.close()
    content = make_backup(url, study_folder).file.read_bytes()
    assert b"Pdeleted" not in content
    assert code.encode() in content


def test_a_backup_that_is_put_back_holds_what_it_held_and_keeps_the_present_aside(rate, url, study_folder):
    then = rate(1)
    backup = make_backup(url, study_folder).file
    now = rate(1)
    found = put_back(backup, url, study_folder)
    assert people(url) == then
    assert (found.contents.sessions, found.erased_again) == (1, ())
    assert people(f"sqlite:///{found.aside}") == now
    assert rate(1)[:1] == then


def test_somebody_who_was_erased_since_stays_erased(rate, url, study_folder):
    first, second = rate(2)
    backup = make_backup(url, study_folder).file
    before = backup.read_bytes()
    database = open_database(url)
    erase(database, first, folder=study_folder)
    database.close()
    found = put_back(backup, url, study_folder)
    assert found.erased_again == (first,)
    assert people(url) == [second]
    assert first.encode() in before == backup.read_bytes()
    kept = [path for path in study_folder.iterdir() if path.name.startswith("study.sqlite3")]
    assert kept
    database = sqlite3.connect(study_folder / "study.sqlite3")
    with contextlib.closing(database):
        database.execute("DELETE FROM erasures")
        database.commit()
        database.execute("VACUUM")
    # But for its tombstone there is no byte of them.
    assert first.encode() not in (study_folder / "study.sqlite3").read_bytes()


@pytest.mark.parametrize("busy", ["idle", "reading", "writing"])
def test_nothing_is_put_back_while_anybody_has_the_database_open(rate, url, study_folder, busy):
    rate(1)
    backup = make_backup(url, study_folder).file
    codes = rate(1)
    other = sqlite3.connect(study_folder / "study.sqlite3", isolation_level=None)
    with contextlib.closing(other):
        # Each server has looked into it before it listens.
        other.execute("SELECT count(*) FROM sessions").fetchone()
        if busy != "idle":
            other.execute("BEGIN IMMEDIATE" if busy == "writing" else "BEGIN")
            other.execute("SELECT count(*) FROM sessions").fetchone()
        with pytest.raises(BackupError, match="is in use, a server"):
            put_back(backup, url, study_folder)
    assert people(url) == codes
    assert not list(study_folder.glob(".restoring*"))


def test_nothing_is_put_back_while_the_study_is_served(new_listener, url, study_folder):
    new_listener().start()
    backup = make_backup(url, study_folder).file
    with pytest.raises(BackupError, match="is in use, a server"):
        put_back(backup, url, study_folder)
    new_listener().start()
    assert len(people(url)) == 2


def test_a_backup_of_an_older_schema_is_brought_up_to_date(url, study_folder, tmp_path):
    old = open_database(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    with old.engine.begin() as connection:
        command.upgrade(mixeval_migrations._config(connection), "0002")
    old.close()
    found = put_back(tmp_path / "old.sqlite3", url, study_folder)
    assert found.contents.schema == mixeval_migrations.head()
    assert contents_of(tmp_path / "old.sqlite3").schema == "0002"


def test_a_backup_of_a_newer_version_is_refused_and_nothing_changed(rate, url, study_folder):
    codes = rate(1)
    backup = make_backup(url, study_folder).file
    with contextlib.closing(sqlite3.connect(backup)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    with pytest.raises(DatabaseError, match="newer than this version"):
        put_back(backup, url, study_folder)
    assert people(url) == codes


def test_a_damaged_backup_is_refused_and_nothing_changed(rate, url, study_folder, tmp_path):
    codes = rate(1)
    backup = make_backup(url, study_folder).file
    content = bytearray(backup.read_bytes())
    content[8192:20480] = b"\xff" * 12288
    backup.write_bytes(content)
    with pytest.raises(BackupError, match=r"damaged|holds no answers"):
        put_back(backup, url, study_folder)
    (tmp_path / "notes.txt").write_text("no database " * 100)
    with pytest.raises(BackupError, match="holds no answers of a study"):
        put_back(tmp_path / "notes.txt", url, study_folder)
    with pytest.raises(BackupError, match="is not there"):
        put_back(tmp_path / "missing", url, study_folder)
    assert people(url) == codes


@pytest.mark.parametrize("damage", ["everything", "the middle", "gone"])
def test_a_backup_takes_the_place_of_a_damaged_database(rate, url, study_folder, damage):
    then = rate(1)
    backup = make_backup(url, study_folder).file
    file = study_folder / "study.sqlite3"
    if damage == "gone":
        file.unlink()
    else:
        content = bytearray(file.read_bytes())
        content[slice(None) if damage == "everything" else slice(8192, 40960)] = b"\xff" * (
            len(content) if damage == "everything" else 32768
        )
        file.write_bytes(content)
    found = put_back(backup, url, study_folder)
    assert people(url) == then
    assert (found.aside is None) == (damage == "gone")


def test_a_plain_copy_of_a_stopped_study_is_a_backup_too_and_stays_as_it_was(
    rate, url, study_folder, tmp_path
):
    then = rate(1)
    copy = shutil.copy(study_folder / "study.sqlite3", tmp_path / "copy.sqlite3")
    before = copy.read_bytes()
    rate(1)
    put_back(copy, url, study_folder)
    assert people(url) == then
    assert copy.read_bytes() == before
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy.sqlite3"]


def test_the_commands_back_up_erase_and_restore(rate, url, study_folder):
    first, second = rate(2)
    made = CliRunner().invoke(main, ["db", "backup", str(study_folder), "--keep", "3"])
    assert made.exit_code == 0, made.output
    assert "2 sessions, 8 ratings, as of " in made.output
    (backup,) = (study_folder / "backups").iterdir()
    refused = CliRunner().invoke(main, ["erase", str(study_folder), first], input="n\n")
    assert refused.exit_code == 1
    erased = CliRunner().invoke(main, ["erase", str(study_folder), first, "--yes"])
    assert "Erased: 1 participants, 1 sessions, 4 ratings" in erased.output
    unknown = CliRunner().invoke(main, ["erase", str(study_folder), "Pnobody", "--yes"])
    assert unknown.exit_code == 1
    assert 'there is no participant "Pnobody"' in unknown.output
    restored = CliRunner().invoke(main, ["db", "restore", str(study_folder), str(backup), "--yes"])
    assert restored.exit_code == 0, restored.output
    assert f"from it again: {first}" in restored.output
    assert people(url) == [second]


def test_an_upgrade_is_backed_up_first(url, study_folder):
    old = open_database(url)
    with old.engine.begin() as connection:
        command.upgrade(mixeval_migrations._config(connection), "0002")
    old.close()
    result = CliRunner().invoke(main, ["db", "upgrade", str(study_folder)])
    assert result.exit_code == 0, result.output
    (backup,) = (study_folder / "backups").glob("before-upgrade-*")
    assert contents_of(backup).schema == "0002"
    again = CliRunner().invoke(main, ["db", "upgrade", str(study_folder)])
    assert "Backed up" not in again.output


def test_a_session_goes_on_after_its_backup_was_put_back(open_app, listener_on, url, study_folder):
    app = open_app(study_folder)
    listener = listener_on(app)
    listener.start()
    page = listener.page()
    listener.put(page, listener.ratings(page))
    site_of(app).database.close()
    backup = make_backup(url, study_folder).file
    put_back(backup, url, study_folder)
    restored = open_app(study_folder)
    # Its cookie still opens it.
    again = listener_on(restored)
    again.client.set_cookie(again.cookie, listener.secret)
    assert again.page()["page"] == page["page"]
    with site_of(restored).database.read() as db:
        assert len(db.scalars(select(ParticipantSession)).all()) == 1
