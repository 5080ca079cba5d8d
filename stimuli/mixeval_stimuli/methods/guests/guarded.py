"""Guarded commands: other people's programs, of which nothing is left when they or this program end.

Each runs under a guard (`mixeval_stimuli.methods.guests.guard`), a small process that outlives its parent just long
enough to end the command's whole process group and to remove the folder that was made for it.
"""

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mixeval.errors import RenderError
from mixeval_stimuli.methods.guests import guard

_KEPT_BYTES = 4096
_TOLD_CHARACTERS = 300

_OWN_VARIABLES = "MIXEVAL_"
"""Secrets and addresses of a server are none of a command's business."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended: `exit_code`, negative for a signal; nothing where it was not started or ended in time.

    `refused` is the errno and words of the system that would not start it. `printed` is the end of what it
    wrote to standard output and error, as one printable line.
    """

    exit_code: int | None
    refused: tuple[int, str] | None
    printed: str

    @property
    def timed_out(self) -> bool:
        return self.exit_code is None and self.refused is None


@contextmanager
def guarded() -> Iterator["Guarded"]:
    """Start a guard with an empty folder; when the block ends so do both, and the command if it still runs.

    Raises RenderError when the guard cannot do its work.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_VARIABLES)}
    process = subprocess.Popen(  # noqa: S603 - this interpreter and a file of this package
        # Isolated and without site-packages: it starts in a few milliseconds and nothing else is run with it.
        [sys.executable, "-I", "-S", str(Path(guard.__file__).resolve())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    try:
        yield Guarded(process)
    finally:
        for pipe in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(BrokenPipeError):
                _there(pipe).close()
        process.wait()


class Guarded:
    """A guard that is running; `folder` is the one it made."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._order = _there(process.stdin)
        self._answers = _there(process.stdout)
        self._prints = _there(process.stderr)
        self._printed = b""
        for pipe in (self._answers, self._prints):
            os.set_blocking(pipe.fileno(), False)
        answer = self._answer(until=None)
        self.folder = Path(str(answer["folder"]))

    def run(self, command: Sequence[str], *, cwd: Path, timeout_seconds: float) -> Outcome:
        """Run a command, as a list of words that no shell sees, in the folder `cwd`."""
        order = json.dumps({"command": list(command), "cwd": str(cwd)})
        with contextlib.suppress(BrokenPipeError):  # a guard that died gives no answer either
            self._order.write(order.encode() + b"\n")
            self._order.flush()
        try:
            answer = self._answer(until=time.monotonic() + timeout_seconds)
        except TimeoutError:
            return Outcome(None, None, _in_one_line(self._printed))
        printed = _in_one_line(self._printed)
        if "refused" in answer:
            return Outcome(None, (int(str(answer["refused"])), str(answer["why"])), printed)
        return Outcome(int(str(answer["exit"])), None, printed)

    def _answer(self, *, until: float | None) -> dict[str, object]:
        """Wait for the guard's next line, keeping what the command prints. Raises TimeoutError."""
        line = b""
        with selectors.DefaultSelector() as selector:
            for pipe in (self._answers, self._prints):
                selector.register(pipe, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                left = None if until is None else until - time.monotonic()
                ready = selector.select(left) if left is None or left > 0 else []
                if not ready:
                    raise TimeoutError
                for key, _ in ready:
                    if key.fileobj is self._answers:
                        line += self._read_answer()
                    elif not self._keep():
                        selector.unregister(key.fileobj)
        # What the command printed last may still be in its pipe.
        with contextlib.suppress(BlockingIOError):
            while self._keep():
                pass
        answer: dict[str, object] = json.loads(line)
        return answer

    def _read_answer(self) -> bytes:
        read = os.read(self._answers.fileno(), 65536)
        if not read:
            raise RenderError(
                f"the process that watches its command ended early ({_in_one_line(self._printed) or 'in silence'})",
                remedy="see that memory suffices and that the folder for temporary files can be written",
            )
        return read

    def _keep(self) -> bool:
        read = os.read(self._prints.fileno(), 65536)
        self._printed = (self._printed + read)[-_KEPT_BYTES:]
        return bool(read)


def _in_one_line(printed: bytes) -> str:
    """Give the end of what was printed, without control characters, which could rewrite the terminal."""
    text = printed.decode("utf-8", errors="replace")
    lines = ("".join(filter(str.isprintable, line.expandtabs())).strip() for line in text.splitlines())
    line = " | ".join(filter(None, lines))
    return line if len(line) <= _TOLD_CHARACTERS else f"…{line[-_TOLD_CHARACTERS:]}"


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise TypeError("the process was started without a pipe")
    return pipe
