"""What is deleted after its last day, what may stay, and what somebody is told before."""

import csv
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

import mixeval.cli.purge
from mixeval.backup import make_backup
from mixeval.cli import main
from mixeval.cli.checks import CHECKS
from mixeval.cli.checks.place import Advice, Place
from mixeval.cli.serve import serve as serve_command
from mixeval.decisions import decide
from mixeval.errors import StudyError
from mixeval.models import (
    AdminSession,
    Attempt,
    ExternalId,
    Invite,
    Participant,
    ParticipantSession,
    Rating,
    StudyVersion,
    now,
)
from mixeval.purging import overdue
from mixeval.retention import RetentionSection
from mixeval.study import read_study
from mixeval.versions import Version
from mixeval_webapp.app import site_of

LONG_AGO = "2026-01-31"
LATER = "2999-12-31"
WORDS = "My name is Ada and I live next to the gasworks"


@pytest.fixture
def retain(study_folder):
    def write(**keys):
        lines = [f'{key} = "{value}"' if key == "keep" else f"{key} = {value}" for key, value in keys.items()]
        path = study_folder / "study.toml"
        path.write_text("\n".join([path.read_text(), "[retention]", *lines]))
        return study_folder

    return write


@pytest.fixture
def collected(study_folder, open_app, listener_on):
    """Two people began today and rated a page; one came from a platform and was excluded."""
    app = open_app(study_folder)
    for _ in range(2):
        listener = listener_on(app)
        listener.start()
        page = listener.page()
        listener.put(page, listener.ratings(page))
    database = site_of(app).database
    with database.write() as db:
        first = db.scalars(select(ParticipantSession).order_by(ParticipantSession.started_at)).first()
        db.add(ExternalId(session_id=first.id, platform="prolific", value="5f0cafe"))
        db.add(Invite(token_sha256="0" * 64, note=WORDS, session_id=first.id))
        db.add(Invite(token_sha256="1" * 64, note="unused"))
        decide(db, session_id=first.id, kind="exclude", reason=WORDS)
        moment = now()
        db.add(Attempt(kind="login", origin="2" * 64, since=moment - timedelta(days=3), count=1))
        db.add(Attempt(kind="login", origin="3" * 64, since=moment, count=1))
        db.add(AdminSession(secret_sha256="4" * 64, expires_at=moment - timedelta(days=1)))
        db.add(AdminSession(secret_sha256="5" * 64, expires_at=moment + timedelta(days=1)))
    return database


def counts(database):
    tables = (Participant, Rating, ExternalId, Invite, Attempt, AdminSession)
    with database.read() as db:
        return tuple(db.scalar(select(func.count()).select_from(table)) for table in tables)


def purge(folder, *options):
    result = CliRunner().invoke(main, ["purge", str(folder), *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_dates_are_no_part_of_the_version(retain, study_folder):
    from mixeval.manifest import read_manifest

    before = Version(read_study(study_folder), read_manifest(study_folder)).id
    folder = retain(until=LATER, external_ids_until="2999-01-01", keep="ratings")
    study = read_study(folder)
    assert study.retention.until == date(2999, 12, 31)
    assert Version(study, read_manifest(folder)).id == before


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"until": '"soon"'}, "until"),
        ({"untill": LATER}, "untill"),
        ({"until": LONG_AGO, "external_ids_until": LATER}, "later than retention.until"),
    ],
)
def test_a_date_that_cannot_be_is_refused(retain, keys, words):
    with pytest.raises(StudyError, match=words):
        read_study(retain(**keys))


def test_a_day_is_past_when_it_is_over():
    retention = RetentionSection(until=date(2028, 12, 31), external_ids_until=date(2027, 3, 31))
    assert not retention.all_due(date(2028, 12, 31))
    assert retention.all_due(date(2029, 1, 1))
    assert not retention.external_ids_due(date(2027, 3, 31))
    assert retention.external_ids_due(date(2027, 4, 1))
    assert not RetentionSection().external_ids_due(date(9999, 1, 1))


@pytest.mark.both_databases
def test_without_dates_only_leftovers_go(collected, study_folder):
    output = purge(study_folder, "--yes")
    assert "1 counts of attempts, 1 expired logins" in output
    assert counts(collected) == (2, 8, 1, 2, 2, 1)
    assert "Nothing is past its date" in purge(study_folder, "--yes")


def test_a_dry_run_says_what_would_go_and_deletes_nothing(collected, retain):
    folder = retain(until=LONG_AGO, keep="ratings")
    before = counts(collected)
    output = purge(folder, "--dry-run")
    assert "2 participants with all their answers, 1 ids of recruitment platforms, 2 invites" in output
    assert counts(collected) == before
    assert not (folder / "kept").exists()
    asked = CliRunner().invoke(main, ["purge", str(folder)], input="n\n")
    assert asked.exit_code == 1
    assert counts(collected) == before


def test_ids_of_platforms_have_a_day_of_their_own(collected, retain):
    folder = retain(until=LATER, external_ids_until=LONG_AGO)
    purge(folder, "--yes")
    assert counts(collected) == (2, 8, 0, 2, 2, 1)
    assert no_byte_of(folder, "5f0cafe")


def test_after_the_last_day_nothing_about_anybody_is_left_not_even_in_a_backup(collected, retain, open_app):
    folder = retain(until=LONG_AGO)
    url = f"sqlite:///{folder / 'study.sqlite3'}"
    backup = make_backup(url, folder).file
    with collected.read() as db:
        session = db.scalars(select(ParticipantSession.id)).first()
    purge(folder, "--yes")
    assert counts(collected) == (0, 0, 0, 0, 1, 1)
    assert no_byte_of(folder, "5f0cafe", WORDS, session)
    with collected.read() as db:
        assert len(db.scalars(select(StudyVersion)).all()) == 1
    collected.close()
    restored = CliRunner().invoke(main, ["db", "restore", str(folder), str(backup), "--yes"])
    assert restored.exit_code == 0, restored.output
    with site_of(open_app(folder)).database.read() as db:
        assert db.scalar(select(func.count()).select_from(Participant)) == 0


def no_byte_of(folder, *traces):
    files = [path for path in folder.iterdir() if path.name.startswith("study.sqlite3")]
    return not any(trace.encode() in path.read_bytes() for path in files for trace in traces)


@pytest.mark.both_databases
def test_ratings_may_stay_under_names_that_lead_to_nobody(collected, retain):
    folder = retain(until=LONG_AGO, keep="ratings")
    with collected.read() as db:
        codes = list(db.scalars(select(Participant.code)))
        values = sorted(db.scalars(select(Rating.value)))
        secrets = {*codes, *db.scalars(select(ParticipantSession.id))}
    output = purge(folder, "--yes")
    place = re.search(r"Ratings without their participants: (.+)", output).group(1)
    text = (folder / "kept" / place.rpartition("/")[2] / "ratings.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert sorted(float(row["rating"]) for row in rows) == values
    assert len({row["participant"] for row in rows}) == 2
    assert not any(secret in text for secret in secrets)
    assert not {"session", "page", "rated_at", "shown_as", "position"} & set(rows[0])
    assert {row["screened"] for row in rows} == {"", "excluded_by_researcher"}
    assert counts(collected)[:2] == (0, 0)
    from mixeval_analysis.sources.tidy_csv import read_tidy_csv

    assert len(read_tidy_csv(folder / "kept" / place.rpartition("/")[2] / "ratings.csv").rows) == 8


@pytest.mark.parametrize("step", ["before", "after"])
def test_a_purge_that_is_killed_keeps_the_ratings_once(collected, retain, monkeypatch, step):
    folder = retain(until=LONG_AGO, keep="ratings")
    purged = mixeval.cli.purge.purge_due

    def killed(*arguments, **options):
        if step == "after":
            purged(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr("mixeval.cli.purge.purge_due", killed)
    assert CliRunner().invoke(main, ["purge", str(folder), "--yes"]).exit_code != 0
    assert counts(collected)[0] == (2 if step == "before" else 0)
    monkeypatch.setattr("mixeval.cli.purge.purge_due", purged)
    purge(folder, "--yes")
    (kept,) = (folder / "kept").iterdir()
    assert not kept.name.startswith(".")
    assert len((kept / "ratings.csv").read_text().splitlines()) == 9
    assert counts(collected)[:2] == (0, 0)


@pytest.mark.both_databases
def test_what_is_overdue_is_told_until_it_is_purged(collected, retain):
    folder = retain(until=LONG_AGO, external_ids_until="2026-01-01")
    retention = read_study(folder).retention
    today = datetime.now(UTC).date()
    with collected.read() as db:
        answers, ids = overdue(db, retention, today)
        assert answers == f"the answers were to be kept until {LONG_AGO}, and are still there"
        assert "until 2026-01-01" in ids
        assert overdue(db, retention, date(2026, 1, 1)) == []
    purge(folder, "--yes")
    with collected.read() as db:
        assert overdue(db, retention, today) == []


def test_the_server_says_at_its_start_what_is_overdue(collected, retain, monkeypatch):
    collected.close()
    folder = retain(until=LONG_AGO)

    def at_once(server):
        server.stop()
        server.run()

    monkeypatch.setattr("mixeval.cli.serve._run", at_once)
    result = CliRunner().invoke(serve_command, [str(folder), "--port", "0"])
    assert result.exit_code == 0, result.output
    assert f"the answers were to be kept until {LONG_AGO}, and are still there" in result.output


def test_the_check_says_what_is_overdue(collected, retain):
    collected.close()
    place = Place(retain(until=LONG_AGO))
    try:
        with pytest.raises(
            StudyError, match=f"kept until {LONG_AGO}, and are still there; run `mixeval purge"
        ):
            CHECKS["retention"](place)
    finally:
        place.close()


def test_the_check_says_how_long_answers_may_be_kept(study_folder, retain):
    place = Place(study_folder)
    with pytest.raises(Advice, match="does not say how long answers are kept"):
        CHECKS["retention"](place)
    place.close()
    place = Place(retain(until=LATER))
    assert CHECKS["retention"](place) == f"answers may be kept until {LATER}"
    place.close()
