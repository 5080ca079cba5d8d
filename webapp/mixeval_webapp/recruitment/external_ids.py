"""Who a recruitment platform says somebody is: one session for each id, and the id alone opens none."""

from http import HTTPStatus

from sqlalchemy import select
from sqlalchemy.orm import Session

from mixeval.models import ExternalId
from mixeval.recruitment import ExternalIds
from mixeval_webapp.problems import RefusalError


class KnownIdError(RefusalError):
    """An id that has a session already."""

    status, reason = HTTPStatus.CONFLICT, "known_id"
    said = "resume.known"

    def __init__(self) -> None:
        super().__init__("this participant has begun before", remedy="go on with the resume code")


def claim_external_id(db: Session, session_id: str, platform: str, ids: ExternalIds) -> None:
    """Give `ids` to a session that is in this transaction.

    Sessions that begin at the same instant take turns (seats.take_seat), so the second one finds the first one's.
    Raises KnownIdError.
    """
    if session_of_id(db, platform, ids.value) is not None:
        raise KnownIdError
    db.add(
        ExternalId(
            session_id=session_id,
            platform=platform,
            value=ids.value,
            study=ids.study,
            submission=ids.submission,
        )
    )


def session_of_id(db: Session, platform: str, value: str) -> str | None:
    """Return the id of the session that `value` of `platform` has begun."""
    return db.scalar(
        select(ExternalId.session_id).where(ExternalId.platform == platform, ExternalId.value == value)
    )


def ids_of_session(db: Session, session_id: str) -> ExternalIds | None:
    """Return who the platform said that a session's participant is; None once that was deleted."""
    row = db.execute(
        select(ExternalId.value, ExternalId.study, ExternalId.submission).where(
            ExternalId.session_id == session_id
        )
    ).one_or_none()
    return None if row is None else ExternalIds(*row)
