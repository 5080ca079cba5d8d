"""Rows written as JSON, each text as it was typed."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd


def json_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    r"""Write a list with an object for each row on a line of its own: moments as ISO 8601, what is missing as null.

    >>> json_text(["name", "rating"], [["=1+1", -2.5]])
    '[\n{"name": "=1+1", "rating": -2.5}\n]\n'
    """
    lines = (
        json.dumps(
            {column: _value(value) for column, value in zip(columns, row, strict=True)},
            ensure_ascii=False,
            allow_nan=False,
        )
        for row in rows
    )
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _value(value: Any) -> Any:
    match value:
        case None | bool() | str() | int() | list() | dict():
            return value
        case datetime():
            return None if pd.isna(value) else value.isoformat()
        case _:
            # Of pandas: numbers of its own, and three ways to say that there is none.
            return None if pd.isna(value) else float(value)
