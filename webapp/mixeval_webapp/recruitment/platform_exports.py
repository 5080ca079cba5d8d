"""What recruitment platforms export about their participants: one CSV file, known by its header.

Prolific: "Export demographic data". MTurk: "Download CSV" of a batch. Other files, Sona's among them, name their
columns as each school set them up, so theirs are told on the command line where they are not found.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mixeval.errors import AnalysisError

MOST_BYTES = 50_000_000
PAID = frozenset({"approved", "partially approved", "screened out", "paid", "credit granted", "participated"})
"""States, in small letters, in which the participant has been paid or credited."""


@dataclass(frozen=True)
class Submission:
    """One participation as the platform tells it."""

    value: str
    """The participant's id there."""
    submission: str
    state: str
    code: str
    """What they typed or arrived with."""
    paid: bool


@dataclass(frozen=True)
class _Columns:
    value: str
    state: str
    submission: str | None = None
    code: str | None = None


# In small letters, with the words that older and newer files use.
_VALUE = (
    "participant id",
    "participant_id",
    "workerid",
    "survey_code",
    "survey code",
    "survey id",
    "id code",
    "id",
)
_STATE = ("status", "assignmentstatus", "credit status", "participation status", "credit_status")
_SUBMISSION = ("submission id", "session_id", "assignmentid")
_CODE = ("completion code", "entered_code")


def read_platform_export(
    path: Path,
    *,
    id_column: str | None = None,
    state_column: str | None = None,
    paid_states: Iterable[str] = (),
) -> Sequence[Submission]:
    """Read a platform's own file; columns and states that are named go before those that are known.

    Raises AnalysisError when it cannot be read, or has no column for the id or the state.
    """
    text = _text_of(path)
    # Schools' systems write semicolons where the decimal mark is a comma.
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restval="")
    header = [name for name in reader.fieldnames or () if name]
    columns = _columns_of(header, path, id_column=id_column, state_column=state_column)
    paid = frozenset(state.strip().lower() for state in paid_states) or PAID
    try:
        return [_submission(row, columns, paid) for row in reader if (row[columns.value] or "").strip()]
    except csv.Error as error:
        raise AnalysisError(f"{path} is no CSV file ({error})", remedy="export it again as CSV") from error


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise AnalysisError(
                f"{path} is larger than {MOST_BYTES // 1_000_000} MB", remedy="name the platform's CSV file"
            )
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise AnalysisError(
            f"{path} cannot be read ({error})", remedy="name the CSV file that the platform exports"
        ) from error


def _columns_of(
    header: Sequence[str], path: Path, *, id_column: str | None, state_column: str | None
) -> _Columns:
    value = _named(header, id_column, path) or _found(header, _VALUE)
    state = _named(header, state_column, path) or _found(header, _STATE)
    for what, column, option in (
        ("participants' ids", value, "--id-column"),
        ("states", state, "--state-column"),
    ):
        if column is None:
            raise AnalysisError(
                f"{path} has no column that is known to hold the {what}",
                remedy=f"name it with {option}, out of: {', '.join(header[:30]) or 'none'}",
            )
    answers = [name for name in header if re.fullmatch(r"Answer\..*code.*", name, re.IGNORECASE)]
    return _Columns(
        value or "",
        state or "",
        submission=_found(header, _SUBMISSION),
        code=answers[0] if answers else _found(header, _CODE),
    )


def _named(header: Sequence[str], name: str | None, path: Path) -> str | None:
    if name is not None and name not in header:
        raise AnalysisError(
            f'{path} has no column "{name}"', remedy=f"choose one of: {', '.join(header[:30]) or 'none'}"
        )
    return name


def _found(header: Sequence[str], known: Sequence[str]) -> str | None:
    by_name = {name.strip().lower(): name for name in reversed(header)}
    return next((by_name[name] for name in known if name in by_name), None)


def _submission(row: Mapping[str, str | None], columns: _Columns, paid: frozenset[str]) -> Submission:
    def cell(name: str | None) -> str:
        return (row.get(name) or "").strip() if name else ""

    state = cell(columns.state)
    return Submission(
        value=cell(columns.value),
        submission=cell(columns.submission),
        state=state,
        code=cell(columns.code),
        paid=state.lower().replace("_", " ") in paid,
    )
