"""What participants do: how long they listened, how often they switched, at which volume, with what, and since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mixeval.models import Answer, Event, Page, PageStimulus, Participant, ParticipantSession, Rating
from mixeval_webapp.page_state import DEFAULT_VOLUME_DB

_SET_UP = ("headphones", "environment")
"""The built-in questions about how somebody listens."""


@dataclass(frozen=True)
class Activity:
    listened_seconds: float
    switches: int
    volume_db: float
    """The last that was set."""
    set_up: str
    last_save: datetime | None


def read_activity(db: Session, session_ids: Sequence[str]) -> dict[str, Activity]:
    """Read what is known of some sessions, by session."""
    listened = _listened(db, session_ids)
    switches = _pairs(
        db,
        select(Event.session_id, func.count())
        .where(Event.session_id.in_(session_ids), Event.kind == "switch")
        .group_by(Event.session_id),
    )
    volumes = _volumes(db, session_ids)
    set_ups = _set_ups(db, session_ids)
    saves = _last_saves(db, session_ids)
    return {
        session_id: Activity(
            listened_seconds=listened.get(session_id, 0.0),
            switches=switches.get(session_id, 0),
            volume_db=volumes.get(session_id, DEFAULT_VOLUME_DB),
            set_up=", ".join(set_ups.get(session_id, ())),
            last_save=saves.get(session_id),
        )
        for session_id in session_ids
    }


def last_save(db: Session, *, simulated: bool) -> datetime | None:
    """Return when anything of those who are shown was last stored."""
    shown = (Participant.simulated.is_(simulated), Participant.preview.is_(False))
    to_participant = (ParticipantSession.participant_id == Participant.id, *shown)
    found = [
        db.scalar(
            select(func.max(Rating.rated_at))
            .join(PageStimulus, Rating.stimulus_token == PageStimulus.token)
            .join(Page, PageStimulus.page_id == Page.id)
            .join(ParticipantSession, Page.session_id == ParticipantSession.id)
            .join(Participant, to_participant[0])
            .where(*shown)
        ),
        db.scalar(
            select(func.max(Answer.answered_at))
            .join(Page, Answer.page_id == Page.id)
            .join(ParticipantSession, Page.session_id == ParticipantSession.id)
            .join(Participant, to_participant[0])
            .where(*shown)
        ),
        db.scalar(
            select(func.max(ParticipantSession.active_at)).join(Participant, to_participant[0]).where(*shown)
        ),
        # Of events there may be very many; the newest is the last.
        db.scalar(
            select(Event.received_at)
            .join(ParticipantSession, Event.session_id == ParticipantSession.id)
            .join(Participant, to_participant[0])
            .where(*shown)
            .order_by(Event.id.desc())
            .limit(1)
        ),
    ]
    return max((moment for moment in found if moment is not None), default=None)


def _listened(db: Session, session_ids: Sequence[str]) -> dict[str, float]:
    # Each attribute of a mix carries the same time.
    heard = (
        select(Page.session_id, func.max(Rating.listened_seconds).label("seconds"))
        .join(PageStimulus, Rating.stimulus_token == PageStimulus.token)
        .join(Page, PageStimulus.page_id == Page.id)
        .where(Page.session_id.in_(session_ids))
        .group_by(Page.session_id, PageStimulus.token)
        .subquery()
    )
    return _pairs(db, select(heard.c.session_id, func.sum(heard.c.seconds)).group_by(heard.c.session_id))


def _volumes(db: Session, session_ids: Sequence[str]) -> dict[str, float]:
    newest = (
        select(func.max(Event.id))
        .where(Event.session_id.in_(session_ids), Event.kind == "volume")
        .group_by(Event.session_id)
    )
    found = _pairs(db, select(Event.session_id, Event.detail).where(Event.id.in_(newest)))
    return {session_id: float(detail["db"]) for session_id, detail in found.items() if "db" in detail}


def _set_ups(db: Session, session_ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for session_id, value in db.execute(
        select(Page.session_id, Answer.value)
        .join(Page, Answer.page_id == Page.id)
        .where(Page.session_id.in_(session_ids), Answer.name.in_(_SET_UP), Page.kind == "questions_start")
        .order_by(Answer.name.desc())
    ):
        if isinstance(value, str) and value:
            found.setdefault(session_id, []).append(value.replace("_", " "))
    return found


def _last_saves(db: Session, session_ids: Sequence[str]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for query in (
        select(Page.session_id, func.max(Rating.rated_at))
        .join(PageStimulus, Rating.stimulus_token == PageStimulus.token)
        .join(Page, PageStimulus.page_id == Page.id)
        .where(Page.session_id.in_(session_ids))
        .group_by(Page.session_id),
        select(Page.session_id, func.max(Answer.answered_at))
        .join(Page, Answer.page_id == Page.id)
        .where(Page.session_id.in_(session_ids))
        .group_by(Page.session_id),
        select(Event.session_id, func.max(Event.received_at))
        .where(Event.session_id.in_(session_ids))
        .group_by(Event.session_id),
        select(ParticipantSession.id, ParticipantSession.active_at).where(
            ParticipantSession.id.in_(session_ids)
        ),
    ):
        for session_id, moment in _pairs(db, query).items():
            if moment is not None:
                found[session_id] = max(moment, found.get(session_id, moment))
    return found


def _pairs(db: Session, query: Any) -> dict[str, Any]:
    return {row[0]: row[1] for row in db.execute(query)}
