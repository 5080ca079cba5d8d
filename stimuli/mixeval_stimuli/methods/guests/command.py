"""Commands: mixers that are programs of their own, in any language and with libraries of their own.

A program gets a folder with one 32-bit float WAV file for each stem and the name of the file that it has to
write. It is started as a list of words: no shell sees the line, and nothing that an item is called comes into it.
"""

import errno
import os
import re
import shlex
import signal
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from pydantic import AfterValidator, Field, JsonValue

from mixeval.audio import Audio, read_audio, write_samples
from mixeval.errors import AudioError, RenderError
from mixeval_stimuli.methods.guests.guarded import Guarded, Outcome, guarded
from mixeval_stimuli.methods.guests.guest import Guest, Stem, TimeoutSeconds

PLACEHOLDERS = ("stems", "output", "sample_rate")

_REMEDIES = {
    errno.ENOENT: "install it, and the interpreter that its first line names; "
    "write a program in the study's folder as ./NAME",
    errno.EACCES: "make it executable with chmod +x",
    errno.ENOEXEC: "let it begin with a line that names its interpreter, such as #!/bin/sh",
}


def _command_line(line: str) -> str:
    if "\0" in line:
        raise ValueError("run holds a NUL, which no command can")
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ValueError(f"run cannot be split into words ({error})") from error
    for name in ("stems", "output"):
        if not any(f"{{{name}}}" in word for word in words[1:]):
            raise ValueError(f"run must hold {{{name}}} behind the program's name")
    return line


class Command(Guest):
    """A program that reads the stems in `{stems}` and writes the mix to `{output}`.

    Its exit code says whether it succeeded. Words of `run` that are files in the study's folder, such as the
    program itself, decide the mix, as do `files`.
    """

    version: ClassVar[str] = "1"

    run: Annotated[str, AfterValidator(_command_line)]
    files: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    timeout_seconds: TimeoutSeconds = 600.0

    @classmethod
    def runs(cls, options: Mapping[str, JsonValue]) -> str | None:
        return f"the command line {options.get('run')!r}"

    def own_files(self) -> tuple[Path, ...]:
        program, *arguments = shlex.split(self.run)
        folder = self.path("")
        named = [self.path(name) for name in self.files]
        # A bare name is looked up on the PATH; there, and elsewhere on the machine, programs change with it.
        if "/" in program and not Path(program).is_absolute():
            named.append(folder / program)
        mentioned = (folder / word for word in arguments if not Path(word).is_absolute())
        named.extend(path for path in mentioned if _is_file(path))
        return tuple(dict.fromkeys(named))

    def mix_stems(self, stems: Mapping[str, Stem], sample_rate: int) -> Audio:
        if os.name != "posix":
            raise RenderError(
                "commands are run on Linux and macOS only", remedy="mix there, or use an entry point"
            )
        with guarded() as folder:
            where = {
                "stems": _write_stems(folder, stems, sample_rate),
                "output": folder.folder / "mix.wav",
                "sample_rate": sample_rate,
            }
            outcome = folder.run(
                [_filled(word, where) for word in shlex.split(self.run)],
                cwd=self.path("").absolute(),
                timeout_seconds=self.timeout_seconds,
            )
            _check(outcome, timeout_seconds=self.timeout_seconds)
            return _read_mix(folder.folder / "mix.wav", outcome.printed)


def _filled(word: str, where: Mapping[str, object]) -> str:
    # All at once: what was put in is never looked at again.
    return re.sub(rf"\{{({'|'.join(PLACEHOLDERS)})\}}", lambda found: str(where[found[1]]), word)


def _write_stems(place: Guarded, stems: Mapping[str, Stem], sample_rate: int) -> Path:
    folder = place.folder / "stems"
    try:
        folder.mkdir()
        for name, stem in stems.items():
            path = folder / f"{name}.wav"
            if path.parent != folder or name.startswith("."):
                raise RenderError(
                    f'the stem "{name}" cannot be given to a command, its name is none for a file',
                    remedy="name it without / and without a dot in front",
                )
            write_samples(path, stem[np.newaxis], sample_rate, container="WAV", subtype="FLOAT")
    except OSError as error:
        raise RenderError(
            f"the stems cannot be written to {folder} ({error.strerror})",
            remedy="make room there, or set TMPDIR to a folder that has it",
        ) from error
    return folder


def _check(outcome: Outcome, *, timeout_seconds: float) -> None:
    printed = f', it printed "{outcome.printed}"' if outcome.printed else " without a word"
    if outcome.refused is not None:
        number, why = outcome.refused
        raise RenderError(
            f"its command cannot be started ({why})",
            remedy=_REMEDIES.get(number, "see that it runs by hand, in the study's folder"),
        )
    if outcome.exit_code is None:
        raise RenderError(
            f"its command did not end within {timeout_seconds:g} seconds{printed}",
            remedy="see what it waits for, or allow it more with timeout_seconds",
        )
    if outcome.exit_code < 0:
        raise RenderError(
            f"its command was ended by {_signal_name(-outcome.exit_code)}{printed}",
            remedy="see that memory suffices, and that it runs by hand in the study's folder",
        )
    if outcome.exit_code > 0:
        raise RenderError(
            f"its command ended with exit code {outcome.exit_code}{printed}",
            remedy="see that it runs by hand, in the study's folder",
        )


def _read_mix(path: Path, printed: str) -> Audio:
    """Read what a command wrote, which must be a file of its own: a link could show any file as the mix."""
    try:
        found = path.lstat()
    except OSError as error:
        also = f', it printed "{printed}"' if printed else ""
        raise RenderError(
            f"its command succeeded but wrote no mix{also}",
            remedy="see that it writes to the file that {output} names",
        ) from error
    if path.parent.is_symlink() or not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise RenderError(
            "its command left something else than a file where its mix should be",
            remedy="let it write a WAV file to {output}, not a link, a folder or a pipe",
        )
    try:
        return read_audio(path)
    except AudioError as error:
        raise RenderError(
            f"its command wrote a mix that cannot be used ({error.problem.replace(f'{path} ', 'it ', 1)})",
            remedy="let it write a whole WAV or FLAC file of finite numbers to {output}",
        ) from error


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long for a name: some programs take whole scripts as a word
        return False
