import sqlite3
import threading
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

import mixeval_migrations
from mixeval.database import open_database
from mixeval.errors import DatabaseError
from mixeval.models import Participant


@pytest.fixture
def database(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'study.sqlite3'}")
    mixeval_migrations.prepare(database)
    yield database
    database.close()


def write_one(database, code):
    with database.write() as session:
        session.add(Participant(code=code))


def write_twice(database, code):
    with database.write() as session:
        session.add(Participant(code=code))
        session.flush()
        session.add(Participant(code=code))


def test_sqlite_runs_with_the_settings_that_durability_needs(database):
    with database.read() as session:
        found = [
            session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]  # 2 is FULL


def test_a_write_is_kept_and_a_failed_one_leaves_nothing(database):
    with database.write() as session:
        session.add(Participant(code="kept"))
    with pytest.raises(IntegrityError):
        write_twice(database, "lost")
    with database.read() as session:
        assert [person.code for person in session.query(Participant)] == ["kept"]


def test_reading_goes_on_while_a_writer_waits_for_another_process(database, tmp_path):
    other = sqlite3.connect(tmp_path / "study.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = threading.Thread(target=write_one, args=(database, "waited"))
    waiting.start()
    while database.engine.pool.checkedout() == 0:
        time.sleep(0.01)
    with database.read() as session:
        before = session.query(Participant).count()
    assert waiting.is_alive()
    other.execute("ROLLBACK")
    other.close()
    waiting.join()
    with database.read() as session:
        assert (before, session.query(Participant).count()) == (0, 1)


def test_writers_that_read_first_wait_for_each_other_instead_of_failing(tmp_path):
    # A deferred transaction that reads and then writes answers "database is locked" here.
    url = f"sqlite:///{tmp_path / 'study.sqlite3'}"
    databases = [open_database(url) for _ in range(4)]
    mixeval_migrations.prepare(databases[0])
    failures = []

    def write_often(number):
        try:
            for turn in range(25):
                with databases[number].write() as session:
                    count = session.query(Participant).count()
                    session.add(Participant(code=f"{number}-{turn}-{count}"))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
            failures.append(error)

    threads = [threading.Thread(target=write_often, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with databases[0].read() as session:
        assert (failures, session.query(Participant).count()) == ([], 100)
    for database in databases:
        database.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "the database URL cannot be used"),
        ("mysql://host/name", "mysql databases are not supported"),
        ("sqlite:////nowhere/at/all.sqlite3", "cannot be opened"),
        ("sqlite://", "keeps no answers"),
    ],
)
def test_a_database_that_cannot_be_opened_is_told_in_words(url, words):
    with pytest.raises(DatabaseError, match=words):
        open_database(url)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, " * 100)
    with pytest.raises(DatabaseError, match="no other kind of file"):
        open_database(f"sqlite:///{path}")
    assert path.read_text() == "not a database, " * 100


def test_a_password_in_the_url_is_not_told():
    with pytest.raises(DatabaseError) as caught:
        open_database("postgresql+psycopg://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)
