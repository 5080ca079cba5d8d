"""`mixeval check`: each fault is set up for real; the rehearsal goes through a real server."""

import json
import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from mixeval.admin_password import hash_password, keep_password_hash
from mixeval.cli import main
from mixeval.cli.checks import clocks
from mixeval.cli.checks.clocks import compare_clocks
from mixeval.errors import StudyError
from mixeval.manifest import FOLDER, read_manifest
from mixeval_webapp import readiness


@pytest.fixture(autouse=True)
def roomy(monkeypatch):
    """Judge the disk as if it were a large one, whatever this machine has left."""
    monkeypatch.setattr(readiness, "is_nearly_full", lambda **_: False)
    monkeypatch.delenv("MIXEVAL_DATABASE_URL", raising=False)


def check(study_folder, *options):
    result = CliRunner().invoke(main, ["check", str(study_folder), *options])
    return result.exit_code, result.output


def lines_of(study_folder, *options):
    code, output = check(study_folder, "--json", *options)
    document = json.loads(output)
    assert document["ready"] == (code == 0)
    return {line["name"]: line for line in document["checks"]}


def count(study_folder, table):
    with closing(sqlite3.connect(study_folder / "study.sqlite3")) as db:
        return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_a_sound_study_gets_a_green_light_and_keeps_nothing_of_the_rehearsal(study_folder):
    code, output = check(study_folder)
    assert code == 0, output
    assert "✗" not in output
    assert "✓ rehearsal" in output
    assert "8 ratings arrived and were deleted" in output
    assert "● Ready for listeners." in output
    for table in ("participants", "sessions", "pages", "ratings", "events", "tallies", "erasures"):
        assert count(study_folder, table) == 0, table


def test_a_rehearsal_leaves_what_listeners_gave_as_it_was(study_folder, listener):
    listener.start()
    page = listener.page()
    listener.put(page, listener.ratings(page))
    assert lines_of(study_folder)["rehearsal"]["state"] == "ok"
    assert listener.page()["stimuli"][0]["answers"][0]["value"] == 0
    assert count(study_folder, "participants") == 1
    assert count(study_folder, "ratings") == 4


def test_what_is_wrong_is_said_with_what_to_do_and_ends_with_1(study_folder):
    victim = read_manifest(study_folder).stimuli[2].file
    path = study_folder / FOLDER / victim
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    code, output = check(study_folder)
    assert code == 1
    assert "✗ study" in output
    assert victim in output
    assert "→ delete it and render the study again" in output
    assert "found something wrong" in output


def test_a_secret_key_that_others_can_read_is_named(study_folder):
    check(study_folder)
    (study_folder / ".secret-key").chmod(0o644)
    line = lines_of(study_folder)["rights"]
    assert line["state"] == "problem"
    assert "chmod 600" in line["remedy"]


def test_a_database_of_an_older_version_is_named(study_folder):
    check(study_folder)
    with closing(sqlite3.connect(study_folder / "study.sqlite3")) as db:
        db.execute("UPDATE alembic_version SET version_num = '0002'")
        db.commit()
    assert "older schema" in lines_of(study_folder)["study"]["found"]


def test_a_clock_before_the_study_was_written_is_named(study_folder):
    later = time.time() + 1000
    os.utime(study_folder / "study.toml", (later, later))
    line = lines_of(study_folder)["clock"]
    assert line["state"] == "problem"
    assert "before the study was written" in line["found"]


@pytest.mark.parametrize("minutes", [-10, 10])
def test_clocks_that_are_apart_are_named(minutes):
    with pytest.raises(StudyError, match="the other one are 600 s apart"):
        compare_clocks(lambda: datetime.now(UTC) + timedelta(minutes=minutes), whose="the other one")


def test_a_slow_answer_is_no_fault_of_a_clock(monkeypatch):
    monkeypatch.setattr(clocks, "MOST_CLOCK_SECONDS", 0.05)

    def ask():
        time.sleep(0.1)
        there = datetime.now(UTC)
        time.sleep(0.1)
        return there

    assert compare_clocks(ask, whose="the other one") == "this machine's clock and the other one agree"


def test_what_is_advisable_holds_nobody_up(study_folder):
    line = lines_of(study_folder)["backup"]
    assert line["state"] == "advice"
    assert "mixeval db backup" in line["remedy"]
    backups = study_folder / "backups"
    backups.mkdir()
    (backups / "study.sqlite3").write_bytes(b"")
    assert lines_of(study_folder)["backup"]["state"] == "ok"
    old = time.time() - 5 * 24 * 3600
    os.utime(backups / "study.sqlite3", (old, old))
    assert "5 days old" in lines_of(study_folder)["backup"]["found"]


def test_at_an_address_the_rehearsal_goes_there_and_comes_back(study_folder, serve):
    from mixeval.settings import read_settings
    from mixeval_webapp.app import create_app, site_of

    app = create_app(study_folder, settings=read_settings(study_folder))
    with serve(app) as url:
        lines = lines_of(study_folder, "--url", url)
    site_of(app).database.close()
    assert lines["rehearsal"]["state"] == "ok"
    assert lines["served"]["state"] == "ok"
    assert lines["its clock"]["state"] == "ok"
    assert "not HTTPS" in lines["its connection"]["found"]
    assert count(study_folder, "participants") == 0


def test_an_address_where_nobody_answers_is_said(study_folder):
    code, output = check(study_folder, "--url", "http://127.0.0.1:9/")
    assert code == 1
    assert "✗ served" in output
    assert "start the server" in output


def test_an_address_must_be_one(study_folder):
    assert check(study_folder, "--url", "listening-test.example.org")[0] == 2


def test_a_folder_without_a_study_is_one_sentence(tmp_path):
    code, output = check(tmp_path)
    assert code == 1
    assert output.startswith("Error: ")


def test_data_past_their_day_are_a_problem_and_no_day_at_all_is_advice(study_folder):
    assert lines_of(study_folder)["retention"]["state"] == "advice"
    path = study_folder / "study.toml"
    path.write_text(f"{path.read_text()}\n[retention]\nuntil = 2020-01-31\n")
    line = lines_of(study_folder)["retention"]
    assert line["state"] == "problem"
    assert "mixeval purge" in line["remedy"]


def test_a_password_that_others_can_read_is_a_problem_and_none_is_advice(study_folder):
    assert lines_of(study_folder)["password"]["state"] == "advice"
    keep_password_hash(study_folder, hash_password("four words of no kin")).chmod(0o644)
    assert "chmod 600" in lines_of(study_folder)["password"]["remedy"]


def test_where_nobody_may_begin_uninvited_the_rehearsal_is_let_in(study_folder):
    path = study_folder / "study.toml"
    path.write_text(f"{path.read_text()}\n[recruitment]\nopen = false\n")
    lines = lines_of(study_folder)
    assert lines["rehearsal"]["state"] == "ok"
    assert lines["recruitment"]["found"] == "by invite only"
