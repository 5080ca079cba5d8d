"""What is made of the answers of one type of page: chapters of tables and figures, in the order in which they are read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mixeval_analysis.answers import Answers
from mixeval_analysis.tables import Table

Tables = Mapping[str, Table]
"""Tables by name, in the order in which they are read."""


@dataclass(frozen=True)
class Figure:
    """A figure by name (of its files, and of its line in drawing.FIGURES), with what stands above it."""

    name: str
    title: str
    caption: str
    """What is drawn of how many; `{shape}` is the panel in words."""
    needs: tuple[str, ...] = ()
    """Tables that it is drawn from: where one is not made, there is no figure."""
    remark: Callable[[Any], str] | None = None
    """Says of these answers what the caption cannot know, or nothing."""


@dataclass(frozen=True)
class Chapter:
    """A part of the report: a heading, what to know before reading, figures and tables.

    `make` takes answers that were selected (see mixeval_analysis.selection) and gives tables in the order in which
    they are read, None for one that these answers have no use for. A chapter without any is left out.
    """

    title: str
    make: Callable[[Any], Iterable[Table | None]]
    figures: tuple[Figure, ...] = ()
    warning: str = ""
    text: str = ""


@dataclass(frozen=True)
class Profile:
    """A declared analysis: the chapters of one type of page."""

    label: str
    """What kind of analysis it is, in a few words, for report.json."""
    about: str
    """What the answers are, as a report's second line says it."""
    chapters: tuple[Chapter, ...]
    printed: tuple[str, ...]
    """Tables that the command line prints."""
    correction: str
    level: str
    replicates: int
    """Of its bootstrap, 0 where it has none."""

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(figure for chapter in self.chapters for figure in chapter.figures)


@dataclass(frozen=True, eq=False)
class MadeChapter:
    """A chapter and the tables that were made for it."""

    chapter: Chapter
    tables: Tables


@dataclass(frozen=True, eq=False)
class Analysis:
    """Answers and what was made of them; chapters without tables are left out."""

    answers: Answers
    profile: Profile
    chapters: tuple[MadeChapter, ...]

    @property
    def tables(self) -> Tables:
        return {name: table for made in self.chapters for name, table in made.tables.items()}

    def figures_of(self, made: MadeChapter) -> tuple[Figure, ...]:
        """Return the figures of a chapter whose tables are all there."""
        return tuple(figure for figure in made.chapter.figures if set(figure.needs) <= set(self.tables))

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(figure for made in self.chapters for figure in self.figures_of(made))

    def caption_of(self, figure: Figure) -> str:
        """Return what stands above a figure of these answers."""
        remark = figure.remark(self.answers) if figure.remark else ""
        return f"{figure.caption.format(shape=self.answers.shape_in_words())} {remark}".strip()


def made(answers: Answers, profile: Profile) -> Analysis:
    """Make every table of `profile` from answers that were selected."""
    chapters = []
    for chapter in profile.chapters:
        tables = {table.name: table for table in chapter.make(answers) if table is not None}
        if tables:
            chapters.append(MadeChapter(chapter, tables))
    return Analysis(answers, profile, tuple(chapters))


def each(*makers: Callable[[Any], Table | None]) -> Callable[[Any], list[Table | None]]:
    """Make the tables of a chapter one by one."""

    def make(answers: Answers) -> list[Table | None]:
        return [maker(answers) for maker in makers]

    return make
