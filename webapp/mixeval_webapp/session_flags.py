"""What is noticed about a session while its answers are stored: too fast, too late, brought in from a file.

A flag is raised once for each session and drops nobody.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mixeval.database import upsert
from mixeval.models import Event, Flag, Page, now
from mixeval.study import ParticipantsSection
from mixeval.versions import Version
from mixeval_webapp.sheet import Sheet

LATE = "late"
TOO_FAST = "too_fast"
RECOVERED = "recovered"
_RATED = frozenset({"rating", "repeat"})


def raise_flag(db: Session, session_id: str, name: str, detail: Mapping[str, object]) -> None:
    """Raise a flag, unless the session has it already."""
    insert = upsert(db, Flag)
    db.execute(
        insert.values(
            session_id=session_id, name=name, detail=dict(detail), raised_at=now()
        ).on_conflict_do_nothing(index_elements=["session_id", "name"])
    )


def flag_if_late(
    db: Session, session_id: str, sheet: Sheet, *, active_at: datetime, rules: ParticipantsSection
) -> None:
    """Flag answers that come after the session's seat was free for somebody else; they are stored all the same."""
    released_at = active_at + timedelta(minutes=rules.seat_timeout_minutes)
    late = (now() - released_at).total_seconds() / 60
    if late > 0:
        raise_flag(db, session_id, LATE, {"page": sheet.position + 1, "minutes": round(late, 1)})


def flag_if_fast(db: Session, session_id: str, sheet: Sheet, version: Version) -> None:
    """Flag a page that was open, or on which mixes were heard, for less than the recording lasts.

    The times are those of the screening rule of the same name: a page lasts by the server's clock, or to the
    browser's last event where that is later. What a browser could not play makes nobody fast.
    """
    if sheet.item is None or sheet.purpose not in _RATED or any(map(sheet.unplayable, sheet.sounds)):
        return
    mixes = version.manifest.of_item(sheet.item)
    audio_seconds = max((mix.frames / mix.sample_rate for mix in mixes), default=0.0)
    heard_seconds = sum(map(sheet.listened_seconds, sheet.sounds))
    if min(_open_seconds(db, sheet.page_id), heard_seconds) >= audio_seconds:
        return
    flag = db.scalar(select(Flag).where(Flag.session_id == session_id, Flag.name == TOO_FAST))
    if flag is None:
        raise_flag(db, session_id, TOO_FAST, {"pages": [sheet.position + 1]})
    else:
        flag.detail = {"pages": [*flag.detail["pages"], sheet.position + 1]}


def _open_seconds(db: Session, page_id: str) -> float:
    opened_at = db.get_one(Page, page_id).opened_at
    last_event_ms = db.scalar(select(func.max(Event.client_ms)).where(Event.page_id == page_id))
    by_server = 0.0 if opened_at is None else (now() - opened_at).total_seconds()
    return max(by_server, (last_event_ms or 0.0) / 1000)
