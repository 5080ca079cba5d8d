"""What is stored of a listening test (design border 2): typed tables, one row per fact.

Participants are pseudonyms; nothing here holds a name, an address or an IP.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zones, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError("a stored moment needs its time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return (
            None
            if value is None
            else value.replace(tzinfo=UTC)
            if value.tzinfo is None
            else value.astimezone(UTC)
        )


def now() -> datetime:
    """Return the server's time, the only clock that stored moments are told by."""
    return datetime.now(UTC)


Moment = Annotated[datetime, mapped_column(UtcDateTime())]
Hash = Annotated[str, mapped_column(String(64))]
Id = Annotated[str, mapped_column(String(64), primary_key=True)]


class Base(DeclarativeBase):
    # Named constraints: Alembic can only change what has a name.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class StudyVersion(Base):
    """A study.toml and manifest as they were when listeners were served from them."""

    __tablename__ = "versions"

    id: Mapped[Id]
    stimuli_id: Mapped[Hash]
    study: Mapped[str] = mapped_column(Text)
    """Canonical JSON of study.toml."""
    manifest: Mapped[str] = mapped_column(Text)
    order_seed: Mapped[int] = mapped_column(BigInteger)
    """Random, and never sent to a browser: with it and a seat any order can be rebuilt, and by nobody else."""
    created_at: Mapped[Moment] = mapped_column(default=now)


class Participant(Base):
    """A person, or a simulated or previewing one, under a pseudonym."""

    __tablename__ = "participants"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    """The pseudonym that tables print."""
    simulated: Mapped[bool] = mapped_column(default=False)
    preview: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment] = mapped_column(default=now)

    sessions: Mapped[list["ParticipantSession"]] = relationship(back_populates="participant")


class ParticipantSession(Base):
    """One sitting of one participant in one version of the study, from consent to completion."""

    __tablename__ = "sessions"

    id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(ForeignKey("participants.id"), index=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("versions.id"), index=True)
    secret_sha256: Mapped[Hash] = mapped_column(unique=True)
    """Hash of the secret in the participant's cookie and resume link."""
    seed: Mapped[int] = mapped_column(BigInteger)
    """What is random for this session alone follows from this number."""
    seat: Mapped[int]
    """Place in the balanced design of the version, counted from 0: orders and letters follow from it and the order_seed."""
    consent_sha256: Mapped[Hash]
    """Hash of the consent text, and of the boxes below it, that was agreed to at `started_at`."""
    consent_boxes: Mapped[list[str]] = mapped_column(JSON, default=list)
    """The texts of the boxes that were ticked."""
    browser: Mapped[str] = mapped_column(String(64), default="")
    """Browser family and kind of device, never the whole user agent."""
    started_at: Mapped[Moment] = mapped_column(default=now)
    active_at: Mapped[Moment] = mapped_column(default=now)
    """When a page was last opened or finished; a seat that is left alone for long is given to somebody else."""
    completed_at: Mapped[Moment | None]
    completion_code: Mapped[str | None] = mapped_column(String(32), unique=True)
    recruited_by: Mapped[str] = mapped_column(String(16), default="open")
    """How the participant came: `open` link, `invite`, or the platform (`prolific`, `mturk`, `sona`, `other`)."""
    ended_as: Mapped[str | None] = mapped_column(String(16))
    """Why it ended without being complete: `screened_out` or `withdrawn`; null while it may still be finished."""
    ended_at: Mapped[Moment | None]
    """Such a session holds no seat."""
    holder: Mapped[str | None] = mapped_column(String(64))
    """The tab that the listener last chose to go on in; another one asks before it takes over."""
    held_at: Mapped[Moment | None]

    participant: Mapped[Participant] = relationship(back_populates="sessions")
    version: Mapped[StudyVersion] = relationship()
    pages: Mapped[list["Page"]] = relationship(back_populates="session", order_by="Page.position")


class Page(Base):
    """One screen of a session: an item as one participant is asked about it, or questions, a check, a break."""

    __tablename__ = "pages"
    __table_args__ = (UniqueConstraint("session_id", "position"),)

    id: Mapped[Id]
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))
    """The page type: `sliders`, `single_axis`, ..., or `questions`, `headphones`, `break`, ..."""
    purpose: Mapped[str] = mapped_column(String(16), default="rating")
    """`rating`, `repeat`, `attention`, `practice`, or `step` where nothing is rated. Tables hold `rating` and `repeat`."""
    item: Mapped[str | None] = mapped_column(String(200))
    opened_at: Mapped[Moment | None]
    completed_at: Mapped[Moment | None]

    session: Mapped[ParticipantSession] = relationship(back_populates="pages")
    stimuli: Mapped[list["PageStimulus"]] = relationship(
        back_populates="page", order_by="PageStimulus.position"
    )


class PageStimulus(Base):
    """One sound on one page, known to the browser only by a random token."""

    __tablename__ = "page_stimuli"
    __table_args__ = (UniqueConstraint("page_id", "position"),)

    token: Mapped[Id]
    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"))
    condition: Mapped[str] = mapped_column(String(64))
    """The condition's id; on a page without an item, which generated sound it is."""
    role: Mapped[str] = mapped_column(String(16), default="rated")
    """`rated`, or `reference` and `x`, which are only heard."""
    position: Mapped[int]
    """Place on the screen from the left, counted from 0."""
    shown_as: Mapped[str] = mapped_column(String(8))
    """The letter that the listener sees."""

    page: Mapped[Page] = relationship(back_populates="stimuli")
    ratings: Mapped[list["Rating"]] = relationship(back_populates="stimulus")


class Rating(Base):
    """The newest answer about one mix and attribute; `value` is null until the listener has given it.

    What the number means the page type says: 0 to 100 on a scale, a category from 1, k + 1 - rank, or 1 for chosen.
    """

    __tablename__ = "ratings"
    __table_args__ = (UniqueConstraint("stimulus_token", "attribute"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    stimulus_token: Mapped[str] = mapped_column(ForeignKey("page_stimuli.token"))
    attribute: Mapped[str] = mapped_column(String(200))
    value: Mapped[float | None] = mapped_column(Float(53))
    sequence: Mapped[int] = mapped_column(BigInteger)
    """The browser's counter: a stale retry never overwrites a newer answer."""
    played: Mapped[bool]
    moved: Mapped[bool]
    listened_seconds: Mapped[float] = mapped_column(Float(53))
    """Time that this mix was audible."""
    unplayable: Mapped[bool] = mapped_column(default=False)
    """Whether the listener's browser could not play it; then it may stay without a value."""
    rated_at: Mapped[Moment]

    stimulus: Mapped[PageStimulus] = relationship(back_populates="ratings")


class Answer(Base):
    """The newest answer to a question, or a comment."""

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("page_id", "subject", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id"))
    subject: Mapped[str] = mapped_column(String(64), default="")
    """The token of the mix that it is about, or empty."""
    name: Mapped[str] = mapped_column(String(64))
    """The question's id, or `comment`."""
    value: Mapped[Any] = mapped_column(JSON)
    sequence: Mapped[int] = mapped_column(BigInteger)
    answered_at: Mapped[Moment]


class Flag(Base):
    """Something about a session that who analyses it should know; nobody is dropped by a flag alone."""

    __tablename__ = "flags"
    __table_args__ = (UniqueConstraint("session_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"))
    name: Mapped[str] = mapped_column(String(64))
    """Such as `headphone_check`, `environment`, `attention`."""
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    raised_at: Mapped[Moment] = mapped_column(default=now)


class Event(Base):
    """Something that happened in the browser: play, switch, move, volume, refused Next."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("session_id", "event_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"))
    page_id: Mapped[str | None] = mapped_column(ForeignKey("pages.id"), index=True)
    event_id: Mapped[str] = mapped_column(String(64))
    """Made by the browser, so that a retry is not stored twice."""
    kind: Mapped[str] = mapped_column(String(64))
    stimulus_token: Mapped[str | None] = mapped_column(ForeignKey("page_stimuli.token"), index=True)
    client_ms: Mapped[float] = mapped_column(Float(53))
    """Milliseconds since the page was opened, on the browser's monotonic clock."""
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    received_at: Mapped[Moment] = mapped_column(default=now)


class Invite(Base):
    """A link that lets one person begin once; only its hash is kept, so no copy of the database opens the test."""

    __tablename__ = "invites"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[Hash] = mapped_column(unique=True)
    note: Mapped[str] = mapped_column(String(200), default="")
    """What the researcher tells invites apart by, such as a batch."""
    created_at: Mapped[Moment] = mapped_column(default=now)
    expires_at: Mapped[Moment | None]
    used_at: Mapped[Moment | None]
    session_id: Mapped[str | None] = mapped_column(ForeignKey("sessions.id"), unique=True)


class ExternalId(Base):
    """Who a recruitment platform says the participant is: kept apart, for payment, and deleted on its own date."""

    __tablename__ = "external_ids"
    __table_args__ = (UniqueConstraint("platform", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), unique=True)
    platform: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(String(128))
    study: Mapped[str] = mapped_column(String(128), default="")
    """The platform's name of the study or HIT."""
    submission: Mapped[str] = mapped_column(String(128), default="")
    """The platform's name of this participation: Prolific's SESSION_ID, MTurk's assignmentId."""
    created_at: Mapped[Moment] = mapped_column(default=now)


class Tally(Base):
    """How many came to a page that makes no session: no row is about a person."""

    __tablename__ = "tallies"
    __table_args__ = (UniqueConstraint("day", "name", "device"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(String(10))
    """The date in UTC, YYYY-MM-DD."""
    name: Mapped[str] = mapped_column(String(32))
    """`opened` the first page, `declined`, `full`, `not_invited`."""
    device: Mapped[str] = mapped_column(String(16))
    """`desktop`, `phone` or `tablet`."""
    count: Mapped[int]


class Decision(Base):
    """What a researcher decided about a session, with the reason; it can be taken back and stays on record."""

    __tablename__ = "decisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """`exclude`: the main tables leave the participant out; `flag`: they only say so."""
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Moment] = mapped_column(default=now)
    withdrawn_at: Mapped[Moment | None]


class Erasure(Base):
    """The tombstone of a participant whose data were erased: a backup that still has them is erased again."""

    __tablename__ = "erasures"

    participant: Mapped[str] = mapped_column(String(64), primary_key=True)
    """The pseudonym; nothing else of them is left."""
    erased_at: Mapped[Moment] = mapped_column(default=now)


class AdminSession(Base):
    """A researcher who has given the password, known by the hash of the secret in their cookie."""

    __tablename__ = "admin_sessions"

    secret_sha256: Mapped[Hash] = mapped_column(primary_key=True)
    created_at: Mapped[Moment] = mapped_column(default=now)
    expires_at: Mapped[Moment]


class Attempt(Base):
    """How often one place tried something that may be guessed, or began, within one stretch of time."""

    __tablename__ = "attempts"
    __table_args__ = (UniqueConstraint("kind", "origin", "since"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """`login`, `invite`, `resume` or `begin`."""
    origin: Mapped[Hash]
    """A keyed hash of the address, the day and, of who begins, the browser: no address is kept, and tomorrow's is another."""
    since: Mapped[Moment] = mapped_column(index=True)
    """When the stretch of time began."""
    count: Mapped[int]
