"""Sessions as the researcher watches them: who is where, how far and since when.

Of real participants only; simulated ones while there is nobody else; previews never.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from mixeval.models import Page, Participant, ParticipantSession
from mixeval_webapp.admin.steps import step_words
from mixeval_webapp.session_steps import COUNTING

ENDED = {"screened_out": "screened out", "withdrawn": "withdrawn"}
DEVICES = ("desktop", "phone", "tablet")


@dataclass(frozen=True)
class SeenPage:
    """A page of a session; `place` counts, from 1, the pages that are rated and count, and is 0 on all others."""

    id: str
    position: int
    kind: str
    purpose: str
    item: str | None
    place: int
    opened_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True)
class Sitting:
    """One session; `state` is `complete`, `in progress`, `left early`, `screened out` or `withdrawn`."""

    session_id: str
    participant: str
    version_id: str
    seat: int
    browser: str
    recruited_by: str
    started_at: datetime
    active_at: datetime
    completed_at: datetime | None
    ended_at: datetime | None
    state: str
    pages: tuple[SeenPage, ...]

    @property
    def device(self) -> str:
        return self.browser.rpartition(" on ")[2] or "desktop"

    @property
    def duration(self) -> timedelta | None:
        """From consent to the last page, by the server's clock."""
        return None if self.completed_at is None else self.completed_at - self.started_at

    @property
    def rated(self) -> tuple[SeenPage, ...]:
        return tuple(page for page in self.pages if page.place)

    @property
    def rated_done(self) -> int:
        return sum(page.completed_at is not None for page in self.rated)

    @property
    def current(self) -> SeenPage | None:
        return next((page for page in self.pages if page.completed_at is None), None)

    @property
    def where(self) -> str:
        """Say in words where the session stands."""
        page = self.current
        if self.state in {"complete", *ENDED.values()} or page is None:
            return self.state
        words = f"page {page.place}" if page.place else step_words(page.kind, page.purpose)
        return f"{'on' if self.state == 'in progress' else 'left on'} {words}"


@dataclass(frozen=True)
class Sittings:
    """What is shown of a study at one moment; `simulated` tells that nobody real is there."""

    simulated: bool
    entries: tuple[Sitting, ...]
    moment: datetime

    def of_device(self, device: str) -> "Sittings":
        """Return those on one kind of device; `all` is everybody."""
        if device == "all":
            return self
        return Sittings(
            self.simulated, tuple(entry for entry in self.entries if entry.device == device), self.moment
        )

    def in_state(self, *states: str) -> tuple[Sitting, ...]:
        return tuple(entry for entry in self.entries if entry.state in states)

    @property
    def complete(self) -> tuple[Sitting, ...]:
        return self.in_state("complete")


def read_sittings(
    db: Session, *, moment: datetime, timeout_minutes: float, session_id: str | None = None
) -> Sittings:
    """Read every session, newest first, or the one that `session_id` names, whoever's it is.

    A session that is not complete counts as left early once it has been left alone for `timeout_minutes`, as its
    seat does.
    """
    simulated = shows_simulated(db)
    query = (
        select(ParticipantSession, Participant.code)
        .join(Participant)
        .order_by(ParticipantSession.started_at.desc(), ParticipantSession.id)
    )
    if session_id is None:
        query = query.where(Participant.preview.is_(False), Participant.simulated.is_(simulated))
    else:
        query = query.where(ParticipantSession.id == session_id)
    rows = db.execute(query).all()
    pages = _pages(db, [row[0].id for row in rows])
    left_alone = moment - timedelta(minutes=timeout_minutes)
    return Sittings(
        simulated,
        tuple(_sitting(row[0], row[1], pages.get(row[0].id, ()), left_alone) for row in rows),
        moment,
    )


def shows_simulated(db: Session) -> bool:
    """Tell whether simulated listeners are shown, because nobody real has begun."""
    begun = (
        exists()
        .where(
            ParticipantSession.participant_id == Participant.id,
            Participant.simulated.is_(False),
            Participant.preview.is_(False),
        )
        .select()
    )
    return not db.scalar(begun)


def _sitting(row: ParticipantSession, code: str, pages: Sequence[SeenPage], left_alone: datetime) -> Sitting:
    if row.completed_at is not None:
        state = "complete"
    elif row.ended_as is not None:
        state = ENDED.get(row.ended_as, row.ended_as)
    else:
        state = "in progress" if row.active_at > left_alone else "left early"
    return Sitting(
        session_id=row.id,
        participant=code,
        version_id=row.version_id,
        seat=row.seat,
        browser=row.browser,
        recruited_by=row.recruited_by,
        started_at=row.started_at,
        active_at=row.active_at,
        completed_at=row.completed_at,
        ended_at=row.ended_at,
        state=state,
        pages=tuple(pages),
    )


def _pages(db: Session, sessions: Sequence[str]) -> dict[str, list[SeenPage]]:
    query = select(
        Page.session_id,
        Page.id,
        Page.position,
        Page.kind,
        Page.purpose,
        Page.item,
        Page.opened_at,
        Page.completed_at,
    ).order_by(Page.session_id, Page.position)
    found: dict[str, list[SeenPage]] = {}
    places: dict[str, int] = {}
    for row in _in_parts(db, query, sessions):
        counts = row.purpose in COUNTING
        places[row.session_id] = places.get(row.session_id, 0) + counts
        found.setdefault(row.session_id, []).append(
            SeenPage(
                id=row.id,
                position=row.position,
                kind=row.kind,
                purpose=row.purpose,
                item=row.item,
                place=places[row.session_id] if counts else 0,
                opened_at=row.opened_at,
                completed_at=row.completed_at,
            )
        )
    return found


def _in_parts(db: Session, query: Any, sessions: Sequence[str], most: int = 500) -> list[Any]:
    """Ask `query` about sessions, so many at a time: a statement takes a limited number of values."""
    return [
        row
        for part in range(math.ceil(len(sessions) / most))
        for row in db.execute(
            query.where(Page.session_id.in_(sessions[part * most : (part + 1) * most]))
        ).all()
    ]
