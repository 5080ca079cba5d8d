"""The password's hash: argon2id, in a file that its owner alone reads, and never with a default."""

import stat

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from mixeval.admin_password import (
    FILE_NAME,
    hash_password,
    is_password,
    keep_password_hash,
    kept_password_hash,
)
from mixeval.errors import StudyError
from mixeval.settings import read_settings

PASSWORD = "correct horse bättery"


def test_the_password_is_known_by_its_hash_and_no_other_is():
    hashed = hash_password(PASSWORD)
    found = extract_parameters(hashed)
    assert found.type is Type.ID
    # RFC 9106, section 4: the second recommended option.
    assert (found.memory_cost, found.time_cost, found.parallelism) == (64 * 1024, 3, 4)
    assert is_password(hashed, PASSWORD)
    for other in ("", PASSWORD + " ", PASSWORD.upper(), "\ud800", "x" * 100_000):
        assert not is_password(hashed, other)
    assert not is_password("no hash", PASSWORD)


@pytest.mark.parametrize("password", ["", "elevenchars", "x" * 1025])
def test_a_password_that_is_too_short_or_endless_is_refused(password):
    with pytest.raises(StudyError, match="the password has"):
        hash_password(password)


def test_the_file_is_the_owner_s_alone_and_is_replaced_whole(tmp_path):
    assert kept_password_hash(tmp_path) is None
    for hashed in (hash_password(PASSWORD), hash_password("another horse battery")):
        path = keep_password_hash(tmp_path, hashed)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert kept_password_hash(tmp_path) == hashed
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE_NAME]


def test_the_environment_goes_before_the_file(tmp_path):
    keep_password_hash(tmp_path, hash_password(PASSWORD))
    given = hash_password("another horse battery")
    settings = read_settings(tmp_path, {"MIXEVAL_ADMIN_PASSWORD_HASH": given})
    assert kept_password_hash(tmp_path, settings.admin_password_hash) == given
    assert given not in repr(settings)
    assert read_settings(tmp_path, {"MIXEVAL_ADMIN_PASSWORD_HASH": ""}).admin_password_hash is None


@pytest.mark.parametrize(
    "hashed",
    [
        "correct horse battery",
        "",
        PasswordHasher(time_cost=1, memory_cost=8192).hash("x"),
        PasswordHasher(type=Type.I).hash("x"),
    ],
    # Salts are random, and every process of the tests must know each case by one name.
    ids=["no hash", "empty", "too cheap", "another kind"],
)
def test_what_is_no_decent_hash_is_refused(hashed, tmp_path):
    (tmp_path / FILE_NAME).write_text(hashed)
    with pytest.raises(StudyError, match="holds"):
        kept_password_hash(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(StudyError, match="cannot be written"):
        keep_password_hash(tmp_path / "absent", hash_password(PASSWORD))
