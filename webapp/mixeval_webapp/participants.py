"""Who takes part: a pseudonym, a session with all its pages, and the secret that opens it again."""

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mixeval.database import Database
from mixeval.models import Page, PageStimulus, Participant, ParticipantSession, now
from mixeval.prepared import Prepared
from mixeval.seeds import derive_seed
from mixeval.versions import Version
from mixeval_webapp.planned_page import PlannedPage
from mixeval_webapp.problems import RefusalError
from mixeval_webapp.resume_codes import CODE_ALPHABET, as_typed
from mixeval_webapp.seats import take_seat
from mixeval_webapp.session_plan import plan_session

Claim = Callable[[Session, str], None]
"""What a way of coming does for the session with this id, in the transaction that writes it; it may refuse."""

# Each request asks this.
_VISITOR = Prepared(
    select(
        ParticipantSession.id,
        Participant.code,
        ParticipantSession.version_id,
        ParticipantSession.completion_code,
        ParticipantSession.active_at,
        ParticipantSession.holder,
        ParticipantSession.held_at,
        ParticipantSession.recruited_by,
        Participant.preview,
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
    recruited_by: str = "open"
    preview: bool = False


def find_visitor(database: Database, secret: str) -> Visitor | None:
    """Return who holds `secret`, which may be a code as somebody typed it, or nothing."""
    rows = database.fetch(_VISITOR, {"secret_sha256": _sha256(secret)})
    if not rows:
        typed = as_typed(secret)
        if typed is not None and typed != secret:
            rows = database.fetch(_VISITOR, {"secret_sha256": _sha256(typed)})
    return Visitor(*rows[0]) if rows else None


def enrol(
    database: Database,
    version: Version,
    *,
    secret: str,
    browser: str,
    simulated: bool,
    consent_boxes: Sequence[str] = (),
    preview: bool = False,
    recruited_by: str = "open",
    claim: Claim | None = None,
) -> Visitor:
    """Create a participant and a session that `secret` opens, with every page, order, letter and token.

    `consent_boxes` are the texts of the boxes that were ticked. `claim` uses up what the participant brought, such
    as an invite, in the same transaction. A second call with the same secret, such as a double click sends, finds
    the first one's session.

    Raises StudyFullError when the study has no place left, and what `claim` raises.
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
                preview=preview,
                recruited_by=recruited_by,
                claim=claim,
            )
    except (IntegrityError, RefusalError):
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
    preview: bool,
    recruited_by: str,
    claim: Claim | None,
) -> Visitor:
    study = version.study
    session_id = new_token()
    seed = derive_seed(study.study.seed, "session", session_id)
    moment = now()
    seat, order_seed = take_seat(db, version, simulated=simulated, preview=preview, moment=moment)
    plan = plan_session(version, seat=seat, order_seed=order_seed, seed=seed)
    session = ParticipantSession(
        id=session_id,
        participant=Participant(code=f"P{new_code(8)}", simulated=simulated, preview=preview),
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
        recruited_by=recruited_by,
        pages=[_page(position, planned) for position, planned in enumerate(plan)],
    )
    db.add(session)
    if claim is not None:
        db.flush()
        claim(db, session_id)
    return Visitor(
        session_id,
        session.participant.code,
        version.id,
        None,
        moment,
        recruited_by=recruited_by,
        preview=preview,
    )


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
