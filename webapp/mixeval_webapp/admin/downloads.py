"""Everything that was collected, to take away while people go on rating: written by a process of its own."""

import io
import logging
import multiprocessing
import os
import tempfile
import threading
import zipfile
from http import HTTPStatus
from pathlib import Path

from flask import Response, make_response, render_template
from werkzeug.wrappers import Response as AnyResponse

from mixeval.errors import MixevalError
from mixeval_webapp.admin.background import NICENESS
from mixeval_webapp.admin.blueprint import UnknownPageError, admin
from mixeval_webapp.admin.desk import desk
from mixeval_webapp.admin.researcher import Researcher, Written
from mixeval_webapp.admin.watch import read_header
from mixeval_webapp.site import site

ALL = "everything.zip"
FILES = {
    "ratings.csv": ("text/csv; charset=utf-8", "Ratings, one row each"),
    "README.md": ("text/markdown; charset=utf-8", "Data dictionary: what each column means"),
}
"""What can be fetched by itself, with its type and what it is."""
PATIENCE_SECONDS = 300
FAILED = "failed.txt"

_one_at_a_time = threading.Lock()

log = logging.getLogger(__name__)


@admin.get("/export")
def export() -> str:
    with site().database.read() as db:
        header = read_header(db)
    return render_template(
        "admin/export.html",
        header=header,
        files={name: words for name, (_, words) in FILES.items()},
        everything=ALL,
        offered=desk().researcher.export is not None,
    )


@admin.get(f"/export/{ALL}")
def everything() -> AnyResponse:
    return _answer(ALL, "application/zip")


@admin.get("/export/<any('ratings.csv', 'README.md'):name>")
def one_file(name: str) -> AnyResponse:
    return _answer(name, FILES[name][0])


def _answer(name: str, content_type: str) -> AnyResponse:
    if desk().researcher.export is None:
        raise UnknownPageError(
            "this server cannot export", remedy="use `mixeval export` on the study's folder"
        )
    if not _one_at_a_time.acquire(blocking=False):
        page = render_template(
            "admin/problem.html",
            title="One moment",
            problem="another export is being written",
            remedy="try again when it is done",
        )
        answer = make_response(page, HTTPStatus.SERVICE_UNAVAILABLE)
        answer.headers["Retry-After"] = "10"
        return answer
    try:
        with tempfile.TemporaryDirectory(prefix="mixeval-export-") as place:
            _write(Path(place))
            data = _content(Path(place), name)
    finally:
        _one_at_a_time.release()
    return _download(data, name, content_type)


def _download(data: bytes, name: str, content_type: str) -> Response:
    answer = make_response(data)
    answer.content_type = content_type
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _write(place: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=write_export, args=(desk().researcher, desk().folder, place), daemon=True
    )
    process.start()
    process.join(PATIENCE_SECONDS)
    if process.is_alive():
        process.terminate()
        process.join()
    if (place / FAILED).exists():
        raise UnknownPageError((place / FAILED).read_text(encoding="utf-8"), remedy="try it again later")
    if process.exitcode != 0:
        raise UnknownPageError(
            "the export could not be written", remedy="`mixeval export` on the study's folder says why"
        )


def write_export(researcher: Researcher, folder: Path, place: Path) -> Written | None:
    """Write the export of `folder` to `place`, or a file that says why not."""
    os.nice(NICENESS)
    if researcher.export is None:
        return None
    try:
        return researcher.export(folder, place / "export")
    except MixevalError as error:
        (place / FAILED).write_text(error.problem, encoding="utf-8")
        return None


def _content(place: Path, name: str) -> bytes:
    written = place / "export"
    if name != ALL:
        return (written / name).read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in written.rglob("*") if path.is_file()):
            archive.write(path, f"export/{path.relative_to(written).as_posix()}")
    return packed.getvalue()
