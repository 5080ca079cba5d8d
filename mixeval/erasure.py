"""Erase participants: everything that is about them goes in one transaction, and a tombstone stays.

The tombstone is written twice. First to a file of the study folder, so that a kill at any later moment, and a
backup that is put in the place of the database, are made good by :func:`reapply` at the next start; then to the
table `erasures`, in the transaction that deletes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from mixeval.database import Database, upsert
from mixeval.errors import DatabaseError, ParticipantError
from mixeval.models import (
    Answer,
    Base,
    Decision,
    Erasure,
    Event,
    ExternalId,
    Flag,
    Invite,
    Page,
    PageStimulus,
    Participant,
    ParticipantSession,
    Rating,
    now,
)
from mixeval.results_so_far import delete_results
from mixeval.scrubbing import scrub
from mixeval.tombstones import add_tombstones, read_tombstones

AT_ONCE = 200
"""Participants in one transaction, so that nobody's save waits for long."""
ATTEMPTS = 5
_DEADLOCK = "40P01"


@dataclass(frozen=True)
class Erased:
    """What was deleted, in rows; `scrubbed` says whether the file holds no trace of them either."""

    participants: int = 0
    sessions: int = 0
    pages: int = 0
    ratings: int = 0
    answers: int = 0
    flags: int = 0
    events: int = 0
    decisions: int = 0
    external_ids: int = 0
    scrubbed: bool = True
    """False where a reader held on to the old pages of an SQLite file, or the disk was full; they go with the next."""


def erase(database: Database, participant_code: str, *, folder: Path) -> Erased:
    """Delete everything about one participant of the study in `folder`.

    Their session is unknown from then on, and what its browser still sends is refused. Erasing somebody again
    changes nothing. An invite stays used, and no longer says by which session.

    Raises ParticipantError when nobody has that pseudonym or the tombstone cannot be written; then nothing is
    deleted.
    """
    with database.read() as db:
        known = db.scalar(select(Participant.id).where(Participant.code == participant_code))
        before = db.get(Erasure, participant_code)
    if known is None and before is None and participant_code not in read_tombstones(folder):
        raise ParticipantError(
            f'there is no participant "{participant_code}"',
            remedy="copy the pseudonym from the table of sessions, such as P23456789",
        )
    return erase_all(database, [participant_code], folder=folder)


def pseudonym_of(db: Session, code: str) -> str:
    """Return the pseudonym of whom `code` names: a pseudonym, a completion code, or what a platform calls somebody.

    Whoever asks to be erased knows one of them. What names nobody, or is no longer known, is returned as it is.
    Raises ParticipantError where two platforms know different people by it.
    """
    if db.scalar(select(Participant.id).where(Participant.code == code)) is not None:
        return code
    sessions = select(Participant.code).join(ParticipantSession)
    found = db.scalar(sessions.where(ParticipantSession.completion_code == code))
    if found is not None:
        return found
    people = set(db.scalars(sessions.join(ExternalId).where(ExternalId.value == code)))
    if len(people) > 1:
        raise ParticipantError(
            f'"{code}" names {len(people)} participants, of different platforms',
            remedy=f"name one by the pseudonym, {' or '.join(sorted(people))}",
        )
    return people.pop() if people else code


def erase_all(database: Database, participant_codes: Iterable[str], *, folder: Path) -> Erased:
    """Delete everything about each of the participants; those that are not there are passed over.

    The tombstones of all are written before the first is deleted, so that a kill leaves none of them for good.
    """
    told = read_tombstones(folder)
    moment = now()
    erased_at = {code: told.get(code, moment) for code in participant_codes}
    new = {code: erased_at[code] for code in erased_at if code not in told}
    if new:
        add_tombstones(folder, new)
    erased = _scrubbed(database, _erase_together(database, erased_at))
    delete_results(folder)
    return erased


def reapply(database: Database, folder: Path) -> Sequence[str]:
    """Erase again whoever a tombstone names and the database still has, and return their pseudonyms.

    To be called before anything is served from or read out of a database that may have been put back from a
    backup. Where nobody is to be erased, nothing is written. Raises ParticipantError when the tombstones cannot be
    read or written.
    """
    told = read_tombstones(folder)
    with database.read() as db:
        recorded = {row.participant: row.erased_at for row in db.scalars(select(Erasure))}
        all_of_them = {**recorded, **told}
        back = [code for code in _codes(db) if code in all_of_them] if all_of_them else []
    lost = {code: moment for code, moment in recorded.items() if code not in told}
    if lost:
        add_tombstones(folder, lost)
    missing = {code: moment for code, moment in told.items() if code not in recorded}
    if not back and not missing:
        return ()
    erased_at = {code: all_of_them[code] for code in dict.fromkeys([*back, *missing])}
    _scrubbed(database, _erase_together(database, erased_at))
    delete_results(folder)
    return tuple(back)


def _codes(db: Session) -> Iterator[str]:
    yield from db.scalars(select(Participant.code).order_by(Participant.id))


def _scrubbed(database: Database, total: Counter[str]) -> Erased:
    scrubbed = scrub(database)
    return Erased(
        participants=total["participants"],
        sessions=total["sessions"],
        pages=total["pages"],
        ratings=total["ratings"],
        answers=total["answers"],
        flags=total["flags"],
        events=total["events"],
        decisions=total["decisions"],
        external_ids=total["external_ids"],
        scrubbed=scrubbed,
    )


def _erase_together(database: Database, erased_at: Mapping[str, datetime]) -> Counter[str]:
    total: Counter[str] = Counter()
    codes = iter(erased_at)
    while together := list(islice(codes, AT_ONCE)):
        total += _erase(database, {code: erased_at[code] for code in together})
    return total


def _erase(database: Database, erased_at: Mapping[str, datetime]) -> Counter[str]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with database.write() as db:
                return _delete(db, erased_at)
        except DBAPIError as error:
            # On PostgreSQL a save that is under way may hold a row, or add one that refers to a deleted page.
            again = isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", "") == _DEADLOCK
            if not again or attempt == ATTEMPTS:
                raise
    raise DatabaseError("participants could not be erased", remedy="try it again")


def _delete(db: Session, erased_at: Mapping[str, datetime]) -> Counter[str]:
    people = select(Participant.id).where(Participant.code.in_(erased_at))
    sessions = select(ParticipantSession.id).where(ParticipantSession.participant_id.in_(people))
    pages = select(Page.id).where(Page.session_id.in_(sessions))
    tokens = select(PageStimulus.token).where(PageStimulus.page_id.in_(pages))
    _hold(db, pages, sessions)
    db.execute(
        update(Invite)
        .where(Invite.session_id.in_(sessions))
        .values(session_id=None)
        .execution_options(synchronize_session=False)
    )
    # What refers goes before what it refers to.
    doomed: tuple[tuple[type[Base], ColumnElement[bool]], ...] = (
        (Rating, Rating.stimulus_token.in_(tokens)),
        (Answer, Answer.page_id.in_(pages)),
        (Event, Event.session_id.in_(sessions)),
        (Flag, Flag.session_id.in_(sessions)),
        (Decision, Decision.session_id.in_(sessions)),
        (ExternalId, ExternalId.session_id.in_(sessions)),
        (PageStimulus, PageStimulus.page_id.in_(pages)),
        (Page, Page.session_id.in_(sessions)),
        (ParticipantSession, ParticipantSession.participant_id.in_(people)),
        (Participant, Participant.code.in_(erased_at)),
    )
    counts: Counter[str] = Counter()
    for table, which in doomed:
        result: Any = db.execute(delete(table).where(which).execution_options(synchronize_session=False))
        counts[table.__tablename__] = result.rowcount
    insert = upsert(db, Erasure)
    db.execute(
        insert.on_conflict_do_nothing(index_elements=["participant"]),
        [{"participant": code, "erased_at": moment} for code, moment in erased_at.items()],
    )
    return counts


def _hold(db: Session, *rows: Select[Any]) -> None:
    """Wait for the saves that are under way on PostgreSQL; later ones find nothing (SQLite is locked already)."""
    for select_rows in rows:
        db.execute(select_rows.with_for_update()).all()
