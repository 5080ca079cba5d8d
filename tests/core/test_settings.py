import errno
import os
import secrets
import stat

import pytest

from mixeval.errors import StudyError
from mixeval.settings import read_settings


def test_a_secret_key_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    first = read_settings(tmp_path, {}).secret_key
    assert len(first) == 64
    assert read_settings(tmp_path, {}).secret_key == first
    assert stat.S_IMODE((tmp_path / ".secret-key").stat().st_mode) == 0o600


def test_the_environment_comes_before_the_folder(tmp_path):
    settings = read_settings(
        tmp_path,
        {
            "MIXEVAL_SECRET_KEY": "k" * 40,
            "MIXEVAL_DATABASE_URL": "postgresql+psycopg://h/d",
            "MIXEVAL_TRUSTED_PROXIES": "1",
        },
    )
    assert (settings.secret_key, settings.database_url, settings.trusted_proxies) == (
        "k" * 40,
        "postgresql+psycopg://h/d",
        1,
    )
    assert not (tmp_path / ".secret-key").exists()


def test_the_secret_key_is_in_no_representation(tmp_path):
    settings = read_settings(tmp_path, {})
    assert settings.secret_key not in repr(settings)


def test_a_damaged_secret_key_and_a_wrong_number_are_refused(tmp_path):
    (tmp_path / ".secret-key").write_text("")
    with pytest.raises(StudyError, match="holds no secret key"):
        read_settings(tmp_path, {})
    with pytest.raises(StudyError, match="MIXEVAL_TRUSTED_PROXIES"):
        read_settings(tmp_path, {"MIXEVAL_TRUSTED_PROXIES": "yes"})


def test_a_secret_key_that_could_be_guessed_is_refused(tmp_path):
    with pytest.raises(StudyError, match="MIXEVAL_SECRET_KEY has only 6 characters"):
        read_settings(tmp_path, {"MIXEVAL_SECRET_KEY": "secret"})


def test_a_full_disk_leaves_no_half_secret_behind(tmp_path, monkeypatch):
    def fail(_bytes):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(secrets, "token_hex", fail)
    with pytest.raises(StudyError, match="make room on the disk"):
        read_settings(tmp_path, {})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_cannot_keep_a_secret(tmp_path):
    with pytest.raises(StudyError, match="cannot be written"):
        read_settings(tmp_path / "nowhere", {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_study_folder_without_write_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StudyError, match="give yourself write permission"):
        read_settings(tmp_path, {})
