"""The blinded files of a study in a folder, from which a web server in front may send them (X-Accel-Redirect).

Whether a listener may hear a sound is decided here at each request; only the bytes take the shorter way, so that
slow listeners hold none of our threads. The folder holds what can be made again: it may be emptied at any time.
"""

import logging
import os
import tempfile
from pathlib import Path

from mixeval.errors import ServeError
from mixeval.versions import Version
from mixeval_webapp.stimulus_files import Stamp, StimulusFiles, stamp_of

log = logging.getLogger(__name__)


class ServedAudio:
    """Write each blinded file once, and know by its stamp that it is still the one that was written."""

    def __init__(self, files: StimulusFiles, *, folder: Path, prefix: str) -> None:
        """Keep files in `folder`, which the web server knows as the internal location `prefix`.

        Raises ServeError when the folder cannot be made.
        """
        self._files = files
        self._folder = folder
        self._prefix = prefix
        self._written: dict[str, Stamp | None] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ServeError(
                f"{folder} cannot be made ({error.strerror})",
                remedy="name a folder that mixeval may write to in MIXEVAL_ACCEL_FOLDER",
            ) from error

    def address(self, version: Version, item: str, condition: str) -> str | None:
        """Return the internal address of one mix, or nothing where its file cannot be written.

        Raises StimulusUnavailableError when a file of the page is missing or has changed.
        """
        name = self._files.blinded_name(version, item, condition)
        path = self._folder / name
        stamp = stamp_of(path)
        if stamp is None or stamp != self._written.get(name):
            data = self._files.read(version, item, condition)
            try:
                if stamp is None or path.read_bytes() != data:
                    _write(path, data)
            except OSError as error:
                # A full disk must not silence the test: then the bytes come from here.
                log.error("audio not handed over: %s cannot be written (%s)", path, error.strerror)  # noqa: TRY400 - a sentence, no traceback
                return None
            self._written[name] = stamp_of(path)
        return f"{self._prefix}{name}"


def _write(path: Path, data: bytes) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # The folder's own mode says who may read; the web server is another user.
        Path(draft).chmod(0o644)
        # One date for all: web servers tell it, even to those who ask by If-Unmodified-Since.
        os.utime(draft, (0, 0))
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
