"""The report's folder: every file whole, a second run puts new for old, and nothing else is touched."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from mixeval.errors import AnalysisError
from mixeval_analysis.paper_profile import Analysis, analyze_ratings
from mixeval_analysis.plots import letters_missing, violin
from mixeval_analysis.provenance import GENERATOR, provenance
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.report import index_page, report_page
from mixeval_analysis.selection import Selection, differing_stimuli, folder_of
from mixeval_analysis.tables import to_csv, to_latex, to_markdown

if sys.platform != "win32":
    import fcntl

PROVENANCE = "report.json"
_DRAFT = ".draft-"
Files = dict[str, bytes]


@dataclass(frozen=True, eq=False)
class Report:
    """What was written: the folder, and each set of tables with its own folder."""

    folder: Path
    analyses: Mapping[Path, Analysis]


def write_report(selection: Selection, folder: Path) -> Report:
    """Analyse each group of `selection` and write everything to `folder`.

    One group fills the folder itself; several fill `version-XXXXXXXX/` each, under a page that leads to them.
    Raises AnalysisError when the folder cannot be written, or holds a file of the same name that mixeval did
    not write.
    """
    analyses = [analyze_ratings(_with_remark(group)) for group in selection.groups]
    if len(analyses) == 1:
        places = {folder: analyses[0]}
        files = _files(analyses[0], selection)
    else:
        places, files = {}, {}
        for analysis in analyses:
            name = folder_of(analysis.ratings.versions[0])
            places[folder / name] = analysis
            files |= {f"{name}/{path}": content for path, content in _files(analysis, selection).items()}
        files["report.html"] = index_page(selection.groups, selection.elsewhere).encode()
        entries = [{"folder": path.name, **provenance(analysis)} for path, analysis in places.items()]
        files[PROVENANCE] = _json(
            {
                "schema": 1,
                "generator": GENERATOR,
                "versions_apart": entries,
                "files": [*files, PROVENANCE],
            }
        )
    replace_files(folder, files)
    return Report(folder, places)


def replace_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put `files` (relative path to content) in the place of those that an earlier run listed in report.json.

    Everything is written beside its place first and then moved there, so that no file is ever half written;
    files that an earlier run wrote and this one did not are removed. Raises AnalysisError.
    """
    created = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone_in(folder):
            _replace_files(folder, files)
    except OSError as error:
        if created:
            shutil.rmtree(folder, ignore_errors=True)
        raise AnalysisError(
            f"{folder} cannot be written ({error.strerror})", remedy="name another folder with --out"
        ) from error


def _replace_files(folder: Path, files: Mapping[str, bytes]) -> None:
    # A run that was killed has left its draft, whose list names what it may have put in place.
    abandoned = [path for path in folder.glob(f"{_DRAFT}*") if path.is_dir()]
    before = {name for place in (folder, *abandoned) for name in _listed(place)}
    _refuse_foreign(folder, files, before)
    draft = Path(tempfile.mkdtemp(dir=folder, prefix=_DRAFT))
    try:
        for name, content in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    # The list goes last: until then the one in the draft names what is being put in place.
    for name in sorted(files, key=lambda name: name == PROVENANCE):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (draft / name).replace(folder / name)
    _remove(folder, before - set(files))
    for path in (draft, *abandoned):
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other run writes to `folder`; the lock goes with the process, however it ends."""
    if sys.platform == "win32":  # a folder cannot be locked there
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # not every network drive can lock a folder
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _with_remark(ratings: Ratings) -> Ratings:
    remark = letters_missing(ratings)
    return replace(ratings, remarks=(*ratings.remarks, remark)) if remark else ratings


def _files(analysis: Analysis, selection: Selection) -> Files:
    figures = violin(analysis.ratings)
    differing = (differing_stimuli(analysis.ratings.versions) or {}) if selection.pooled else None
    page = report_page(analysis, violin_svg=figures["svg"], differing=differing)
    files: Files = {"report.html": page.encode()}
    for name, table in analysis.tables.items():
        files[f"tables/{name}.csv"] = to_csv(table).encode()
        files[f"tables/{name}.tex"] = to_latex(table).encode()
        files[f"tables/{name}.md"] = to_markdown(table).encode()
    files |= {f"figures/violin.{kind}": content for kind, content in figures.items()}
    facts = provenance(analysis, pooled=selection.pooled)
    files[PROVENANCE] = _json({**facts, "files": [*files, PROVENANCE]})
    return files


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _listed(folder: Path) -> list[str]:
    """Return what an earlier run wrote here, as far as its list can be believed."""
    try:
        content = json.loads((folder / PROVENANCE).read_text(encoding="utf-8"))
        # Another program's report.json may well list files too, which are not ours to replace.
        names = content["files"] if "mixeval" in content["generator"] else []
        return [name for name in names if isinstance(name, str) and _is_inside(name)]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and bool(path.parts)


def _refuse_foreign(folder: Path, files: Mapping[str, bytes], before: Iterable[str]) -> None:
    known = set(before)
    for name in files:
        if name not in known and os.path.lexists(folder / name):
            raise AnalysisError(
                f"{folder / name} is there already and was not written by mixeval",
                remedy="move it away or name another folder with --out",
            )


def _remove(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        path = folder / name
        path.unlink(missing_ok=True)
        for parent in list(path.parents)[: len(PurePosixPath(name).parts) - 1]:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
