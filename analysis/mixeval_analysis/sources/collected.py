"""Read what a study has collected from its database, as tidy rows of ratings or of trials."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
from mixeval.erasure import reapply
from mixeval.errors import AnalysisError
from mixeval.manifest import parse_manifest
from mixeval.models import (
    Decision,
    Flag,
    Page,
    PageStimulus,
    Participant,
    ParticipantSession,
    Rating,
    StudyVersion,
)
from mixeval.settings import database_url
from mixeval.study import AnalysisSection, Study, read_study
from mixeval.versions import Version
from mixeval_analysis import ratings as rating_rows
from mixeval_analysis import trials as trial_rows
from mixeval_analysis.answers import DECISIONS, FLAGS, Answers, LeftOut, RatedVersion, count_sessions, in_utf8
from mixeval_analysis.panel import Panel
from mixeval_analysis.ratings import SCALES, Ratings
from mixeval_analysis.results.difference_grades import partners
from mixeval_analysis.sources.collected_panel import read_panel
from mixeval_analysis.sources.collected_trials import CHOICE_PAGES, read_trials
from mixeval_analysis.trials import Trials
from mixeval_migrations import head, prepare

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
        Page.kind.label("page_type"),
        Page.purpose.label("purpose"),
        Page.position.label("position"),
        PageStimulus.shown_as.label("shown_as"),
        Rating.played.label("played"),
        Rating.listened_seconds.label("listened_seconds"),
        Rating.moved.label("moved"),
        Rating.unplayable.label("unplayable"),
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
    .where(PageStimulus.role == "rated", Page.item.is_not(None), Page.kind.not_in(CHOICE_PAGES))
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


def answers_in_study(folder: Path) -> Answers:
    """Read what the study in `folder` has collected; order, labels and seed are those of its study.toml.

    Raises StudyError when there is no study, AnalysisError when nothing was collected yet, and DatabaseError
    when its database cannot be read.
    """
    study = read_study(folder)
    with open_collected(
        database_url(folder), source=in_utf8(folder.resolve().name), folder=folder
    ) as session:
        collected = with_panel(read_collected(session), session)
    return answers_of(collected, source=in_utf8(folder.resolve().name), study=study)


def answers_in_database(url: str) -> Answers:
    """Read what a database has collected; order, labels and seed are those of its newest version."""
    try:
        # The report names no host and no account.
        source = Path(make_url(url).database or "the database").name
    except ArgumentError as error:
        raise AnalysisError(
            "the database URL cannot be used", remedy="write sqlite:///PATH or postgresql+psycopg://..."
        ) from error
    with open_collected(url, source=source) as session:
        collected = with_panel(read_collected(session), session)
    return answers_of(collected, source=source, study=None)


@dataclass(frozen=True)
class StoredVersion:
    """A stored version, parsed."""

    id: str
    version: Version


@dataclass(frozen=True, eq=False)
class Collected:
    """All rows of a database, of every purpose and state, and the versions that they name, the newest last."""

    ratings: pd.DataFrame
    trials: pd.DataFrame
    flags: pd.DataFrame
    decisions: pd.DataFrame
    versions: tuple[StoredVersion, ...]
    panel: Panel | None = None


@contextmanager
def open_collected(url: str, *, source: str, folder: Path | None = None) -> Iterator[Session]:
    """Open a snapshot of a database that mixeval made; `source` is the name that errors carry.

    Whom the tombstones of the study in `folder` name is erased from it first, where a backup brought them back.
    Raises AnalysisError when there is none, DatabaseError when it cannot be read, and ParticipantError when the
    tombstones cannot be.
    """
    _refuse_missing_file(url, source)
    database = open_database(url)
    try:
        _check_schema(database, source)
        if folder is not None:
            reapply(database, folder)
        with database.read() as session:
            if session.get_bind().dialect.name == "postgresql":
                # By default each statement would see what was committed before it began.
                session.connection(
                    execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
                )
            yield session
    finally:
        database.close()


def read_collected(session: Session) -> Collected:
    """Read every rating and trial with what is known of it."""
    rows = _read_rows(session)
    trials = read_trials(session)
    rated = {*rows["version"], *trials["version"]}
    newest_last = select(StudyVersion).order_by(StudyVersion.created_at, StudyVersion.id)
    stored = tuple(_parse(row) for row in session.scalars(newest_last) if row.id in rated)
    labels = tuple(_conditions([entry.version.study for entry in reversed(stored)])[0])
    return Collected(
        _with_facts(_with_repeat(rows, stored), stored, rating_rows.COLUMNS),
        _with_facts(trial_rows.in_study_order(trials, labels), stored, trial_rows.COLUMNS),
        _read_flags(session),
        _read_decisions(session),
        stored,
    )


def with_panel(collected: Collected, session: Session) -> Collected:
    """Add who took part and how they listened, which an export of rows has no use for."""
    return replace(collected, panel=read_panel(session, collected.versions))


def answers_of(collected: Collected, *, source: str, study: Study | None) -> Answers:
    """Take the ratings or the trials of what was collected, whichever the newest answers are.

    Raises AnalysisError when there are none.
    """
    if not collected.versions:
        raise AnalysisError(f"{source} holds no ratings yet", remedy="collect some first")
    stored = collected.versions
    shown = study or stored[-1].version.study
    labels, roles = _conditions([shown, *(entry.version.study for entry in reversed(stored))])
    trials = _newest_are_trials(collected)
    rows, others = (collected.trials, collected.ratings) if trials else (collected.ratings, collected.trials)
    present = {name for column in (Trials if trials else Ratings).NAMING for name in rows[column]}
    details: dict[str, Any] = {
        "labels": {key: label for key, label in labels.items() if key in present},
        "roles": roles,
        "factors": _factors([shown, *(entry.version.study for entry in reversed(stored))]),
        "settings": _settings(shown),
        "title": shown.study.title,
        "source": source,
        "seed": shown.study.seed,
        "questions": {
            asked.name: asked.question
            for version_study in [*(entry.version.study for entry in stored), shown]
            for asked in version_study.test.attributes_asked
        },
        "versions": tuple(_rated(entry) for entry in stored),
        "left_out": (_elsewhere(others),) if len(others) else (),
        "flags": collected.flags,
        "decisions": collected.decisions,
        "panel": collected.panel,
    }
    if trials:
        return Trials(rows=trial_rows.in_study_order(rows, tuple(labels)), **details)
    return Ratings(rows=rows, scale=SCALES.get(str(rows["page_type"].iloc[-1])), **details)


def _newest_are_trials(collected: Collected) -> bool:
    """Tell which kind of answer the newest version has that counts, or else that there is at all."""
    place = {entry.id: index for index, entry in enumerate(collected.versions)}

    def newest(rows: pd.DataFrame) -> tuple[int, int]:
        counted = rows.loc[rows["complete"] & ~rows["preview"]]
        return (
            max((place[version] for version in counted["version"]), default=-1),
            max((place[version] for version in rows["version"]), default=-1),
        )

    return newest(collected.trials) > newest(collected.ratings)


def _elsewhere(rows: pd.DataFrame) -> LeftOut:
    reason = "asked on another type of page than the one analysed"
    return LeftOut(reason, len(rows), int(rows["participant"].nunique()), count_sessions(rows))


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


def _read_flags(session: Session) -> pd.DataFrame:
    found = session.execute(
        select(ParticipantSession.id, ParticipantSession.version_id, Flag.name, Participant.preview)
        .select_from(Flag)
        .join(ParticipantSession, Flag.session_id == ParticipantSession.id)
        .join(Participant, ParticipantSession.participant_id == Participant.id)
        .order_by(Flag.id)
    )
    return pd.DataFrame([tuple(row) for row in found], columns=list(FLAGS)).astype({"preview": bool})


def _read_decisions(session: Session) -> pd.DataFrame:
    found = session.execute(
        select(
            ParticipantSession.id,
            Participant.code,
            ParticipantSession.version_id,
            Decision.kind,
            Decision.reason,
            Decision.made_at,
            Participant.preview,
        )
        .select_from(Decision)
        .join(ParticipantSession, Decision.session_id == ParticipantSession.id)
        .join(Participant, ParticipantSession.participant_id == Participant.id)
        .where(Decision.withdrawn_at.is_(None))
        .order_by(Decision.id)
    )
    return pd.DataFrame([tuple(row) for row in found], columns=list(DECISIONS)).astype({"preview": bool})


def _parse(row: StudyVersion) -> StoredVersion:
    try:
        study = Study.model_validate_json(row.study)
    except ValidationError as error:
        raise AnalysisError(
            f"version {row.id[:8]} was stored by another release of mixeval ({error.errors()[0]['msg']})",
            remedy="analyze it with that release",
        ) from error
    return StoredVersion(row.id, Version(study, parse_manifest(row.manifest, source=f"version {row.id[:8]}")))


def _rated(entry: StoredVersion) -> RatedVersion:
    return RatedVersion(
        id=entry.id,
        stimuli_id=entry.version.stimuli_id,
        attribute=entry.version.study.test.attributes_asked[0].name,
        page=entry.version.study.test.page,
        stimuli={(s.item, s.condition): s.sha256 for s in entry.version.manifest.stimuli},
        analysis=entry.version.study.analysis,
        target_lufs=entry.version.manifest.target_lufs,
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


def _factors(studies: list[Study]) -> dict[str, Mapping[str, str]]:
    """Take each condition's factors from the first study that knows it, [analysis] before the condition itself."""
    factors: dict[str, Mapping[str, str]] = {}
    for study in studies:
        for condition in study.conditions:
            own = study.analysis.factors.get(condition.id, condition.factors)
            if own:
                factors.setdefault(condition.id, own)
    return factors


def _settings(study: Study) -> AnalysisSection:
    asked = getattr(study.test, "reference", None)
    if asked is None or study.analysis.reference is not None:
        return study.analysis
    return study.analysis.model_copy(update={"reference": asked})


def _with_repeat(rows: pd.DataFrame, stored: Sequence[StoredVersion]) -> pd.DataFrame:
    stimuli = rows["version"].map({entry.id: entry.version.stimuli_id for entry in stored})
    answer = [rows[name] for name in ("participant", "item", "condition", "attribute")]
    # Practice and checks of attention are counted by themselves: they must not make a rating a repeat.
    counted = rows["purpose"].where(~rows["purpose"].isin(["rating", "repeat"]), "rating")
    keys = [*answer, stimuli.rename("stimuli"), counted.rename("counted"), partners(rows).rename("partner")]
    return rows.assign(repeat=rows.groupby(keys).cumcount())


def _with_facts(
    rows: pd.DataFrame, stored: Sequence[StoredVersion], known: Mapping[str, str]
) -> pd.DataFrame:
    facts = {
        (entry.id, item.item, name): value
        for entry in stored
        for item in entry.version.manifest.items
        for name, value in item.facts.items()
    }
    columns = {}
    for name in dict.fromkeys(name for _, _, name in facts):
        column = f"item_{name}" if name in known else name
        columns[column] = [
            facts.get((version, item, name), "")
            for version, item in zip(rows["version"], rows["item"], strict=True)
        ]
    return rows.assign(**columns)
