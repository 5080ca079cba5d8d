"""Seats: the places of a version's balanced design, each taken by one session at a time."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mixeval.models import ParticipantSession, StudyVersion


def take_seat(db: Session, version_id: str) -> tuple[int, int]:
    """Take the next seat of a version in the transaction of `db`; return it with the version's order_seed.

    Two sessions that start at the same instant take turns here.
    """
    version = db.scalars(
        select(StudyVersion).where(StudyVersion.id == version_id).with_for_update(key_share=True)
    ).one()
    taken = db.scalar(select(func.count()).where(ParticipantSession.version_id == version_id))
    return taken or 0, version.order_seed
