"""Single-use invites: a link for one person, of which only a hash is kept."""

import hashlib
import secrets
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from mixeval.database import Database
from mixeval.models import Invite, Participant, ParticipantSession, now
from mixeval_webapp.problems import RefusalError

INVITE_PARAMETER = "invite"
TOKEN_BYTES = 18
"""144 bits, which make 24 characters without padding."""


class NotInvitedError(RefusalError):
    """An invite that is unknown, used or past its date; which of them nobody is told."""

    status, reason = HTTPStatus.FORBIDDEN, "not_invited"
    said = "invited.text"

    def __init__(self) -> None:
        super().__init__("this link opens no session", remedy="ask for another invite")


@dataclass(frozen=True)
class InviteState:
    """What is known of an invite; its link is not."""

    number: int
    note: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    participant: str | None
    """The pseudonym of who began with it."""
    complete: bool

    def state(self, moment: datetime) -> str:
        """Say in a word how it stands: `complete`, `begun`, `used`, `expired` or `unused`."""
        if self.used_at is not None:
            return "complete" if self.complete else "begun" if self.participant else "used"
        return "expired" if self.expires_at is not None and self.expires_at <= moment else "unused"


def make_invites(
    database: Database, *, count: int, note: str = "", expires_at: datetime | None = None
) -> list[tuple[int, str]]:
    """Store `count` new invites and return the number and the token of each, which are never shown again."""
    tokens = [secrets.token_urlsafe(TOKEN_BYTES) for _ in range(count)]
    with database.write() as db:
        invites = [
            Invite(token_sha256=_sha256(token), note=note, created_at=now(), expires_at=expires_at)
            for token in tokens
        ]
        db.add_all(invites)
        db.flush()
        return [(invite.id, token) for invite, token in zip(invites, tokens, strict=True)]


def invite_address(base: str, token: str) -> str:
    """Return the address below `base`, the test's own, that `token` opens."""
    return f"{base.rstrip('/')}/?{urllib.parse.urlencode({INVITE_PARAMETER: token})}"


def list_invites(db: Session) -> Sequence[InviteState]:
    """Return every invite in the order in which they were made."""
    rows = db.execute(
        select(Invite, Participant.code, ParticipantSession.completed_at)
        .outerjoin(ParticipantSession, ParticipantSession.id == Invite.session_id)
        .outerjoin(Participant, Participant.id == ParticipantSession.participant_id)
        .order_by(Invite.id)
    )
    return [
        InviteState(
            number=invite.id,
            note=invite.note,
            created_at=invite.created_at,
            expires_at=invite.expires_at,
            used_at=invite.used_at,
            participant=code,
            complete=completed_at is not None,
        )
        for invite, code, completed_at in rows
    ]


def opens(db: Session, token: str) -> bool:
    """Tell whether somebody could begin with `token` at present."""
    return (
        db.scalar(
            select(Invite.id).where(
                Invite.token_sha256 == _sha256(token), Invite.used_at.is_(None), _not_expired()
            )
        )
        is not None
    )


def session_of_invite(db: Session, token: str) -> str | None:
    """Return the id of the session that was begun with `token`."""
    return db.scalar(select(Invite.session_id).where(Invite.token_sha256 == _sha256(token)))


def claim_invite(db: Session, session_id: str, token: str) -> None:
    """Use `token` up for a session that is in this transaction.

    Of two transactions at the same instant the second waits for the first and then finds the invite used. Raises
    NotInvitedError.
    """
    used = db.scalar(
        update(Invite)
        .where(Invite.token_sha256 == _sha256(token), Invite.used_at.is_(None), _not_expired())
        .values(used_at=now(), session_id=session_id)
        .returning(Invite.id)
    )
    if used is None:
        raise NotInvitedError


def _not_expired() -> ColumnElement[bool]:
    return or_(Invite.expires_at.is_(None), Invite.expires_at > now())


def _sha256(token: str) -> str:
    # A link may hold anything.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
