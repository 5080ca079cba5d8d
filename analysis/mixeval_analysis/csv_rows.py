"""Rows written as CSV that any program reads, and no spreadsheet runs."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from mixeval.formulas import formula_safe


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    r"""Write a header and rows: truths as true and false, moments as ISO 8601, lists as JSON, what is missing as nothing.

    Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers keep their sign.

    >>> csv_text(["name", "rating"], [["=1+1", -2.5]])
    "name,rating\n'=1+1,-2.5\n"
    """
    written = io.StringIO()
    # Quoted where it must be; line breaks of comments stay inside their cell.
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow([_cell(column) for column in columns])
    lines.writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            # A bare carriage return ends a row for some readers, quoted or not.
            return formula_safe(value).replace("\r\n", "\n").replace("\r", "\n")
        case datetime():
            return "" if pd.isna(value) else value.isoformat()
        case float():
            return "" if pd.isna(value) else repr(float(value))
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
        case _:
            return "" if value is pd.NaT else str(value)
