"""What the researcher's pages need from parts that the web side does not know; the command line hands it in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mixeval.results_so_far import ResultsSoFar


class Written(Protocol):
    """What an export has written: its folder, and the rows of each file."""

    @property
    def folder(self) -> Path: ...
    @property
    def rows(self) -> Mapping[str, int]: ...


@dataclass(frozen=True)
class Researcher:
    """Functions of a module each, since they are called in a process of their own.

    `analyse` takes the study's folder; `export` takes it and the folder to write to.
    """

    analyse: Callable[[Path], ResultsSoFar] | None = None
    export: Callable[[Path, Path], Written] | None = None
