"""Where a study is deployed: database, secrets, addresses. Environment (`MIXEVAL_...`), never study.toml."""

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from mixeval.admin_password import VARIABLE as PASSWORD_VARIABLE
from mixeval.errors import StudyError

DATABASE_NAME = "study.sqlite3"
SECRET_KEY_NAME = ".secret-key"  # noqa: S105 - the name of a file
SERVED_AUDIO_NAME = ".served-audio"
SECRET_KEY_CHARACTERS = 32
"""At least; a shorter key could be found by trying."""


@dataclass(frozen=True)
class Settings:
    """Deployment of one study folder.

    MIXEVAL_DATABASE_URL: an SQLAlchemy URL; left out, STUDY/study.sqlite3.
    MIXEVAL_SECRET_KEY: signs cookies; left out, a key kept in STUDY/.secret-key (mode 0600).
    MIXEVAL_TRUSTED_PROXIES: how many reverse proxies stand in front; left out, none is believed.
    MIXEVAL_ADMIN_PASSWORD_HASH: who knows its password sees the researcher's pages; left out, STUDY/.admin-password.
    MIXEVAL_URL_PREFIX: the path below which the study is served, such as /drums; left out, the whole host.
    MIXEVAL_ACCEL_PREFIX: the internal location by which nginx sends the audio; left out, this program sends it.
    MIXEVAL_ACCEL_FOLDER: where the files for that location are kept; left out, STUDY/.served-audio.
    """

    database_url: str
    secret_key: str = field(repr=False)
    trusted_proxies: int = 0
    admin_password_hash: str | None = field(default=None, repr=False)
    url_prefix: str = ""
    """Empty, or a path that begins with / and does not end with it."""
    accel_prefix: str = ""
    """Empty, or a path that begins and ends with /."""
    accel_folder: Path | None = None
    """Set wherever `accel_prefix` is."""

    def without_proxy(self) -> "Settings":
        """Return the settings of a server of the same study that is asked directly, as simulated listeners do."""
        return replace(self, trusted_proxies=0, accel_prefix="", accel_folder=None)


def read_settings(study_folder: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the deployment of `study_folder` from the environment; generate its secret key on first use.

    Raises StudyError when the folder cannot be written or a value cannot be used.
    """
    values = os.environ if environment is None else environment
    proxies = values.get("MIXEVAL_TRUSTED_PROXIES", "0")
    if not proxies.isdecimal():
        raise StudyError(
            f'MIXEVAL_TRUSTED_PROXIES is "{proxies}"', remedy="set it to a whole number such as 1"
        )
    given = values.get("MIXEVAL_SECRET_KEY", "")
    if 0 < len(given) < SECRET_KEY_CHARACTERS:
        raise StudyError(
            f"MIXEVAL_SECRET_KEY has only {len(given)} characters",
            remedy=f"set it to {SECRET_KEY_CHARACTERS} or more random ones",
        )
    accel_prefix = _path(values, "MIXEVAL_ACCEL_PREFIX")
    if accel_prefix and int(proxies) == 0:
        raise StudyError(
            "MIXEVAL_ACCEL_PREFIX is set, but no proxy is trusted that could send the audio",
            remedy="set MIXEVAL_TRUSTED_PROXIES=1 where nginx stands in front, or leave both out",
        )
    accel_folder = Path(values.get("MIXEVAL_ACCEL_FOLDER") or study_folder / SERVED_AUDIO_NAME)
    return Settings(
        database_url=database_url(study_folder, values),
        secret_key=given or _kept_secret(study_folder),
        trusted_proxies=int(proxies),
        admin_password_hash=values.get(PASSWORD_VARIABLE) or None,
        url_prefix=_path(values, "MIXEVAL_URL_PREFIX"),
        accel_prefix=f"{accel_prefix}/" if accel_prefix else "",
        accel_folder=accel_folder if accel_prefix else None,
    )


def database_url(study_folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Return where the answers of `study_folder` are kept."""
    values = os.environ if environment is None else environment
    return values.get("MIXEVAL_DATABASE_URL") or f"sqlite:///{(study_folder / DATABASE_NAME).resolve()}"


def _path(values: Mapping[str, str], name: str) -> str:
    """Return a path of an address without its last slash, or nothing."""
    path = values.get(name, "").rstrip("/")
    if path and not re.fullmatch(r"(/[A-Za-z0-9_-]+)+", path):
        raise StudyError(
            f'{name} is "{values[name]}"',
            remedy="write a path of ASCII letters, digits, _ and - that begins with /, such as /drums",
        )
    return path


def _kept_secret(study_folder: Path) -> str:
    path = study_folder / SECRET_KEY_NAME
    if path.exists():
        return _read_secret(path)
    try:
        # Written whole under another name, by mkstemp for nobody else to read, and then named if none is there:
        # of two processes that start at once neither reads half a key, and both read the same.
        handle, draft = tempfile.mkstemp(dir=study_folder, prefix=f"{SECRET_KEY_NAME}-")
    except OSError as error:
        raise StudyError(
            f"{study_folder} cannot be written ({error.strerror})",
            remedy="give yourself write permission there",
        ) from error
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    except OSError as error:
        raise StudyError(
            f"{path} cannot be written ({error.strerror})", remedy="make room on the disk"
        ) from error
    finally:
        Path(draft).unlink()
    return _read_secret(path)


def _read_secret(path: Path) -> str:
    try:
        secret = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise StudyError(
            f"{path} cannot be read ({error.strerror})", remedy="make it readable to you"
        ) from error
    if len(secret) < SECRET_KEY_CHARACTERS:
        raise StudyError(
            f"{path} holds no secret key", remedy="delete it, a new one is made on the next start"
        )
    return secret
