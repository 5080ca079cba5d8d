"""Make a study of another platform's test: study.toml, and a copy of its audio under names that one pattern finds.

A data set of kind `files` finds mixes by one pattern of their names, and a test of another platform names each file as
it likes. So files are copied to `mixes/ITEM/CONDITION`, which leaves the study whole when the old test goes.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import soundfile

from mixeval.conversion.outline import Outline
from mixeval.conversion.plain_words import condition_id, item_name
from mixeval.conversion.study_text import MIXES, study_text
from mixeval.conversion.waet import outline_of_waet
from mixeval.conversion.webmushra import is_webmushra, outline_of_webmushra
from mixeval.errors import ConversionError
from mixeval.study import FILE_NAME, parse_study
from mixeval.xml_tree import LARGEST_BYTES, is_xml

_LONGEST_UNLIKE_SECONDS = 0.010
"""Rendering refuses mixes of an item that differ by more."""


@dataclass(frozen=True)
class Converted:
    """A study that was made: how many items, conditions and files, and what is lost or different, in words."""

    folder: Path
    platform: str
    page: str
    items: tuple[str, ...]
    conditions: Mapping[str, str]
    copied_files: int
    lost: tuple[str, ...]
    changed: tuple[str, ...]


def convert_test(test: Path, out: Path, *, audio: Path | None = None, only: str | None = None) -> Converted:
    """Make the study `out` of the test file `test`, whole or not at all.

    `audio` is the folder that paths in the test begin from; left out, it is looked for above the test. `only` is the
    type of page to take of a webMUSHRA test that has several. Raises ConversionError when the test cannot be read or
    made into a study, an audio file is missing or none, or `out` is there already; StudyError when study.toml would
    not be one.
    """
    if os.path.lexists(out) and (not out.is_dir() or any(out.iterdir())):
        raise ConversionError(f"{out} is there already", remedy="name a new folder with --out")
    outline = _outline(test, only)
    items = _named([page.id for page in outline.pages])
    conditions = _conditions(outline)
    root = _root(test, outline, audio)
    files = dict(_files(outline, items, conditions, root))
    changed = (
        *outline.changed,
        *_unlike(files),
        *(f'The page "{old}" is the item "{new}".' for old, new in items.items() if old != new),
    )
    text = study_text(
        outline,
        items,
        conditions,
        source=test.name,
        suffixes={path.suffix for path in files.values()},
        changed=changed,
    )
    parse_study(text, source=f"{FILE_NAME} made of {test.name}")
    _write(out, text, files)
    return Converted(
        out,
        outline.platform,
        outline.page,
        tuple(items.values()),
        conditions,
        len(files),
        outline.lost,
        changed,
    )


def _outline(test: Path, only: str | None) -> Outline:
    try:
        if not test.is_file():
            raise ConversionError(f"{test} is no file", remedy="name the YAML or XML file of a test")
        with test.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise ConversionError(
            f"{test} cannot be read ({error.strerror})", remedy="name a readable file"
        ) from error
    if is_xml(content):
        if only is not None:
            raise ConversionError(
                "--only is for webMUSHRA tests", remedy="leave it out: here all pages are of one type"
            )
        return outline_of_waet(content, test.name)
    if not is_webmushra(content[: 2**20].decode("utf-8", errors="replace")):
        raise ConversionError(
            f"{test} is no test of webMUSHRA (YAML with testname and pages) or the Web Audio Evaluation Tool (XML)",
            remedy="name the file in which the test is defined",
        )
    return outline_of_webmushra(content, test.name, only=only)


def _named(names: list[str]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for name in names:
        taken[name] = item_name(name, set(taken.values()))
    return taken


def _conditions(outline: Outline) -> dict[str, str]:
    ids: dict[str, str] = {}
    for mix in outline.pages[0].mixes:
        ids[mix.key] = condition_id(mix.key, set(ids.values()))
    return ids


def _root(test: Path, outline: Outline, audio: Path | None) -> Path:
    """Find the folder that the test's paths begin from: its own, or one above, as both tools keep tests in subfolders."""
    written = [mix.file for page in outline.pages for mix in page.mixes if mix.file]
    if audio is not None:
        return audio.resolve()
    folder = test.resolve().parent
    candidates = [folder, *folder.parents][:4]
    found = {place: sum((place / _relative(file)).is_file() for file in written) for place in candidates}
    return max(candidates, key=lambda place: found[place])


def _files(
    outline: Outline, items: Mapping[str, str], conditions: Mapping[str, str], root: Path
) -> Iterator[tuple[str, Path]]:
    missing = []
    for page in outline.pages:
        for mix in page.mixes:
            if not mix.file and mix.filtered_from:
                continue
            path = (root / _relative(mix.file)).resolve()
            if not path.is_relative_to(root):
                raise ConversionError(
                    f'page "{page.id}": {mix.file[:120]} lies outside of {root}',
                    remedy="name the folder that holds all with --audio",
                )
            if path.is_file():
                yield f"{items[page.id]}/{conditions[mix.key]}{path.suffix.lower()}", path
            else:
                missing.append(mix.file)
    if missing:
        some = ", ".join(name[:120] or "(no name)" for name in missing[:3])
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise ConversionError(
            f"{some}{more} cannot be found below {root}",
            remedy="name the folder that the paths of the test begin from with --audio",
        )


def _relative(file: str) -> str:
    parts = urlsplit(file)
    if parts.scheme or parts.netloc:
        raise ConversionError(
            f"{file[:120]} lies on the web, and nothing is fetched from there",
            remedy="fetch it yourself and write its path into the test",
        )
    if "\0" in file:
        raise ConversionError(f"{file[:120]!r} is no path", remedy="correct it")
    plain = file.lstrip("/")
    return unquote(plain) if "%" in plain else plain


def _unlike(files: Mapping[str, Path]) -> Iterator[str]:
    """Say which items cannot be rendered as they are, since rendering refuses to cut or stretch what differs."""
    by_item: dict[str, dict[str, tuple[int, int]]] = {}
    for name, path in files.items():
        try:
            info = soundfile.info(str(path))
        except (soundfile.LibsndfileError, RuntimeError) as error:
            raise ConversionError(
                f"{path} is no audio that can be read ({error})", remedy="convert it to WAV"
            ) from error
        by_item.setdefault(name.split("/")[0], {})[name] = (info.frames, info.samplerate)
    for item, found in by_item.items():
        rates = sorted({rate for _, rate in found.values()})
        seconds = sorted(frames / rate for frames, rate in found.values())
        if len(rates) > 1:
            yield f'The mixes of "{item}" have different sample rates ({", ".join(map(str, rates))} Hz): make them alike before rendering.'
        if seconds[-1] - seconds[0] > _LONGEST_UNLIKE_SECONDS:
            yield f'The mixes of "{item}" are {seconds[0]:.2f} to {seconds[-1]:.2f} s long: cut them alike before rendering.'


def _write(out: Path, text: str, files: Mapping[str, Path]) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
        try:
            for name, path in files.items():
                place = draft / MIXES / name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
            (draft / FILE_NAME).write_text(text, encoding="utf-8")
            draft.chmod(0o755)
            if out.is_dir():
                out.rmdir()
            draft.rename(out)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as error:
        raise ConversionError(
            f"{out} cannot be written ({error.strerror})", remedy="name another folder with --out"
        ) from error
