"""Delete what is past its day: everything about participants, or what recruitment platforms call them; and leftovers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from mixeval.database import Database
from mixeval.erasure import Erased, erase_all
from mixeval.models import AdminSession, Attempt, Base, ExternalId, Invite, Participant
from mixeval.retention import RetentionSection
from mixeval.scrubbing import scrub

ATTEMPTS_KEPT = timedelta(days=1)
"""Limits look back for an hour at most, and counts of who began for a day."""


@dataclass(frozen=True)
class Due:
    """What a purge would delete: the pseudonyms of participants, and rows of other tables."""

    participants: tuple[str, ...] = ()
    external_ids: int = 0
    invites: int = 0
    attempts: int = 0
    logins: int = 0

    @property
    def anything(self) -> bool:
        return bool(self.participants or self.external_ids or self.invites or self.attempts or self.logins)


def due(db: Session, retention: RetentionSection, moment: datetime) -> Due:
    """Count what is past its day at `moment`, by the date in UTC."""
    codes: Sequence[str] = ()
    if retention.all_due(moment.date()):
        codes = db.scalars(select(Participant.code).order_by(Participant.id)).all()
    counts = {
        table: db.scalar(select(func.count()).select_from(table).where(which)) or 0
        for table, which in _past(retention, moment)
    }
    return Due(
        participants=tuple(codes),
        external_ids=counts.get(ExternalId, 0),
        invites=counts.get(Invite, 0),
        attempts=counts.get(Attempt, 0),
        logins=counts.get(AdminSession, 0),
    )


def overdue(db: Session, retention: RetentionSection, today: date) -> list[str]:
    """Say what is still there after its last day; `mixeval purge` is what to do."""
    told = []
    if retention.all_due(today) and db.scalar(select(Participant.id).limit(1)) is not None:
        told.append(f"the answers were to be kept until {retention.until}, and are still there")
    last = retention.external_ids_until or retention.until
    if retention.external_ids_due(today) and db.scalar(select(ExternalId.id).limit(1)) is not None:
        told.append(f"the ids of recruitment platforms were to be kept until {last}, and are still there")
    return told


def purge(
    database: Database, found: Due, retention: RetentionSection, moment: datetime, *, folder: Path
) -> Erased:
    """Delete what :func:`due` found, and see to it that no backup brings a participant back.

    Participants who came since are left for the next purge. Raises what erasing does.
    """
    with database.write() as db:
        for table, which in _past(retention, moment):
            if table is not Invite:
                _delete(db, table, which)
    erased = erase_all(database, found.participants, folder=folder)
    if retention.all_due(moment.date()):
        with database.write() as db:
            # Now that nobody's session is named by one.
            _delete(db, Invite, Invite.session_id.is_(None))
    return erased if scrub(database) else Erased(**{**vars(erased), "scrubbed": False})


def _delete(db: Session, table: type[Base], which: ColumnElement[bool]) -> None:
    db.execute(delete(table).where(which).execution_options(synchronize_session=False))


def _past(retention: RetentionSection, moment: datetime) -> list[tuple[type[Any], ColumnElement[bool]]]:
    old_attempts = Attempt.since < moment - ATTEMPTS_KEPT
    if retention.all_due(moment.date()):
        # Where from and with which browser somebody began today.
        old_attempts |= Attempt.kind == "begin"
    past: list[tuple[type[Any], ColumnElement[bool]]] = [
        (Attempt, old_attempts),
        (AdminSession, AdminSession.expires_at < moment),
    ]
    if retention.external_ids_due(moment.date()):
        past.append((ExternalId, ExternalId.id.is_not(None)))
    if retention.all_due(moment.date()):
        past.append((Invite, Invite.id.is_not(None)))
    return past
