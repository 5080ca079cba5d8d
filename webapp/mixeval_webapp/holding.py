"""Which tab a listener goes on in: a second one asks before it takes over, and the first one hears of it.

A tab names itself by a random word that a reload does not change. A request without one holds nothing and is held
up by nothing: simulated listeners and programs of a study's own need no tab.
"""

from dataclasses import dataclass
from datetime import timedelta

from flask import Request
from sqlalchemy import update

from mixeval.database import Database
from mixeval.models import ParticipantSession, now
from mixeval_webapp.participants import Visitor
from mixeval_webapp.problems import HeldElsewhereError

TAB_HEADER = "X-Mixeval-Tab"
ALIVE = timedelta(seconds=60)
"""A tab that has saved nothing for so long is not asked about: its listener has gone on elsewhere or has stopped."""
NOTED_EVERY = timedelta(seconds=20)
"""How often a tab that saves is noted to be alive: not with each of its answers."""


@dataclass(frozen=True)
class Holding:
    """The answer to a tab that wants to go on."""

    held: bool
    """Whether it may."""
    holder: str | None
    """The tab that does."""


def hold(database: Database, visitor: Visitor, tab: str, *, take: bool) -> Holding:
    """Let `tab` hold the session unless another tab was alive just now; with `take`, in any case."""
    with database.write() as db:
        session = db.get_one(ParticipantSession, visitor.session_id, with_for_update={"key_share": True})
        moment = now()
        alive = session.held_at is not None and session.held_at > moment - ALIVE
        held = take or session.holder in {None, tab} or not alive
        if held:
            session.holder, session.held_at = tab, moment
        return Holding(held, session.holder)


def tab_of(request: Request) -> str | None:
    """Return the tab that a request names, if it names one."""
    return request.headers.get(TAB_HEADER) or None


def is_held_elsewhere(visitor: Visitor, tab: str | None) -> bool:
    """Tell whether the listener has gone on in another tab than the one that sends."""
    return tab is not None and visitor.holder is not None and visitor.holder != tab


def check_held(visitor: Visitor, tab: str | None) -> None:
    """Raise HeldElsewhereError for a tab whose listener has gone on elsewhere: it finishes no page any more."""
    if is_held_elsewhere(visitor, tab):
        raise HeldElsewhereError(
            "the test was continued in another tab or on another device", remedy="continue there"
        )


def note_alive(database: Database, visitor: Visitor, tab: str | None) -> None:
    """Write down now and then that the tab which holds the session is alive."""
    if tab is None or visitor.holder != tab:
        return
    moment = now()
    if visitor.held_at is not None and visitor.held_at > moment - NOTED_EVERY:
        return
    with database.write() as db:
        db.execute(
            update(ParticipantSession)
            .where(ParticipantSession.id == visitor.session_id, ParticipantSession.holder == tab)
            .values(held_at=moment)
        )
