"""Where a session stands, and the page data that its browser gets."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from mixeval.database import Database
from mixeval.models import Event, Page, PageStimulus, Rating, now
from mixeval.versions import Version
from mixeval_webapp.participants import Visitor

DEFAULT_VOLUME_DB = -6.0


@dataclass(frozen=True)
class StimulusState:
    """One mix as the listener has left it."""

    token: str
    label: str
    value: float | None
    moved: bool
    played: bool
    listened_seconds: float
    sequence: int | None
    """Of the stored answer; what a browser still holds with a higher one is newer."""


@dataclass(frozen=True)
class PageState:
    """The page that a session is on; `number` counts from 1."""

    id: str
    number: int
    count: int
    item: str
    stimuli: tuple[StimulusState, ...]
    volume_db: float
    next_sequence: int


@dataclass(frozen=True)
class Addresses:
    """The URLs that a rating page works with."""

    audio: str
    """Up to and without the token."""
    ratings: str
    complete: str
    events: str
    next: str
    resume: str


def open_current_page(database: Database, visitor: Visitor, attribute: str) -> PageState | None:
    """Return the first page that is not finished, and note when it was first opened; nothing once all are."""
    with database.read() as db:
        page = current_page(db, visitor.session_id)
        if page is None:
            return None
        state = _state(db, page, attribute)
        opened = page.opened_at is not None
    if not opened:
        with database.write() as db:
            page = db.get_one(Page, state.id)
            page.opened_at = page.opened_at or now()
    return state


def current_page(db: Session, session_id: str) -> Page | None:
    """Return the first page of a session that is not finished."""
    return db.scalars(
        select(Page)
        .where(Page.session_id == session_id, Page.completed_at.is_(None))
        .order_by(Page.position)
        .limit(1)
    ).one_or_none()


def page_data(
    state: PageState, version: Version, *, file_bytes: int, addresses: Addresses
) -> dict[str, object]:
    """Write down for the browser what it needs for one page, and nothing that tells the mixes apart.

    This is the contract with static/js/page-data.js.
    """
    study = version.study
    shape = version.manifest.of_item(state.item)[0]
    return {
        "page": state.id,
        "number": state.number,
        "count": state.count,
        "title": study.study.title,
        "question": study.test.question,
        "instructions": study.test.instructions,
        "scale": list(study.test.scale),
        "attribute": study.test.attribute,
        "sample_rate": shape.sample_rate,
        "frames": shape.frames,
        "bytes": file_bytes,
        "stimuli": [
            {
                "token": stimulus.token,
                "label": stimulus.label,
                "url": f"{addresses.audio}{stimulus.token}",
                "value": stimulus.value,
                "moved": stimulus.moved,
                "played": stimulus.played,
                "listened_seconds": stimulus.listened_seconds,
                "sequence": stimulus.sequence,
            }
            for stimulus in state.stimuli
        ],
        "volume_db": state.volume_db,
        "next_sequence": state.next_sequence,
        "ratings_url": addresses.ratings,
        "complete_url": addresses.complete,
        "events_url": addresses.events,
        "next_url": addresses.next,
        "resume_url": addresses.resume,
    }


def _state(db: Session, page: Page, attribute: str) -> PageState:
    stimuli = db.scalars(
        select(PageStimulus)
        .where(PageStimulus.page_id == page.id)
        .order_by(PageStimulus.position)
        .options(selectinload(PageStimulus.ratings))
    ).all()
    count = db.scalar(select(func.count()).where(Page.session_id == page.session_id))
    return PageState(
        id=page.id,
        number=page.position + 1,
        count=count or 0,
        item=page.item,
        stimuli=tuple(_stimulus_state(stimulus, attribute) for stimulus in stimuli),
        volume_db=_volume_db(db, page.session_id),
        next_sequence=_next_sequence(db, page.session_id),
    )


def _stimulus_state(stimulus: PageStimulus, attribute: str) -> StimulusState:
    rating = next((rating for rating in stimulus.ratings if rating.attribute == attribute), None)
    if rating is None:
        return StimulusState(
            stimulus.token,
            stimulus.shown_as,
            value=None,
            moved=False,
            played=False,
            listened_seconds=0.0,
            sequence=None,
        )
    return StimulusState(
        stimulus.token,
        stimulus.shown_as,
        value=rating.value,
        moved=rating.moved,
        played=rating.played,
        listened_seconds=rating.listened_seconds,
        sequence=rating.sequence,
    )


def _volume_db(db: Session, session_id: str) -> float:
    detail = db.scalar(
        select(Event.detail)
        .where(Event.session_id == session_id, Event.kind == "volume")
        .order_by(Event.id.desc())
        .limit(1)
    )
    return DEFAULT_VOLUME_DB if detail is None else float(detail["db"])


def _next_sequence(db: Session, session_id: str) -> int:
    newest = db.scalar(
        select(func.max(Rating.sequence))
        .join(PageStimulus, Rating.stimulus_token == PageStimulus.token)
        .join(Page, PageStimulus.page_id == Page.id)
        .where(Page.session_id == session_id)
    )
    return 1 if newest is None else newest + 1
