"""A study: everything that study.toml defines, read once and never changed.

Unknown keys, wrong types and impossible values are refused with the file, the path of the key, the value and
what to do (:class:`mixeval.errors.StudyError`).
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from mixeval.conditions import Condition, PlainText
from mixeval.contrasts import parse_contrast
from mixeval.errors import AnalysisError, StudyError
from mixeval.listening_pages import (
    LISTENING_PAGES,
    AnyListeningPage,
    Bs1116Page,
    ListeningPage,
    SlidersPage,
    conditions_named,
    is_page_tag,
)
from mixeval.participant_steps import Checks, ConsentBox, Familiarisation, LevelStep, ParticipantSteps
from mixeval.plan_section import PlanSection
from mixeval.questions import OnlyIf, Question
from mixeval.recruitment import RecruitmentSection
from mixeval.retention import RetentionSection
from mixeval.section import Section, Text
from mixeval.stimuli_section import (
    FilesDataset,
    FolderDataset,
    ItemSelection,
    KitDataset,
    StimuliSection,
    SyntheticDataset,
    is_stimuli_tag,
)
from mixeval.validation import closest, validated

FILE_NAME = "study.toml"
MESSAGES_FOLDER = "messages"


class StudySection(Section):
    title: PlainText
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    """Of what mixeval itself says to participants, by its BCP 47 tag: en, de, fr, es, ja, or one of your own."""


class ParticipantsSection(ParticipantSteps):
    consent: Text = (
        "You will listen to short recordings and rate how much you like each way of mixing them.\n\n"
        "Your ratings are stored under a random number, without your name or address. "
        "You can stop at any time by closing the page."
    )
    thanks: Text = "Thank you. Your ratings are stored."
    places: Annotated[int, Field(ge=1)] | None = None
    """How many may take part: complete sessions and those under way; left out: any number."""
    seat_timeout_minutes: Annotated[float, Field(ge=1.0, le=100_000.0)] = 60.0
    """After so long without a page opened or finished, a session's place and orders are given to somebody else."""


class AnalysisSection(Section):
    """What is asked of the ratings; also NAME.analysis.toml beside NAME.csv, where conditions are named freely."""

    order: tuple[PlainText, ...] | None = None
    """Condition ids in the order of tables and figures; left out: the order of the conditions."""
    margin: Annotated[float, Field(gt=0)] | None = None
    """The largest difference, in points of the scale, that still counts as none: of the tests of equivalence."""
    reference: PlainText | None = None
    """The hidden reference, which a screened listener must rate near the top; a study knows that of its page."""
    low_anchor: PlainText | None = None
    mid_anchor: PlainText | None = None
    factors: Mapping[PlainText, Mapping[PlainText, PlainText]] = Field(default_factory=dict)
    """Levels by factor by condition, where the conditions do not say so themselves."""
    contrasts: tuple[PlainText, ...] = ()
    """Comparisons of two levels of a factor or two conditions: `A vs B` or `A vs B within C`."""
    groups: tuple[PlainText, ...] | None = None
    """Facts about items (drummer, kit) by which tables are given; left out: every fact with a few values."""
    exclude: tuple[PlainText, ...] = ()
    """Rules of screening whose participants the main tables leave out; left out: none, screening only reports."""
    plan: PlanSection | None = None
    """What was decided before the data; `mixeval plan --freeze` writes it."""

    @model_serializer(mode="wrap")
    def _without_unused_keys(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A release that knows another key must not make another version of a study that does not use it.
        defaults = AnalysisSection.model_fields
        return {
            key: value
            for key, value in handler(self).items()
            if key == "order" or getattr(self, key) != defaults[key].get_default(call_default_factory=True)
        }


class Study(Section):
    """A whole study.toml."""

    study: StudySection
    stimuli: StimuliSection
    test: AnyListeningPage = SlidersPage()
    participants: ParticipantsSection = ParticipantsSection()
    analysis: AnalysisSection = AnalysisSection()
    recruitment: RecruitmentSection = RecruitmentSection()
    retention: RetentionSection = RetentionSection()
    messages: Mapping[str, Mapping[str, Mapping[str, str]]] = Field(default_factory=dict)
    """What STUDY/messages/LANGUAGE.toml says in place of mixeval's own words: language, table, key."""

    @model_validator(mode="after")
    def _analysis_names_conditions(self) -> "Study":
        ids = {condition.id for condition in self.stimuli.conditions}
        analysis = self.analysis
        named = {
            "order": analysis.order or (),
            "factors": analysis.factors,
            **{
                key: (value,)
                for key in ("reference", "low_anchor", "mid_anchor")
                if (value := getattr(analysis, key)) is not None
            },
        }
        for key, names in named.items():
            for name in names:
                if name not in ids:
                    raise ValueError(f'analysis.{key} names "{name}", which is no condition of this study')
        return self

    @model_validator(mode="after")
    def _contrasts_can_be_made(self) -> "Study":
        conditions = self.stimuli.conditions
        factors = {entry.id: self.analysis.factors.get(entry.id, entry.factors) for entry in conditions}
        for text in self.analysis.contrasts:
            try:
                parse_contrast(text, [entry.id for entry in conditions], factors)
            except AnalysisError as error:
                raise ValueError(f"analysis.contrasts: {error.problem} ({error.remedy})") from error
        return self

    @model_validator(mode="after")
    def _test_names_conditions(self) -> "Study":
        ids = {condition.id for condition in self.stimuli.conditions}
        unknown = [name for name in conditions_named(self.test) if name not in ids]
        if unknown:
            raise ValueError(f'[test] names "{unknown[0]}", which is no condition of this study')
        roles = {condition.id: condition.role for condition in self.stimuli.conditions}
        if isinstance(self.test, Bs1116Page) and roles[self.test.reference] != "reference":
            raise ValueError(
                f'test.reference names "{self.test.reference}", which is no condition of role "reference", '
                "so there would be nothing to take differences from"
            )
        if len(ids) < self.test.fewest_conditions:
            raise ValueError(f"[test] compares conditions, of which this study has {len(ids)}")
        return self

    @model_validator(mode="after")
    def _one_place_says_where_participants_go(self) -> "Study":
        if self.recruitment.platform is not None and self.participants.redirect is not None:
            raise ValueError(
                "participants.redirect and [recruitment] both say where participants go; with a platform "
                "leave redirect out"
            )
        return self

    @model_validator(mode="after")
    def _level_names_a_condition(self) -> "Study":
        level = self.participants.level
        ids = {condition.id for condition in self.stimuli.conditions}
        if level is not None and level.condition is not None and level.condition not in ids:
            raise ValueError(
                f'[participants.level] names "{level.condition}", which is no condition of this study'
            )
        return self

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return self.stimuli.conditions

    def canonical_json(self) -> str:
        """Write the study as JSON that is the same for every spelling of the same study.toml.

        How participants are recruited, and how long answers are kept, is left out: it may change while a version is
        being answered.
        """
        study = self.model_dump(mode="json", by_alias=True, exclude={"recruitment", "retention"})
        return json.dumps(study, sort_keys=True, separators=(",", ":"))


def read_study(folder: Path) -> Study:
    """Read FOLDER/study.toml.

    Raises StudyError when the folder or file is missing, is not TOML, or does not define a study; it names
    every bad key with its path, its value and a remedy.
    """
    path = folder / FILE_NAME
    try:
        # Editors on Windows put a byte order mark first, which TOML does not know.
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StudyError(
            f"{folder} is not a study, it has no {FILE_NAME}", remedy="name the folder that holds one"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(
            f"{path} cannot be read ({error})", remedy="make it a readable UTF-8 file"
        ) from error
    document = _parse_toml(text, source=str(path))
    _refuse_messages(document, source=str(path))
    messages = _read_messages(folder / MESSAGES_FOLDER)
    return study_of({**document, **({"messages": messages} if messages else {})}, source=str(path))


def parse_study(text: str, *, source: str = FILE_NAME) -> Study:
    """Parse the text of a study.toml; `source` is the name that errors carry. Raises StudyError."""
    document = _parse_toml(text, source=source)
    _refuse_messages(document, source=source)
    return study_of(document, source=source)


def _parse_toml(text: str, *, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{source} is not TOML ({error})", remedy=_remedy_for_toml(str(error))) from error
    except RecursionError as error:
        raise StudyError(f"{source} is nested too deeply", remedy="flatten it") from error


def _remedy_for_toml(problem: str) -> str:
    if "Cannot overwrite" in problem or "twice" in problem:
        return "that key or table is there already: delete or rename one"
    if "Expected '='" in problem:
        return "write key = value, with an equals sign"
    if "Invalid value" in problem or "Expected newline" in problem:
        return 'correct that line: text such as "no", "007" or "12:30" stands in quotation marks'
    return "correct that line"


def _refuse_messages(document: Mapping[str, Any], *, source: str) -> None:
    if "messages" in document:
        raise StudyError(
            f"{source}: messages is not a key that mixeval knows",
            remedy=f"put messages into {MESSAGES_FOLDER}/LANGUAGE.toml beside it",
        )


def _read_messages(folder: Path) -> dict[str, Any]:
    """Read what the study says in its own words; the files are part of the study, so its version follows them."""
    messages = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            messages[path.stem] = _parse_toml(path.read_text(encoding="utf-8-sig"), source=str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise StudyError(
                f"{path} cannot be read ({error})", remedy="make it a readable UTF-8 file"
            ) from error
    return messages


def study_of(document: Mapping[str, Any], *, source: str = FILE_NAME) -> Study:
    """Make a study of a parsed study.toml; `source` is the name that errors carry. Raises StudyError."""
    return validated(
        Study, document, source=source, remedy_for_unknown=_remedy_for_unknown_key, is_tag=_is_tag
    )


def _is_tag(step: str, table: Mapping[str, Any]) -> bool:
    return is_stimuli_tag(step, table) or is_page_tag(step, table)


def _remedy_for_unknown_key(key: str) -> str:
    homes = _homes_of_keys()
    if key in homes:
        return f"it belongs in {homes[key]}"
    meant = closest(key, homes)
    return f'did you mean "{meant}"' if meant else "remove it, docs/run-a-study.md lists the keys"


def _homes_of_keys() -> dict[str, str]:
    homes = dict.fromkeys(Study.model_fields, "the top level")
    sections: tuple[tuple[str, type[BaseModel]], ...] = (
        ("stimuli.dataset", FilesDataset),
        ("stimuli.dataset", FolderDataset),
        ("stimuli.dataset", SyntheticDataset),
        ("stimuli.dataset", KitDataset),
        ("stimuli.items", ItemSelection),
        ("[[stimuli.conditions]]", Condition),
        ("[analysis]", AnalysisSection),
        ("[recruitment]", RecruitmentSection),
        ("[retention]", RetentionSection),
        ("if", OnlyIf),
        ("[[participants.questions]]", Question),
        ("consent_boxes", ConsentBox),
        ("[participants.familiarisation]", Familiarisation),
        ("[participants.level]", LevelStep),
        ("[participants.checks]", Checks),
        ("[participants]", ParticipantsSection),
        *((f'[test] with page = "{name}"', page) for name, page in LISTENING_PAGES.items()),
        ("[test]", ListeningPage),
        ("[stimuli]", StimuliSection),
        ("[study]", StudySection),
    )
    for home, section in sections:
        for name, field in section.model_fields.items():
            homes[field.alias or name] = home
    return homes
