"""A session that the former schema's release began is continued and finished after `mixeval db upgrade`."""

import json

import pytest
from alembic import command

import mixeval_migrations
from mixeval.errors import DatabaseError
from mixeval.models import ParticipantSession, Rating, StudyVersion
from mixeval_webapp.app import site_of

pytestmark = pytest.mark.both_databases

FORMER_KEYS = {"page", "question", "instructions", "scale", "attribute"}


def go_back(database):
    """Make the database one of schema 0001, with a study.toml that lacks all keys of later releases."""
    with database.write() as db:
        (version,) = db.query(StudyVersion)
        study = json.loads(version.study)
        study["test"] = {key: value for key, value in study["test"].items() if key in FORMER_KEYS}
        study["participants"] = {
            key: value for key, value in study["participants"].items() if key in {"consent", "thanks"}
        }
        version.study = json.dumps(study)
    with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            command.downgrade(mixeval_migrations._config(connection), "0001")


def test_an_open_session_goes_on_after_the_upgrade(listener, app, study_folder, open_app):
    listener.start()
    page = listener.page()
    listener.put(page, [listener.rating(page, value=71)])
    go_back(site_of(app).database)
    with pytest.raises(DatabaseError, match="mixeval db upgrade"):
        open_app(study_folder)
    mixeval_migrations.upgrade(site_of(app).database)

    old_client = listener.client
    listener.client = open_app(study_folder).test_client()
    for cookie in old_client._cookies.values():
        listener.client._cookies[cookie._storage_key] = cookie
    again = listener.page()
    assert again["page"] == page["page"]
    assert again["stimuli"][0]["answers"][0]["value"] == 71
    assert (
        listener.complete(again, listener.ratings(again, sequence=again["next_sequence"])).status_code == 200
    )
    listener.finish()
    with site_of(app).database.read() as db:
        (session,) = db.query(ParticipantSession)
        assert session.completion_code in listener.get("/test").text
        assert db.query(Rating).count() == 8
