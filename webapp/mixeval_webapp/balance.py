"""How balanced a study came out: what its complete sessions were shown, and where the others stand."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from mixeval.manifest import parse_manifest
from mixeval.models import StudyVersion
from mixeval_webapp.stored_sessions import StoredSession, stored_sessions


@dataclass(frozen=True)
class Balance:
    """How often what was presented where in the complete sessions of one version; counts of 0 included."""

    version_id: str
    simulated: bool
    sessions: int
    unfinished: Mapping[int, int]
    """From the page that a session stands on, from 1, to how many do."""
    places: Mapping[tuple[str, int], int]
    """From (item, place among the rating pages, from 1) to the number of sessions."""
    letters: Mapping[tuple[str, str, str], int]
    """From (item, condition, letter) to the number of pages."""


def count_balance(db: Session) -> list[Balance]:
    """Count for each version what people were shown; simulated listeners where nobody else has finished.

    Pages that come again, attention and practice do not count.
    """
    sessions = [session for session in stored_sessions(db) if not session.preview]
    simulated = all(session.simulated for session in sessions if session.complete)
    of_kind = [session for session in sessions if session.simulated == simulated]
    begun = {session.version_id for session in of_kind}
    versions = select(StudyVersion).order_by(StudyVersion.created_at, StudyVersion.id)
    return [
        _balance(row, [session for session in of_kind if session.version_id == row.id], simulated=simulated)
        for row in db.scalars(versions)
        if row.id in begun
    ]


def _balance(row: StudyVersion, sessions: Sequence[StoredSession], *, simulated: bool) -> Balance:
    manifest = parse_manifest(row.manifest, source=f"version {row.id[:8]}")
    complete = [session for session in sessions if session.complete]
    # Items that are there for practice are never rated for the tables.
    practised = {page.item for session in complete for page in session.pages if page.purpose == "practice"}
    mixes = [(mix.item, mix.condition) for mix in manifest.stimuli if mix.item not in practised]
    return Balance(
        version_id=row.id,
        simulated=simulated,
        sessions=len(complete),
        unfinished=Counter(session.finished_pages + 1 for session in sessions if not session.complete),
        places=_places(complete, list(dict.fromkeys(item for item, _ in mixes))),
        letters=_letters(complete, mixes),
    )


def _places(sessions: Sequence[StoredSession], items: Sequence[str]) -> Mapping[tuple[str, int], int]:
    found = Counter(
        (page.item or "", place)
        for session in sessions
        for place, page in enumerate((page for page in session.pages if page.purpose == "rating"), start=1)
    )
    places = sorted({place for _, place in found})
    return {(item, place): found[item, place] for item in items for place in places}


def _letters(
    sessions: Sequence[StoredSession], mixes: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str, str], int]:
    found = Counter(
        (page.item or "", condition, letter)
        for session in sessions
        for page in session.pages
        if page.purpose == "rating"
        for condition, letter in page.letters
    )
    # A to Z come before AA, AB and so on.
    letters = sorted({letter for _, _, letter in found}, key=lambda letter: (len(letter), letter))
    return {(*mix, letter): found[*mix, letter] for mix in mixes for letter in letters}
