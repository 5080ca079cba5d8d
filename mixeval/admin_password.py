"""The password of the researcher's pages: kept as an argon2id hash beside the study, and never with a default."""

import contextlib
import os
import tempfile
from pathlib import Path

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from mixeval.errors import StudyError

FILE_NAME = ".admin-password"
VARIABLE = "MIXEVAL_ADMIN_PASSWORD_HASH"
LEAST_CHARACTERS = 12
MOST_CHARACTERS = 1024
"""Longer ones would only keep the processor busy."""
LEAST_MEMORY_KIB = 19 * 1024
LEAST_ITERATIONS = 2
"""What OWASP asks of argon2id at the least (Password Storage Cheat Sheet): 19 MiB, 2 rounds."""


def hash_password(password: str) -> str:
    """Return the argon2id hash of `password`, with the parameters of RFC 9106's second choice.

    Raises StudyError when it is shorter than LEAST_CHARACTERS or longer than MOST_CHARACTERS.
    """
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise StudyError(
            f"the password has {len(password)} characters",
            remedy=f"choose one of {LEAST_CHARACTERS} or more, such as four words that have nothing in common",
        )
    return PasswordHasher().hash(_bytes(password))


def is_password(hashed: str, password: str) -> bool:
    """Tell whether `password` is the one that `hashed` was made of; takes as long for a wrong one."""
    try:
        return PasswordHasher().verify(hashed, _bytes(password[: MOST_CHARACTERS + 1]))
    except (VerificationError, InvalidHashError):
        return False


def keep_password_hash(study_folder: Path, hashed: str) -> Path:
    """Write `hashed` to STUDY/.admin-password, readable by its owner only; an older one is replaced whole.

    Raises StudyError when the folder cannot be written.
    """
    path = study_folder / FILE_NAME
    try:
        # mkstemp makes a 0600 file, so there is no moment at which others could read it.
        handle, draft = tempfile.mkstemp(dir=study_folder, prefix=FILE_NAME)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(f"{hashed}\n")
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(draft).unlink()
            raise
    except OSError as error:
        raise StudyError(
            f"{path} cannot be written ({error.strerror})", remedy="give yourself write permission there"
        ) from error
    return path


def kept_password_hash(study_folder: Path, given: str | None = None) -> str | None:
    """Return the hash `given` by the environment, or that of STUDY/.admin-password, or None where there is neither.

    Raises StudyError when it cannot be read or is no argon2id hash of decent strength.
    """
    path = study_folder / FILE_NAME
    if given:
        _check_hash(given, VARIABLE)
        return given
    try:
        hashed = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(
            f"{path} cannot be read ({error})",
            remedy="make it readable to you, or set the password again with `mixeval admin password`",
        ) from error
    _check_hash(hashed, str(path))
    return hashed


def _check_hash(hashed: str, source: str) -> None:
    remedy = "make one with `mixeval admin password STUDY` (--print-hash for the environment)"
    try:
        found = extract_parameters(hashed)
    except InvalidHashError as error:
        raise StudyError(f"{source} holds no argon2id hash", remedy=remedy) from error
    if (
        found.type is not Type.ID
        or found.memory_cost < LEAST_MEMORY_KIB
        or found.time_cost < LEAST_ITERATIONS
    ):
        raise StudyError(f"{source} holds a hash that is too easy to try passwords against", remedy=remedy)


def _bytes(password: str) -> bytes:
    # A form may hold half a surrogate pair, which UTF-8 has no form for.
    return password.encode("utf-8", "surrogatepass")
