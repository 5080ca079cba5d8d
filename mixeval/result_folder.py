"""A folder of results: every file whole, a second run puts new for old, and nothing else is touched.

A JSON file in it, the listing, names what a run wrote (`"files"`) and that mixeval wrote it (`"generator"`).
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from mixeval import __version__
from mixeval.errors import ResultError
from mixeval.tables import Table, to_csv, to_latex, to_markdown

if sys.platform != "win32":
    import fcntl

GENERATOR = {"mixeval": __version__}

Files = dict[str, bytes]
"""Content by path relative to the folder, written with `/`."""


def table_files(tables: Iterable[Table]) -> Files:
    """Write each table as tables/NAME.csv, .tex and .md."""
    return {
        f"tables/{table.name}.{kind}": write(table).encode()
        for table in tables
        for kind, write in (("csv", to_csv), ("tex", to_latex), ("md", to_markdown))
    }


def listing_file(files: Iterable[str], listing: str, facts: Mapping[str, Any]) -> bytes:
    """Write the listing of `files` and itself, after what else is to be known of them."""
    content = {"schema": 1, "generator": GENERATOR, **facts, "files": [*files, listing]}
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def replace_files(folder: Path, files: Mapping[str, bytes], *, listing: str) -> None:
    """Put `files` (relative path to content) in the place of those that an earlier run named in `listing`.

    Everything is written beside its place first and then moved there, so that no file is ever half written;
    files that an earlier run wrote and this one did not are removed. Raises ResultError.
    """
    created = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone_in(folder):
            _replace_files(folder, files, listing)
    except OSError as error:
        if created:
            shutil.rmtree(folder, ignore_errors=True)
        raise ResultError(
            f"{folder} cannot be written ({error.strerror})", remedy="name another folder with --out"
        ) from error


def _replace_files(folder: Path, files: Mapping[str, bytes], listing: str) -> None:
    # A run that was killed has left its draft, whose list names what it may have put in place.
    prefix = f".draft-{Path(listing).stem}-"
    abandoned = [path for path in folder.glob(f"{prefix}*") if path.is_dir()]
    before = {name for place in (folder, *abandoned) for name in _listed(place / listing)}
    _refuse_foreign(folder, files, before)
    draft = Path(tempfile.mkdtemp(dir=folder, prefix=prefix))
    try:
        for name, content in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    # The list goes last: until then the one in the draft names what is being put in place.
    for name in sorted(files, key=lambda name: name == listing):
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


def _listed(listing: Path) -> list[str]:
    """Return what an earlier run wrote here, as far as its list can be believed."""
    try:
        content = json.loads(listing.read_text(encoding="utf-8"))
        # Another program's file of that name may well list files too, which are not ours to replace.
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
            raise ResultError(
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
