"""`mixeval admin password`, and what `mixeval serve` says of it."""

import pytest
from click.testing import CliRunner

from mixeval.admin_password import FILE_NAME, is_password, kept_password_hash
from mixeval.cli import main
from mixeval.cli.serve import _tell_of_admin

PASSWORD = "correct horse battery"


def run(*arguments, **options):
    return CliRunner().invoke(main, ["admin", "password", *map(str, arguments)], **options)


def test_the_password_is_asked_for_twice(study_folder):
    done = run(study_folder, input=f"{PASSWORD}\n{PASSWORD}\n")
    assert done.exit_code == 0
    assert is_password(kept_password_hash(study_folder), PASSWORD)
    assert PASSWORD not in done.output


def test_two_that_differ_are_asked_for_again(study_folder):
    done = run(study_folder, input=f"{PASSWORD}\nsomething else entirely\n{PASSWORD}\n{PASSWORD}\n")
    assert done.exit_code == 0
    assert is_password(kept_password_hash(study_folder), PASSWORD)


def test_a_program_gives_it_by_the_standard_input(study_folder):
    assert run(study_folder, "--stdin", input=f"{PASSWORD}\n").exit_code == 0
    assert is_password(kept_password_hash(study_folder), PASSWORD)


def test_for_a_container_the_hash_is_printed_and_nothing_written(study_folder):
    done = run(study_folder, "--stdin", "--print-hash", input=f"{PASSWORD}\n")
    assert is_password(done.output.strip(), PASSWORD)
    assert not (study_folder / FILE_NAME).exists()


@pytest.mark.parametrize("given", ["short\n", "\n", ""])
def test_a_short_one_is_refused_in_one_line(given, study_folder):
    done = run(study_folder, "--stdin", input=given)
    assert done.exit_code == 1
    assert "12 or more" in done.output
    assert not (study_folder / FILE_NAME).exists()


def test_a_folder_that_is_no_study_gets_none(tmp_path):
    assert run(tmp_path, "--stdin", input=f"{PASSWORD}\n").exit_code == 1
    assert not (tmp_path / FILE_NAME).exists()


def test_serve_says_how_to_set_one_or_where_the_pages_are(study_folder, capsys, monkeypatch):
    monkeypatch.delenv("MIXEVAL_ADMIN_PASSWORD_HASH", raising=False)
    _tell_of_admin(study_folder, "http://127.0.0.1:8000/")
    assert f"`mixeval admin password {study_folder}` opens them" in capsys.readouterr().err
    run(study_folder, "--stdin", input=f"{PASSWORD}\n")
    _tell_of_admin(study_folder, "http://127.0.0.1:8000/")
    assert "http://127.0.0.1:8000/admin" in capsys.readouterr().out
