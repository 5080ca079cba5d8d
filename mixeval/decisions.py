"""What a researcher decides about a session, with the reason: recorded, shown, and taken back without a trace lost."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from mixeval.errors import ParticipantError
from mixeval.models import Decision, ParticipantSession, now

Kind = Literal["exclude", "flag"]
KINDS: tuple[Kind, ...] = ("exclude", "flag")
REASON_CHARACTERS = 2000


def decide(db: Session, *, session_id: str, kind: Kind, reason: str) -> Decision:
    """Record in the transaction of `db` what was decided about a session, and why.

    `exclude` leaves the session out of the main tables, `flag` only shows. The same decision sent twice, as a
    double click does, is recorded once. Raises ParticipantError when there is no such session or kind, or when the
    reason is not plain text of 1 to 2000 characters.
    """
    if kind not in KINDS:
        raise ParticipantError(f'"{kind}" is no decision', remedy=f"choose from {', '.join(KINDS)}")
    reason = _reason(reason)
    # Two requests about one session take turns here (SQLite has locked the whole database already).
    held = select(ParticipantSession.id).where(ParticipantSession.id == session_id)
    if db.scalar(held.with_for_update(key_share=True)) is None:
        raise ParticipantError("there is no such session", remedy="reload the list of sessions")
    same = select(Decision).where(
        Decision.session_id == session_id,
        Decision.kind == kind,
        Decision.reason == reason,
        Decision.withdrawn_at.is_(None),
    )
    found = db.scalars(same.limit(1)).one_or_none()
    if found is not None:
        return found
    made = Decision(session_id=session_id, kind=kind, reason=reason, made_at=now())
    db.add(made)
    db.flush()
    return made


def withdraw(db: Session, decision_id: int) -> Decision:
    """Take a decision back in the transaction of `db`; it stays on record and has no effect any more.

    Taking it back again changes nothing. Raises ParticipantError when there is no such decision.
    """
    found = db.get(Decision, decision_id, with_for_update={"key_share": True})
    if found is None:
        raise ParticipantError("there is no such decision", remedy="reload the list of sessions")
    found.withdrawn_at = found.withdrawn_at or now()
    return found


def standing(db: Session) -> Sequence[Decision]:
    """Return the decisions that were not taken back, as they were made."""
    return db.scalars(select(Decision).where(Decision.withdrawn_at.is_(None)).order_by(Decision.id)).all()


def _reason(text: str) -> str:
    reason = text.replace("\r\n", "\n").strip()
    if not reason:
        raise ParticipantError("a decision needs its reason", remedy="say in a sentence why")
    if len(reason) > REASON_CHARACTERS:
        raise ParticipantError(
            f"the reason has {len(reason)} characters", remedy=f"say it in {REASON_CHARACTERS}"
        )
    # PostgreSQL holds no NUL, no encoding a lone surrogate, and nobody can read a control character.
    if any(letter not in "\n\t" and _is_control(letter) for letter in reason):
        raise ParticipantError("the reason holds characters that are no text", remedy="type it anew")
    return reason


def _is_control(letter: str) -> bool:
    return ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 or 0xD800 <= ord(letter) < 0xE000
