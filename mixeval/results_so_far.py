"""What an analysis says of a study that is still running: the contract between the analysis and the pages that show it.

It travels from a process of its own to the server as JSON.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = 1
FILE_NAME = ".results-so-far.json"
"""In the study folder."""


def delete_results(folder: Path) -> None:
    """Delete what was found so far: it may show somebody who has just been erased, and is made again at a look."""
    (folder / FILE_NAME).unlink(missing_ok=True)


@dataclass(frozen=True)
class ShownTable:
    """A table as readers see it: labels and rounded numbers."""

    name: str
    title: str
    caption: str
    headings: tuple[str, ...]
    text_columns: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShownFigure:
    name: str
    title: str
    caption: str
    svg: str


@dataclass(frozen=True)
class ResultSet:
    """Tables and figures of the sessions that heard the same stimuli."""

    title: str
    about: str
    """How much it is made of, such as `20 participants x 6 items, 840 ratings`."""
    simulated: bool
    figures: tuple[ShownFigure, ...]
    tables: tuple[ShownTable, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suspicion:
    """A rule of screening that a participant meets so far, finished or not."""

    participant: str
    rule: str
    meaning: str
    value: float
    threshold: float


@dataclass(frozen=True)
class ResultsSoFar:
    """What can be said of the answers that are in; `problem` says why where nothing can."""

    sets: tuple[ResultSet, ...] = ()
    problem: str = ""
    suspicions: tuple[Suspicion, ...] = ()
    page_seconds: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """For how long each finished page was open, by its id."""

    def to_json(self) -> str:
        return json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, ensure_ascii=False)


def parse_results(text: str) -> ResultsSoFar:
    """Read what :meth:`ResultsSoFar.to_json` wrote. Raises ValueError for anything else."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.pop("schema", None) != SCHEMA:
        raise ValueError("these are no results of this version")
    try:
        return ResultsSoFar(
            sets=tuple(map(_set, document["sets"])),
            problem=str(document["problem"]),
            suspicions=tuple(Suspicion(**entry) for entry in document["suspicions"]),
            page_seconds={str(page): float(seconds) for page, seconds in document["page_seconds"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"these are no results ({error})") from error


def _set(document: dict[str, Any]) -> ResultSet:
    figures = tuple(ShownFigure(**entry) for entry in document.pop("figures"))
    tables = tuple(map(_table, document.pop("tables")))
    remarks = tuple(document.pop("remarks"))
    return ResultSet(**document, figures=figures, tables=tables, remarks=remarks)


def _table(document: dict[str, Any]) -> ShownTable:
    lists: dict[str, Any] = {
        name: tuple(document.pop(name)) for name in ("headings", "text_columns", "notes")
    }
    rows = tuple(tuple(row) for row in document.pop("rows"))
    return ShownTable(**document, **lists, rows=rows)
