"""Checks of a study where it lies: its files, its database, its days and its doors."""

import stat
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mixeval import admin_password
from mixeval.cli.checks.clocks import MOST_CLOCK_SECONDS, compare_clocks
from mixeval.cli.checks.place import Advice, Place
from mixeval.errors import AudioError, DatabaseError, StudyError
from mixeval.manifest import FOLDER, Stimulus
from mixeval.settings import SECRET_KEY_NAME

MOST_BACKUP_AGE = timedelta(days=2)


def study(place: Place) -> str:
    version = place.site.version
    return (
        f'"{version.study.study.title}": {len(version.manifest.items)} items in '
        f"{len(version.study.conditions)} conditions, rendered as study.toml says"
    )


def rights(place: Place) -> str:
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


def save(place: Place) -> str:
    found = _readiness(place)
    for name in ("database", "schema"):
        if found[name][0] != "ok":
            raise DatabaseError(
                f"an answer could not be saved: {name} {found[name][0]} ({found[name][1]})",
                remedy="make the database writable; an older schema needs `mixeval db upgrade`",
            )
    return "an answer was written and committed"


def disk(place: Place) -> str:
    word, detail = _readiness(place)["disk"]
    if word != "ok":
        raise StudyError(f"the disk is {word}: {detail}", remedy="make room, 5 % or 10 GB are enough")
    return "there is room"


def clock(place: Place) -> str:
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
        return compare_clocks(
            lambda: connection.execute(text("SELECT clock_timestamp()")).scalar_one(), whose="the database's"
        )


def audio(place: Place) -> str:
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


def export(place: Place) -> str:
    from mixeval_analysis.export import export_study  # noqa: PLC0415 - pandas loads only where it is needed

    place.site  # noqa: B018 - makes the schema of a new database
    with tempfile.TemporaryDirectory(prefix="mixeval-check-") as folder:
        written = export_study(place.folder, Path(folder) / "export")
    return ", ".join(f"{rows} {name}" for name, rows in written.rows.items())


def recruitment(place: Place) -> str:
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


def retention(place: Place) -> str:
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


def password(place: Place) -> str:
    file = place.folder / admin_password.FILE_NAME
    if admin_password.kept_password_hash(place.folder, place.settings.admin_password_hash) is None:
        raise Advice(
            "no password is set, so nobody can see the researcher's pages",
            remedy=f"run `mixeval admin password {place.folder}`",
        )
    if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise StudyError(f"{file} can be read by others", remedy=f"run: chmod 600 {file}")
    return "the researcher's pages have a password"


def backup(place: Place) -> str:
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


def _readiness(place: Place) -> dict[str, tuple[str, str]]:
    from mixeval_webapp.readiness import Readiness  # noqa: PLC0415 - loads when needed

    found = Readiness(place.site.database, place.site.files).check()
    return {name: (finding.word, finding.detail) for name, finding in found.items()}
