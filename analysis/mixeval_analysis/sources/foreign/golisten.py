"""Read what GoListen's server writes for a MUSHRA test: a row per listener and a column per audio file.

Above them stand up to three rows: tags; `Name`, `Date`, questions and the titles of examples; names of audio files.
Files from which the first two were cut are read too. Between the date and the first file stand answers to questions,
which are not read. A file does not say which mix of which item it is: its name must.

Source: handlers/download_csv/mushra_test_csv_download.py of QxLabIreland/listening-test.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from mixeval.errors import AnalysisError
from mixeval_analysis.sources.foreign.imported import Imported, number, pseudonyms, split_lines, tidy

PLATFORM = "GoListen"
_AUDIO = re.compile(r"(.+)\.(wav|wave|mp3|flac|ogg|oga|opus|m4a|aac|aiff?|webm)", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_HEADER_ROWS = 3
_NAMING = 'name each file ITEM/CONDITION in the row of files, such as "005/lstm.wav"'


def is_golisten(lines: Sequence[Sequence[str]]) -> bool:
    """Tell GoListen's download by its rows of tags and of `Name` and `Date`, or by its row of files above dates."""
    return _is_tagged(lines) or _files_row(lines) is not None


def read_golisten(text: str, *, source: str) -> Imported:
    """Read a download of GoListen. Raises AnalysisError when it cannot be read or its files cannot be told apart."""
    lines = split_lines(text, source, delimiter=",")
    place = _files_row(lines)
    if place is None:
        raise AnalysisError(
            f"{source} is a download of GoListen without audio files in its header, so of no MUSHRA test",
            remedy="only that of a MUSHRA test is read; of others, make a tidy CSV",
        )
    columns = {
        index: named[1] for index, cell in enumerate(lines[place]) if (named := _AUDIO.fullmatch(cell))
    }
    titles = _titles(lines[place - 1], columns) if _is_tagged(lines) else {}
    cells = _cells(columns, titles, source)
    sessions = [(row, line) for row, line in enumerate(lines[place + 1 :], start=place + 2) if any(line)]
    people = pseudonyms(str(row) for row, _ in sessions)
    found: list[dict[str, Any]] = []
    for row, line in sessions:
        if len(line) != len(lines[place]):
            raise AnalysisError(
                f"{source}, row {row}: there are {len(line)} cells under {len(lines[place])} columns",
                remedy="an answer may hold a comma or a line break: put it in quotation marks",
            )
        for index, (item, condition) in cells.items():
            cell = line[index]
            found.append(
                {
                    "participant": people[str(row)],
                    "item": item,
                    "condition": condition,
                    "rating": number(cell, source, f"row {row}, {columns[index]}") if cell else None,
                    "moved": bool(cell),
                }
            )
    rows = tidy(found, source)
    rows = rows.assign(rating=rows["rating"].astype("float64"))
    within = bool(rows["rating"].dropna().between(0, 100).all())
    remark = (
        "Read from GoListen's MUSHRA download: each row is a listener, numbered; names, dates and answers to questions "
        f"are not read. Items and mixes were taken from the names of files, as in {columns[min(columns)]}: "
        f'item "{cells[min(columns)][0]}", mix "{cells[min(columns)][1]}". All sessions are taken as complete; '
        "which mix is the hidden reference, the file does not say."
    )
    return Imported(PLATFORM, rows, (remark,), scale=(0.0, 100.0) if within else None)


def _is_tagged(lines: Sequence[Sequence[str]]) -> bool:
    return len(lines) > 1 and list(lines[0][:1]) == ["Tags"] and list(lines[1][:2]) == ["Name", "Date"]


def _files_row(lines: Sequence[Sequence[str]]) -> int | None:
    for place, line in enumerate(lines[:_HEADER_ROWS]):
        below = next((later for later in lines[place + 1 :] if any(later)), [])
        dated = len(below) > 1 and _DATE.fullmatch(below[1])
        files = [bool(_AUDIO.fullmatch(cell)) for cell in line]
        first = files.index(True) if any(files) else len(line)
        only_files = all(audio or not cell for audio, cell in zip(files[first:], line[first:], strict=True))
        if dated and only_files and sum(files) > 1:
            return place
    return None


def _titles(header: Sequence[str], columns: dict[int, str]) -> dict[int, str]:
    """Give each file the title of its example, which stands over the first of them."""
    titles, title = {}, ""
    for index in range(len(header)):
        if header[index]:
            title = header[index].removesuffix(" rating")
        if index in columns:
            titles[index] = title
    return titles


def _cells(columns: dict[int, str], titles: dict[int, str], source: str) -> dict[int, tuple[str, str]]:
    """Split the names of files, by column, into item and condition."""
    explicit = {index: tuple(name.split("/")) for index, name in columns.items()}
    if all(len(parts) == 2 and all(parts) for parts in explicit.values()):
        return {index: (parts[0], parts[1]) for index, parts in explicit.items()}
    if len(set(titles.values())) > 1 and _is_grid([(titles[i], name) for i, name in columns.items()]):
        return {index: (titles[index], name) for index, name in columns.items()}
    grids = _grids(list(columns.values()))
    if len(set(titles.values())) > 1:
        grids = [grid for grid in grids if _follows(grid, list(titles.values()))]
    if len(grids) == 1:
        return dict(zip(columns, grids[0], strict=True))
    first = columns[min(columns)]
    if len(set(titles.values())) == 1 and not grids and len(set(columns.values())) == len(columns):
        return {index: (titles[index], name) for index, name in columns.items()}
    why = (
        "can be split into item and mix in several ways"
        if grids
        else "do not say which mix of which item each is"
    )
    raise AnalysisError(f"{source}: the names of its audio files ({first} ...) {why}", remedy=_NAMING)


def _grids(names: list[str]) -> list[list[tuple[str, str]]]:
    """Find the ways to cut all names after or before a number of words, so that every item has every mix once."""
    words = [re.split(r"([-_ .]+)", name) for name in names]
    most = max(len(parts) for parts in words)
    grids: dict[tuple[int, ...], list[tuple[str, str]]] = {}
    for cut in range(1, most, 2):
        for sides in (
            [("".join(parts[:cut]), "".join(parts[cut + 1 :])) for parts in words],
            [
                ("".join(parts[len(parts) - cut :]), "".join(parts[: max(0, len(parts) - cut - 1)]))
                for parts in words
            ],
        ):
            if (
                len({item for item, _ in sides}) > 1
                and len({mix for _, mix in sides}) > 1
                and _is_grid(sides)
            ):
                # A word that all names share may stand on either side: that is the same way.
                items = list(dict.fromkeys(item for item, _ in sides))
                grids.setdefault(tuple(items.index(item) for item, _ in sides), sides)
    return _contiguous(list(grids.items()))


def _contiguous(grids: list[tuple[tuple[int, ...], list[tuple[str, str]]]]) -> list[list[tuple[str, str]]]:
    # The files of an example stand side by side, and an example is an item.
    return [sides for items, sides in grids if list(items) == sorted(items)]


def _is_grid(cells: list[tuple[str, str]]) -> bool:
    per_item = Counter(item for item, _ in cells)
    mixes = {mix for _, mix in cells}
    return (
        all(item and mix for item, mix in cells)
        and len(set(cells)) == len(cells)
        and set(per_item.values()) == {len(mixes)}
    )


def _follows(grid: list[tuple[str, str]], titles: list[str]) -> bool:
    return len(set(zip((item for item, _ in grid), titles, strict=True))) == len(set(titles))
