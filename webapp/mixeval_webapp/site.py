"""What one running server holds: the database, the version that new participants get, and the files.

Everything else is in the database, so any number of servers may share one study.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import cast

from flask import current_app
from sqlalchemy import select

from mixeval.database import Database, upsert
from mixeval.manifest import parse_manifest
from mixeval.models import StudyVersion, now
from mixeval.study import Study
from mixeval.versions import Version
from mixeval_webapp.served_audio import ServedAudio
from mixeval_webapp.stimulus_files import StimulusFiles

EXTENSION = "mixeval"


class StudyVersions:
    """The versions in the database, each as it was when its participants began."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read: dict[str, Version] = {}

    def publish(self, version: Version) -> None:
        """Store `version`, once."""
        with self._database.write() as db:
            insert = upsert(db, StudyVersion).values(
                id=version.id,
                stimuli_id=version.stimuli_id,
                study=version.study.canonical_json(),
                manifest=version.manifest.to_json(),
                order_seed=secrets.randbits(63),
                created_at=now(),
            )
            db.execute(insert.on_conflict_do_nothing(index_elements=["id"]))
        self._read[version.id] = version

    def label(self) -> str:
        """Return a short name of this database, the same for all servers that share it and as long as it lives."""
        # Of its first version: what comes later, and where the database lies, may change.
        with self._database.read() as db:
            first = db.execute(
                select(StudyVersion.id, StudyVersion.created_at).order_by(
                    StudyVersion.created_at, StudyVersion.id
                )
            ).first()
        if first is None:
            raise LookupError("no version has been published")
        return hashlib.sha256(f"{first.id} {first.created_at.isoformat()}".encode()).hexdigest()[:8]

    def of(self, version_id: str) -> Version:
        """Return the version that a session carries."""
        # A stored version never changes, so it is read once per server.
        if version_id not in self._read:
            with self._database.read() as db:
                row = db.get_one(StudyVersion, version_id)
            self._read[version_id] = Version(
                Study.model_validate_json(row.study),
                parse_manifest(row.manifest, source=f"the manifest of version {version_id[:12]}"),
            )
        return self._read[version_id]


@dataclass(frozen=True)
class Site:
    database: Database
    versions: StudyVersions
    files: StimulusFiles
    version_id: str
    """What new participants get."""
    label: str
    """Tells this study's cookies from another's on the same host."""
    served_audio: ServedAudio | None = None
    """Where the web server in front sends the audio."""

    @property
    def version(self) -> Version:
        return self.versions.of(self.version_id)


def site() -> Site:
    """Return the site of the application that answers the present request."""
    return cast("Site", current_app.extensions[EXTENSION])
