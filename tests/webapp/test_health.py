import contextlib
import logging
import sqlite3
import threading

import pytest
from sqlalchemy import Engine, event

from mixeval.manifest import FOLDER, read_manifest
from mixeval_webapp import readiness
from mixeval_webapp.health import EXTENSION
from mixeval_webapp.readiness import is_nearly_full

READY = {"database": "ok", "schema": "ok", "disk": "ok", "stimuli": "ok"}


@pytest.fixture
def time_passes(app):
    """Let what was found grow old at once, as often as the test likes."""
    clock = iter(range(0, 1_000_000, 10))
    app.extensions[EXTENSION]._clock = lambda: next(clock)


@pytest.fixture
def roomy(monkeypatch):
    """Judge the disk as if it were a large one, whatever this machine has left."""
    monkeypatch.setattr(readiness, "is_nearly_full", lambda **_: False)


@contextlib.contextmanager
def statements():
    seen = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_being_alive_takes_neither_database_nor_cookie(app):
    with statements() as seen:
        answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert seen == []
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("roomy")
def test_a_sound_server_is_ready(app):
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"ready": True, "checks": READY})
    assert "Set-Cookie" not in answer.headers


@pytest.mark.usefixtures("roomy")
def test_asking_often_asks_the_database_once_a_second(app):
    client, seconds = app.test_client(), 100.0
    app.extensions[EXTENSION]._clock = lambda: seconds
    client.get("/readyz")
    with statements() as seen:
        for _ in range(50):
            client.get("/readyz")
        assert seen == []
        seconds += 1.0
        for _ in range(50):
            client.get("/readyz")
    assert len(seen) == 2


@pytest.mark.usefixtures("roomy", "time_passes")
def test_the_probe_leaves_one_row_however_often_it_is_made(app, study_folder):
    for _ in range(5):
        assert app.test_client().get("/readyz").status_code == 200
    with contextlib.closing(sqlite3.connect(study_folder / "study.sqlite3")) as db:
        assert db.execute("SELECT kind FROM attempts").fetchall() == [("probe",)]


@pytest.mark.usefixtures("roomy", "time_passes")
def test_a_database_that_another_program_holds_is_named_and_ready_again_when_it_lets_go(
    app, study_folder, monkeypatch, caplog
):
    monkeypatch.setattr(readiness, "PATIENCE_SECONDS", 0.1)
    app.extensions[EXTENSION]._engine = readiness._engine(app.extensions["mixeval"].database.engine)
    with contextlib.closing(sqlite3.connect(study_folder / "study.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = app.test_client().get("/readyz")
        other.execute("ROLLBACK")
    assert answer.status_code == 503
    assert answer.json == {
        "ready": False,
        "checks": READY | {"database": "not writable", "schema": "unknown"},
    }
    assert "not ready: database not writable: database is locked" in caplog.text
    assert app.test_client().get("/readyz").json == {"ready": True, "checks": READY}
    assert "ready again: database" in caplog.text


@pytest.mark.usefixtures("roomy", "time_passes")
def test_a_database_file_that_was_taken_away_is_named_and_no_empty_one_made(app, study_folder):
    for path in study_folder.glob("study.sqlite3*"):
        path.rename(path.with_name(f"away-{path.name}"))
    assert app.test_client().get("/readyz").json["checks"]["database"] == "missing"
    assert not (study_folder / "study.sqlite3").exists()


@pytest.mark.usefixtures("roomy", "time_passes")
def test_a_schema_of_another_version_is_named(app, study_folder):
    with contextlib.closing(sqlite3.connect(study_folder / "study.sqlite3")) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.commit()
    assert app.test_client().get("/readyz").json["checks"] == READY | {"schema": "other version"}


@pytest.mark.usefixtures("roomy", "time_passes")
@pytest.mark.parametrize("fault", ["missing", "changed"])
def test_a_file_that_goes_or_changes_while_serving_is_told_without_its_name(app, study_folder, fault, caplog):
    victim = read_manifest(study_folder).stimuli[2].file
    path = study_folder / FOLDER / victim
    sound = path.read_bytes()
    client = app.test_client()
    if fault == "missing":
        path.unlink()
    else:
        path.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    answer = client.get("/readyz")
    assert answer.json["checks"] == READY | {"stimuli": "missing or changed"}
    assert victim[:8] not in answer.text
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert victim in told[0].getMessage()
    client.get("/readyz")
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == len(told)
    path.write_bytes(sound)
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("free_bytes", "total_bytes", "expected"),
    [
        (19 * 2**20, 30 * 2**20, True),
        (25 * 2**20, 30 * 2**20, False),
        (2**30, 25 * 2**30, True),
        (2 * 2**30, 25 * 2**30, False),
        (11 * 2**30, 1000 * 2**30, False),
    ],
)
def test_a_disk_is_nearly_full_by_what_is_left_and_by_its_share(free_bytes, total_bytes, expected):
    assert is_nearly_full(free_bytes=free_bytes, total_bytes=total_bytes) == expected


@pytest.mark.usefixtures("roomy")
def test_while_one_check_hangs_others_get_the_last_answer_at_once(app, monkeypatch):
    found = app.extensions[EXTENSION]
    assert found.words() == READY
    begun, may_end = threading.Event(), threading.Event()

    def hang():
        begun.set()
        may_end.wait(60)
        return {}

    monkeypatch.setattr(found, "check", hang)
    monkeypatch.setattr(found, "_clock", lambda: 1e9)
    thread = threading.Thread(target=found.words)
    thread.start()
    begun.wait(60)
    assert found.words() == READY
    may_end.set()
    thread.join()
