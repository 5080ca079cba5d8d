"""What goes wrong, in words.

Every error that a user can cause is a :class:`MixevalError`: one sentence that says what is wrong and why,
and what to do about it. The library raises them, the command line prints one line and exits with 1, and
the web layer answers with a page or with problem JSON.
"""

from collections.abc import Sequence
from typing import Self


class MixevalError(Exception):
    """Say what is wrong and why (`problem`) and what to do about it (`remedy`).

    >>> str(MixevalError("stems/kick.wav holds no audio: the file is empty", remedy="copy it again"))
    'stems/kick.wav holds no audio: the file is empty; copy it again.'
    """

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    @classmethod
    def listing(cls, findings: Sequence[tuple[str, str]]) -> Self:
        """Make one error of several findings, each a problem with its remedy and a line of its own."""
        *others, (problem, remedy) = findings
        return cls("\n".join([*(str(cls(p, remedy=r)) for p, r in others), problem]), remedy=remedy)

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}."

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive pickling by themselves, and renders run in worker processes.
        return (_rebuild, (type(self), self.problem, self.remedy))


def _rebuild(kind: type[MixevalError], problem: str, remedy: str) -> MixevalError:
    return kind(problem, remedy=remedy)


class StudyError(MixevalError):
    """A study.toml, or the folder it stands in, cannot be used as it is."""


class DatasetError(MixevalError):
    """A data set lacks a file (missing) or holds one that cannot be used (corrupt)."""


class AudioError(MixevalError):
    """An audio file or signal cannot be read, measured or written."""


class RenderError(MixevalError):
    """A mix cannot be made or written."""


class ModelError(MixevalError):
    """A trained model's file cannot be used, or a model cannot be trained."""


class ManifestError(MixevalError):
    """A manifest.json is missing, damaged, or disagrees with the files beside it."""


class ResultError(MixevalError):
    """A folder of results cannot be written, or holds somebody else's file."""


class DatabaseError(MixevalError):
    """A database cannot be opened, or its schema is not the one this version knows."""


class ParticipantError(MixevalError):
    """A participant or session is not there, or what was asked about it cannot be done."""


class BackupError(MixevalError):
    """A backup cannot be made, or cannot be put back."""


class ServeError(MixevalError):
    """The web server cannot start."""


class ConversionError(MixevalError):
    """A test of another platform cannot be made into a study."""


class SimulationError(MixevalError):
    """A simulated listener met an answer that no listener should meet."""


class AnalysisError(MixevalError):
    """Ratings cannot be read, or a table cannot be made from them."""
