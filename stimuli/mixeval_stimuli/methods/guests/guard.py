"""A guard: runs one command in a folder made for it, and leaves neither behind, however its parent ends.

A program of its own, since a render's worker process may be killed and then ends nothing: the guard sees its
standard input end and clears up. It speaks in lines of JSON. Out: {"folder": PATH}. In: {"command": [...], "cwd": PATH}.
Out: {"exit": CODE}, negative for a signal, or {"refused": ERRNO, "why": TEXT} where the command cannot be started.
What the command prints goes to standard error. The folder lasts until the end of standard input.

It is started by its path, without this package: it imports the standard library alone.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path


def main() -> None:
    """Serve one command over standard input and output."""
    guarded = _Guarded()
    # Ctrl-C in a terminal reaches this process too.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: guarded.end())
    folder = tempfile.mkdtemp(prefix="mixeval-")
    try:
        _say(folder=folder)
        order = sys.stdin.readline()
        if order:
            watch = threading.Thread(target=_end_with_input, args=(guarded,))
            watch.start()
            guarded.run(**json.loads(order))
            watch.join()
    finally:
        _remove(Path(folder))


class _Guarded:
    """A command and every process that it starts, unless one of them leaves the group on purpose."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False

    def run(self, command: list[str], cwd: str) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the study's author wrote it, the user agreed to it
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                stderr=sys.stderr,
                start_new_session=True,
            )
        except OSError as error:
            _say(refused=error.errno, why=error.strerror)
            return
        # The end may have come while the command was being started.
        if self._ended:
            self._kill()
        code = self._process.wait()
        # What it left running would go on writing.
        self._kill()
        self._process = None
        _say(exit=code)

    def end(self) -> None:
        self._ended = True
        self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _end_with_input(guarded: _Guarded) -> None:
    sys.stdin.read()
    guarded.end()


def _say(**message: object) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def _remove(folder: Path) -> None:
    if folder.is_symlink():  # a command put it there instead
        folder.unlink()
        return
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        _give_permission(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _give_permission(folder: Path) -> None:
    """Undo that a command took permissions away in its folder, without following a link out of it."""
    folder.chmod(0o700)
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o700)


if __name__ == "__main__":
    main()
