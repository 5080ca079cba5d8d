"""Past orders, planned again from what they were drawn from, and compared with what is stored."""

from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from mixeval.errors import DatabaseError
from mixeval.manifest import parse_manifest
from mixeval.models import StudyVersion
from mixeval.study import Study
from mixeval.versions import Version
from mixeval_webapp.planned_page import PlannedPage
from mixeval_webapp.session_plan import plan_session
from mixeval_webapp.stored_sessions import stored_sessions

OLDER = 0
"""The order_seed of versions whose sessions were begun before orders followed from seats."""


@dataclass(frozen=True)
class Difference:
    """A session whose stored pages are not those that follow from its seeds; `page` counts from 1."""

    participant: str
    page: int


@dataclass(frozen=True)
class RebuiltOrders:
    sessions: int
    """How many were rebuilt."""
    older: int
    """How many were begun with another release, before orders followed from seats."""
    differing: tuple[Difference, ...]


def rebuild_orders(db: Session) -> RebuiltOrders:
    """Plan every stored session again from version, order_seed, seat and seed, and compare.

    Raises DatabaseError when a version cannot be read any more.
    """
    rows = {row.id: row for row in db.scalars(select(StudyVersion))}
    versions: dict[str, Version] = {}
    rebuilt = older = 0
    differing = []
    for session in stored_sessions(db):
        row = rows[session.version_id]
        if row.order_seed == OLDER:
            older += 1
            continue
        if row.id not in versions:
            versions[row.id] = _parse(row)
        plan = plan_session(versions[row.id], seat=session.seat, order_seed=row.order_seed, seed=session.seed)
        rebuilt += 1
        if plan != session.pages:
            differing.append(Difference(session.participant, _first_difference(plan, session.pages)))
    return RebuiltOrders(rebuilt, older, tuple(differing))


def _parse(row: StudyVersion) -> Version:
    try:
        study = Study.model_validate_json(row.study)
    except ValidationError as error:
        raise DatabaseError(
            f"version {row.id[:8]} was stored by another release of mixeval ({error.errors()[0]['msg']})",
            remedy="rebuild its orders with that release",
        ) from error
    return Version(study, parse_manifest(row.manifest, source=f"version {row.id[:8]}"))


def _first_difference(plan: tuple[PlannedPage, ...], pages: tuple[PlannedPage, ...]) -> int:
    """Return the number, from 1, of the first page that differs."""
    same = [one == other for one, other in zip(plan, pages, strict=False)]
    return same.index(False) + 1 if False in same else len(same) + 1
