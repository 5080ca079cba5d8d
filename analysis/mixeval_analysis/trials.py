"""Trials in tidy form: forced choices between two mixes, the currency of `ab` and `abx` pages.

A row is one answer: this participant preferred this one of two mixes, or took X for it. The columns and what
they mean are listed in docs/data-dictionary.md.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from mixeval_analysis.answers import Answers

REQUIRED = ("participant", "item", "a", "b", "chosen")

COLUMNS: Mapping[str, str] = {
    "participant": "text",
    "item": "text",
    "a": "text",
    "b": "text",
    "x": "text",
    "chosen": "text",
    "correct": "text",
    "attribute": "text",
    "session": "text",
    "version": "text",
    "page": "text",
    "purpose": "text",
    "position": "count",
    "shown_first": "text",
    "listened_seconds_a": "number",
    "listened_seconds_b": "number",
    "listened_seconds_x": "number",
    "rated_at": "moment",
    "simulated": "flag",
    "preview": "flag",
    "complete": "flag",
}
"""Every column that mixeval knows and its kind; further columns are facts about the item."""

DEFAULTS: Mapping[str, object] = {
    "x": "",
    "correct": "",
    "attribute": "",
    "version": "",
    "purpose": "rating",
    "simulated": False,
    "preview": False,
    "complete": True,
}
"""What a table says that lacks the column: a choice between two, one attribute, real and complete."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outcome:
    """How trials came out: shapes are (participants,), of those who had any.

    `first` counts choices of the first of two (or right answers), `second` those of the other (or wrong ones),
    `neither` those of no preference.
    """

    first: Counts
    second: Counts
    neither: Counts

    @property
    def n(self) -> int:
        return self.decided + int(self.neither.sum())

    @property
    def decided(self) -> int:
        return int(self.first.sum() + self.second.sum())

    @property
    def lean(self) -> npt.NDArray[np.float64]:
        """How far each participant leans to the first, -1 to 1; no preference counts as half of each."""
        return (self.first - self.second) / (self.first + self.second + self.neither)


@dataclass(frozen=True, eq=False)
class Trials(Answers):
    """Tidy rows with what tables and figures need to present them.

    `rows` has at least the columns REQUIRED and DEFAULTS, and `page_type`: `abx` where X is named, else `ab`.
    """

    NOUN: ClassVar[str] = "trial"
    NAMING: ClassVar[tuple[str, ...]] = ("a", "b")
    VALUES: ClassVar[tuple[str, ...]] = ("x", "chosen")

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return the pairs that were asked, in the order of conditions."""
        asked = {frozenset(pair) for pair in zip(self.rows["a"], self.rows["b"], strict=True)}
        return tuple(pair for pair in itertools.combinations(self.labels, 2) if frozenset(pair) in asked)

    def of(self, a: str, b: str) -> pd.DataFrame:
        """Return the trials of one pair, whichever stands first."""
        rows = self.rows
        return rows.loc[((rows["a"] == a) & (rows["b"] == b)) | ((rows["a"] == b) & (rows["b"] == a))]

    def preferences(self, a: str, b: str) -> Outcome:
        """Count who chose a, b or neither."""
        rows = self.of(a, b)
        return _outcome(rows, rows["chosen"] == a, rows["chosen"] == b)

    def wins(self, condition: str) -> Outcome:
        """Count choices of a condition over all others that it met."""
        rows = self.rows.loc[(self.rows["a"] == condition) | (self.rows["b"] == condition)]
        return _outcome(rows, rows["chosen"] == condition, ~rows["chosen"].isin(["", condition]))

    def identifications(self, a: str, b: str) -> Outcome:
        """Count right and wrong answers to what X was."""
        return right_and_wrong(self.of(a, b))


def right_and_wrong(rows: pd.DataFrame) -> Outcome:
    """Count the right and wrong answers of `abx` rows."""
    right = rows["chosen"] == rows["x"]
    return _outcome(rows, right, ~right)


def with_defaults(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that a table may leave out, with what their absence says, and the type of page."""
    missing: dict[str, Any] = {name: value for name, value in DEFAULTS.items() if name not in rows.columns}
    rows = rows.assign(**missing)
    return rows.assign(page_type=np.where(rows["x"] == "", "ab", "abx"))


def in_study_order(rows: pd.DataFrame, conditions: tuple[str, ...]) -> pd.DataFrame:
    """Let `a` be the condition that comes first among `conditions`, and swap what belongs to it."""
    place = {condition: index for index, condition in enumerate(conditions)}
    turned = rows["a"].map(place) > rows["b"].map(place)
    swapped = rows.copy()
    for one, other in (("a", "b"), ("listened_seconds_a", "listened_seconds_b")):
        if one in rows.columns and other in rows.columns:
            swapped[one] = rows[other].where(turned, rows[one])
            swapped[other] = rows[one].where(turned, rows[other])
    return swapped


def _outcome(rows: pd.DataFrame, first: "pd.Series[bool]", second: "pd.Series[bool]") -> Outcome:
    by = rows["participant"]
    counts = pd.DataFrame({"first": first, "second": second, "neither": ~(first | second)})
    # Participants by name: the rows' order changes nothing.
    summed = counts.groupby(by, sort=True).sum()
    return Outcome(*(np.asarray(summed[name], dtype=np.int64) for name in ("first", "second", "neither")))
