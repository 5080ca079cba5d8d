"""A rehearsal: one simulated listener takes the whole test over HTTP, and leaves nothing behind."""

import hashlib
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import soundfile
from sqlalchemy import ColumnElement, delete, func, select

from mixeval.database import Database
from mixeval.errors import SimulationError
from mixeval.models import (
    Answer,
    Base,
    Event,
    Flag,
    Page,
    PageStimulus,
    Participant,
    ParticipantSession,
    Rating,
)
from mixeval_webapp.simulate.browser import Browser
from mixeval_webapp.simulate.hearing import Ears
from mixeval_webapp.simulate.listeners import Opinion
from mixeval_webapp.simulate.visit import take_test_in


@dataclass(frozen=True)
class Rehearsal:
    """What came of it."""

    pages: int
    """Rating pages that were answered."""
    ratings: int | None
    """Found in the database, or nothing where the server keeps its answers in another one."""
    is_complete: bool
    """Whether the session is there and complete; false where the database is another one."""


def rehearse(url: str, database: Database | None, *, seed: int = 0) -> Rehearsal:
    """Take the test at `url`, count what arrived in `database`, and delete it there.

    Raises SimulationError when the server answers as it should answer no listener, or sends files that cannot be
    told apart by ear alone.
    """
    ears = Ears()

    def judge(browser: Browser, data: Mapping[str, Any]) -> Mapping[str, Opinion]:
        files = {stimulus["token"]: browser.get(stimulus["url"]) for stimulus in data["stimuli"]}
        _check_page(list(files.values()))
        return ears.judge(files)

    browser = Browser(url)
    try:
        pages = take_test_in(browser, judge, listener=0, seed=seed)
        secrets = list(browser.cookies.values())
    finally:
        browser.close()
    if database is None:
        return Rehearsal(pages, None, is_complete=False)
    return _taken_back(database, pages, secrets)


def _check_page(files: Collection[bytes]) -> None:
    """Refuse files of one page that differ in size, length or rate. Raises SimulationError."""
    shapes = set()
    for file in files:
        try:
            info = soundfile.info(io.BytesIO(file))
        except soundfile.LibsndfileError as error:
            raise SimulationError(
                f"a sound cannot be decoded ({error.error_string})", remedy="render the study again"
            ) from error
        shapes.add((len(file), info.frames, info.samplerate, info.subtype))
    if len(shapes) > 1:
        raise SimulationError(
            "the sounds of one page differ in size, length, rate or bit depth",
            remedy="render the study again",
        )


def _taken_back(database: Database, pages: int, secrets: Collection[str]) -> Rehearsal:
    hashes = [hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest() for secret in secrets]
    with database.write() as db:
        session = db.scalar(
            select(ParticipantSession)
            .join(Participant)
            # Only ever what was simulated: nothing that this function finds wrongly could be a listener's.
            .where(ParticipantSession.secret_sha256.in_(hashes), Participant.simulated.is_(True))
        )
        if session is None:
            return Rehearsal(pages, None, is_complete=False)
        own_pages = select(Page.id).where(Page.session_id == session.id)
        tokens = select(PageStimulus.token).where(PageStimulus.page_id.in_(own_pages))
        ratings = db.scalar(
            select(func.count()).where(Rating.stimulus_token.in_(tokens), Rating.value.is_not(None))
        )
        found = Rehearsal(pages, ratings or 0, is_complete=session.completed_at is not None)
        # What refers goes before what it refers to.
        doomed: tuple[tuple[type[Base], ColumnElement[bool]], ...] = (
            (Rating, Rating.stimulus_token.in_(tokens)),
            (Answer, Answer.page_id.in_(own_pages)),
            (Event, Event.session_id == session.id),
            (Flag, Flag.session_id == session.id),
            (PageStimulus, PageStimulus.page_id.in_(own_pages)),
            (Page, Page.session_id == session.id),
            (ParticipantSession, ParticipantSession.id == session.id),
            (Participant, Participant.id == session.participant_id),
        )
        for table, which in doomed:
            db.execute(delete(table).where(which).execution_options(synchronize_session=False))
    return found
