"""Backups by pg_dump, and how they are put back."""

import shutil
import stat

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from mixeval.cli import main
from mixeval.database import open_database
from mixeval.models import Participant
from mixeval_webapp.app import create_app, site_of

pytestmark = pytest.mark.skipif(
    shutil.which("pg_dump") is None, reason="pg_dump, PostgreSQL's own program, is not installed"
)


@pytest.fixture
def url(postgresql, monkeypatch):
    name = postgresql.create()
    monkeypatch.setenv("MIXEVAL_DATABASE_URL", postgresql.url(name))
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.fixture
def rate(study_folder, listener_on):
    """Have somebody rate a page, and stop the server; return the pseudonyms of all so far."""

    def rated():
        app = create_app(study_folder)
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


def run(*arguments, fails=False):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == (1 if fails else 0), result.output
    return result.output


def people(url):
    database = open_database(url)
    with database.read() as db:
        codes = list(db.scalars(select(Participant.code).order_by(Participant.id)))
    database.close()
    return codes


def test_a_dump_is_put_back_without_whoever_was_erased_since(url, rate, study_folder):
    rate()
    first, second = rate()
    told = run("db", "backup", study_folder)
    assert "2 sessions, 8 ratings, as of " in told
    (backup,) = (study_folder / "backups").iterdir()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    rate()
    run("erase", study_folder, first, "--yes")
    told = run("db", "restore", study_folder, backup, "--yes")
    assert "Restored: 1 sessions, 4 ratings." in told
    assert f"from it again: {first}" in told
    assert people(url) == [second]
    assert len(list((study_folder / "backups").glob("before-restore-*.dump"))) == 1
    assert len(rate()) == 2


def test_nothing_is_put_back_while_somebody_is_connected(url, rate, study_folder):
    codes = rate()
    run("db", "backup", study_folder)
    (backup,) = (study_folder / "backups").iterdir()
    other = open_database(url)
    assert "is in use" in run("db", "restore", study_folder, backup, "--yes", fails=True)
    other.close()
    assert people(url) == codes


def test_what_is_no_dump_is_refused_and_nothing_changed(url, rate, study_folder, tmp_path):
    codes = rate()
    (tmp_path / "notes.txt").write_text("no dump")
    assert "pg_restore failed" in run(
        "db", "restore", study_folder, tmp_path / "notes.txt", "--yes", fails=True
    )
    assert people(url) == codes


@pytest.mark.usefixtures("url")
def test_without_pg_dump_it_says_what_to_install(rate, study_folder, monkeypatch):
    rate()
    monkeypatch.setenv("PATH", "")
    assert "pg_dump is not installed" in run("db", "backup", study_folder, fails=True)
    assert not list((study_folder / "backups").iterdir())
