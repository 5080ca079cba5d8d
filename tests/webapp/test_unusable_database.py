"""A database that answers could not be kept in: the server does not start, and its one sentence names the file."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest

from mixeval.errors import DatabaseError
from mixeval_webapp.app import site_of

NOBODY = 65534


@pytest.fixture
def used_study(study_template, open_app):
    """A study with a database, where another user can come to it."""
    place = Path(tempfile.mkdtemp(prefix="mixeval-read-only-"))
    place.chmod(0o755)
    folder = Path(shutil.copytree(study_template, place / "study"))
    site_of(open_app(folder)).database.close()
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(place)


@contextlib.contextmanager
def as_somebody_without_rights():
    """Be nobody for a while, since permissions do not hold root back."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o555), (0o444, 0o777), (0o666, 0o555)])
def test_a_database_that_may_only_be_read_is_refused_by_its_file(
    used_study, open_app, file_mode, folder_mode
):
    file = used_study / "study.sqlite3"
    file.chmod(file_mode)
    used_study.chmod(folder_mode)
    with as_somebody_without_rights(), pytest.raises(DatabaseError) as refused:
        open_app(used_study)
    assert str(file) in str(refused.value)
    assert "write" in refused.value.remedy


@pytest.mark.parametrize(
    ("revision", "remedy"), [("0002", "mixeval db upgrade"), ("9999", "upgrade mixeval")]
)
def test_a_schema_of_another_version_is_refused_by_its_file(used_study, open_app, revision, remedy):
    file = used_study / "study.sqlite3"
    with contextlib.closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE alembic_version SET version_num = ?", [revision])
        db.commit()
    with pytest.raises(DatabaseError, match=remedy) as refused:
        open_app(used_study)
    assert str(file) in str(refused.value)


def test_a_file_of_another_kind_is_refused_by_its_name(used_study, open_app):
    file = used_study / "study.sqlite3"
    file.write_bytes(b"%PDF-1.7 no database\n" * 100)
    with pytest.raises(DatabaseError) as refused:
        open_app(used_study)
    assert str(file) in str(refused.value)
