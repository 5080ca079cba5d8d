import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

import mixeval_migrations
from mixeval.database import cause, open_database
from mixeval.errors import DatabaseError
from mixeval.models import Participant
from mixeval.prepared import Prepared


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


@pytest.fixture
def stored_database(database_url):
    database = open_database(database_url)
    mixeval_migrations.prepare(database)
    yield database
    database.close()


@pytest.mark.both_databases
def test_a_read_sees_one_moment_whatever_is_written_meanwhile(stored_database):
    write_one(stored_database, "before")
    with stored_database.read() as session:
        seen = session.query(Participant).count()
        write_one(stored_database, "meanwhile")
        assert session.query(Participant).count() == seen
    with stored_database.read() as session:
        assert session.query(Participant).count() == 2


CODES = Prepared(select(Participant.code, Participant.simulated, Participant.created_at))
INSERT = Prepared(
    insert(Participant).values(
        {name: bindparam(name) for name in ("code", "simulated", "preview", "created_at")}
    )
)


@pytest.mark.both_databases
def test_a_prepared_statement_writes_and_reads_what_sqlalchemy_does(stored_database):
    moment = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=5)))
    rows = [
        {"code": f"P{number}", "simulated": number == 1, "preview": False, "created_at": moment}
        for number in range(3)
    ]
    with stored_database.write() as session:
        assert INSERT.each(session, rows) == 3
    with stored_database.read() as session:
        people = session.query(Participant).order_by(Participant.code).all()
        assert [(row.code, row.simulated, row.created_at) for row in people] == [
            (row["code"], row["simulated"], moment) for row in rows
        ]
    found = sorted(stored_database.fetch(CODES, {}))
    assert [tuple(row) for row in found] == [(row.code, row.simulated, row.created_at) for row in people]


@pytest.mark.both_databases
def test_a_prepared_statement_that_fails_raises_what_sqlalchemy_does_without_its_parameters(stored_database):
    row = {"code": "S3CRET", "simulated": False, "preview": False, "created_at": datetime.now(UTC)}

    def store_twice():
        with stored_database.write() as session:
            INSERT.each(session, [row, row])

    with pytest.raises(IntegrityError) as caught:
        store_twice()
    assert "S3CRET" not in cause(caught.value)
    with stored_database.read() as session:
        assert session.query(Participant).count() == 0


def test_connections_that_the_server_closed_while_nobody_used_them_are_replaced(postgresql, monkeypatch):
    name = postgresql.create()
    database = open_database(postgresql.url(name))
    mixeval_migrations.prepare(database)
    write_one(database, "before")
    monkeypatch.setattr("mixeval.database.PING_AFTER_SECONDS", 0.0)
    postgresql.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    write_one(database, "after")
    assert len(database.fetch(CODES, {})) == 2
    database.close()
    postgresql.drop(name)


def test_a_connection_that_is_lost_in_use_fails_once_and_is_replaced(postgresql, monkeypatch):
    monkeypatch.setattr("mixeval.database.PING_AFTER_SECONDS", 3600.0)
    name = postgresql.create()
    database = open_database(postgresql.url(name))
    mixeval_migrations.prepare(database)
    write_one(database, "before")
    postgresql.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    with pytest.raises(DBAPIError) as caught:
        database.fetch(CODES, {})
    assert caught.value.connection_invalidated
    assert len(database.fetch(CODES, {})) == 1
    database.close()
    postgresql.drop(name)
