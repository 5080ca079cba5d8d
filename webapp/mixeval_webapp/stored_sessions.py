"""Sessions as they are stored, in the terms in which they were planned."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from mixeval.models import Page, PageStimulus, Participant, ParticipantSession
from mixeval_webapp.planned_page import PlannedPage, PlannedSound

_SESSIONS = (
    select(ParticipantSession, Participant)
    .join(Participant)
    .order_by(ParticipantSession.started_at, ParticipantSession.id)
)
_PAGES = (
    select(
        Page.id,
        Page.kind,
        Page.purpose,
        Page.item,
        Page.completed_at,
        PageStimulus.condition,
        PageStimulus.role,
        PageStimulus.shown_as,
    )
    .outerjoin(PageStimulus)
    .order_by(Page.position, PageStimulus.position)
)

Rows = Sequence["Row[*tuple[Any, ...]]"]


@dataclass(frozen=True)
class StoredSession:
    participant: str
    version_id: str
    seat: int
    seed: int
    simulated: bool
    preview: bool
    complete: bool
    pages: tuple[PlannedPage, ...]
    finished_pages: int


def stored_sessions(db: Session) -> Iterator[StoredSession]:
    """Read every session, in the order in which they were begun."""
    for session, person in db.execute(_SESSIONS).all():
        rows = db.execute(_PAGES.where(Page.session_id == session.id))
        pages = [list(page) for _, page in groupby(rows, key=lambda row: row.id)]
        yield StoredSession(
            participant=person.code,
            version_id=session.version_id,
            seat=session.seat,
            seed=session.seed,
            simulated=person.simulated,
            preview=person.preview,
            complete=session.completed_at is not None,
            pages=tuple(map(_page, pages)),
            finished_pages=sum(page[0].completed_at is not None for page in pages),
        )


def _page(rows: Rows) -> PlannedPage:
    first = rows[0]
    return PlannedPage(
        first.kind,
        first.purpose,
        first.item,
        tuple(
            PlannedSound(row.condition, row.role, row.shown_as) for row in rows if row.condition is not None
        ),
    )
