"""Read a tidy CSV: a row per rating or per trial, with whatever else is known of it.

Ratings are `participant,item,condition,rating`, trials `participant,item,a,b,chosen`. Nothing is guessed: a cell
that cannot be used is refused with its row.
"""

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mixeval.errors import AnalysisError
from mixeval.study import AnalysisSection
from mixeval.validation import validated
from mixeval_analysis import trials as trial_rows
from mixeval_analysis.answers import Answers, RatedVersion, in_order, in_utf8
from mixeval_analysis.ratings import COLUMNS, DEFAULTS, PAGE_TYPES, REQUIRED, Ratings, with_defaults
from mixeval_analysis.sources.csv_cells import (
    parsed,
    read_cells,
    refuse,
    refuse_empty,
    refuse_gaps,
    refuse_unprintable,
    says_no,
)
from mixeval_analysis.trials import Trials, in_study_order

SETTINGS_SUFFIX = ".analysis.toml"
_NAMES = ["participant", "item", "condition", "attribute", "a", "b", "x", "chosen"]
_KEY = ("participant", "item", "condition", "attribute", "repeat", "purpose", "session", "version")


def read_tidy_csv(path: Path) -> Answers:
    """Read ratings on any scale, or trials, and NAME.analysis.toml beside them where it is there.

    Raises AnalysisError when the file is missing, not
    UTF-8, not a table, lacks a column, holds a cell that cannot be used or the same rating twice, or compares
    fewer than two conditions.
    """
    content, source = read_file(path), in_utf8(path.name)
    cells = read_cells(content, source)
    trials = "chosen" in cells.columns and "rating" not in cells.columns
    rows = _parse_trials(cells, source) if trials else _parse_ratings(cells, source)
    return tidy_answers(rows, path, source_sha256=hashlib.sha256(content).hexdigest())


def read_file(path: Path) -> bytes:
    """Read the bytes of a file. Raises AnalysisError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise AnalysisError(
            f"{path} cannot be read ({error.strerror})", remedy="name a readable CSV file"
        ) from error


def tidy_answers(rows: pd.DataFrame, path: Path, *, source_sha256: str) -> Answers:
    """Present tidy rows of a file: conditions in the order in which they appear, settings from the file beside it.

    Raises AnalysisError when fewer than two conditions are there, and what `read_settings` raises.
    """
    trials = "chosen" in rows.columns
    source = in_utf8(path.name)
    named = rows[list(Trials.NAMING if trials else Ratings.NAMING)]
    found = [str(name) for name in pd.unique(named.to_numpy().ravel())]
    settings = read_settings(path)
    order = in_order(found, settings.order or ())
    versions = [str(version) for version in rows["version"].unique()]
    details: dict[str, Any] = {
        "labels": {condition: condition for condition in order},
        "settings": settings,
        "title": in_utf8(path.stem),
        "source": source,
        "source_sha256": source_sha256,
        # A file does not say what was heard, so that versions must be taken as different.
        "versions": tuple(RatedVersion(version, version) for version in versions) if versions != [""] else (),
    }
    if trials:
        return Trials(rows=in_study_order(rows, tuple(order)), **details)
    return Ratings(rows=rows, **details)


def parse_tidy_csv(content: bytes, *, source: str) -> pd.DataFrame:
    """Parse the bytes of a tidy CSV of ratings into rows with the columns of DEFAULTS. Raises AnalysisError."""
    return _parse_ratings(read_cells(content, source), source)


def read_settings(path: Path) -> AnalysisSection:
    """Read NAME.analysis.toml beside NAME.csv: the keys of a study's [analysis].

    Raises AnalysisError when it is not TOML, and StudyError when a key cannot be used.
    """
    settings = path.with_name(path.stem + SETTINGS_SUFFIX)
    try:
        document = tomllib.loads(settings.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return AnalysisSection()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AnalysisError(
            f"{settings} cannot be read ({error})", remedy="correct it or remove it"
        ) from error
    known = ", ".join(AnalysisSection.model_fields)
    return validated(
        AnalysisSection,
        document,
        source=str(settings),
        remedy_for_unknown=lambda _key: f"remove it, the keys there are {known}",
    )


def _parse_ratings(cells: pd.DataFrame, source: str) -> pd.DataFrame:
    refuse_gaps(cells, REQUIRED, source, noun="rating")
    for name in ("participant", "item", "condition"):
        refuse_empty(cells[name], source)
    for name in cells.columns.intersection(_NAMES):
        refuse_unprintable(cells[name], source)
    if "page_type" in cells.columns:
        known = ", ".join(filter(None, PAGE_TYPES))
        types = cells["page_type"]
        refuse(~types.isin(PAGE_TYPES), types, source, "is no type of page that rates", f"write {known}")
    empty = cells["rating"] == ""
    if "moved" in cells.columns:
        empty &= ~says_no(cells["moved"])  # never rated, and the file knows it
    refuse(empty, cells["rating"], source, "is empty", "give the rating or delete that row")
    rows = with_defaults(parsed(cells, COLUMNS, DEFAULTS, source))
    _refuse_twice(rows, source)
    return rows.reset_index(drop=True)


def _parse_trials(cells: pd.DataFrame, source: str) -> pd.DataFrame:
    refuse_gaps(cells, trial_rows.REQUIRED, source, noun="trial")
    for name in ("participant", "item", "a", "b"):
        refuse_empty(cells[name], source)
    for name in cells.columns.intersection(_NAMES):
        refuse_unprintable(cells[name], source)
    rows = trial_rows.with_defaults(parsed(cells, trial_rows.COLUMNS, trial_rows.DEFAULTS, source))
    a, b, x, chosen = (rows[name] for name in ("a", "b", "x", "chosen"))
    refuse(a == b, a, source, "stands against itself", "name two mixes, or delete that row")
    refuse((x != "") & (x != a) & (x != b), x, source, "is neither of the two mixes", "name a or b")
    refuse((x != "") & (chosen == ""), chosen, source, "is empty", "give the answer or delete that row")
    refuse(
        (chosen != "") & (chosen != a) & (chosen != b),
        chosen,
        source,
        "is neither of the two mixes",
        "name a or b, or nothing for no preference",
    )
    said, right = rows["correct"].str.lower(), (chosen == x).map({True: "true", False: "false"})
    wrong = (said != "") & ((x == "") | (said != right))
    refuse(
        wrong, rows["correct"], source, "contradicts x and chosen", "correct one of them or leave it empty"
    )
    return rows.assign(correct=right.where(x != "", "")).reset_index(drop=True)


def _refuse_twice(rows: pd.DataFrame, source: str) -> None:
    key = [name for name in _KEY if name in rows.columns]
    if "page" in rows.columns and (rows["page_type"] == "bs1116").any():
        key.append("page")  # the reference is graded beside each mix
    twice = rows.duplicated(key)
    if twice.any():
        second = int(np.flatnonzero(twice)[0])
        same = (rows[key].iloc[: second + 1] == rows[key].iloc[second]).all(axis=1)
        first = int(np.flatnonzero(same)[0])
        what = ", ".join(str(value) for value in rows[["participant", "item", "condition"]].iloc[second])
        raise AnalysisError(
            f"{source}, rows {rows.index[first]} and {rows.index[second]}: {what} is rated twice",
            remedy="delete one, or tell them apart by a column `repeat` that counts from 0",
        )
