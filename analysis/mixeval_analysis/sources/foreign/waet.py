"""Read what the Web Audio Evaluation Tool stores: an XML file per session, `waetresult`, with values from 0 to 1.

A session that was begun and never came further is an empty element; one that was left is `state="update"` and holds the
pages up to there. Answers to surveys, browsers and comments are not read.

Source: js/core.js and php/ of BrechtDeMan/WebAudioEvaluationTool.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from xml.etree import ElementTree as ET

from mixeval.conditions import Role
from mixeval.errors import AnalysisError
from mixeval.xml_tree import parse_xml
from mixeval_analysis.answers import count_of
from mixeval_analysis.sources.foreign.imported import Imported, number, pseudonyms, tidy

PLATFORM = "Web Audio Evaluation Tool"
_LOW, _HIGH = 0.0, 1.0
_CHOICES = {"AB", "ABX", "ordinal", "timeline"}
"""Interfaces whose values are no ratings."""


def read_waet(files: Mapping[str, bytes], *, source: str) -> Imported:
    """Read the sessions of a test, by name of their files.

    Raises AnalysisError when a file is no such XML, all are empty or the specification, or the pages do not compare
    the same mixes.
    """
    roots = {name: _parsed(content, name) for name, content in sorted(files.items())}
    results = {name: root for name, root in roots.items() if root.tag == "waetresult"}
    if not results:
        raise _no_result(roots, source)
    sessions, twice = _once_each(results)
    begun = sum(not any(page.get("state") == "complete" for page in session.pages) for session in sessions)
    pages = [page for session in sessions for page in session.pages]
    naming = _naming(pages)
    mixes, items = _most_common(naming, pages)
    usual = mixes if items > 1 else frozenset[str]()
    people = pseudonyms(session.key for session in sessions)
    found = [row for session in sessions for row in _rows(session, people[session.key], naming, usual)]
    if not found:
        raise AnalysisError(
            f"{source} holds no ratings, only {count_of(begun, 'session')} in which no page was finished",
            remedy="name a folder with sessions that were finished",
        )
    roles = _roles(sessions, naming)
    practice = sorted({row["item"] for row in found if row["purpose"] == "practice"})
    references = [name for name, role in roles.items() if role == "reference"]
    return Imported(
        PLATFORM,
        tidy(found, source),
        _remarks(
            len(sessions),
            begun,
            twice,
            practice,
            called="the names of their files" if naming is _by_file else "their ids",
            others=len(roots) - len(results),
        ),
        roles=roles,
        settings={"reference": references[0]} if len(references) == 1 else {},
        scale=(_LOW, _HIGH),
    )


@dataclass(frozen=True)
class _Session:
    file: str
    key: str
    complete: bool
    pages: tuple[ET.Element, ...]


_Naming = Callable[[ET.Element, ET.Element], str]


def _parsed(content: bytes, name: str) -> ET.Element:
    root = parse_xml(content, name, refusal=AnalysisError, noun="result of the Web Audio Evaluation Tool")
    if root.tag not in {"waetresult", "waet"}:
        raise AnalysisError(
            f"{name} is XML of another kind, its root is <{str(root.tag)[:40]}>",
            remedy="of XML files, only results of the Web Audio Evaluation Tool (<waetresult>) are read",
        )
    setup = root.find("waet/setup" if root.tag == "waetresult" else "setup")
    interface = "" if setup is None else setup.get("interface", "")
    if root.tag == "waetresult" and interface in _CHOICES:
        raise AnalysisError(
            f"{name} holds answers on {interface} pages of the Web Audio Evaluation Tool, which are not read",
            remedy="make a tidy CSV of it, with the columns of ratings or of trials",
        )
    return root


def _no_result(roots: Mapping[str, ET.Element], source: str) -> AnalysisError:
    if roots:
        return AnalysisError(
            f"{source} is the specification of a test of the Web Audio Evaluation Tool, and no result",
            remedy="name the folder in which the tool saved its sessions (save-*.xml)",
        )
    return AnalysisError(f"{source} holds no XML files", remedy="name a folder with sessions of the tool")


def _once_each(results: Mapping[str, ET.Element]) -> tuple[list[_Session], int]:
    """Take of files with the same key the one that came further."""
    best: dict[str, _Session] = {}
    for name, root in results.items():
        pages = tuple(root.findall("page"))
        key = root.get("key") or name
        session = _Session(name, key, root.get("state") == "complete", pages)
        known = best.get(key)
        if known is None or (session.complete, len(pages)) > (known.complete, len(known.pages)):
            best[key] = session
    return sorted(best.values(), key=lambda session: session.key), len(results) - len(best)


def _rated(page: ET.Element) -> list[ET.Element]:
    """Return what was rated on a page: an open reference has no value."""
    return [mix for mix in page.findall("audioelement") if mix.find("value") is not None]


def _naming(pages: Sequence[ET.Element]) -> _Naming:
    """Find how mixes are called alike on all pages: by their files, or else by their ids without that of the page.

    Ids may be numbers that mean another mix on each page; files come first for that.
    """
    by_file = _alike(_by_file, pages)
    return _by_file if by_file > 1 or by_file >= _alike(_by_id, pages) else _by_id


def _by_file(mix: ET.Element, _: ET.Element) -> str:
    return PurePosixPath(mix.get("url", "")).stem


def _by_id(mix: ET.Element, page: ET.Element) -> str:
    own, of_page = mix.get("ref", ""), page.get("ref", "")
    return own.removeprefix(of_page).lstrip("-_ .") or own


def _alike(naming: _Naming, pages: Sequence[ET.Element]) -> int:
    """Count the items that are compared in the mixes in which most are."""
    return _most_common(naming, pages)[1]


def _most_common(naming: _Naming, pages: Sequence[ET.Element]) -> tuple[frozenset[str], int]:
    by_item = {
        page.get("ref", ""): [naming(mix, page) for mix in _rated(page)] for page in pages if _rated(page)
    }
    apart = [frozenset(names) for names in by_item.values() if len(set(names)) == len(names) and all(names)]
    (found, *_) = Counter(apart).most_common(1) or [(frozenset[str](), 0)]
    return found


def _rows(
    session: _Session, participant: str, naming: _Naming, usual: frozenset[str]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for position, page in enumerate(sorted(session.pages, key=_place)):
        if page.get("state") != "complete":
            continue  # it was left before it was answered
        item, mixes = page.get("ref", ""), _rated(page)
        names = [naming(mix, page) for mix in mixes]
        if len(set(names)) < len(names):
            raise AnalysisError(
                f'{session.file}, page "{item}": two of its mixes have the same name',
                remedy="give each mix of a page its own file or id, or make a tidy CSV",
            )
        practice = bool(usual) and not usual & set(names)
        for mix, condition in zip(mixes, names, strict=True):
            metrics = {
                entry.get("name", ""): (entry.text or "").strip() for entry in mix.iter("metricresult")
            }
            rows.extend(
                {
                    "participant": participant,
                    "item": item,
                    "condition": condition,
                    "rating": number((value.text or "").strip(), session.file, f'page "{item}", {condition}'),
                    "attribute": value.get("interface-name") or "",
                    "purpose": "practice" if practice else "rating",
                    "position": position,
                    "shown_as": mix.get("presentedId", ""),
                    "played": _flag(metrics.get("elementFlagListenedTo")),
                    "listened_seconds": _seconds(metrics.get("enableElementTimer")),
                    "moved": _flag(metrics.get("elementFlagMoved")),
                    "complete": session.complete,
                }
                for value in mix.findall("value")
            )
    return rows


def _place(page: ET.Element) -> float:
    place = _seconds(page.get("presentedId"))
    return math.inf if place is None else place


def _flag(text: str | None) -> bool | None:
    return {"true": True, "false": False}.get(text or "")


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _roles(sessions: Sequence[_Session], naming: _Naming) -> dict[str, Role]:
    """Take the roles on which all pages agree."""
    known: dict[str, Role] = {"reference": "reference", "anchor": "anchor"}
    said: dict[str, set[Role]] = {}
    for session in sessions:
        for page in session.pages:
            for mix in _rated(page):
                said.setdefault(naming(mix, page), set()).add(known.get(mix.get("type", ""), "system"))
    return {name: next(iter(roles)) for name, roles in said.items() if len(roles) == 1}


def _remarks(
    sessions: int, begun: int, twice: int, practice: Sequence[str], *, called: str, others: int
) -> tuple[str, ...]:
    read = f"Read from {count_of(sessions, 'session')} of the Web Audio Evaluation Tool, each taken as a listener"
    said = [
        f"{read} of its own and numbered; values are from {_LOW:g} to {_HIGH:g}, an open reference has none.",
        f"Mixes are called by {called}. Answers to surveys are not read.",
    ]
    if begun:
        said.append(f"Begun without one finished page: {count_of(begun, 'session')}.")
    if twice:
        said.append(
            f"The same session stood in several files, and counts once: {count_of(twice, 'file')} left out."
        )
    if practice:
        said.append(f"Taken as practice, as they share no mix with the other pages: {', '.join(practice)}.")
    if others:
        said.append(f"Not read: {count_of(others, 'specification')} of the test.")
    return (" ".join(said),)
