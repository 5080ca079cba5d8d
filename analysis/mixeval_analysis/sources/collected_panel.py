"""Read the panel of a study from its database: sessions with what they answered, pages with what was done there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mixeval.models import Answer, Event, Page, PageStimulus, Participant, ParticipantSession
from mixeval.participant_steps import ParticipantSteps
from mixeval.versions import Version
from mixeval_analysis.panel import MIXES, PAGES, SESSIONS, Panel

_QUESTION_PAGES = ("questions_start", "questions_end")


class Stored(Protocol):
    """A version of the study with its id."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> Version: ...


def read_panel(session: Session, stored: Sequence[Stored]) -> Panel:
    """Read what is known of every session, of every state; `stored` are the versions that were rated."""
    asked = _question_types(entry.version.study.participants for entry in reversed(stored))
    pages = _pages(session)
    pages = pages.assign(seconds=_seconds(pages, session), audio_seconds=_audio_seconds(pages, stored))
    pages = _with_refusals(_with_volume(pages, session), session)
    mixes = _mixes(session)
    heard = mixes.groupby("page")[["plays", "switches"]].sum(min_count=1)
    pages = pages.join(heard, on="page")
    return Panel(
        sessions=_sessions(session, stored, asked, pages),
        pages=pages.loc[pages["purpose"] == "rating", list(PAGES)].reset_index(drop=True),
        mixes=mixes[list(MIXES)],
        questions=asked,
    )


def _sessions(
    session: Session, stored: Sequence[Stored], asked: Mapping[str, str], pages: pd.DataFrame
) -> pd.DataFrame:
    found = session.execute(
        select(
            ParticipantSession.id,
            Participant.code,
            ParticipantSession.version_id,
            ParticipantSession.started_at,
            ParticipantSession.completed_at,
            ParticipantSession.browser,
        )
        .join(Participant, ParticipantSession.participant_id == Participant.id)
        .order_by(ParticipantSession.started_at, ParticipantSession.id)
    )
    locked = {
        entry.id: level is not None and level.lock_volume
        for entry in stored
        for level in [entry.version.study.participants.level]
    }
    pages_minutes = (pages.groupby("session")["seconds"].sum() / 60).to_dict()
    answers = _answers(session)
    rows = []
    for key, code, version, started, completed, browser in found:
        minutes = None
        if completed is not None:
            # No shorter than its pages, which a simulated listener is through in no time.
            minutes = max((completed - started).total_seconds() / 60, pages_minutes.get(key, 0.0))
        own = answers.get(key, {})
        known = (key, code, version, started, completed, minutes, browser, locked.get(version, False))
        rows.append((*known, *(own.get(name) for name in asked)))
    frame = pd.DataFrame(rows, columns=[*SESSIONS, *asked], dtype=object)
    return frame.astype({"minutes": "float64", "volume_locked": bool})


def _answers(session: Session) -> dict[str, dict[str, Any]]:
    found = session.execute(
        select(Page.session_id, Answer.name, Answer.value)
        .join(Page, Answer.page_id == Page.id)
        .where(Page.kind.in_(_QUESTION_PAGES), Answer.subject == "")
        .order_by(Page.position, Answer.id)
    )
    answers: dict[str, dict[str, Any]] = {}
    for key, name, value in found:
        answers.setdefault(key, {})[name] = value
    return answers


def _question_types(newest_first: Iterable[ParticipantSteps]) -> dict[str, str]:
    asked: dict[str, str] = {}
    for steps in newest_first:
        for question in (*steps.questions_at("start"), *steps.questions_at("end")):
            asked.setdefault(question.id, question.type)
    return {name: kind for name, kind in asked.items() if name not in SESSIONS}


def _pages(session: Session) -> pd.DataFrame:
    found = session.execute(
        select(
            Page.session_id.label("session"),
            Participant.code.label("participant"),
            ParticipantSession.version_id.label("version"),
            Page.id.label("page"),
            Page.kind.label("page_type"),
            Page.purpose.label("purpose"),
            Page.position.label("position"),
            Page.item.label("item"),
            Page.opened_at.label("opened_at"),
            Page.completed_at.label("completed_at"),
        )
        .join(ParticipantSession, Page.session_id == ParticipantSession.id)
        .join(Participant, ParticipantSession.participant_id == Participant.id)
        .order_by(ParticipantSession.started_at, ParticipantSession.id, Page.position)
    )
    return pd.DataFrame([tuple(row) for row in found], columns=list(found.keys()))


def _seconds(pages: pd.DataFrame, session: Session) -> "pd.Series[Any]":
    """Return how long each page was open: by the server's clock, or to the browser's last event where that is later."""
    found = session.execute(
        select(Event.page_id, func.max(Event.client_ms))
        .where(Event.page_id.is_not(None))
        .group_by(Event.page_id)
    )
    last_event = pages["page"].map({str(page): ms / 1000 for page, ms in found}).astype("float64")
    opened, finished = (pd.to_datetime(pages[name], utc=True) for name in ("opened_at", "completed_at"))
    by_server = (finished - opened).dt.total_seconds()
    return by_server.where(by_server.isna() | ~(last_event > by_server), last_event)


def _audio_seconds(pages: pd.DataFrame, stored: Sequence[Stored]) -> "pd.Series[Any]":
    longest: dict[tuple[str, str], float] = {}
    for entry in stored:
        for mix in entry.version.manifest.stimuli:
            key = (entry.id, mix.item)
            longest[key] = max(longest.get(key, 0.0), mix.frames / mix.sample_rate)
    cells = zip(pages["version"], pages["item"], strict=True)
    return pd.Series([longest.get(cell) for cell in cells], index=pages.index, dtype="float64")


def _with_volume(pages: pd.DataFrame, session: Session) -> pd.DataFrame:
    """Add how often the volume was changed on each page, and the lowest and last that it had there."""
    found = session.execute(
        select(Event.page_id, Event.detail)
        .where(Event.kind == "volume", Event.page_id.is_not(None))
        .order_by(Event.id)
    )
    changes = pd.DataFrame(
        [(page, float(detail["db"])) for page, detail in found if "db" in detail], columns=["page", "db"]
    )
    by_page = changes.groupby("page")["db"].agg(["size", "min", "last"])
    volumes = by_page.reindex(pages["page"]).set_index(pages.index)
    # A page begins at the volume that the one before it ended with.
    last = volumes["last"].groupby(pages["session"]).ffill()
    before = last.groupby(pages["session"]).shift()
    return pages.assign(
        volume_changes=volumes["size"].fillna(0).astype("int64"),
        lowest_db=pd.concat([before, volumes["min"]], axis=1).min(axis=1).astype("float64"),
        last_db=last.astype("float64"),
    )


def _with_refusals(pages: pd.DataFrame, session: Session) -> pd.DataFrame:
    found = session.execute(
        select(Event.page_id, func.count()).where(Event.kind == "next_refused").group_by(Event.page_id)
    )
    refused = {str(page): count for page, count in found}
    return pages.assign(refused=pages["page"].map(refused).fillna(0).astype("int64"))


def _mixes(session: Session) -> pd.DataFrame:
    """Return the rated mixes of rating pages, with how often and in which place each was started."""
    found = session.execute(
        select(
            Page.session_id.label("session"),
            Participant.code.label("participant"),
            Page.id.label("page"),
            Page.item.label("item"),
            PageStimulus.condition.label("condition"),
            PageStimulus.token.label("token"),
        )
        .join(Page, PageStimulus.page_id == Page.id)
        .join(ParticipantSession, Page.session_id == ParticipantSession.id)
        .join(Participant, ParticipantSession.participant_id == Participant.id)
        .where(PageStimulus.role == "rated", Page.purpose == "rating", Page.item.is_not(None))
        .order_by(ParticipantSession.started_at, ParticipantSession.id, Page.position, PageStimulus.position)
    )
    mixes = pd.DataFrame([tuple(row) for row in found], columns=list(found.keys()))
    started = session.execute(
        select(Event.page_id, Event.stimulus_token, Event.kind)
        .where(Event.kind.in_(("play", "switch")), Event.stimulus_token.is_not(None))
        .order_by(Event.id)
    )
    events = pd.DataFrame([tuple(row) for row in started], columns=["page", "token", "kind"])
    events = events.loc[events["token"].isin(mixes["token"])]
    plays = events.groupby("token").size()
    switches = events.loc[events["kind"] == "switch"].groupby("token").size()
    first = set(events.drop_duplicates("page")["token"])
    # Where nothing of a page was noted, nobody knows what was played there.
    noted = mixes["page"].isin(events["page"])
    return mixes.assign(
        plays=mixes["token"].map(plays).fillna(0).where(noted).astype("float64"),
        switches=mixes["token"].map(switches).fillna(0).where(noted).astype("float64"),
        first=mixes["token"].isin(first).astype("float64").where(noted),
    )
