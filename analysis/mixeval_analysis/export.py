"""Everything that a study has collected, as CSV and JSON files that any program reads."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from mixeval.models import (
    Answer,
    Decision,
    Event,
    ExternalId,
    Flag,
    Page,
    PageStimulus,
    Participant,
    ParticipantSession,
    Rating,
    StudyVersion,
)
from mixeval.result_folder import Files, listing_file, replace_files
from mixeval.settings import database_url
from mixeval.study import read_study
from mixeval_analysis.answers import in_utf8
from mixeval_analysis.csv_rows import csv_text
from mixeval_analysis.export_dictionary import (
    ANSWERS,
    DECISIONS,
    EVENTS,
    EXTERNAL_IDS,
    HEARD,
    RATINGS,
    SESSIONS,
    TRIALS,
    Meanings,
    dictionary,
    readme,
)
from mixeval_analysis.json_rows import json_text
from mixeval_analysis.sources.collected import open_collected, read_collected

LISTING = "export.json"
DICTIONARY = "dictionary.json"

Format = Literal["csv", "json", "both"]
FORMATS: tuple[Format, ...] = ("csv", "json", "both")


@dataclass(frozen=True)
class Export:
    """What was written: the folder, and the number of rows of each file."""

    folder: Path
    rows: Mapping[str, int]


def export_study(
    folder: Path, out: Path, *, kind: Format = "both", with_external_ids: bool = False
) -> Export:
    """Write what the study in `folder` has collected to `out`, whole or not at all.

    All files are of one moment, however many people are rating meanwhile. JSON files hold every text as it was
    typed, CSV files what a spreadsheet may open. What recruitment platforms call the participants is left out
    unless `with_external_ids`. Raises StudyError when there is no
    study, AnalysisError when it has no database yet, DatabaseError when that cannot be read, and ResultError
    when `out` cannot be written or holds files of somebody else's.
    """
    study = read_study(folder)
    source = in_utf8(folder.resolve().name)
    with open_collected(database_url(folder), source=source, folder=folder) as session:
        tables = _tables(session, with_external_ids=with_external_ids)
    files: Files = {}
    for name, table in tables.items():
        if kind in {"csv", "both"}:
            files[f"{name}.csv"] = csv_text(table.columns, table.rows).encode()
        if kind in {"json", "both"}:
            files[f"{name}.json"] = json_text(table.columns, table.rows).encode()
    rows = {file: len(tables[file.partition(".")[0]].rows) for file in files}
    described = {name: (table.meanings, table.columns) for name, table in tables.items()}
    files["README.md"] = readme(study.study.title, described).encode()
    files[DICTIONARY] = dictionary(described).encode()
    files[LISTING] = listing_file(files, LISTING, {"title": study.study.title, "rows": rows})
    replace_files(out, files, listing=LISTING)
    return Export(out, rows)


@dataclass(frozen=True)
class _Exported:
    meanings: Meanings
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def _tables(session: Session, *, with_external_ids: bool) -> dict[str, _Exported]:
    collected = read_collected(session)
    tables = {"ratings": _of_frame(collected.ratings, RATINGS)}
    if len(collected.trials):
        tables["trials"] = _of_frame(collected.trials.drop(columns="page_type"), TRIALS)
    for name, (meanings, read) in _QUERIES.items():
        tables[name] = _Exported(meanings, list(meanings), read(session))
    if with_external_ids:
        tables["external_ids"] = _Exported(EXTERNAL_IDS, list(EXTERNAL_IDS), _external_ids(session))
    return tables


def _of_frame(frame: pd.DataFrame, meanings: Meanings) -> _Exported:
    facts = [str(name) for name in frame.columns if name not in meanings]
    columns = [*meanings, *facts]
    return _Exported(
        meanings,
        columns,
        [tuple(row) for row in frame[columns].astype(object).itertuples(index=False, name=None)],
    )


def _answers(session: Session) -> list[Sequence[Any]]:
    found = session.execute(
        select(
            Participant.code,
            ParticipantSession.id,
            Page.id,
            Page.kind,
            Page.position,
            Page.item,
            PageStimulus.condition,
            Answer.name,
            Answer.value,
            Answer.answered_at,
        )
        .select_from(Answer)
        .join(Page, Answer.page_id == Page.id)
        .join(ParticipantSession, Page.session_id == ParticipantSession.id)
        .join(Participant, ParticipantSession.participant_id == Participant.id)
        .outerjoin(PageStimulus, Answer.subject == PageStimulus.token)
        .order_by(ParticipantSession.started_at, ParticipantSession.id, Page.position, Answer.id)
    )
    return [tuple(row) for row in found]


def _heard(session: Session) -> list[Sequence[Any]]:
    found = session.execute(
        select(
            Participant.code,
            ParticipantSession.id,
            Page.id,
            Page.kind,
            Page.purpose,
            Page.position,
            Page.item,
            PageStimulus.role,
            PageStimulus.condition,
            PageStimulus.shown_as,
            # On a page with several attributes the browser reports one time for each.
            func.max(Rating.listened_seconds),
            func.max(case((Rating.unplayable, 1), else_=0)),
        )
        .select_from(Rating)
        .join(PageStimulus, Rating.stimulus_token == PageStimulus.token)
        .join(Page, PageStimulus.page_id == Page.id)
        .join(ParticipantSession, Page.session_id == ParticipantSession.id)
        .join(Participant, ParticipantSession.participant_id == Participant.id)
        .where(PageStimulus.role != "rated")
        .group_by(Participant.id, ParticipantSession.id, Page.id, PageStimulus.token)
        .order_by(ParticipantSession.started_at, ParticipantSession.id, Page.position, PageStimulus.position)
    )
    return [(*row[:-1], bool(row[-1])) for row in found]


def _events(session: Session) -> list[Sequence[Any]]:
    found = session.execute(
        select(
            Participant.code,
            ParticipantSession.id,
            Page.id,
            Page.item,
            Event.kind,
            PageStimulus.condition,
            Event.client_ms,
            Event.detail,
            Event.received_at,
        )
        .select_from(Event)
        .join(ParticipantSession, Event.session_id == ParticipantSession.id)
        .join(Participant, ParticipantSession.participant_id == Participant.id)
        .outerjoin(Page, Event.page_id == Page.id)
        .outerjoin(PageStimulus, Event.stimulus_token == PageStimulus.token)
        .order_by(ParticipantSession.started_at, ParticipantSession.id, Event.id)
    )
    return [tuple(row) for row in found]


def _sessions(session: Session) -> list[Sequence[Any]]:
    flags: dict[str, list[str]] = {}
    for session_id, name in session.execute(select(Flag.session_id, Flag.name).order_by(Flag.id)):
        flags.setdefault(session_id, []).append(name)
    languages = {
        version_id: json.loads(study)["study"].get("language", "")
        for version_id, study in session.execute(select(StudyVersion.id, StudyVersion.study))
    }
    found = session.execute(
        select(ParticipantSession, Participant)
        .join(Participant, ParticipantSession.participant_id == Participant.id)
        .order_by(ParticipantSession.started_at, ParticipantSession.id)
    )
    return [
        (
            participant.code,
            taken.id,
            taken.version_id,
            taken.seat,
            taken.seed,
            languages[taken.version_id],
            taken.browser,
            taken.recruited_by,
            taken.started_at,
            taken.completed_at,
            taken.ended_as,
            taken.ended_at,
            "yes" if taken.completion_code else "no",
            ";".join(flags.get(taken.id, [])),
            participant.simulated,
            participant.preview,
        )
        for taken, participant in found
    ]


def _decisions(session: Session) -> list[Sequence[Any]]:
    found = session.execute(
        select(
            Participant.code,
            ParticipantSession.id,
            Decision.kind,
            Decision.reason,
            Decision.made_at,
            Decision.withdrawn_at,
        )
        .select_from(Decision)
        .join(ParticipantSession, Decision.session_id == ParticipantSession.id)
        .join(Participant, ParticipantSession.participant_id == Participant.id)
        .order_by(Decision.id)
    )
    return [tuple(row) for row in found]


def _external_ids(session: Session) -> list[Sequence[Any]]:
    found = session.execute(
        select(
            Participant.code,
            ParticipantSession.id,
            ExternalId.platform,
            ExternalId.value,
            ExternalId.study,
            ExternalId.submission,
            ExternalId.created_at,
        )
        .select_from(ExternalId)
        .join(ParticipantSession, ExternalId.session_id == ParticipantSession.id)
        .join(Participant, ParticipantSession.participant_id == Participant.id)
        .order_by(ParticipantSession.started_at, ParticipantSession.id)
    )
    return [tuple(row) for row in found]


_QUERIES: Mapping[str, tuple[Meanings, Callable[[Session], list[Sequence[Any]]]]] = {
    "answers": (ANSWERS, _answers),
    "events": (EVENTS, _events),
    "heard": (HEARD, _heard),
    "sessions": (SESSIONS, _sessions),
    "decisions": (DECISIONS, _decisions),
}
