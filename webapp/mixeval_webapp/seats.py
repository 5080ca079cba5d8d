"""Seats: the places of a version's balanced design, and how many places a study has at all.

A seat is held by a session that is complete or was active not long ago; one that was left alone, or has ended
without being complete, is given out again. Who comes back to it later goes on all the same: then two sessions share its orders. Real, simulated
and preview sessions have seats of their own, and only real ones are limited in number. Seats are counted for
each version, since another version has other stimuli; places for the whole study.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from http import HTTPStatus

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from mixeval.models import Participant, ParticipantSession, StudyVersion
from mixeval.study import ParticipantsSection
from mixeval.versions import Version
from mixeval_webapp.problems import RefusalError


class StudyFullError(RefusalError):
    status, reason = HTTPStatus.CONFLICT, "study_full"


def take_seat(
    db: Session, version: Version, *, simulated: bool, preview: bool = False, moment: datetime
) -> tuple[int, int]:
    """Return the lowest free seat of `version`, and its order_seed, for a session that `db` is about to write.

    Two sessions that start at the same instant take turns here: SQLite has locked the database when a write
    began, and PostgreSQL locks the versions, all of them in one order since places are counted over all.

    Raises StudyFullError when `[participants] places` are all taken.
    """
    # FOR NO KEY UPDATE: it waits for others of its kind, and not for what only refers to a version.
    locked = db.execute(
        select(StudyVersion.id, StudyVersion.order_seed)
        .order_by(StudyVersion.id)
        .with_for_update(key_share=True)
    )
    order_seeds = {row.id: row.order_seed for row in locked}
    participants = version.study.participants
    if not simulated and not preview and is_full(db, participants, moment):
        raise StudyFullError("every place of this study is taken", remedy="come back later")
    taken = db.scalars(
        select(ParticipantSession.seat)
        .join(Participant)
        .where(
            ParticipantSession.version_id == version.id,
            Participant.simulated.is_(simulated),
            Participant.preview.is_(preview),
            _held(participants, moment),
        )
    )
    return _lowest_free(taken), order_seeds[version.id]


def is_full(db: Session, participants: ParticipantsSection, moment: datetime) -> bool:
    """Tell whether nobody else can begin at present."""
    if participants.places is None:
        return False
    taken = db.scalar(
        select(func.count())
        .select_from(ParticipantSession)
        .join(Participant)
        .where(Participant.simulated.is_(False), Participant.preview.is_(False), _held(participants, moment))
    )
    return (taken or 0) >= participants.places


def _held(participants: ParticipantsSection, moment: datetime) -> ColumnElement[bool]:
    """Select sessions that are complete, or active since so long ago and not ended."""
    left_alone = moment - timedelta(minutes=participants.seat_timeout_minutes)
    under_way = and_(ParticipantSession.ended_at.is_(None), ParticipantSession.active_at > left_alone)
    return or_(ParticipantSession.completed_at.is_not(None), under_way)


def _lowest_free(taken: Iterable[int]) -> int:
    found = set(taken)
    return next(seat for seat in range(len(found) + 1) if seat not in found)
