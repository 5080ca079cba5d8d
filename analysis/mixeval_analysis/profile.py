"""What is made of the answers of one type of page: tables, a figure, and the order in which they are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mixeval_analysis.answers import Answers
from mixeval_analysis.tables import Table

Tables = Mapping[str, Table]
"""Tables by name, in the order in which they are read."""


@dataclass(frozen=True)
class Chapter:
    """A part of the report: a heading, what to know before reading, and tables."""

    title: str
    tables: tuple[str, ...]
    warning: str = ""
    text: str = ""


@dataclass(frozen=True)
class Profile:
    """A declared analysis. `make` takes answers that were selected (see mixeval_analysis.selection)."""

    label: str
    """What kind of analysis it is, in a few words, for report.json."""
    about: str
    """What the answers are, as a report's second line says it."""
    make: Callable[[Any], Tables]
    figure: str
    figure_title: str
    figure_caption: str
    """What is drawn of how many; `{shape}` is the panel in words."""
    first: tuple[str, ...]
    """Tables that stand below the figure."""
    chapters: tuple[Chapter, ...]
    printed: tuple[str, ...]
    """Tables that the command line prints."""
    correction: str
    level: str
    replicates: int
    """Of its bootstrap, 0 where it has none."""


@dataclass(frozen=True, eq=False)
class Analysis:
    """Answers and the tables made from them, by name and in the order in which they are read."""

    answers: Answers
    profile: Profile
    tables: Tables
