"""What `mixeval check` looks at: one function per line of its list, in the order of the list.

Each returns what it found, and raises a MixevalError where something is wrong; the error's remedy is what to do.
"""

import importlib
import stat
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mixeval import admin_password
from mixeval.errors import AudioError, DatabaseError, MixevalError, SimulationError, StudyError
from mixeval.manifest import FOLDER, Stimulus
from mixeval.settings import SECRET_KEY_NAME, Settings, read_settings

if TYPE_CHECKING:
    from flask import Flask

    from mixeval_webapp.site import Site

MOST_CLOCK_SECONDS = 5.0
MOST_BACKUP_AGE = timedelta(days=2)
TIMEOUT_SECONDS = 30


class Advice(MixevalError):  # noqa: N818 - it is no error: the study can be run without it
    """Something that is missing and not needed: it is said, and the light stays green."""


@dataclass(frozen=True)
class Line:
    """One line of the list."""

    name: str
    state: Literal["ok", "advice", "problem"]
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Place:
    """The study that is checked, and where it is served, if it is."""

    folder: Path
    url: str | None = None
    opened: list["Flask"] = field(default_factory=list)

    @cached_property
    def settings(self) -> Settings:
        return read_settings(self.folder)

    @cached_property
    def app(self) -> "Flask":
        """The application: making it checks study.toml, manifest, every file's hash, and the schema."""
        app = importlib.import_module("mixeval_webapp.app").create_app(
            self.folder, settings=self.settings.without_proxy()
        )
        self.opened.append(app)
        return app  # type: ignore[no-any-return]  # import_module knows no types

    @property
    def site(self) -> "Site":
        return importlib.import_module("mixeval_webapp.app").site_of(self.app)  # type: ignore[no-any-return]  # as above

    def close(self) -> None:
        for app in self.opened:
            importlib.import_module("mixeval_webapp.app").site_of(app).database.close()


def check_study(place: Place) -> Iterator[Line]:
    """Make the checks one after another; those that need a served study only where there is one."""
    try:
        for name, check in CHECKS.items():
            yield _line(name, check, place)
        if place.url is not None:
            for name, check in CHECKS_AT_URL.items():
                yield _line(name, check, place)
    finally:
        place.close()


def _line(name: str, check: Callable[[Place], str], place: Place) -> Line:
    try:
        return Line(name, "ok", check(place))
    except Advice as advice:
        return Line(name, "advice", advice.problem, advice.remedy)
    except MixevalError as error:
        return Line(name, "problem", error.problem, error.remedy)
    except Exception as error:  # noqa: BLE001 - one check that breaks must not hide what the others find
        return Line(name, "problem", f"the check itself failed ({error!r})", "report this as a bug")


def _study(place: Place) -> str:
    version = place.site.version
    return (
        f'"{version.study.study.title}": {len(version.manifest.items)} items in '
        f"{len(version.study.conditions)} conditions, rendered as study.toml says"
    )


def _rights(place: Place) -> str:
    for path, wanted in ((place.folder, 0o700), (place.folder / SECRET_KEY_NAME, 0o400)):
        if path.exists() and path.stat().st_mode & wanted != wanted:
            raise StudyError(f"{path} is not open to you", remedy=f"run: chmod u+rwX {path}")
    key = place.folder / SECRET_KEY_NAME
    place.settings.secret_key  # noqa: B018 - made on first use
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        raise StudyError(
            f"{key} can be read by others, who could make cookies with it", remedy=f"run: chmod 600 {key}"
        )
    database = place.folder / "study.sqlite3"
    if database.exists() and stat.S_IMODE(database.stat().st_mode) & 0o002:
        raise StudyError(f"{database} can be changed by anybody", remedy=f"run: chmod o-w {database}")
    try:
        with tempfile.TemporaryFile(dir=place.folder):
            pass
    except OSError as error:
        raise StudyError(
            f"{place.folder} cannot be written ({error.strerror})",
            remedy="give yourself write permission there",
        ) from error
    return "folder and database are yours to write, the secret key is yours alone to read"


def _save(place: Place) -> str:
    found = _readiness(place)
    for name in ("database", "schema"):
        if found[name][0] != "ok":
            raise DatabaseError(
                f"an answer could not be saved: {name} {found[name][0]} ({found[name][1]})",
                remedy="make the database writable; an older schema needs `mixeval db upgrade`",
            )
    return "an answer was written and committed"


def _disk(place: Place) -> str:
    word, detail = _readiness(place)["disk"]
    if word != "ok":
        raise StudyError(f"the disk is {word}: {detail}", remedy="make room, 5 % or 10 GB are enough")
    return "there is room"


def _clock(place: Place) -> str:
    here = datetime.now(UTC)
    newest = max(path.stat().st_mtime for path in (place.folder / "study.toml", place.folder / FOLDER))
    if here.timestamp() < newest - MOST_CLOCK_SECONDS:
        raise StudyError(
            f"this machine's clock says {here:%Y-%m-%d %H:%M} UTC, which is before the study was written",
            remedy="set the clock, by NTP",
        )
    engine = place.site.database.engine
    if engine.dialect.name == "sqlite":
        return f"{here:%Y-%m-%d %H:%M} UTC"
    from sqlalchemy import text  # noqa: PLC0415 - loads only where it is needed

    with engine.connect() as connection:
        there = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return _compare_clocks(datetime.now(UTC), there, whose="the database's")


def _audio(place: Place) -> str:
    import soundfile  # noqa: PLC0415 - loads only where it is needed

    manifest = place.site.version.manifest
    for item in manifest.items:
        for stimulus in manifest.of_item(item.item):
            path = place.folder / FOLDER / stimulus.file
            try:
                info = soundfile.info(path)
                samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                raise AudioError(
                    f"{path} cannot be decoded ({error.error_string})", remedy="render the study again"
                ) from error
            _check_shape(path, stimulus, frames=len(samples), rate=info.samplerate)
            if not samples.any():
                raise AudioError(f"{path} is silent", remedy="look into the mix, then render again")
            break
    return f"{len(manifest.stimuli)} files have the hashes of the manifest; one of each item was decoded"


def _check_shape(path: Path, stimulus: Stimulus, *, frames: int, rate: int) -> None:
    if (frames, rate) != (stimulus.frames, stimulus.sample_rate):
        raise AudioError(
            f"{path} has {frames} frames at {rate} Hz, the manifest says {stimulus.frames} at {stimulus.sample_rate}",
            remedy="render the study again",
        )


def _export(place: Place) -> str:
    from mixeval_analysis.export import export_study  # noqa: PLC0415 - pandas loads only where it is needed

    place.site  # noqa: B018 - makes the schema of a new database
    with tempfile.TemporaryDirectory(prefix="mixeval-check-") as folder:
        written = export_study(place.folder, Path(folder) / "export")
    return ", ".join(f"{rows} {name}" for name, rows in written.rows.items())


def _recruitment(place: Place) -> str:
    recruitment = place.site.version.study.recruitment
    if recruitment.platform is None:
        return "anybody with the address may begin" if recruitment.is_open else "by invite only"
    missing = [
        key
        for key, needed in (
            ("completion_code", recruitment.platform == "prolific"),
            ("no_consent_code", recruitment.platform == "prolific"),
            ("screened_out_code", recruitment.platform == "prolific"),
        )
        if needed and getattr(recruitment, key) is None
    ]
    if missing:
        raise Advice(
            f"participants from {recruitment.platform}; study.toml has no {', '.join(missing)}",
            remedy="copy the codes from the platform's page of the study if it has them",
        )
    return f"participants from {recruitment.platform}, with every code"


def _retention(place: Place) -> str:
    from mixeval.purging import overdue  # noqa: PLC0415 - beside its only use

    retention = place.site.version.study.retention
    today = datetime.now(UTC).date()
    with place.site.database.read() as db:
        sentences = overdue(db, retention, today)
    if sentences:
        raise StudyError("; ".join(sentences), remedy=f"run `mixeval purge {place.folder}`")
    if retention.all_due(today):
        raise StudyError(
            f"answers may be kept until {retention.until} only, and would be past their day at once",
            remedy=f"correct [retention] in study.toml, or run `mixeval purge {place.folder}` for good",
        )
    if retention.until is None:
        raise Advice(
            "study.toml does not say how long answers are kept",
            remedy="add [retention] with until = YYYY-MM-DD, as the consent text promises",
        )
    return f"answers may be kept until {retention.until}"


def _password(place: Place) -> str:
    file = place.folder / admin_password.FILE_NAME
    if admin_password.kept_password_hash(place.folder, place.settings.admin_password_hash) is None:
        raise Advice(
            "no password is set, so nobody can see the researcher's pages",
            remedy=f"run `mixeval admin password {place.folder}`",
        )
    if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise StudyError(f"{file} can be read by others", remedy=f"run: chmod 600 {file}")
    return "the researcher's pages have a password"


def _backup(place: Place) -> str:
    from mixeval.backup import FOLDER_NAME  # noqa: PLC0415 - beside its only use

    made = [path.stat().st_mtime for path in (place.folder / FOLDER_NAME).glob("*") if path.is_file()]
    if not made:
        raise Advice("there is no backup yet", remedy=f"run `mixeval db backup {place.folder}` each night")
    age = timedelta(seconds=time.time() - max(made))
    if age > MOST_BACKUP_AGE:
        raise Advice(
            f"the newest backup is {age.days} days old", remedy=f"run `mixeval db backup {place.folder}`"
        )
    return f"the newest is {age.total_seconds() / 3600:.0f} hours old"


def _rehearsal(place: Place) -> str:
    from mixeval_webapp.recruitment.previews import simulation_address  # noqa: PLC0415 - loads when needed
    from mixeval_webapp.simulate.rehearsal import rehearse  # noqa: PLC0415 - loads when needed

    secret_key = place.settings.secret_key
    if place.url is not None:
        found = rehearse(simulation_address(place.url, secret_key=secret_key), place.site.database)
        if found.ratings is None:
            raise Advice(
                f"a simulated listener took {found.pages} pages at {place.url}, and their answers are in another "
                f"database, marked as simulated",
                remedy="run the check with the same MIXEVAL_DATABASE_URL to see them arrive and go",
            )
    else:
        with _served(place) as url:
            found = rehearse(simulation_address(url, secret_key=secret_key), place.site.database)
    if not found.is_complete:
        raise SimulationError(
            "a simulated listener's session did not end as complete",
            remedy="see which check screened them out, with `mixeval simulate` on a copy",
        )
    return f"a simulated listener rated {found.pages} pages over HTTP, {found.ratings} ratings arrived and were deleted"


@contextmanager
def _served(place: Place) -> Iterator[str]:
    from mixeval_webapp.server import Server  # noqa: PLC0415 - loads when needed
    from mixeval_webapp.simulate.crowd import serving  # noqa: PLC0415 - loads when needed

    with serving(Server(place.app)) as url:
        yield url


def _served_ready(place: Place) -> str:
    status, _, body = _fetch(place, "readyz")
    if status != 200:
        raise SimulationError(f"{place.url} answers {status}: {body[:300]}", remedy="see the server's log")
    return f"{place.url} is ready"


def _served_clock(place: Place) -> str:
    _, headers, _ = _fetch(place, "healthz")
    there = parsedate_to_datetime(headers.get("date", ""))
    return _compare_clocks(datetime.now(UTC), there, whose="the server's")


def _served_safely(place: Place) -> str:
    _, headers, _ = _fetch(place, "")
    if not (place.url or "").startswith("https:"):
        raise Advice(
            f"{place.url} is not HTTPS: links and cookies can be read on the way",
            remedy="put a certificate on the web server in front (docs/deploy.md)",
        )
    if "secure" not in headers.get("set-cookie", "").lower():
        raise StudyError(
            "cookies are not marked Secure",
            remedy="set MIXEVAL_TRUSTED_PROXIES to the number of proxies in front",
        )
    return "HTTPS, with Secure cookies"


CHECKS: dict[str, Callable[[Place], str]] = {
    "study": _study,
    "rights": _rights,
    "save": _save,
    "disk": _disk,
    "clock": _clock,
    "audio": _audio,
    "recruitment": _recruitment,
    "rehearsal": _rehearsal,
    "export": _export,
    "backup": _backup,
    "retention": _retention,
    "password": _password,
}
CHECKS_AT_URL: dict[str, Callable[[Place], str]] = {
    "served": _served_ready,
    "its clock": _served_clock,
    "its connection": _served_safely,
}


def _readiness(place: Place) -> dict[str, tuple[str, str]]:
    from mixeval_webapp.readiness import Readiness  # noqa: PLC0415 - loads when needed

    found = Readiness(place.site.database, place.site.files).check()
    return {name: (finding.word, finding.detail) for name, finding in found.items()}


def _compare_clocks(here: datetime, there: datetime, *, whose: str) -> str:
    apart = abs((here - there).total_seconds())
    if apart > MOST_CLOCK_SECONDS:
        raise StudyError(
            f"this machine's clock and {whose} are {apart:.0f} s apart", remedy="set both by NTP"
        )
    return f"this machine's clock and {whose} agree"


def _fetch(place: Place, path: str) -> tuple[int, dict[str, str], str]:
    address = f"{(place.url or '').rstrip('/')}/{path}"
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - http(s), see the command
            return answer.status, _lower(answer.headers.items()), answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, _lower(error.headers.items()), error.read().decode("utf-8", "replace")
    except OSError as error:
        raise SimulationError(f"{address} does not answer ({error})", remedy="start the server") from error


def _lower(headers: object) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers}  # type: ignore[attr-defined]  # pairs
