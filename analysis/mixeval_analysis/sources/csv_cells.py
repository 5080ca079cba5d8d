"""The cells of a CSV file: text that is decoded, split and parsed, and refused with its row where it cannot be used.

Rows are counted as a spreadsheet counts them: the header is row 1.
"""

import csv
import io
import math
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mixeval.errors import AnalysisError

_LONGEST_NAME = 200
_LARGEST_RATING = 1e100
"""Squares of larger ones overflow, and no scale goes so far."""
# Line breaks and other control characters break tables; direction overrides show a name as another.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
# An apostrophe before what a spreadsheet would run, as files of mixeval have it.
_GUARD = re.compile(r"^'(?=[=+\-@])")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_TRUE = {"true", "1", "yes", "y", "t", "simulated"}
_FALSE = {"false", "0", "no", "n", "f", ""}


def read_cells(content: bytes, source: str) -> pd.DataFrame:
    """Split the bytes of a CSV into cells of text, indexed by row. Raises AnalysisError."""
    cells = _split(decoded(content, source), source)
    return cells.loc[~(cells == "").all(axis=1)]


def refuse_gaps(cells: pd.DataFrame, columns: tuple[str, ...], source: str, *, noun: str) -> None:
    """Refuse a table that lacks a column, a row, or a name in a column. Raises AnalysisError."""
    for name in columns:
        if name not in cells.columns:
            raise AnalysisError(
                f'{source} has no column "{name}", its columns are {", ".join(cells.columns)}',
                remedy=f"name its columns {','.join(columns)}",
            )
    if cells.empty:
        raise AnalysisError(f"{source} holds no {noun}s", remedy=f"give it a row per {noun} below its header")


def says_no(cells: "pd.Series[str]") -> "pd.Series[bool]":
    """Tell the cells of a flag that say no, aloud."""
    return cells.str.lower().isin(_FALSE - {""})


def refuse_empty(cells: "pd.Series[str]", source: str) -> None:
    """Refuse a column that has an empty cell."""
    refuse(cells == "", cells, source, "is empty", "fill it in or delete that row")


def parsed(
    cells: pd.DataFrame, kinds: Mapping[str, str], defaults: Mapping[str, object], source: str
) -> pd.DataFrame:
    """Parse each column by its kind; an empty cell says what a missing column says. Raises AnalysisError."""
    columns = {
        name: _column(cells[name], kinds.get(name, "text"), defaults.get(name), source)
        for name in map(str, cells.columns)
    }
    return pd.DataFrame(columns, index=cells.index)


def refuse_unprintable(names: "pd.Series[str]", source: str) -> None:
    """Refuse names that a table could not show."""
    shown = by_value(names, lambda name: repr(name)[1:-1][:40])
    why, remedy = "holds a line break or another character that cannot be printed", "rename it"
    refuse(by_value(names, lambda name: bool(_UNPRINTABLE.search(name))), shown, source, why, remedy)
    why, remedy = f"is longer than {_LONGEST_NAME} characters", "shorten it"
    refuse(by_value(names, lambda name: len(name) > _LONGEST_NAME), shown, source, why, remedy)


def refuse(bad: "pd.Series[bool]", cells: "pd.Series[str]", source: str, why: str, remedy: str) -> None:
    """Refuse the first cell that is marked in `bad`, and say how many more there are. Raises AnalysisError."""
    if not bad.any():
        return
    place = int(np.flatnonzero(bad)[0])
    row, cell = cells.index[place], cells.iloc[place]
    others = int(bad.sum()) - 1
    also = f", and {others} more" if others else ""
    value = f' "{cell}"' if cell else ""
    raise AnalysisError(f"{source}, row {row}: {cells.name}{value} {why}{also}", remedy=remedy)


def delimiter_of(line: str) -> str:
    """Tell what stands between cells: spreadsheets write semicolons where the comma is the decimal sign."""
    return max(",;\t", key=line.count)


def by_value(cells: "pd.Series[str]", what: Callable[[str], Any]) -> "pd.Series[Any]":
    """Work something out of each cell, once for all cells that are equal: names come back in a million rows."""
    codes, values = pd.factorize(cells)
    found = pd.Series([what(str(value)) for value in values])
    return pd.Series(found.array.take(codes), index=cells.index, name=cells.name)


def decoded(content: bytes, source: str) -> str:
    """Decode UTF-8 text, with line ends as Unix has them. Raises AnalysisError."""
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
    delimiter = delimiter_of(header_line)
    try:
        header = [name.strip() for name in next(csv.reader([header_line], delimiter=delimiter), [])]
    except csv.Error as error:
        raise AnalysisError(
            f"{source} is not a CSV file, its header cannot be read ({error})", remedy="name a CSV file"
        ) from error
    if not any(header):
        raise AnalysisError(
            f"{source} is empty", remedy="give it the columns participant,item,condition,rating"
        )
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
    return pd.DataFrame(
        {name: by_value(cells[name].fillna(""), str.strip) for name in header}, index=cells.index
    )


def _column(cells: "pd.Series[str]", kind: str, default: object, source: str) -> "pd.Series[Any]":
    name = str(cells.name)
    if kind == "flag":
        lowered = by_value(cells, str.lower)
        refuse(
            ~lowered.isin(_TRUE | _FALSE), cells, source, "is neither true nor false", "write true or false"
        )
        return lowered.isin(_TRUE | {""}) if default is True else lowered.isin(_TRUE)
    if kind == "count":
        numbers = cells.mask(cells == "", "0")
        refuse(~numbers.str.fullmatch(r"\d{1,9}"), cells, source, "is no whole number", "count from 0")
        return numbers.astype("int64")
    if kind == "number":
        parsed = by_value(cells, _number)
        if name == "rating":
            comma = by_value(cells, lambda cell: bool(_DECIMAL_COMMA.fullmatch(cell)))
            refuse(comma, cells, source, "has a decimal comma", "write a decimal point")
            refuse(
                parsed.isna() & (cells != ""),
                cells,
                source,
                "is no finite number",
                "correct it or delete that row",
            )
            large = parsed.abs() > _LARGEST_RATING
            refuse(large, cells, source, "is larger than any scale", "correct it or delete that row")
        return parsed
    text = by_value(cells, lambda cell: _GUARD.sub("", cell))
    return text.mask(text == "", str(default)) if default else text


def _number(cell: str) -> float:
    try:
        value = float(cell) if "_" not in cell else math.nan
    except ValueError:
        return math.nan
    # Adding zero turns -0.0 into 0.0.
    return value + 0.0 if math.isfinite(value) else math.nan
