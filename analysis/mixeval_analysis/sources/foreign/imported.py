"""What a reader of another platform's file gives: tidy rows without anybody's name, and what was assumed."""

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mixeval.conditions import Role
from mixeval.errors import AnalysisError
from mixeval_analysis import ratings, trials
from mixeval_analysis.sources.csv_cells import delimiter_of, refuse_empty, refuse_unprintable


@dataclass(frozen=True, eq=False)
class Imported:
    """Tidy rows of another platform's file.

    `rows` has at least the columns REQUIRED and DEFAULTS of ratings, or of trials where they are choices. `settings`
    are keys of [analysis] that the file knows. `remarks` say what the file was and what was assumed.
    """

    platform: str
    rows: pd.DataFrame
    remarks: tuple[str, ...]
    roles: Mapping[str, Role] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    scale: tuple[float, float] | None = None

    @property
    def are_trials(self) -> bool:
        return "chosen" in self.rows.columns


def split_lines(text: str, source: str, *, delimiter: str | None = None) -> list[list[str]]:
    """Split a CSV into lines of cells, which need not be equally many. Raises AnalysisError."""
    delimiter = delimiter or delimiter_of(text.split("\n", 1)[0])
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return [[cell.strip() for cell in line] for line in lines]
    except csv.Error as error:
        raise AnalysisError(
            f"{source} is not a regular table ({error})",
            remedy="copy it again from the server, it may be cut short",
        ) from error


def tidy(found: Iterable[Mapping[str, Any]], source: str, *, noun: str = "rating") -> pd.DataFrame:
    """Make the tidy table of rows that were found; answers that came again are counted in `repeat`.

    Raises AnalysisError where there are none, or a name cannot be printed.
    """
    rows = pd.DataFrame(list(found))
    if rows.empty:
        raise AnalysisError(f"{source} holds no {noun}s", remedy="name a file of sessions that were finished")
    for name in ("item", *(("a", "b") if noun == "trial" else ("condition",))):
        refuse_empty(rows[name], source)
        refuse_unprintable(rows[name], source)
    # What no row knows is not known: a column of nothing would be read as played by nobody.
    optional = rows.columns.difference(
        ["rating", *(name for name in rows.columns if rows[name].notna().any())]
    )
    rows = rows.drop(columns=optional)
    if noun == "trial":
        return trials.with_defaults(rows)
    key = ["participant", "item", "condition", *rows.columns.intersection(["attribute", "page"])]
    return ratings.with_defaults(rows.assign(repeat=rows.groupby(key).cumcount()))


def pseudonyms(people: Iterable[str]) -> dict[str, str]:
    """Number people in the order in which they are named first: P01, P02 ...

    >>> pseudonyms(["ann@example.org", "bob", "ann@example.org"])
    {'ann@example.org': 'P01', 'bob': 'P02'}
    """
    known = list(dict.fromkeys(people))
    digits = max(2, len(str(len(known))))
    return {name: f"P{number:0{digits}}" for number, name in enumerate(known, start=1)}


def number(text: str, source: str, where: str) -> float:
    """Read a rating. Raises AnalysisError when it is no finite number with a decimal point."""
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > 1e100:
        comma = "," in text
        raise AnalysisError(
            f'{source}, {where}: the rating "{text[:40]}" '
            f"{'has a decimal comma' if comma else 'is no finite number'}",
            remedy="write a decimal point" if comma else "correct it or delete that row",
        )
    return value + 0.0
