"""Read the ratings that a study has collected from its database, as tidy rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from alembic.migration import MigrationContext
from pydantic import ValidationError
from sqlalchemy import Select, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from mixeval.conditions import Role
from mixeval.database import Database, open_database
from mixeval.errors import AnalysisError
from mixeval.manifest import parse_manifest
from mixeval.models import Page, PageStimulus, Participant, ParticipantSession, Rating, StudyVersion
from mixeval.settings import database_url
from mixeval.study import Study, read_study
from mixeval.versions import Version
from mixeval_analysis.ratings import COLUMNS, RatedVersion, Ratings, in_utf8
from mixeval_migrations import head, prepare

SCALE = (0.0, 100.0)
"""The ends of every scale that mixeval serves."""

_ROWS: "Select[*tuple[Any, ...]]" = (
    select(
        Participant.code.label("participant"),
        Page.item.label("item"),
        PageStimulus.condition.label("condition"),
        Rating.value.label("rating"),
        Rating.attribute.label("attribute"),
        ParticipantSession.id.label("session"),
        ParticipantSession.version_id.label("version"),
        Page.id.label("page"),
        Page.position.label("position"),
        PageStimulus.shown_as.label("shown_as"),
        Rating.played.label("played"),
        Rating.listened_seconds.label("listened_seconds"),
        Rating.moved.label("moved"),
        Rating.rated_at.label("rated_at"),
        Participant.simulated.label("simulated"),
        Participant.preview.label("preview"),
        ParticipantSession.completed_at.is_not(None).label("complete"),
    )
    .select_from(Rating)
    .join(PageStimulus, Rating.stimulus_token == PageStimulus.token)
    .join(Page, PageStimulus.page_id == Page.id)
    .join(ParticipantSession, Page.session_id == ParticipantSession.id)
    .join(Participant, ParticipantSession.participant_id == Participant.id)
    .where(PageStimulus.role == "rated", Page.purpose.in_(("rating", "repeat")))
    # Complete sessions first, then as they were begun: a first complete answer is repeat 0.
    .order_by(
        ParticipantSession.completed_at.is_(None),
        ParticipantSession.started_at,
        ParticipantSession.id,
        Page.position,
        PageStimulus.position,
        Rating.attribute,
    )
)


def ratings_in_study(folder: Path) -> Ratings:
    """Read what the study in `folder` has collected; order, labels and seed are those of its study.toml.

    Raises StudyError when there is no study, AnalysisError when nothing was collected yet, and DatabaseError
    when its database cannot be read.
    """
    study = read_study(folder)
    return _ratings(database_url(folder), source=in_utf8(folder.resolve().name), study=study)


def ratings_in_database(url: str) -> Ratings:
    """Read what a database has collected; order, labels and seed are those of its newest version."""
    try:
        # The report names no host and no account.
        source = Path(make_url(url).database or "the database").name
    except ArgumentError as error:
        raise AnalysisError(
            "the database URL cannot be used", remedy="write sqlite:///PATH or postgresql+psycopg://..."
        ) from error
    return _ratings(url, source=source, study=None)


@dataclass(frozen=True)
class _Stored:
    """A stored version, parsed."""

    id: str
    version: Version


def _ratings(url: str, *, source: str, study: Study | None) -> Ratings:
    _refuse_missing_file(url, source)
    database = open_database(url)
    try:
        _check_schema(database, source)
        with database.read() as session:
            rows = _read_rows(session)
            stored = [
                _parse(row)
                for row in session.scalars(
                    select(StudyVersion).order_by(StudyVersion.created_at, StudyVersion.id)
                )
                if row.id in set(rows["version"])
            ]
    finally:
        database.close()
    if not len(rows) or not stored:
        raise AnalysisError(f"{source} holds no ratings yet", remedy="collect some first")
    shown = study or stored[-1].version.study
    labels, roles = _conditions([shown, *(entry.version.study for entry in reversed(stored))])
    rated = set(rows["condition"])
    return Ratings(
        rows=_with_facts(_with_repeat(rows, stored), stored),
        labels={key: label for key, label in labels.items() if key in rated},
        roles=roles,
        title=shown.study.title,
        source=source,
        scale=SCALE,
        seed=shown.study.seed,
        versions=tuple(_rated(entry) for entry in stored),
    )


def _refuse_missing_file(url: str, source: str) -> None:
    # SQLite would make an empty file of any name that is misspelt.
    parsed = make_url(url)
    file = parsed.database
    if parsed.get_backend_name() == "sqlite" and (not file or not Path(file).is_file()):
        raise AnalysisError(
            f"{source} holds no ratings yet, {file or 'its database'} is not there",
            remedy="serve the study and collect some, or correct the name",
        )


def _check_schema(database: Database, source: str) -> None:
    with database.read() as session:
        found = MigrationContext.configure(session.connection()).get_current_revision()
        tables = inspect(session.connection()).get_table_names()
    if not tables:
        raise AnalysisError(
            f"{source} holds no ratings yet, its database is empty", remedy="collect some first"
        )
    if found != head():
        prepare(database)  # which says what is wrong with it


def _read_rows(session: Session) -> pd.DataFrame:
    found = session.execute(_ROWS)
    rows = pd.DataFrame([tuple(row) for row in found], columns=list(found.keys()))
    return rows.astype({"rating": "float64", "simulated": bool, "preview": bool, "complete": bool})


def _parse(row: StudyVersion) -> _Stored:
    try:
        study = Study.model_validate_json(row.study)
    except ValidationError as error:
        raise AnalysisError(
            f"version {row.id[:8]} was stored by another release of mixeval ({error.errors()[0]['msg']})",
            remedy="analyze it with that release",
        ) from error
    return _Stored(row.id, Version(study, parse_manifest(row.manifest, source=f"version {row.id[:8]}")))


def _rated(entry: _Stored) -> RatedVersion:
    return RatedVersion(
        id=entry.id,
        stimuli_id=entry.version.stimuli_id,
        attribute=entry.version.study.test.attributes_asked[0].name,
        stimuli={(s.item, s.condition): s.sha256 for s in entry.version.manifest.stimuli},
    )


def _conditions(studies: list[Study]) -> tuple[dict[str, str], dict[str, Role]]:
    """Order the conditions of the first study by its [analysis], then those that only the others know."""
    labels: dict[str, str] = {}
    roles: dict[str, Role] = {}
    for study in studies:
        by_id = {condition.id: condition for condition in study.conditions}
        for key in [*(study.analysis.order or ()), *by_id]:
            if key not in labels:
                labels[key] = by_id[key].label
                roles[key] = by_id[key].role
    return labels, roles


def _with_repeat(rows: pd.DataFrame, stored: list[_Stored]) -> pd.DataFrame:
    stimuli = rows["version"].map({entry.id: entry.version.stimuli_id for entry in stored})
    answer = ["participant", "item", "condition", "attribute"]
    return rows.assign(repeat=rows.groupby([*answer, stimuli.rename("stimuli")]).cumcount())


def _with_facts(rows: pd.DataFrame, stored: list[_Stored]) -> pd.DataFrame:
    facts = {
        (entry.id, item.item, name): value
        for entry in stored
        for item in entry.version.manifest.items
        for name, value in item.facts.items()
    }
    columns = {}
    for name in dict.fromkeys(name for _, _, name in facts):
        column = f"item_{name}" if name in COLUMNS else name
        columns[column] = [
            facts.get((version, item, name), "")
            for version, item in zip(rows["version"], rows["item"], strict=True)
        ]
    return rows.assign(**columns)
