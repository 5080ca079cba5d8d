"""Where a session stands, and the page data that its browser gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mixeval.database import Database
from mixeval.models import Event, Flag, Page, ParticipantSession, now
from mixeval.study import ParticipantsSection
from mixeval.versions import Version
from mixeval_webapp.messages import Messages
from mixeval_webapp.page_types.check_page import SCREENED_OUT
from mixeval_webapp.page_types.registry import PAGE_TYPES
from mixeval_webapp.participants import Visitor
from mixeval_webapp.session_flags import flag_if_late
from mixeval_webapp.sheet import Sheet, Sound, next_sequence, read_sheet
from mixeval_webapp.study_words import in_its_language

DEFAULT_VOLUME_DB = -6.0


@dataclass(frozen=True)
class PageState:
    """The page that a session is on; `number` counts from 1."""

    sheet: Sheet
    number: int
    count: int
    volume_db: float
    next_sequence: int
    next_tokens: tuple[str, ...]
    """Of the sounds on the page after this one, which the browser may fetch ahead."""
    next_item: str | None
    next_kind: str | None


@dataclass(frozen=True)
class Addresses:
    """The URLs that a page works with."""

    audio: str
    """Up to and without the token."""
    ratings: str
    answers: str
    complete: str
    events: str
    hold: str
    next: str
    resume: str
    words: str


def open_current_page(database: Database, visitor: Visitor, rules: ParticipantsSection) -> PageState | None:
    """Return the first page that is not finished, and note when it was first opened; nothing once all are.

    Who comes back after their seat was free for somebody else is flagged, and goes on.
    """
    with database.read() as db:
        page = current_page(db, visitor.session_id)
        if page is None:
            return None
        state = _state(db, page)
        opened = page.opened_at is not None
    if not opened:
        with database.write() as db:
            page = db.get_one(Page, state.sheet.page_id)
            session = page.session
            flag_if_late(db, session.id, state.sheet, active_at=session.active_at, rules=rules)
            page.opened_at = page.opened_at or now()
            session.active_at = now()
    return state


def was_screened_out(database: Database, session_id: str) -> bool:
    """Tell whether a failed check has ended the session."""
    with database.read() as db:
        flag = db.scalar(select(Flag.id).where(Flag.session_id == session_id, Flag.name == SCREENED_OUT))
    return flag is not None


def current_page(db: Session, session_id: str) -> Page | None:
    """Return the first page of a session that is not finished."""
    return db.scalars(
        select(Page)
        .where(Page.session_id == session_id, Page.completed_at.is_(None))
        .order_by(Page.position)
        .limit(1)
    ).one_or_none()


def page_after(db: Session, page: Page) -> Page | None:
    """Return the page that follows `page` in its session."""
    return db.scalars(
        select(Page).where(Page.session_id == page.session_id, Page.position == page.position + 1)
    ).one_or_none()


def page_data(
    state: PageState,
    version: Version,
    *,
    messages: Messages,
    file_bytes: int,
    next_file_bytes: int,
    addresses: Addresses,
) -> dict[str, object]:
    """Write down for the browser what it needs for one page, and nothing that tells the mixes apart.

    This is the contract with static/js/page-data.js.
    """
    study, sheet = version.study, state.sheet
    shape = version.manifest.of_item(sheet.item)[0] if sheet.item is not None else None
    return {
        "page": sheet.page_id,
        "type": sheet.kind,
        "number": state.number,
        "count": state.count,
        "title": study.study.title,
        "sample_rate": shape.sample_rate if shape else version.manifest.sample_rate,
        "frames": shape.frames if shape else 0,
        "bytes": file_bytes,
        "stimuli": [_stimulus(sheet, sound, addresses) for sound in sheet.sounds],
        "answers": [
            {"subject": row.subject, "name": row.name, "value": row.value, "sequence": row.sequence}
            for row in sheet.answers.values()
        ],
        "volume_db": state.volume_db,
        "next_sequence": state.next_sequence,
        "next_audio": [f"{addresses.audio}{token}" for token in state.next_tokens],
        "next_bytes": next_file_bytes,
        "ratings_url": addresses.ratings,
        "answers_url": addresses.answers,
        "complete_url": addresses.complete,
        "events_url": addresses.events,
        "hold_url": addresses.hold,
        "next_url": addresses.next,
        "resume_url": addresses.resume,
        "words": messages.for_a_page_without(),
        "words_url": addresses.words,
    } | PAGE_TYPES[sheet.kind].data(in_its_language(study), sheet)


def _stimulus(sheet: Sheet, sound: Sound, addresses: Addresses) -> Mapping[str, Any]:
    return {
        "token": sound.token,
        "label": sound.shown_as,
        "role": sound.role,
        "url": f"{addresses.audio}{sound.token}",
        "answers": [
            {
                "attribute": row.attribute,
                "value": row.value,
                "moved": row.moved,
                "played": row.played,
                "listened_seconds": row.listened_seconds,
                "unplayable": row.unplayable,
                "sequence": row.sequence,
            }
            for (token, _), row in sheet.ratings.items()
            if token == sound.token
        ],
    }


def _state(db: Session, page: Page) -> PageState:
    session = db.get_one(ParticipantSession, page.session_id)
    count = db.scalar(select(func.count()).where(Page.session_id == page.session_id))
    following = page_after(db, page)
    return PageState(
        sheet=read_sheet(db, page, seed=session.seed),
        number=page.position + 1,
        count=count or 0,
        volume_db=_volume_db(db, page.session_id),
        # By our clock, so that of two views of a page, on whatever devices, the one that was opened later wins.
        next_sequence=max(next_sequence(db, page.session_id), int(now().timestamp() * 1000)),
        next_tokens=tuple(row.token for row in following.stimuli) if following else (),
        next_item=following.item if following else None,
        next_kind=following.kind if following else None,
    )


def _volume_db(db: Session, session_id: str) -> float:
    detail = db.scalar(
        select(Event.detail)
        .where(Event.session_id == session_id, Event.kind == "volume")
        .order_by(Event.id.desc())
        .limit(1)
    )
    return DEFAULT_VOLUME_DB if detail is None else float(detail["db"])
