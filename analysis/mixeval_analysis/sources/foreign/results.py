"""Recognise a results file by what is in it, never by its name: another platform is a reader and a line in READERS."""

import csv
import hashlib
import io
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mixeval.errors import AnalysisError
from mixeval.xml_tree import LARGEST_BYTES, is_xml
from mixeval_analysis.sources.csv_cells import decoded, delimiter_of
from mixeval_analysis.sources.foreign.golisten import is_golisten, read_golisten
from mixeval_analysis.sources.foreign.imported import Imported
from mixeval_analysis.sources.foreign.waet import read_waet
from mixeval_analysis.sources.foreign.webmushra import is_webmushra, read_webmushra

_HEAD_BYTES = 1_000_000
_HEAD_LINES = 8
_MOST_BYTES = 2**30


def _starts_as_webmushra(lines: Sequence[Sequence[str]]) -> bool:
    return is_webmushra(list(lines[0]))


READERS: Mapping[Callable[[Sequence[Sequence[str]]], bool], Callable[..., Imported]] = {
    _starts_as_webmushra: read_webmushra,
    is_golisten: read_golisten,
}
"""How each platform's CSV is told by its first lines, and what reads it."""


def read_results(content: bytes, *, source: str) -> Imported | None:
    """Read the bytes of another platform's file; None where they are none that is known, such as a tidy CSV.

    Raises AnalysisError when they are, and cannot be used.
    """
    if is_xml(content):
        return read_waet({source: content}, source=source)
    try:
        whole = len(content) <= _HEAD_BYTES
        head = decoded(content if whole else content[:_HEAD_BYTES].rsplit(b"\n", 1)[0], source)
        lines = _first_lines(head)
    except (AnalysisError, csv.Error):
        return None  # the reader of a tidy CSV says what is wrong with it
    for recognised, read in READERS.items():
        if lines and recognised(lines):
            return read(decoded(content, source), source=source)
    return None


def read_folder(folder: Path) -> tuple[Imported, str] | None:
    """Read a folder of XML files, with the hash of all; None where there are none in it."""
    found: dict[str, bytes] = {}
    for file in sorted(folder.iterdir()):
        if file.is_file():
            with file.open("rb") as opened:
                # One byte more than is allowed, so that what is too large is refused.
                content = opened.read(1024)
                if is_xml(content):
                    found[file.name] = content + opened.read(LARGEST_BYTES)
        if sum(map(len, found.values())) > _MOST_BYTES:
            raise AnalysisError(
                f"{folder} holds more than 1 GB of XML", remedy="name a folder with the sessions of one test"
            )
    if not found:
        return None
    both = hashlib.sha256()
    for content in found.values():
        both.update(hashlib.sha256(content).digest())
    return read_waet(found, source=folder.name), both.hexdigest()


def _first_lines(head: str) -> list[list[str]]:
    lines = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter_of(head.split("\n", 1)[0]))
    return [[cell.strip() for cell in line] for line in itertools.islice(lines, _HEAD_LINES)]
