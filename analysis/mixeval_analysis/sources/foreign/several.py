"""Several files of another platform as one table: WAET writes one for each session, and others one for each server."""

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from mixeval.errors import AnalysisError
from mixeval.xml_tree import is_xml
from mixeval_analysis.answers import count_of
from mixeval_analysis.sources.foreign.imported import Imported, pseudonyms
from mixeval_analysis.sources.foreign.results import read_results
from mixeval_analysis.sources.foreign.waet import read_waet


def read_files(files: Mapping[str, bytes]) -> Imported:
    """Read files, by name, into one table; listeners are numbered through all of them.

    A file that is there twice counts once. Raises AnalysisError when a file cannot be used, is of no platform that is
    known, or cannot stand in one table with the others.
    """
    once, twice = _once_each(files)
    xml = {name: content for name, content in once.items() if is_xml(content)}
    tables: dict[str, Imported] = {}
    if xml:
        tables[_together(xml)] = read_waet(xml, source=_together(xml))
    for name, content in once.items():
        if name not in xml:
            tables[name] = _read(name, content)
    _refuse_shared_lines({name: content for name, content in once.items() if name not in xml})
    imported = _merged(tables)
    if twice:
        said = f"Left out, as the very same file stands there under another name: {', '.join(twice)}."
        imported = replace(imported, remarks=(*imported.remarks, said))
    return imported


def _once_each(files: Mapping[str, bytes]) -> tuple[dict[str, bytes], list[str]]:
    found: dict[str, str] = {}
    for name, content in files.items():
        found.setdefault(hashlib.sha256(content).hexdigest(), name)
    kept = set(found.values())
    return {name: files[name] for name in files if name in kept}, [name for name in files if name not in kept]


def _together(xml: Mapping[str, bytes]) -> str:
    first = next(iter(xml))
    return first if len(xml) == 1 else f"{first} and {count_of(len(xml) - 1, 'other')}"


def _read(name: str, content: bytes) -> Imported:
    imported = read_results(content, source=name)
    if imported is None:
        raise AnalysisError(
            f"{name} is no results file of webMUSHRA, the Web Audio Evaluation Tool or GoListen: {_kind(content)}",
            remedy="a table of your own needs no import, `mixeval analyze` reads it if it has the columns "
            "participant,item,condition,rating",
        )
    return imported


def _kind(content: bytes) -> str:
    if not content.strip():
        return "it is empty"
    if b"\0" in content:
        return "it holds zero bytes, which no text does"
    try:
        first = content.decode("utf-8-sig").strip().splitlines()[0]
    except UnicodeDecodeError:
        return "it is not UTF-8 text"
    return f'its first line is "{first[:60]}{"..." if len(first) > 60 else ""}"'


def _refuse_shared_lines(files: Mapping[str, bytes]) -> None:
    """Refuse two copies of one server's file, of which one is older: its answers would count twice."""
    lines = {
        name: {line.strip() for line in content.splitlines()[1:]} - {b""} for name, content in files.items()
    }
    for (one, first), (other, second) in itertools.combinations(lines.items(), 2):
        # Two answers may be alike by chance, half of a file is not.
        if 2 * len(first & second) >= min(len(first), len(second)) > 0:
            raise AnalysisError(
                f"{one} and {other} hold the same answers: one is a copy of the other, or of a part of it",
                remedy="name the one that holds more",
            )


def _merged(tables: Mapping[str, Imported]) -> Imported:
    (first_name, first), *others = tables.items()
    for name, table in others:
        for what, ours, theirs in (
            ("results of", first.platform, table.platform),
            ("answers that are", *("choices" if one.are_trials else "ratings" for one in (first, table))),
            ("answers on", _scale(first), _scale(table)),
            ("settings", dict(first.settings), dict(table.settings)),
            ("roles of mixes", dict(first.roles), dict(table.roles)),
        ):
            if ours != theirs:
                raise AnalysisError(
                    f"{first_name} and {name} cannot stand in one table: they hold {what} {ours} and {theirs}",
                    remedy="import each into a file of its own",
                )
    if not others:
        return first
    return replace(
        first,
        rows=_numbered_through(tables),
        remarks=(
            *dict.fromkeys(remark for table in tables.values() for remark in table.remarks),
            f"Put together from {len(tables)} files; listeners of different files are taken as different people.",
        ),
    )


def _scale(table: Imported) -> str:
    return (
        "a scale of its own"
        if table.scale is None
        else f"a scale from {table.scale[0]:g} to {table.scale[1]:g}"
    )


def _numbered_through(tables: Mapping[str, Imported]) -> pd.DataFrame:
    parts = [
        table.rows.assign(participant=[f"{place:09} {name}" for name in table.rows["participant"]])
        for place, table in enumerate(tables.values())
    ]
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(participant=rows["participant"].map(pseudonyms(rows["participant"])))
