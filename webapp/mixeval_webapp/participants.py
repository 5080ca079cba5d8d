"""Who takes part: a pseudonym, a session with all its pages, and the secret that opens it again."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mixeval.database import Database
from mixeval.models import Page, PageStimulus, Participant, ParticipantSession, now
from mixeval.seeds import derive_seed
from mixeval.versions import Version
from mixeval_webapp.planned_page import PlannedPage
from mixeval_webapp.seats import StudyFullError, take_seat
from mixeval_webapp.session_plan import plan_session

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Capitals and digits that nobody confuses when they are written down."""


# Each request asks this; a statement that is built once is also compiled once.
_VISITOR = (
    select(
        ParticipantSession.id,
        Participant.code,
        ParticipantSession.version_id,
        ParticipantSession.completion_code,
        ParticipantSession.active_at,
        ParticipantSession.holder,
        ParticipantSession.held_at,
    )
    .join(Participant)
    .where(ParticipantSession.secret_sha256 == bindparam("secret_sha256"))
)


@dataclass(frozen=True)
class Visitor:
    """The owner of a session, as known from the secret in the cookie."""

    session_id: str
    participant: str
    version_id: str
    completion_code: str | None
    active_at: datetime
    """When a page was last opened or finished."""
    holder: str | None = None
    """The tab that the listener goes on in."""
    held_at: datetime | None = None


def find_visitor(database: Database, secret: str) -> Visitor | None:
    """Return who holds `secret`, or nothing."""
    with database.read() as db:
        row = db.execute(_VISITOR, {"secret_sha256": _sha256(secret)}).one_or_none()
    return None if row is None else Visitor(*row)


def enrol(
    database: Database,
    version: Version,
    *,
    secret: str,
    browser: str,
    simulated: bool,
    consent_boxes: Sequence[str] = (),
) -> Visitor:
    """Create a participant and a session that `secret` opens, with every page, order, letter and token.

    `consent_boxes` are the texts of the boxes that were ticked. A second call with the same secret, such as a
    double click sends, finds the first one's session.

    Raises StudyFullError when the study has no place left.
    """
    found = find_visitor(database, secret)
    if found is not None:
        return found
    try:
        with database.write() as db:
            return _create(
                db,
                version,
                secret=secret,
                browser=browser,
                simulated=simulated,
                consent_boxes=consent_boxes,
            )
    except (IntegrityError, StudyFullError):
        found = find_visitor(database, secret)
        if found is None:
            raise
        return found


def new_code(length: int) -> str:
    """Draw a random code that is easy to read out and to type."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(length))


def new_token() -> str:
    """Draw 128 random bits, safe in a URL."""
    return secrets.token_urlsafe(16)


def browser_family(user_agent: str) -> str:
    """Reduce a user agent to browser and kind of device, which is all that is stored of it.

    >>> browser_family("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox on desktop'
    """
    # Each browser also names the ones that it descends from, so the order decides.
    families = (
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung"),
        ("Firefox|FxiOS", "Firefox"),
        ("Chrome|Chromium|CriOS", "Chrome"),
        ("Safari", "Safari"),
    )
    family = next((name for pattern, name in families if re.search(pattern, user_agent)), "other")
    if re.search("iPad|Tablet", user_agent):
        return f"{family} on tablet"
    return f"{family} on {'phone' if re.search('Mobi|iPhone', user_agent) else 'desktop'}"


def _create(
    db: Session,
    version: Version,
    *,
    secret: str,
    browser: str,
    simulated: bool,
    consent_boxes: Sequence[str],
) -> Visitor:
    study = version.study
    session_id = new_token()
    seed = derive_seed(study.study.seed, "session", session_id)
    moment = now()
    seat, order_seed = take_seat(db, version, simulated=simulated, moment=moment)
    plan = plan_session(version, seat=seat, order_seed=order_seed, seed=seed)
    session = ParticipantSession(
        id=session_id,
        participant=Participant(code=f"P{new_code(8)}", simulated=simulated),
        version_id=version.id,
        secret_sha256=_sha256(secret),
        seed=seed,
        seat=seat,
        consent_sha256=_sha256(
            "\n".join([study.participants.consent, *(box.text for box in study.participants.consent_boxes)])
        ),
        consent_boxes=list(consent_boxes),
        browser=browser,
        started_at=moment,
        active_at=moment,
        pages=[_page(position, planned) for position, planned in enumerate(plan)],
    )
    db.add(session)
    return Visitor(session_id, session.participant.code, version.id, None, moment)


def _page(position: int, planned: PlannedPage) -> Page:
    return Page(
        id=new_token(),
        position=position,
        kind=planned.kind,
        purpose=planned.purpose,
        item=planned.item,
        stimuli=[
            PageStimulus(
                token=new_token(),
                condition=sound.condition,
                role=sound.role,
                position=place,
                shown_as=sound.shown_as,
            )
            for place, sound in enumerate(planned.sounds)
        ],
    )


def _sha256(text: str) -> str:
    # Codes come from URLs and cookies, which may hold anything.
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
