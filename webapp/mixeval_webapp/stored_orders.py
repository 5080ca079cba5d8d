"""Orders as they were stored: whether they follow from their seeds, and how balanced they came out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from mixeval.errors import DatabaseError
from mixeval.manifest import parse_manifest
from mixeval.models import Page, PageStimulus, Participant, ParticipantSession, StudyVersion
from mixeval.study import Study
from mixeval.versions import Version
from mixeval_webapp.planned_page import PlannedPage, PlannedSound
from mixeval_webapp.session_plan import plan_session

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


@dataclass(frozen=True)
class Balance:
    """How often what was presented where in the complete sessions of one version."""

    version_id: str
    sessions: int
    simulated: bool
    places: Mapping[tuple[str, int], int]
    """From (item, place among the rating pages, from 1) to the number of sessions, 0 included."""
    letters: Mapping[tuple[str, str, str], int]
    """From (item, condition, letter) to the number of pages, 0 included."""


def rebuild_orders(db: Session) -> RebuiltOrders:
    """Plan every stored session again from version, order_seed, seat and seed, and compare.

    Raises DatabaseError when a version cannot be read any more.
    """
    versions = {row.id: row for row in db.scalars(select(StudyVersion))}
    parsed: dict[str, Version] = {}
    sessions = older = 0
    differing = []
    for session, pages in _stored_sessions(db):
        stored = versions[session.version_id]
        if stored.order_seed == OLDER:
            older += 1
            continue
        version = parsed.setdefault(stored.id, parsed.get(stored.id) or _parse(stored))
        plan = plan_session(version, seat=session.seat, order_seed=stored.order_seed, seed=session.seed)
        sessions += 1
        if plan != pages:
            differing.append(Difference(session.code, _first_difference(plan, pages)))
    return RebuiltOrders(sessions, older, tuple(differing))


def count_balance(db: Session) -> list[Balance]:
    """Count the presentations of complete sessions, for each version; simulated ones where there are no others.

    Pages that come again, attention and practice do not count.
    """
    complete = [
        (session, pages)
        for session, pages in _stored_sessions(db)
        if session.completed_at is not None and not session.preview
    ]
    simulated = all(session.simulated for session, _ in complete)
    counted = [entry for entry in complete if entry[0].simulated == simulated]
    versions = dict.fromkeys(session.version_id for session, _ in counted)
    return [
        _balance(
            db.get_one(StudyVersion, version_id),
            [pages for session, pages in counted if session.version_id == version_id],
            simulated=simulated,
        )
        for version_id in versions
    ]


def _balance(row: StudyVersion, sessions: list[tuple[PlannedPage, ...]], *, simulated: bool) -> Balance:
    manifest = parse_manifest(row.manifest, source=f"version {row.id[:8]}")
    rating = [[page for page in pages if page.purpose == "rating"] for pages in sessions]
    names = sorted(
        {label for pages in rating for page in pages for _, label in page.letters}, key=_in_alphabet
    )
    places = Counter(
        {(item.item, 1 + place): 0 for item in manifest.items for place in range(max(map(len, rating)))}
    )
    letters = Counter({(mix.item, mix.condition, name): 0 for mix in manifest.stimuli for name in names})
    for pages in rating:
        for place, page in enumerate(pages, start=1):
            places[page.item or "", place] += 1
            letters.update((page.item or "", condition, name) for condition, name in page.letters)
    return Balance(row.id, len(sessions), simulated, places, letters)


def _in_alphabet(name: str) -> tuple[int, str]:
    """Sort A to Z before AA, AB and so on."""
    return len(name), name


def _stored_sessions(db: Session) -> Iterator[tuple["Row[*tuple[Any, ...]]", tuple[PlannedPage, ...]]]:
    """Read every session, as it was begun, with its pages as they would have been planned."""
    sessions = db.execute(
        select(
            ParticipantSession.id,
            ParticipantSession.version_id,
            ParticipantSession.seat,
            ParticipantSession.seed,
            ParticipantSession.completed_at,
            Participant.code,
            Participant.simulated,
            Participant.preview,
        )
        .join(Participant)
        .order_by(ParticipantSession.started_at, ParticipantSession.id)
    ).all()
    sounds = (
        select(
            Page.id,
            Page.kind,
            Page.purpose,
            Page.item,
            PageStimulus.condition,
            PageStimulus.role,
            PageStimulus.shown_as,
        )
        .outerjoin(PageStimulus)
        .order_by(Page.position, PageStimulus.position)
    )
    for session in sessions:
        rows = db.execute(sounds.where(Page.session_id == session.id))
        yield session, tuple(_page(page) for _, page in groupby(rows, key=lambda row: row.id))


def _page(rows: Iterable["Row[*tuple[Any, ...]]"]) -> PlannedPage:
    first, *others = rows
    return PlannedPage(
        first.kind,
        first.purpose,
        first.item,
        tuple(
            PlannedSound(row.condition, row.role, row.shown_as)
            for row in (first, *others)
            if row.condition is not None
        ),
    )


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
