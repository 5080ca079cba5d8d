"""Answers that a participant saved in a file because no way led to the server: verified, and stored like others.

The file is hostile input. It proves whose answers it holds by the session's secret: signed by its hash (HMAC-SHA-256,
RFC 2104), or by the secret itself where a browser could not sign. Storing it again changes nothing.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints
from sqlalchemy import select

from mixeval.database import Database
from mixeval.errors import MixevalError
from mixeval.models import Page, Participant, ParticipantSession
from mixeval.versions import Version
from mixeval_webapp.events import save_events
from mixeval_webapp.participants import Visitor
from mixeval_webapp.payloads import (
    AnswerPayload,
    EventPayload,
    Model,
    Payload,
    RatingPayload,
    Token,
    parse_payload,
)
from mixeval_webapp.problems import PageFinishedError, RefusalError
from mixeval_webapp.saving import save_answers, save_ratings
from mixeval_webapp.session_flags import RECOVERED, raise_flag
from mixeval_webapp.site import StudyVersions

MAX_FILE_BYTES = 16 * 1024 * 1024
MOST_ENTRIES = 20_000
MOST_PAGES = 500


class RecoveryError(MixevalError):
    """A file of waiting answers that cannot be brought in."""


class _File(Payload):
    format: Literal["mixeval waiting answers"]
    version: Literal[1]
    waiting: Annotated[str, StringConstraints(max_length=MAX_FILE_BYTES)]
    """JSON of the entries, as text, since it is the text that is signed."""
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    secret: Token | None = None


class _Entry(Payload):
    kind: Literal["rating", "answer", "event"]
    page: Token
    body: dict[str, JsonValue]


class _Waiting(Payload):
    entries: Annotated[tuple[_Entry, ...], Field(max_length=MOST_ENTRIES)]


@dataclass(frozen=True)
class Recovered:
    """What became of a file's entries."""

    participant: str
    stored: int
    """That are safe now: new ones, and those that were stored already."""
    finished: int
    """Of pages that were finished meanwhile with other answers, which stay."""
    refused: int
    """That no page of the session asks for."""


def recover(database: Database, versions: StudyVersions, path: Path) -> Recovered:
    """Store the answers in the file `path` and flag their session `recovered`.

    Raises RecoveryError when the file is none of ours, is damaged, or is not signed by a session of this study.
    """
    file = _parse(_read(path), _File, path)
    waiting = f'{{"entries":{file.waiting}}}'.encode("utf-8", "replace")
    entries = _parse(waiting, _Waiting, path).entries
    visitor = _owner(database, file, entries)
    if visitor is None:
        raise RecoveryError(
            f"{path} is not signed by any session of this study",
            remedy="check that it is of this study and was not changed on its way; ask the participant for it again",
        )
    saved = _Saving(database, visitor, versions.of(visitor.version_id))
    for entry in entries:
        saved.save(entry)
    if saved.stored:
        with database.write() as db:
            raise_flag(db, visitor.session_id, RECOVERED, {"entries": saved.stored})
    return Recovered(visitor.participant, saved.stored, saved.finished, saved.refused)


class _Saving:
    """Store entries one by one, as if each had come from the page: one that is refused takes no other with it."""

    def __init__(self, database: Database, visitor: Visitor, version: Version) -> None:
        self._database = database
        self._visitor = visitor
        self._version = version
        self.stored = self.finished = self.refused = 0

    def save(self, entry: _Entry) -> None:
        try:
            self._store(entry)
        except PageFinishedError:
            self.finished += 1
        except RefusalError:
            self.refused += 1
        else:
            self.stored += 1

    def _store(self, entry: _Entry) -> None:
        body = json.dumps(entry.body).encode()
        database, visitor, version = self._database, self._visitor, self._version
        match entry.kind:
            case "rating":
                save_ratings(database, visitor, entry.page, [parse_payload(body, RatingPayload)], version)
            case "answer":
                save_answers(database, visitor, entry.page, [parse_payload(body, AnswerPayload)], version)
            case "event":
                save_events(database, visitor, [parse_payload(body, EventPayload)])


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise RecoveryError(f"{path} cannot be read ({error.strerror})", remedy="check the name") from error
    if len(data) > MAX_FILE_BYTES:
        raise RecoveryError(
            f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB",
            remedy="give the file that the participant's browser saved",
        )
    return data


def _parse(data: bytes, model: type[Model], path: Path) -> Model:
    try:
        return parse_payload(data, model)
    except RefusalError as error:
        raise RecoveryError(
            f"{path} is no file of waiting answers, or is damaged ({error.problem})",
            remedy="give the file that the participant's browser saved, unchanged",
        ) from error


def _owner(database: Database, file: _File, entries: Sequence[_Entry]) -> Visitor | None:
    """Find the session whose secret proves the file: a browser may also hold answers of others, which it does not."""
    candidates = (
        select(
            ParticipantSession.id,
            Participant.code,
            ParticipantSession.version_id,
            ParticipantSession.completion_code,
            ParticipantSession.active_at,
            ParticipantSession.secret_sha256,
        )
        .join(Participant)
        .join(Page, Page.session_id == ParticipantSession.id)
        .where(Page.id.in_(sorted({entry.page for entry in entries})[:MOST_PAGES]))
        .distinct()
    )
    with database.read() as db:
        for session_id, code, version_id, completion_code, active_at, secret_sha256 in db.execute(candidates):
            if _proves(file, secret_sha256):
                return Visitor(session_id, code, version_id, completion_code, active_at)
    return None


def _proves(file: _File, secret_sha256: str) -> bool:
    if file.signature is not None:
        expected = hmac.digest(
            secret_sha256.encode(), file.waiting.encode("utf-8", "replace"), hashlib.sha256
        )
        return hmac.compare_digest(expected.hex(), file.signature)
    given = hashlib.sha256((file.secret or "").encode()).hexdigest()
    return hmac.compare_digest(given, secret_sha256)
