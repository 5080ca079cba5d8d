"""The entry for gunicorn, as processes; and two servers that start at once on one study that is new."""

import os
import signal
import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy import text

from mixeval.database import open_database
from mixeval_migrations import head

pytestmark = pytest.mark.slow


def start_at_once(study_folder, **environment):
    """Let six servers make the same new study's key, schema and version in the same moment."""
    code = (
        "from mixeval_webapp.app import create_app, site_of; sys.stdin.readline();"
        "app = create_app(sys.argv[1]);"
        "print(app.secret_key, app.config['SESSION_COOKIE_NAME']); site_of(app).database.close()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}", str(study_folder)],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * 6, [error[-800:] for _, error in ended]
    assert len({out for out, _ in ended}) == 1


def test_servers_that_start_at_once_on_a_new_sqlite_file_make_one_schema_and_one_key(study_folder):
    start_at_once(study_folder)
    with sqlite3.connect(study_folder / "study.sqlite3") as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [(head(),)]
        assert db.execute("SELECT count(*) FROM versions").fetchone() == (1,)
    db.close()
    assert [path.name for path in study_folder.glob(".secret-key*")] == [".secret-key"]


def test_servers_that_start_at_once_on_a_new_postgresql_make_one_schema(study_folder, postgresql):
    url = postgresql.url(postgresql.create())
    start_at_once(study_folder, MIXEVAL_DATABASE_URL=url)
    database = open_database(url)
    with database.read() as db:
        assert db.execute(text("SELECT version_num FROM alembic_version")).all() == [(head(),)]
        assert db.scalar(text("SELECT count(*) FROM versions")) == 1
    database.close()


def test_gunicorn_with_the_shipped_settings_serves_and_stops_in_good_order(gunicorn, free_port, study_folder):
    process = gunicorn(study_folder, port=free_port())
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"MIXEVAL_SECRET_KEY": "short"}, "MIXEVAL_SECRET_KEY has only 5 characters"),
        ({"MIXEVAL_LOG_FORMAT": "xml"}, 'the log format is "xml"'),
        ({"MIXEVAL_TRUSTED_PROXIES": "many"}, 'MIXEVAL_TRUSTED_PROXIES is "many"'),
        ({"MIXEVAL_STUDY": ""}, "MIXEVAL_STUDY is not set"),
        ({"MIXEVAL_URL_PREFIX": "drums"}, 'MIXEVAL_URL_PREFIX is "drums"'),
        ({"MIXEVAL_ACCEL_PREFIX": "/_audio"}, "no proxy is trusted"),
    ],
)
def test_what_cannot_be_served_ends_gunicorn_with_one_sentence_and_no_traceback(  # noqa: PLR0917 - four fixtures, two parameters
    gunicorn, free_port, study_folder, tmp_path, environment, sentence
):
    process = gunicorn(study_folder, port=free_port(), wait=False, **environment)
    # 3; or 1, where gunicorn notices the second worker's end while it stops because of the first one's.
    assert process.wait(60) in {1, 3}
    told = (tmp_path / "gunicorn.log").read_text()
    assert f"Error: {sentence}" in told or f"Error: MIXEVAL_ACCEL_PREFIX is set, but {sentence}" in told
    assert "create_app" not in told


def test_after_the_key_was_changed_an_open_form_is_fresh_again_and_sessions_go_on(
    open_app, study_folder, listener_on
):
    listener = listener_on(open_app(study_folder))
    listener.start()
    page = listener.page()
    assert listener.put(page, [listener.rating(page)]).status_code == 200
    waiting = listener_on(open_app(study_folder))
    form = waiting.form()
    cookies = [(cookie.key, cookie.value) for cookie in waiting.client._cookies.values()]
    renewed = open_app(study_folder, secret_key="another" * 10)
    # By the cookie, by the link, and with what the form's page had given.
    name, secret = listener.cookie, listener.secret
    listener.client = renewed.test_client()
    listener.client.set_cookie(name, secret)
    again = listener.page()
    assert again["page"] == page["page"]
    assert again["stimuli"][0]["answers"] == listener.page()["stimuli"][0]["answers"] != []
    elsewhere = listener_on(renewed)
    elsewhere.get(page["resume_url"])
    assert elsewhere.page()["page"] == page["page"]
    waiting.client = renewed.test_client()
    for key, value in cookies:
        waiting.client.set_cookie(key, value)
    assert waiting.client.post("/start", data=form).status_code == 400
    assert waiting.start().status_code == 303
    assert waiting.page() is not None
