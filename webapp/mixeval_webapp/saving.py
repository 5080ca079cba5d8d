"""Ratings and completed pages into the database: each call is one transaction, and may be repeated.

The newest sequence number wins, a stale retry changes nothing, and a finished page never changes again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from mixeval.database import Database, upsert
from mixeval.models import Page, PageStimulus, ParticipantSession, Rating, now
from mixeval_webapp.events import store_server_event
from mixeval_webapp.participants import Visitor, new_code
from mixeval_webapp.payloads import CompletionPayload, RatingPayload
from mixeval_webapp.problems import (
    ElsewhereError,
    InvalidFieldError,
    NotServedError,
    NotYoursError,
    PageFinishedError,
    UnfinishedPageError,
)

COMPLETION_CODE_CHARACTERS = 10

_earlier = aliased(Page)
# Statements of the busiest path are built once, so that they are compiled once. The page is locked, so that
# two requests about it take turns (SQLite has locked the whole database already); events may still refer to it.
_PAGE = (
    select(
        Page.opened_at,
        Page.completed_at,
        PageStimulus.token,
        exists()
        .where(
            _earlier.session_id == Page.session_id,
            _earlier.position < Page.position,
            _earlier.completed_at.is_(None),
        )
        .label("has_earlier"),
    )
    .join(PageStimulus)
    .where(Page.id == bindparam("page_id"), Page.session_id == bindparam("session_id"))
    .with_for_update(of=Page, key_share=True)
)


@dataclass(frozen=True)
class _OwnPage:
    """A page of the visitor's session; `tokens` are those of its mixes."""

    id: str
    session_id: str
    opened_at: datetime | None
    finished: bool
    is_next: bool
    tokens: frozenset[str]


@dataclass(frozen=True)
class SavedRating:
    """A rating that is safe, in this or a newer form."""

    stimulus: str
    attribute: str
    sequence: int


def save_ratings(
    database: Database, visitor: Visitor, page_id: str, ratings: Sequence[RatingPayload], attribute: str
) -> list[SavedRating]:
    """Store the newest form of each rating of the page that `visitor` is on.

    On a finished page ratings that are already stored, or older, are granted so that an outbox can drain;
    nothing is written.

    Raises InvalidFieldError for another attribute than the study's, NotYoursError for a page of nobody or
    somebody else, NotServedError for a later page or a mix of another page, PageFinishedError for new
    ratings of a finished page, ElsewhereError when another tab or device has used a sequence number for
    another answer. Then nothing at all is stored.
    """
    with database.write() as db:
        page = _own_page(db, visitor, page_id)
        _check_ratings(page, ratings, attribute)
        if page.finished:
            _refuse_new_ratings(db, ratings)
        else:
            _check_served(page)
            _store_ratings(db, ratings)
    return [SavedRating(rating.stimulus, rating.attribute, rating.sequence) for rating in ratings]


def complete_page(
    database: Database, visitor: Visitor, page_id: str, completion: CompletionPayload, attribute: str
) -> None:
    """Store the ratings and finish the page; with the last page the session, in the same transaction.

    A repeated call for a finished page changes nothing. Raises what :func:`save_ratings` raises, and
    UnfinishedPageError when a mix is still to be played or placed: then the ratings are stored, and a
    `next_refused` event with them.
    """
    with database.write() as db:
        page = _own_page(db, visitor, page_id)
        _check_ratings(page, completion.ratings, attribute)
        if page.finished:
            _refuse_new_ratings(db, completion.ratings)
            return
        _check_served(page)
        _store_ratings(db, completion.ratings)
        unfinished = _unfinished(db, page, attribute)
        if unfinished is None:
            _finish(db, page)
        else:
            _log_refused_next(db, page, unfinished, completion.sequence)
    if unfinished is not None:
        raise unfinished


def _own_page(db: Session, visitor: Visitor, page_id: str) -> _OwnPage:
    rows = db.execute(_PAGE, {"page_id": page_id, "session_id": visitor.session_id}).all()
    if not rows:
        raise NotYoursError("there is no such page in this session", remedy="reload the page")
    return _OwnPage(
        id=page_id,
        session_id=visitor.session_id,
        opened_at=rows[0].opened_at,
        finished=rows[0].completed_at is not None,
        is_next=not rows[0].has_earlier,
        tokens=frozenset(row.token for row in rows),
    )


def _check_ratings(page: _OwnPage, ratings: Sequence[RatingPayload], attribute: str) -> None:
    for index, rating in enumerate(ratings):
        if rating.attribute != attribute:
            raise InvalidFieldError(
                f"ratings[{index}].attribute is not what this page asks for",
                remedy="send the attribute of the page data",
                field=f"ratings[{index}].attribute",
            )
    if not {rating.stimulus for rating in ratings} <= page.tokens:
        raise NotServedError("a rating names a mix that is not on this page", remedy="reload the page")


def _check_served(page: _OwnPage) -> None:
    if not page.is_next or page.opened_at is None:
        raise NotServedError("this page has not been shown yet", remedy="reload the page")


def _refuse_new_ratings(db: Session, ratings: Sequence[RatingPayload]) -> None:
    stored = {
        (row.stimulus_token, row.attribute): row
        for row in db.scalars(
            select(Rating).where(Rating.stimulus_token.in_({rating.stimulus for rating in ratings}))
        )
    }
    for rating in ratings:
        row = stored.get((rating.stimulus, rating.attribute))
        if row is None or (rating.sequence >= row.sequence and rating.value != row.value):
            raise PageFinishedError(
                "this page is finished and its ratings no longer change", remedy="reload the page"
            )


def _store_ratings(db: Session, ratings: Sequence[RatingPayload]) -> None:
    # Within one request, too, only the newest form of a rating counts.
    newest: dict[tuple[str, str], RatingPayload] = {}
    for rating in sorted(ratings, key=lambda rating: rating.sequence):
        newest[rating.stimulus, rating.attribute] = rating
    if not newest:
        return
    _refuse_two_answers(db, ratings)
    insert = upsert(db, Rating)
    new = insert.excluded
    # Listening only grows: another tab or device may not know of the last seconds.
    grown = {
        "played": or_(new.played, Rating.played),
        "listened_seconds": case(
            (new.listened_seconds > Rating.listened_seconds, new.listened_seconds),
            else_=Rating.listened_seconds,
        ),
    }
    db.execute(
        insert.on_conflict_do_update(
            index_elements=["stimulus_token", "attribute"],
            set_={name: new[name] for name in ("value", "sequence", "moved", "rated_at")} | grown,
            where=new.sequence > Rating.sequence,
        ),
        [
            {
                "stimulus_token": rating.stimulus,
                "attribute": rating.attribute,
                "value": rating.value,
                "sequence": rating.sequence,
                "played": rating.played,
                "moved": rating.moved,
                "listened_seconds": rating.listened_seconds,
                "rated_at": now(),
            }
            for rating in newest.values()
        ],
    )


def _refuse_two_answers(db: Session, ratings: Sequence[RatingPayload]) -> None:
    """Refuse to acknowledge an answer that no number tells from another one, since only one can be kept."""
    tokens = {rating.stimulus for rating in ratings}
    answers = {
        (row.stimulus_token, row.attribute, row.sequence): row.value
        for row in db.scalars(select(Rating).where(Rating.stimulus_token.in_(tokens)))
    }
    for rating in ratings:
        key = (rating.stimulus, rating.attribute, rating.sequence)
        if answers.setdefault(key, rating.value) != rating.value:
            raise ElsewhereError(
                "this page was answered in another tab or on another device", remedy="reload the page"
            )


def _unfinished(db: Session, page: _OwnPage, attribute: str) -> UnfinishedPageError | None:
    rows = db.execute(
        select(PageStimulus.shown_as, Rating)
        .outerjoin(Rating, (Rating.stimulus_token == PageStimulus.token) & (Rating.attribute == attribute))
        .where(PageStimulus.page_id == page.id)
        .order_by(PageStimulus.position)
    ).all()
    play, place = [], []
    for shown_as, rating in rows:
        if rating is None or not rating.played or rating.listened_seconds <= 0:
            play.append(shown_as)
        if rating is None or not rating.moved or rating.value is None:
            place.append(shown_as)
    return UnfinishedPageError(play=play, place=place) if play or place else None


def _finish(db: Session, page: _OwnPage) -> None:
    moment = now()
    db.execute(update(Page).where(Page.id == page.id).values(completed_at=moment))
    left = db.scalar(
        select(func.count()).where(Page.session_id == page.session_id, Page.completed_at.is_(None))
    )
    if left == 0:
        session = db.get_one(ParticipantSession, page.session_id)
        session.completed_at = moment
        session.completion_code = new_code(COMPLETION_CODE_CHARACTERS)


def _log_refused_next(db: Session, page: _OwnPage, unfinished: UnfinishedPageError, sequence: int) -> None:
    moment = now()
    store_server_event(
        db,
        session_id=page.session_id,
        page_id=page.id,
        name=f"{page.id}:{sequence}",
        kind="next_refused",
        seconds=(moment - (page.opened_at or moment)).total_seconds(),
        detail=unfinished.missing,
    )
