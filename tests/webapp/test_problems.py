import contextlib
import logging

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

import mixeval.database
from mixeval.models import Rating
from mixeval.prepared import Prepared

pytestmark = pytest.mark.both_databases


@pytest.fixture
def impatient(monkeypatch):
    """Wait for other writers for a moment only."""
    monkeypatch.setattr(mixeval.database, "BUSY_TIMEOUT_SECONDS", 0.2)


@pytest.fixture
def another_program(database_url):
    """Hold the database as another program does that writes, for the length of a block."""

    @contextlib.contextmanager
    def holding():
        engine = create_engine(database_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        statements = {
            "sqlite": ["BEGIN IMMEDIATE"],
            "postgresql": ["BEGIN", "LOCK TABLE sessions, pages, ratings, answers, events IN EXCLUSIVE MODE"],
        }
        with engine.connect() as connection:
            for statement in statements[connection.dialect.name]:
                connection.exec_driver_sql(statement)
            yield
            connection.exec_driver_sql("ROLLBACK")

    return holding


@pytest.mark.usefixtures("impatient")
def test_while_another_program_holds_the_database_saving_asks_for_patience_and_then_works(
    listener, database, another_program
):
    listener.start()
    page = listener.page()
    with another_program():
        answer = listener.put(page, [listener.rating(page)])
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert listener.get("/test").status_code == 200
    assert listener.put(page, [listener.rating(page)]).status_code == 200
    with database.read() as db:
        assert db.query(Rating).count() == 1


@pytest.mark.usefixtures("impatient")
def test_when_every_connection_is_in_use_saving_asks_for_patience(listener, database):
    listener.start()
    page = listener.page()
    pool = database.engine.pool
    with contextlib.ExitStack() as busy:
        for _ in range(pool.size() + pool._max_overflow):
            busy.enter_context(database.engine.connect())
        answer = listener.put(page, [listener.rating(page)])
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert listener.put(page, [listener.rating(page)]).status_code == 200


@pytest.fixture
def full_disk(database):
    """Let the database grow no further for the length of a block; what is in it stays sound."""

    def limit(connection, *, full):
        if connection.dialect.name == "sqlite":
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar() if full else 1_000_000
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        elif full:
            # The words and the number of PostgreSQL's own error for a file that cannot be extended.
            connection.exec_driver_sql(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full USING"
                " MESSAGE = 'could not extend file \"base/5/1\": No space left on device'; END $$"
            )
            connection.exec_driver_sql(
                "CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        else:
            connection.exec_driver_sql("DROP FUNCTION refuse CASCADE")

    @contextlib.contextmanager
    def filled():
        with database.engine.begin() as connection:
            limit(connection, full=True)
        yield
        with database.engine.begin() as connection:
            limit(connection, full=False)

    return filled


def test_a_full_disk_is_said_and_nothing_is_acknowledged(listener, full_disk):
    listener.start()
    page = listener.page()
    sent = [
        {
            "id": f"e{number}",
            "page": page["page"],
            "kind": "play",
            "stimulus": None,
            "client_ms": 1,
            "detail": {"text": "x" * 1500},
        }
        for number in range(30)
    ]
    with full_disk():
        answer = listener.events(sent)
        assert answer.status_code == 507
        assert "saved" not in answer.json
        assert listener.get("/test").status_code == 200
    assert listener.events(sent).status_code == 200


def test_a_fault_of_ours_shows_no_traceback_and_is_logged_without_secrets(listener, caplog, monkeypatch):
    listener.start()
    page = listener.page()

    def fail(*_arguments):
        raise RuntimeError("boom")

    with caplog.at_level(logging.ERROR), monkeypatch.context() as broken:
        broken.setattr(Prepared, "all", fail)
        shown = listener.get("/test")
        answer = listener.put(page, [listener.rating(page)])
    assert (shown.status_code, answer.status_code) == (500, 500)
    assert shown.content_type.startswith("text/html")
    assert answer.content_type == "application/problem+json"
    for text in (shown.text, answer.text):
        assert "boom" not in text
        assert "Traceback" not in text
    assert "boom" in caplog.text
    assert listener.secret not in caplog.text


def test_each_refusal_is_one_log_line_without_tokens_or_secrets(listener, caplog):
    listener.start()
    page = listener.page()
    secret = listener.secret
    token = page["stimuli"][0]["token"]
    with caplog.at_level(logging.INFO):
        listener.put(page, [listener.rating(page, value=101)])
        listener.complete(page, [])
        listener.get(f"/audio/{token[:-1]}")
        listener.get(f"/resume/{secret}x")
        listener.get("/nowhere")
    refused = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    assert len(refused) == 5
    assert "status=422 reason=invalid_field method=PUT" in refused[0]
    assert "reason=unfinished_page" in refused[1]
    assert "route=/audio/<token:token>" in refused[2]
    assert "route=/resume/<secret>" in refused[3]
    for hidden in (secret, token[:-1], page["page"]):
        assert hidden not in caplog.text


@pytest.mark.parametrize(("url", "status"), [("/nowhere", 404), ("/resume/x", 404), ("/start", 405)])
def test_people_get_a_page_that_says_what_to_do(listener, url, status):
    answer = listener.get(url)
    assert answer.status_code == status
    assert answer.content_type.startswith("text/html")
    assert 'href="/"' in answer.text


@pytest.mark.parametrize("host", ["..", "x" * 300])
def test_a_host_that_is_none_is_refused_without_a_fault(listener, host, caplog):
    answer = listener.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert "unexpected" not in caplog.text


def test_an_oversized_form_gets_a_page(listener):
    answer = listener.start(extra="x" * 70_000)
    assert answer.status_code == 413
    assert answer.content_type.startswith("text/html")
