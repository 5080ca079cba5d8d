"""Bring another platform's results into a tidy CSV, with the settings that they know in a file beside it."""

import errno
import json
import os
import stat
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mixeval.errors import AnalysisError, ResultError
from mixeval.xml_tree import is_xml
from mixeval_analysis import ratings, trials
from mixeval_analysis.answers import count_of, in_utf8
from mixeval_analysis.csv_rows import csv_text
from mixeval_analysis.sources.foreign.imported import Imported
from mixeval_analysis.sources.foreign.several import read_files
from mixeval_analysis.sources.tidy_csv import SETTINGS_SUFFIX

_MOST_BYTES = 2**30
_MOST_FILES = 100_000


@dataclass(frozen=True)
class ImportedFile:
    """What was written. `remarks` say what was read, assumed and left out; `uncounted` are rows that no table counts."""

    path: Path
    settings: Path | None
    platform: str
    noun: str
    rows: int
    participants: int
    items: int
    conditions: tuple[str, ...]
    uncounted: Mapping[str, int]
    remarks: tuple[str, ...]


def import_results(sources: Sequence[Path], out: Path) -> ImportedFile:
    """Read result files, or folders of XML files, into the tidy CSV `out`, whole or not at all.

    Raises AnalysisError when they cannot be read or not stand in one table, and ResultError when `out` cannot be
    written or is there already.
    """
    settings = out.with_name(out.stem + SETTINGS_SUFFIX)
    for path in (out, settings):
        if os.path.lexists(path):
            raise ResultError(
                f"{path} is there already", remedy="move it away, or name another file with --out"
            )
    imported = read_files(_contents(sources))
    columns = _columns(imported)
    rows = imported.rows[columns].astype(object).itertuples(index=False, name=None)
    # The settings go first: a table without them would be read as one that has no reference.
    known = _settings(imported)
    if known:
        _write(settings, known)
    try:
        _write(out, csv_text(columns, rows))
    except ResultError:
        settings.unlink(missing_ok=True)
        raise
    return ImportedFile(
        out,
        settings if known else None,
        imported.platform,
        "trial" if imported.are_trials else "rating",
        len(imported.rows),
        int(imported.rows["participant"].nunique()),
        int(imported.rows["item"].nunique()),
        _conditions(imported),
        _uncounted(imported.rows),
        imported.remarks,
    )


def _contents(sources: Sequence[Path]) -> dict[str, bytes]:
    files: dict[str, Path] = {}
    for source in sources:
        found = sorted(source.iterdir()) if source.is_dir() else [source]
        for path in found:
            name = in_utf8(path.name)
            files[name if name not in files else in_utf8(str(path))] = path
    if len(files) > _MOST_FILES:
        raise AnalysisError(
            f"there are more than {_MOST_FILES} files", remedy="name the folder of one test's results"
        )
    folders = {source for source in sources if source.is_dir()}
    contents: dict[str, bytes] = {}
    for name, path in files.items():
        in_folder = path.parent in folders and path not in sources
        if in_folder and not path.is_file():
            continue
        content = _read(path, _MOST_BYTES - sum(map(len, contents.values())))
        # Beside its sessions a server's folder holds much else.
        if not in_folder or is_xml(content):
            contents[name] = content
    if not contents:
        raise AnalysisError(
            f"{', '.join(map(str, sources))} holds no XML files",
            remedy="name a folder with sessions of the Web Audio Evaluation Tool, or the CSV file itself",
        )
    return contents


def _read(path: Path, most_bytes: int) -> bytes:
    try:
        # A pipe or a device would never end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise AnalysisError(f"{path} is no file", remedy="name a file, or a folder of XML files")
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise AnalysisError(
            f"{path} cannot be read ({error.strerror})", remedy="name a readable file"
        ) from error
    if len(content) > most_bytes:
        raise AnalysisError(
            f"with {path} there is more than 1 GB to read", remedy="name the results of one test"
        )
    return content


def _columns(imported: Imported) -> list[str]:
    """Return the columns in the order of the data dictionary; those in which nothing stands are left out."""
    module = trials if imported.are_trials else ratings
    rows = imported.rows
    known = [name for name in module.COLUMNS if name in rows.columns]
    facts = [str(name) for name in rows.columns if name not in module.COLUMNS and name != "page_type"]
    kept = [
        name for name in known if name in module.REQUIRED or _says_more(rows[name], module.DEFAULTS.get(name))
    ]
    return [*kept, *facts]


def _says_more(column: "pd.Series[Any]", default: object) -> bool:
    return not bool((column.isna() | (column == default) | (column == "")).all())


def _settings(imported: Imported) -> str:
    references = [name for name, role in imported.roles.items() if role == "reference"]
    known = dict(imported.settings)
    if len(references) == 1:
        known.setdefault("reference", references[0])
    present = set(_conditions(imported))
    # A JSON string is a TOML basic string too, once the letters outside of ASCII stand as themselves.
    lines = [
        f"{key} = {json.dumps(name, ensure_ascii=False)}\n" for key, name in known.items() if name in present
    ]
    return f"# What {imported.platform}'s files say of the mixes.\n{''.join(lines)}" if lines else ""


def _conditions(imported: Imported) -> tuple[str, ...]:
    naming = ["a", "b"] if imported.are_trials else ["condition"]
    return tuple(str(name) for name in pd.unique(imported.rows[naming].to_numpy().ravel()))


def _uncounted(rows: pd.DataFrame) -> dict[str, int]:
    """Count the rows that tables leave out, each by the first reason that holds."""
    reasons = {
        "the session was not completed": ~rows["complete"].astype(bool),
        "the page was for practice": rows["purpose"] == "practice",
        "the same answer came again": rows["repeat"] > 0
        if "repeat" in rows
        else pd.Series(False, rows.index),
        "the mix was never rated": rows["rating"].isna()
        if "rating" in rows
        else pd.Series(False, rows.index),
    }
    left = pd.Series(True, rows.index)
    counts = {}
    for reason, holds in reasons.items():
        counts[reason] = int((left & holds).sum())
        left &= ~holds
    return {reason: count for reason, count in counts.items() if count}


def in_words(written: ImportedFile) -> list[str]:
    """Say what was read and what no table will count, a sentence for each."""
    conditions = f"{len(written.conditions)} conditions ({', '.join(written.conditions)})"
    who = f"{count_of(written.participants, 'participant')}, {count_of(written.items, 'item')}"
    return [
        f"{count_of(written.rows, written.noun)} of {who}, {conditions}.",
        *written.remarks,
        *(
            f"In the file, and in no table of results: {count_of(count, written.noun)}, {reason}."
            for reason, count in written.uncounted.items()
        ),
    ]


def _write(path: Path, text: str) -> None:
    """Write a file whole, beside its place first. Raises ResultError."""
    try:
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            # mkstemp lets nobody else read; a result is as readable as any file made here.
            mask = os.umask(0)
            os.umask(mask)
            Path(draft).chmod(0o666 & ~mask)
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise ResultError(
            f"{path} cannot be written ({error.strerror})",
            remedy="make room on the disk" if full else "name a file in a folder that you may write in",
        ) from error
