"""Answers and completed pages into the database: each call is one transaction, and may be repeated.

The newest sequence number wins, a stale retry changes nothing, and a finished page never changes again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from mixeval.database import Database
from mixeval.models import Page, PageStimulus, ParticipantSession, now
from mixeval.prepared import Prepared
from mixeval.study import Study
from mixeval.versions import Version
from mixeval_webapp.answer_rows import refuse_new_answers, store_answers
from mixeval_webapp.events import store_server_event
from mixeval_webapp.page_types.check_page import SCREENED_OUT
from mixeval_webapp.page_types.page_type import Missing
from mixeval_webapp.page_types.registry import PAGE_TYPES
from mixeval_webapp.participants import Visitor, new_code
from mixeval_webapp.payloads import AnswerPayload, CompletionPayload, RatingPayload
from mixeval_webapp.problems import InvalidFieldError, NotServedError, NotYoursError, UnfinishedPageError
from mixeval_webapp.rating_rows import refuse_new_ratings, store_ratings
from mixeval_webapp.session_flags import flag_if_fast, flag_if_late, raise_flag
from mixeval_webapp.sheet import Sheet, Sound, next_sequence, read_sheet

COMPLETION_CODE_CHARACTERS = 10

_earlier = aliased(Page)
# The page is locked, so that two requests about it take turns (SQLite has locked the whole database already);
# events may still refer to it.
_PAGE = Prepared(
    select(
        Page.kind,
        Page.purpose,
        Page.item,
        Page.position,
        Page.opened_at,
        Page.completed_at,
        PageStimulus.token,
        PageStimulus.condition,
        PageStimulus.role,
        PageStimulus.shown_as,
        exists()
        .where(
            _earlier.session_id == Page.session_id,
            _earlier.position < Page.position,
            _earlier.completed_at.is_(None),
        )
        .label("has_earlier"),
    )
    .outerjoin(PageStimulus)
    .where(Page.id == bindparam("page_id"), Page.session_id == bindparam("session_id"))
    .with_for_update(of=Page, key_share=True)
)


@dataclass(frozen=True)
class _OwnPage:
    """A page of the visitor's session; `sheet` does not hold its answers yet."""

    sheet: Sheet
    session_id: str
    opened_at: datetime | None
    finished: bool
    is_next: bool

    @property
    def id(self) -> str:
        return self.sheet.page_id


@dataclass(frozen=True)
class SavedRating:
    """A rating that is safe, in this or a newer form."""

    stimulus: str
    attribute: str
    sequence: int


@dataclass(frozen=True)
class SavedAnswer:
    """An answer that is safe, in this or a newer form."""

    subject: str
    name: str
    sequence: int


def save_ratings(
    database: Database, visitor: Visitor, page_id: str, ratings: Sequence[RatingPayload], version: Version
) -> list[SavedRating]:
    """Store the newest form of each rating of the page that `visitor` is on.

    On a finished page ratings that are already stored, or older, are granted so that an outbox can drain;
    nothing is written.

    Raises InvalidFieldError for an attribute or a value that the page does not ask for, NotYoursError for a page
    of nobody or somebody else, NotServedError for a later page or a mix of another page, PageFinishedError for
    new ratings of a finished page, ElsewhereError when another tab or device has used a sequence number for
    another answer. Then nothing at all is stored.
    """
    with database.write() as db:
        page = _own_page(db, visitor, page_id)
        _check_ratings(page.sheet, ratings, version.study)
        if page.finished:
            refuse_new_ratings(db, ratings)
        else:
            _check_served(page)
            store_ratings(db, ratings)
            _note_late(db, visitor, page, version)
    return [SavedRating(rating.stimulus, rating.attribute, rating.sequence) for rating in ratings]


def save_answers(
    database: Database, visitor: Visitor, page_id: str, answers: Sequence[AnswerPayload], version: Version
) -> list[SavedAnswer]:
    """Store the newest form of each answer to the questions of the page that `visitor` is on.

    Raises what :func:`save_ratings` raises; then nothing at all is stored.
    """
    with database.write() as db:
        page = _own_page(db, visitor, page_id)
        _check_answers(page.sheet, answers, version.study)
        if page.finished:
            refuse_new_answers(db, page.id, answers)
        else:
            _check_served(page)
            store_answers(db, page.id, answers)
            _note_late(db, visitor, page, version)
    return [SavedAnswer(answer.subject, answer.name, answer.sequence) for answer in answers]


def complete_page(
    database: Database, visitor: Visitor, page_id: str, completion: CompletionPayload, version: Version
) -> None:
    """Store what is answered and finish the page; with the last page the session, in the same transaction.

    A repeated call for a finished page changes nothing. Raises what :func:`save_ratings` raises, and
    UnfinishedPageError when something is still to be played or answered: then the answers are stored, and a
    `next_refused` event with them.
    """
    with database.write() as db:
        page = _own_page(db, visitor, page_id)
        _check_ratings(page.sheet, completion.ratings, version.study)
        _check_answers(page.sheet, completion.answers, version.study)
        if page.finished:
            refuse_new_ratings(db, completion.ratings)
            refuse_new_answers(db, page.id, completion.answers)
            return
        _check_served(page)
        store_ratings(db, completion.ratings)
        store_answers(db, page.id, completion.answers)
        _note_late(db, visitor, page, version)
        missing = _finish_if_whole(db, page, version)
        if missing:
            _log_refused_next(db, page, missing, completion.sequence)
    if missing:
        raise UnfinishedPageError(missing)


def _own_page(db: Session, visitor: Visitor, page_id: str) -> _OwnPage:
    rows = _PAGE.all(db, {"page_id": page_id, "session_id": visitor.session_id})
    if not rows:
        raise NotYoursError("there is no such page in this session", remedy="reload the page")
    first = rows[0]
    return _OwnPage(
        sheet=Sheet(
            page_id=page_id,
            kind=first.kind,
            purpose=first.purpose,
            item=first.item,
            position=first.position,
            seed=0,
            sounds=tuple(
                Sound(row.token, row.condition, row.role, row.shown_as)
                for row in rows
                if row.token is not None
            ),
            ratings={},
            answers={},
        ),
        session_id=visitor.session_id,
        opened_at=first.opened_at,
        finished=first.completed_at is not None,
        is_next=not first.has_earlier,
    )


def _check_ratings(sheet: Sheet, ratings: Sequence[RatingPayload], study: Study) -> None:
    page_type = PAGE_TYPES[sheet.kind]
    attributes, values = page_type.attributes(study), page_type.values(sheet)
    sounds = {sound.token: sound for sound in sheet.sounds}
    for index, rating in enumerate(ratings):
        if rating.attribute not in attributes:
            raise InvalidFieldError(
                f"ratings[{index}].attribute is not what this page asks for",
                remedy="send an attribute of the page data",
                field=f"ratings[{index}].attribute",
            )
        if rating.stimulus not in sounds:
            raise NotServedError("a rating names a mix that is not on this page", remedy="reload the page")
        if rating.value is None:
            continue
        if values is None or not sounds[rating.stimulus].rated or not values.hold(rating.value):
            raise InvalidFieldError(
                f"ratings[{index}].value is {rating.value:g}",
                remedy="send a value that the page data allows",
                field=f"ratings[{index}].value",
            )


def _check_answers(sheet: Sheet, answers: Sequence[AnswerPayload], study: Study) -> None:
    page_type = PAGE_TYPES[sheet.kind]
    for index, answer in enumerate(answers):
        refusal = page_type.refusal(
            study, sheet, subject=answer.subject, name=answer.name, value=answer.value
        )
        if refusal is not None:
            raise InvalidFieldError(
                f"answers[{index}] {refusal}", remedy="send what the page asks for", field=f"answers[{index}]"
            )


def _check_served(page: _OwnPage) -> None:
    if not page.is_next or page.opened_at is None:
        raise NotServedError("this page has not been shown yet", remedy="reload the page")


def _note_late(db: Session, visitor: Visitor, page: _OwnPage, version: Version) -> None:
    rules = version.study.participants
    flag_if_late(db, page.session_id, page.sheet, active_at=visitor.active_at, rules=rules)


def _finish_if_whole(db: Session, page: _OwnPage, version: Version) -> Missing:
    """Finish the page unless something is missing, which is returned."""
    study = version.study
    session = db.get_one(ParticipantSession, page.session_id)
    sheet = read_sheet(db, db.get_one(Page, page.id), seed=session.seed)
    page_type = PAGE_TYPES[sheet.kind]
    missing = page_type.missing(study, sheet)
    if missing:
        return missing
    moment = now()
    for flag in page_type.flags(study, sheet):
        raise_flag(db, page.session_id, flag.name, flag.detail)
        if flag.name == SCREENED_OUT:
            session.ended_as, session.ended_at = SCREENED_OUT, moment
    flag_if_fast(db, page.session_id, sheet, version)
    _store_results(db, page, page_type.results(study, sheet))
    db.execute(update(Page).where(Page.id == page.id).values(completed_at=moment))
    session.active_at = moment
    left = db.scalar(
        select(func.count()).where(Page.session_id == page.session_id, Page.completed_at.is_(None))
    )
    if left == 0:
        session.completed_at = moment
        session.completion_code = new_code(COMPLETION_CODE_CHARACTERS)
    return {}


def _store_results(db: Session, page: _OwnPage, results: Mapping[str, Any]) -> None:
    sequence = next_sequence(db, page.session_id)
    rows = [
        AnswerPayload(subject="", name=name, value=value, sequence=sequence)
        for name, value in results.items()
    ]
    store_answers(db, page.id, rows)


def _log_refused_next(db: Session, page: _OwnPage, missing: Missing, sequence: int) -> None:
    moment = now()
    store_server_event(
        db,
        session_id=page.session_id,
        page_id=page.id,
        name=f"{page.id}:{sequence}",
        kind="next_refused",
        seconds=(moment - (page.opened_at or moment)).total_seconds(),
        detail=missing,
    )
