"""What happens on a page, into the database: each event once, however often it is sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect, Executable, bindparam, select
from sqlalchemy.orm import Session

from mixeval.database import Database, upsert
from mixeval.models import Event, Page, PageStimulus, ParticipantSession, now
from mixeval.prepared import Prepared
from mixeval_webapp.participants import Visitor
from mixeval_webapp.payloads import EventPayload
from mixeval_webapp.problems import NotServedError, UnknownSessionError

SERVER_EVENT = "server:"
"""Event ids that begin so are ours; a browser's cannot hold a colon."""

_SESSION = (
    select(ParticipantSession.id)
    .where(ParticipantSession.id == bindparam("session_id"))
    .with_for_update(key_share=True)
)


def save_events(database: Database, visitor: Visitor, events: Sequence[EventPayload]) -> list[str]:
    """Store events, each once, and return their ids.

    Raises NotServedError when one names a page or a mix of another session, and UnknownSessionError when the session
    was erased meanwhile; then nothing is stored.
    """
    with database.write() as db:
        # In turns: the same events in two orders at once would wait for each other in a circle.
        if db.scalar(_SESSION, {"session_id": visitor.session_id}) is None:
            raise UnknownSessionError("this session is no more", remedy="close the page")
        own_pages = set(db.scalars(select(Page.id).where(Page.session_id == visitor.session_id)))
        named = {event.stimulus for event in events if event.stimulus is not None}
        own_tokens = set(
            db.scalars(
                select(PageStimulus.token).where(
                    PageStimulus.token.in_(named), PageStimulus.page_id.in_(own_pages)
                )
            )
        )
        if named - own_tokens or {event.page for event in events if event.page is not None} - own_pages:
            raise NotServedError(
                "an event names a page or a mix that was not served to this session",
                remedy="reload the page",
            )
        _store(
            db,
            [
                {
                    "session_id": visitor.session_id,
                    "page_id": event.page,
                    "event_id": event.id,
                    "kind": event.kind,
                    "stimulus_token": event.stimulus,
                    "client_ms": event.client_ms,
                    "detail": event.detail,
                    "received_at": now(),
                }
                for event in events
            ],
        )
    return [event.id for event in events]


def store_server_event(
    db: Session,
    *,
    session_id: str,
    page_id: str,
    name: str,
    kind: str,
    seconds: float,
    detail: Mapping[str, object],
) -> None:
    """Store an event that the server saw, `seconds` after the page was opened, once for each `name`."""
    _store(
        db,
        [
            {
                "session_id": session_id,
                "page_id": page_id,
                "event_id": f"{SERVER_EVENT}{name}"[:64],
                "kind": kind,
                "stimulus_token": None,
                "client_ms": seconds * 1000,
                "detail": detail,
                "received_at": now(),
            }
        ],
    )


def _insert(dialect: Dialect) -> Executable:
    columns = (
        "session_id",
        "page_id",
        "event_id",
        "kind",
        "stimulus_token",
        "client_ms",
        "detail",
        "received_at",
    )
    statement: Executable = (
        upsert(dialect, Event)
        .values({name: bindparam(name) for name in columns})
        .on_conflict_do_nothing(index_elements=["session_id", "event_id"])
    )
    return statement


_INSERT = Prepared(_insert)


def _store(db: Session, rows: list[dict[str, Any]]) -> None:
    _INSERT.each(db, rows)
