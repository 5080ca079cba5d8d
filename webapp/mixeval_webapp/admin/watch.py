"""Everything about the sessions that several of the researcher's pages show, read at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mixeval.decisions import standing
from mixeval.models import Decision, Erasure, Page, ParticipantSession, StudyVersion, now
from mixeval_webapp.admin.activity import last_save
from mixeval_webapp.admin.background import Standing
from mixeval_webapp.admin.desk import desk
from mixeval_webapp.admin.reasons import Reason, read_flags, reasons_by_session
from mixeval_webapp.admin.server_state import ServerState, server_state
from mixeval_webapp.admin.sittings import Sitting, Sittings, read_sittings, shows_simulated
from mixeval_webapp.site import site


@dataclass(frozen=True)
class Header:
    """What stands at the top of every page."""

    last_save: datetime | None
    version: int
    """Of the study, counted from 1 in the order in which they were served."""
    server: ServerState
    moment: datetime
    simulated: bool


@dataclass(frozen=True)
class Watch:
    sittings: Sittings
    reasons: Mapping[str, tuple[Reason, ...]]
    decisions: Mapping[str, Sequence[Decision]]
    """The standing ones, by session."""
    standing: Standing
    header: Header

    @property
    def to_look_at(self) -> tuple[Sitting, ...]:
        """Sessions with a reason about which nothing was decided."""
        return tuple(
            entry
            for entry in self.sittings.entries
            if entry.session_id in self.reasons and entry.session_id not in self.decisions
        )

    @property
    def page_seconds(self) -> Mapping[str, float]:
        return self.standing.made.results.page_seconds if self.standing.made else {}


def watch() -> Watch:
    """Read what is there now, and have newer results made if answers have changed."""
    with site().database.read() as db:
        sittings = read_sittings(db, moment=now(), timeout_minutes=timeout_minutes())
        flags = read_flags(db)
        decisions: dict[str, list[Decision]] = {}
        for decision in standing(db):
            decisions.setdefault(decision.session_id, []).append(decision)
        header = _header(db, simulated=sittings.simulated)
        state = _state(db)
    found = desk().background.look(state)
    suspicions = found.made.results.suspicions if found.made else ()
    return Watch(
        sittings=sittings,
        reasons=reasons_by_session(sittings.entries, suspicions, flags),
        decisions=decisions,
        standing=found,
        header=header,
    )


def read_standing() -> Standing:
    """Return the results so far, and have newer ones made if answers have changed."""
    with site().database.read() as db:
        state = _state(db)
    return desk().background.look(state)


def read_header(db: Session) -> Header:
    return _header(db, simulated=shows_simulated(db))


def timeout_minutes() -> float:
    return site().version.study.participants.seat_timeout_minutes


def _header(db: Session, *, simulated: bool) -> Header:
    return Header(
        last_save=last_save(db, simulated=simulated),
        version=_version_number(db),
        server=server_state(),
        moment=now(),
        simulated=simulated,
    )


def _version_number(db: Session) -> int:
    served = db.get_one(StudyVersion, site().version_id)
    earlier = db.scalar(
        select(func.count()).select_from(StudyVersion).where(StudyVersion.created_at < served.created_at)
    )
    return 1 + (earlier or 0)


def _state(db: Session) -> str:
    """Write down what results depend on: another text means that they are to be made again."""
    pages = db.execute(
        select(func.count(), func.max(Page.completed_at)).where(Page.completed_at.is_not(None))
    )
    sessions = db.execute(
        select(func.count(), func.max(ParticipantSession.completed_at)).where(
            ParticipantSession.completed_at.is_not(None)
        )
    )
    decisions = db.execute(
        select(func.count(), func.count(Decision.withdrawn_at), func.max(Decision.id)).select_from(Decision)
    )
    erased = db.scalar(select(func.count()).select_from(Erasure))
    parts = [*pages.one(), *sessions.one(), *decisions.one(), erased, site().version_id]
    return " ".join(map(str, parts))
