"""Ratings as rows: the newest sequence number wins, and a stale retry changes nothing."""

from collections.abc import Sequence

from sqlalchemy import Dialect, Executable, bindparam, case, or_, select
from sqlalchemy.orm import Session

from mixeval.database import upsert
from mixeval.models import Rating, now
from mixeval.prepared import Prepared
from mixeval_webapp.payloads import RatingPayload
from mixeval_webapp.problems import ElsewhereError, PageFinishedError


def _upsert(dialect: Dialect) -> Executable:
    insert = upsert(dialect, Rating)
    new = insert.excluded
    columns = ("value", "sequence", "moved", "unplayable", "rated_at")
    # Listening only grows: another tab or device may not know of the last seconds.
    grown = {
        "played": or_(new.played, Rating.played),
        "listened_seconds": case(
            (new.listened_seconds > Rating.listened_seconds, new.listened_seconds),
            else_=Rating.listened_seconds,
        ),
    }
    stored = ("stimulus_token", "attribute", *columns, *grown)
    statement: Executable = insert.values({name: bindparam(name) for name in stored}).on_conflict_do_update(
        index_elements=["stimulus_token", "attribute"],
        set_={name: new[name] for name in columns} | grown,
        where=new.sequence > Rating.sequence,
    )
    return statement


_UPSERT = Prepared(_upsert)


def store_ratings(db: Session, ratings: Sequence[RatingPayload]) -> None:
    """Store the newest form of each rating; whoever calls has locked their page.

    Raises ElsewhereError when two different values carry one sequence number.
    """
    # Within one request, too, only the newest form of a rating counts.
    newest: dict[tuple[str, str], RatingPayload] = {}
    for rating in sorted(ratings, key=lambda rating: rating.sequence):
        newest[rating.stimulus, rating.attribute] = rating
    if not newest:
        return
    if len(newest) < len(ratings):
        _refuse_two_answers(db, ratings)
    moment = now()
    changed = _UPSERT.each(
        db,
        [
            {
                "stimulus_token": rating.stimulus,
                "attribute": rating.attribute,
                "value": rating.value,
                "sequence": rating.sequence,
                "played": rating.played,
                "moved": rating.moved,
                "listened_seconds": rating.listened_seconds,
                "unplayable": rating.unplayable,
                "rated_at": moment,
            }
            for rating in newest.values()
        ],
    )
    # What was not stored is there already: as a newer one, as the same one, or under the same number by another.
    if changed < len(newest):
        _refuse_two_answers(db, ratings)


def refuse_new_ratings(db: Session, ratings: Sequence[RatingPayload]) -> None:
    """Raise PageFinishedError when one of `ratings` is newer than what is stored, and differs."""
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
