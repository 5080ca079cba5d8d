"""Read a tidy CSV: `participant,item,condition,rating` and whatever else is known of each rating.

Nothing is guessed: a cell that cannot be used is refused with its row, counted as a spreadsheet counts them
(the header is row 1).
"""

import csv
import hashlib
import io
import math
import tomllib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mixeval.errors import AnalysisError
from mixeval.study import AnalysisSection
from mixeval.validation import validated
from mixeval_analysis.ratings import (
    COLUMNS,
    REQUIRED,
    RatedVersion,
    Ratings,
    in_order,
    in_utf8,
    with_defaults,
)

SETTINGS_SUFFIX = ".analysis.toml"
_NAMES = ["participant", "item", "condition", "attribute"]
_LONGEST_NAME = 200
_LARGEST_RATING = 1e100
"""Squares of larger ones overflow, and no scale goes so far."""
# Line breaks and other control characters break tables; direction overrides show a name as another.
_UNPRINTABLE = r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"
_TRUE = {"true", "1", "yes", "y", "t", "simulated"}
_FALSE = {"false", "0", "no", "n", "f", ""}
_KEY = ("participant", "item", "condition", "attribute", "repeat", "session", "version")


def read_tidy_csv(path: Path) -> Ratings:
    """Read ratings on any scale, and NAME.analysis.toml beside them where it is there.

    Raises AnalysisError when the file is missing, not UTF-8, not a table, lacks a column, holds a cell that
    cannot be used or the same rating twice, or compares fewer than two conditions.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AnalysisError(
            f"{path} cannot be read ({error.strerror})", remedy="name a readable CSV file"
        ) from error
    rows = parse_tidy_csv(content, source=in_utf8(path.name))
    conditions = list(dict.fromkeys(rows["condition"]))
    order = read_settings(path).order or ()
    versions = [str(version) for version in dict.fromkeys(rows["version"])]
    return Ratings(
        rows=rows,
        labels={condition: condition for condition in in_order(conditions, order)},
        title=in_utf8(path.stem),
        source=in_utf8(path.name),
        source_sha256=hashlib.sha256(content).hexdigest(),
        # A file does not say what was heard, so that versions must be taken as different.
        versions=tuple(RatedVersion(version, version) for version in versions) if versions != [""] else (),
    )


def parse_tidy_csv(content: bytes, *, source: str) -> pd.DataFrame:
    """Parse the bytes of a tidy CSV into rows with the columns of DEFAULTS. Raises AnalysisError."""
    text = _decode(content, source)
    cells = _split(text, source)
    cells = cells.loc[~(cells == "").all(axis=1)]
    for name in REQUIRED:
        if name not in cells.columns:
            raise AnalysisError(
                f'{source} has no column "{name}", its columns are {", ".join(cells.columns)}',
                remedy=f"name its columns {','.join(REQUIRED)}",
            )
    if cells.empty:
        raise AnalysisError(f"{source} holds no ratings", remedy="give it a row per rating below its header")
    for name in ("participant", "item", "condition"):
        _refuse(cells[name] == "", cells[name], source, "is empty", "fill it in or delete that row")
    for name in cells.columns.intersection(_NAMES):
        _refuse_unprintable(cells[name], source)
    rows = with_defaults(
        pd.DataFrame(
            {
                name: _column(cells[name], COLUMNS.get(str(name), "text"), source)
                for name in map(str, cells.columns)
            },
            index=cells.index,
        )
    )
    _refuse_twice(rows, source)
    return rows.reset_index(drop=True)


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


def _decode(content: bytes, source: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise AnalysisError(
            f"{source} is not UTF-8 text (byte 0x{content[error.start]:02x} in row {row})",
            remedy='save it as "CSV UTF-8"',
        ) from error
    if "\0" in text:
        raise AnalysisError(f"{source} is not a CSV file, it holds zero bytes", remedy="name a CSV file")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _split(text: str, source: str) -> pd.DataFrame:
    header_line = text.split("\n", 1)[0]
    # Spreadsheets write semicolons where the comma is the decimal sign.
    delimiter = max(",;\t", key=header_line.count)
    try:
        header = [name.strip() for name in next(csv.reader([header_line], delimiter=delimiter), [])]
    except csv.Error as error:
        raise AnalysisError(
            f"{source} is not a CSV file, its header cannot be read ({error})", remedy="name a CSV file"
        ) from error
    if not any(header):
        raise AnalysisError(f"{source} is empty", remedy=f"give it the columns {','.join(REQUIRED)}")
    twice = [name for index, name in enumerate(header) if name in header[:index]]
    if twice:
        raise AnalysisError(f'{source} has two columns "{twice[0]}"', remedy="delete or rename one")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            cells: pd.DataFrame = pd.read_csv(
                io.StringIO(text),
                sep=delimiter,
                header=0,
                names=header,
                dtype=str,
                keep_default_na=False,
                index_col=False,
                skip_blank_lines=False,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        reason = str(error).removeprefix("Error tokenizing data. C error: ").strip().rstrip(".")
        raise AnalysisError(
            f"{source} is not a regular table ({reason})", remedy="give each row as many cells as the header"
        ) from error
    cells.index += 2
    return pd.DataFrame({name: cells[name].fillna("").str.strip() for name in header}, index=cells.index)


def _column(cells: "pd.Series[str]", kind: str, source: str) -> "pd.Series[Any]":
    name = str(cells.name)
    if kind == "flag":
        lowered = cells.str.lower()
        _refuse(
            ~lowered.isin(_TRUE | _FALSE), cells, source, "is neither true nor false", "write true or false"
        )
        if name == "complete":  # an empty cell says what a missing column says
            return lowered.isin(_TRUE | {""})
        return lowered.isin(_TRUE)
    if kind == "count":
        numbers = cells.mask(cells == "", "0")
        _refuse(~numbers.str.fullmatch(r"\d{1,9}"), cells, source, "is no whole number", "count from 0")
        return numbers.astype("int64")
    if kind == "number":
        parsed = cells.map(_number)
        if name == "rating":
            _refuse(cells == "", cells, source, "is empty", "give the rating or delete that row")
            comma = cells.str.fullmatch(r"[+-]?\d+,\d+")
            _refuse(comma, cells, source, "has a decimal comma", "write a decimal point")
            _refuse(parsed.isna(), cells, source, "is no finite number", "correct it or delete that row")
            large = parsed.abs() > _LARGEST_RATING
            _refuse(large, cells, source, "is larger than any scale", "correct it or delete that row")
        return parsed
    return cells


def _number(cell: str) -> float:
    try:
        value = float(cell) if "_" not in cell else math.nan
    except ValueError:
        return math.nan
    # Adding zero turns -0.0 into 0.0.
    return value + 0.0 if math.isfinite(value) else math.nan


def _refuse_unprintable(names: "pd.Series[str]", source: str) -> None:
    shown = names.map(lambda name: repr(name)[1:-1][:40])
    why, remedy = "holds a line break or another character that cannot be printed", "rename it"
    _refuse(names.str.contains(_UNPRINTABLE), shown, source, why, remedy)
    why, remedy = f"is longer than {_LONGEST_NAME} characters", "shorten it"
    _refuse(names.str.len() > _LONGEST_NAME, shown, source, why, remedy)


def _refuse(bad: "pd.Series[bool]", cells: "pd.Series[str]", source: str, why: str, remedy: str) -> None:
    if not bad.any():
        return
    place = int(np.flatnonzero(bad)[0])
    row, cell = cells.index[place], cells.iloc[place]
    others = int(bad.sum()) - 1
    also = f", and {others} more" if others else ""
    value = f' "{cell}"' if cell else ""
    raise AnalysisError(f"{source}, row {row}: {cells.name}{value} {why}{also}", remedy=remedy)


def _refuse_twice(rows: pd.DataFrame, source: str) -> None:
    key = [name for name in _KEY if name in rows.columns]
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
