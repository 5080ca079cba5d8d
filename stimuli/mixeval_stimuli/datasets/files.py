"""Mixes that were rendered elsewhere, found by a pattern of their names.

The pattern stands for a path below the data set's folder, written with `/`: `{item}` is any text without `/`,
`{source}` one of the sources that the study's conditions declare, `*` anything without `/`. Files that do not
match, such as notes, are passed over.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mixeval.errors import DatasetError, StudyError
from mixeval_stimuli.recordings import Recording


def load(path: Path, *, pattern: str, sources: tuple[str, ...]) -> list[Recording]:
    """Sort the files below `path` into one recording for each item, with a mix for each source.

    Where an item lacks a source, the recording gets the path that the pattern expects: an item that the study
    does not choose may be incomplete.

    A name that several sources could explain belongs to the longest: of `a_target_dry.mp3` the source is
    "target_dry" even where "dry" is one too.

    Raises StudyError when no source is declared, and DatasetError when the folder is missing or may not
    be read, no file matches, or two files are the same mix of the same item.
    """
    if not sources:
        raise StudyError(
            'a data set of kind "files" is used, but no condition names a source',
            remedy='give the conditions method = "files" and options = { source = "…" }',
        )
    if not path.is_dir():
        raise DatasetError(f"{path} is missing or no folder", remedy="correct the data set's path")
    names = sorted(_names_below(path))
    items = _sort_into_items(path, names, pattern, sources)
    if not items:
        there = f"{names[0]} is there" if names else "the folder is empty"
        raise DatasetError(
            f'no file below {path} matches "{pattern}" with the sources {", ".join(sources)} ({there})',
            remedy="correct the pattern, the path or the conditions' sources",
        )

    def expected(item: str, source: str) -> Path:
        return path / pattern.replace("{source}", source).replace("{item}", item)

    return [
        Recording(item, mixes={source: items[item].get(source, expected(item, source)) for source in sources})
        for item in sorted(items)
    ]


def _names_below(path: Path) -> Iterator[str]:
    """Give the paths of all visible files relative to `path`; links to folders are not followed."""
    for folder, subfolders, names in os.walk(path, onerror=_refuse):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                yield (Path(folder) / name).relative_to(path).as_posix()


def _refuse(error: OSError) -> None:
    # Left to itself, os.walk passes over what it may not read, and mixes would be missing without a word.
    raise DatasetError(
        f"{error.filename} cannot be opened ({error.strerror})", remedy="make it a readable folder"
    ) from error


def _sort_into_items(
    path: Path, names: list[str], pattern: str, sources: tuple[str, ...]
) -> Mapping[str, Mapping[str, Path]]:
    expressions = [
        (source, _expression(pattern, source)) for source in sorted(sources, key=len, reverse=True)
    ]
    items: dict[str, dict[str, Path]] = {}
    for name in names:
        for source, expression in expressions:
            if found := expression.fullmatch(name):
                mixes = items.setdefault(found["item"], {})
                if source in mixes:
                    raise DatasetError(
                        f'{mixes[source]} and {path / name} are both the source "{source}" of item '
                        f'"{found["item"]}"',
                        remedy="keep one of them or make the pattern stricter",
                    )
                mixes[source] = path / name
                break
    return items


def _expression(pattern: str, source: str) -> re.Pattern[str]:
    text = "".join(
        {"{item}": "(?P<item>[^/]+?)", "{source}": re.escape(source), "*": "[^/]*"}.get(part, re.escape(part))
        for part in re.split(r"(\{item\}|\{source\}|\*)", pattern)
    )
    return re.compile(text)
