"""Everything that is stored about one session, as researchers read it: conditions beside the letters that were shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mixeval.models import Answer, Event, Page, PageStimulus, Rating
from mixeval_webapp.admin.sittings import SeenPage, Sitting
from mixeval_webapp.admin.steps import step_words
from mixeval_webapp.admin.timeline import LoggedEvent, Mix, Timeline, timeline
from mixeval_webapp.admin.timeline_drawing import Drawing, draw_timeline


@dataclass(frozen=True)
class GivenRating:
    """One mix and attribute; `value` is None until the listener has given it."""

    mix: Mix
    attribute: str
    value: float | None
    played: bool
    listened_seconds: float
    unplayable: bool
    rated_at: datetime


@dataclass(frozen=True)
class GivenAnswer:
    """An answer to a question, or a comment; `about` is the mix that it is about."""

    name: str
    about: Mix | None
    value: str
    answered_at: datetime


@dataclass(frozen=True)
class PageDossier:
    page: SeenPage
    title: str
    ratings: tuple[GivenRating, ...]
    answers: tuple[GivenAnswer, ...]
    timeline: Timeline | None
    drawing: Drawing | None

    @property
    def state(self) -> str:
        if self.page.completed_at is not None:
            return "finished"
        return "begun" if self.page.opened_at is not None else "not opened"

    @property
    def seconds(self) -> float | None:
        """For how long it was open by the server's clock, once it is finished."""
        if self.page.completed_at is None or self.page.opened_at is None:
            return None
        return (self.page.completed_at - self.page.opened_at).total_seconds()


def read_dossier(db: Session, sitting: Sitting, labels: Mapping[str, str]) -> tuple[PageDossier, ...]:
    """Read the pages of a session; `labels` maps conditions to what is printed of them."""
    ids = [page.id for page in sitting.pages]
    mixes = _mixes(db, ids, labels)
    ratings, answers, events = _ratings(db, ids), _answers(db, ids), _events(db, sitting.session_id)
    return tuple(
        _page(
            page,
            mixes.get(page.id, ()),
            ratings.get(page.id, ()),
            answers.get(page.id, ()),
            events.get(page.id, ()),
        )
        for page in sitting.pages
    )


def _page(
    page: SeenPage,
    mixes: Sequence[Mix],
    ratings: Sequence[Rating],
    answers: Sequence[Answer],
    events: Sequence[LoggedEvent],
) -> PageDossier:
    by_token = {mix.token: mix for mix in mixes}
    order = {mix.token: place for place, mix in enumerate(mixes)}
    told = timeline(mixes, events, page.opened_at)
    return PageDossier(
        page=page,
        title=_title(page),
        ratings=tuple(
            GivenRating(
                by_token[row.stimulus_token],
                row.attribute,
                row.value,
                row.played,
                row.listened_seconds,
                row.unplayable,
                row.rated_at,
            )
            for row in sorted(ratings, key=lambda row: (order[row.stimulus_token], row.id))
        ),
        answers=tuple(
            GivenAnswer(row.name, by_token.get(row.subject), _plain(row.value), row.answered_at)
            for row in answers
        ),
        timeline=told,
        drawing=draw_timeline(told) if told else None,
    )


def _title(page: SeenPage) -> str:
    words = f"Page {page.place}" if page.place else step_words(page.kind, page.purpose)
    if page.purpose in {"repeat", "attention"}:
        words = f"{words} ({page.purpose})"
    return f"{words}: {page.item}" if page.item is not None else words


def _mixes(db: Session, ids: Sequence[str], labels: Mapping[str, str]) -> dict[str, list[Mix]]:
    found: dict[str, list[Mix]] = {}
    for row in db.scalars(
        select(PageStimulus).where(PageStimulus.page_id.in_(ids)).order_by(PageStimulus.position)
    ):
        label = labels.get(row.condition, row.condition)
        if row.role not in {"rated", "heard"}:
            label = f"{label} ({row.role})"
        found.setdefault(row.page_id, []).append(Mix(row.token, row.shown_as, label))
    return found


def _ratings(db: Session, ids: Sequence[str]) -> dict[str, list[Rating]]:
    found: dict[str, list[Rating]] = {}
    for page_id, row in db.execute(
        select(PageStimulus.page_id, Rating)
        .join(PageStimulus, Rating.stimulus_token == PageStimulus.token)
        .where(PageStimulus.page_id.in_(ids))
    ):
        found.setdefault(page_id, []).append(row)
    return found


def _answers(db: Session, ids: Sequence[str]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for row in db.scalars(select(Answer).where(Answer.page_id.in_(ids)).order_by(Answer.id)):
        found.setdefault(row.page_id, []).append(row)
    return found


def _events(db: Session, session_id: str) -> dict[str, list[LoggedEvent]]:
    found: dict[str, list[LoggedEvent]] = {}
    query = (
        select(
            Event.page_id, Event.kind, Event.stimulus_token, Event.client_ms, Event.detail, Event.received_at
        )
        .join(Page, Event.page_id == Page.id)
        .where(Event.session_id == session_id)
        .order_by(Event.id)
    )
    for page_id, *rest in db.execute(query):
        found.setdefault(page_id, []).append(LoggedEvent(*rest))
    return found


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return value if isinstance(value, str) else "" if value is None else str(value)
