"""What answers of every type of page have in common: who answered, in which version, and what does not count."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import pandas as pd

from mixeval.conditions import Role
from mixeval.errors import AnalysisError
from mixeval.study import AnalysisSection
from mixeval_analysis.findings import Screening
from mixeval_analysis.panel import Panel

FLAGS = ("session", "version", "flag", "preview")
DECISIONS = ("session", "participant", "version", "kind", "reason", "made_at", "preview")


@dataclass(frozen=True)
class RatedVersion:
    """A version of the study that sessions were taken in.

    `stimuli` maps (item, condition) to the hash of the file that was heard, or is None where that is unknown.
    """

    id: str
    stimuli_id: str
    attribute: str | None = None
    page: str = ""
    stimuli: Mapping[tuple[str, str], str] | None = None
    analysis: AnalysisSection | None = None
    """What its study.toml asked of the answers before they were given."""
    target_lufs: float | None = None
    """Integrated loudness to which its stimuli were brought, where that is known."""


@dataclass(frozen=True)
class LeftOut:
    """Rows that no table counts, and why. `sessions` is None where the rows name none."""

    reason: str
    answers: int
    participants: int
    sessions: int | None


@dataclass(frozen=True)
class Flagged:
    """How many sessions carry a flag: of those that the tables count, and of the others that took part."""

    flag: str
    counted: int
    others: int


@dataclass(frozen=True, eq=False)
class Answers:
    """Rows with what tables and figures need to present them.

    `labels` maps condition ids, in the order of tables and figures, to what is printed. `page` is the type of
    page that asked, or empty where that is unknown. `questions` maps attributes to what listeners were asked.
    """

    NOUN: ClassVar[str] = "answer"
    """What one row is called."""
    NAMING: ClassVar[tuple[str, ...]] = ()
    """The columns that name conditions."""
    VALUES: ClassVar[tuple[str, ...]] = ()
    """The columns that hold the answer."""

    rows: pd.DataFrame
    labels: Mapping[str, str]
    title: str
    source: str
    roles: Mapping[str, Role] = field(default_factory=dict)
    factors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Levels by factor, by condition; a condition outside the factorial design has none."""
    settings: AnalysisSection = field(default_factory=AnalysisSection)
    """What was asked of the answers: margin, anchors, contrasts, groups, exclusions."""
    seed: int = 0
    attribute: str | None = None
    page: str = ""
    questions: Mapping[str, str] = field(default_factory=dict)
    source_sha256: str | None = None
    versions: tuple[RatedVersion, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    remarks: tuple[str, ...] = ()
    flags: pd.DataFrame | None = None
    """A row for each flag of each session, with the columns of FLAGS; None where the source knows of none."""
    decisions: pd.DataFrame | None = None
    """A row for each standing decision of the researcher's, with the columns of DECISIONS; None as for flags."""
    panel: Panel | None = None
    """Who took part and how they listened; None where the source knows only answers."""
    repeats: pd.DataFrame | None = None
    """Rows of pages that came again, which no table of results counts."""
    screening: Screening | None = None
    """What screening found, once rows were selected."""

    @property
    def conditions(self) -> tuple[str, ...]:
        return tuple(self.labels)

    @cached_property
    def simulated(self) -> bool:
        return bool(self.rows["simulated"].any())

    @cached_property
    def participants(self) -> int:
        return int(self.rows["participant"].nunique())

    @cached_property
    def items(self) -> int:
        return int(self.rows["item"].nunique())

    @property
    def sessions(self) -> int | None:
        return count_sessions(self.rows)

    @property
    def flagged(self) -> tuple[Flagged, ...] | None:
        """Count the flagged sessions of these versions, previews aside; None where flags are not known."""
        if self.flags is None:
            return None
        known = self.flags["version"].isin([entry.id for entry in self.versions]) & ~self.flags["preview"]
        flags = self.flags.loc[known]
        counted = flags["session"].isin(self.rows["session"])
        return tuple(
            Flagged(str(name), int(is_counted.sum()), int((~is_counted).sum()))
            for name, is_counted in counted.groupby(flags["flag"], sort=True)
        )

    @property
    def question(self) -> str:
        """What listeners were asked, or empty where that is unknown."""
        return self.questions.get(self.attribute or "", "")

    def shape_in_words(self) -> str:
        """Say `20 participants x 6 items`."""
        return f"{count_of(self.participants, 'participant')} x {count_of(self.items, 'item')}"

    def count_in_words(self) -> str:
        """Say `840 ratings`."""
        return count_of(len(self.rows), self.NOUN)


def in_order(conditions: list[str], order: tuple[str, ...] = ()) -> list[str]:
    """Sort conditions by `order`; those that it leaves out follow in the order they came in.

    Raises AnalysisError when `order` names something else or a condition twice, or there are fewer than two.
    """
    for index, name in enumerate(order):
        if name not in conditions:
            raise AnalysisError(
                f'the order names "{name}", which is no condition here',
                remedy=f"choose from {', '.join(conditions)}",
            )
        if name in order[:index]:
            raise AnalysisError(f'the order names "{name}" twice', remedy="name each condition once")
    if len(conditions) < 2:
        raise AnalysisError(
            f'there is only one condition, "{conditions[0]}", and a comparison takes two',
            remedy="add the ratings of another",
        )
    return [*order, *(condition for condition in conditions if condition not in order)]


def in_utf8(file_name: str) -> str:
    """Return a file's name with `?` for each byte that is not UTF-8, which a report could not hold."""
    return file_name.encode(errors="replace").decode()


def count_sessions(rows: pd.DataFrame) -> int | None:
    """Count the sessions that rows name, or None where they name none."""
    return int(rows["session"].nunique()) if "session" in rows.columns else None


def count_of(number: int, noun: str) -> str:
    """Say `1 item` or `6 items`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
