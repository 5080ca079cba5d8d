"""Answers to questions, and comments, as rows: the newest sequence number wins, and a stale retry changes nothing."""

from collections.abc import Sequence

from sqlalchemy import Dialect, Executable, bindparam, select
from sqlalchemy.orm import Session

from mixeval.database import upsert
from mixeval.models import Answer, now
from mixeval.prepared import Prepared
from mixeval_webapp.payloads import AnswerPayload
from mixeval_webapp.problems import ElsewhereError, PageFinishedError


def _upsert(dialect: Dialect) -> Executable:
    insert = upsert(dialect, Answer)
    new = insert.excluded
    columns = ("value", "sequence", "answered_at")
    stored = ("page_id", "subject", "name", *columns)
    statement: Executable = insert.values({name: bindparam(name) for name in stored}).on_conflict_do_update(
        index_elements=["page_id", "subject", "name"],
        set_={name: new[name] for name in columns},
        where=new.sequence > Answer.sequence,
    )
    return statement


_UPSERT = Prepared(_upsert)


def store_answers(db: Session, page_id: str, answers: Sequence[AnswerPayload]) -> None:
    """Store the newest form of each answer; whoever calls has locked the page.

    Raises ElsewhereError when two different values carry one sequence number.
    """
    newest = {
        (answer.subject, answer.name): answer
        for answer in sorted(answers, key=lambda answer: answer.sequence)
    }
    if not newest:
        return
    if len(newest) < len(answers):
        _refuse_two_answers(db, page_id, answers)
    moment = now()
    changed = _UPSERT.each(
        db,
        [
            {
                "page_id": page_id,
                "subject": answer.subject,
                "name": answer.name,
                "value": answer.value,
                "sequence": answer.sequence,
                "answered_at": moment,
            }
            for answer in newest.values()
        ],
    )
    # What was not stored is there already: as a newer one, as the same one, or under the same number by another.
    if changed < len(newest):
        _refuse_two_answers(db, page_id, answers)


def refuse_new_answers(db: Session, page_id: str, answers: Sequence[AnswerPayload]) -> None:
    """Raise PageFinishedError when one of `answers` is newer than what is stored, and differs."""
    stored = {(row.subject, row.name): row for row in _rows(db, page_id)}
    for answer in answers:
        row = stored.get((answer.subject, answer.name))
        if row is None or (answer.sequence >= row.sequence and answer.value != row.value):
            raise PageFinishedError(
                "this page is finished and its answers no longer change", remedy="reload the page"
            )


def _refuse_two_answers(db: Session, page_id: str, answers: Sequence[AnswerPayload]) -> None:
    given = {(row.subject, row.name, row.sequence): row.value for row in _rows(db, page_id)}
    for answer in answers:
        if given.setdefault((answer.subject, answer.name, answer.sequence), answer.value) != answer.value:
            raise ElsewhereError(
                "this page was answered in another tab or on another device", remedy="reload the page"
            )


def _rows(db: Session, page_id: str) -> Sequence[Answer]:
    return db.scalars(select(Answer).where(Answer.page_id == page_id)).all()
