"""What a listening test of any platform comes down to, as far as mixeval has a word for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mixeval.conditions import Role

PageKind = Literal["sliders", "single_axis", "ab", "abx", "acr", "ranking", "bs1116"]


@dataclass(frozen=True)
class OutlinedMix:
    """A mix of a page: `key` is what it is called on every page, `file` its path as the test writes it.

    An anchor that the platform makes by itself has `filtered_from` and no file: the key of what is low-passed.
    """

    key: str
    file: str = ""
    role: Role = "system"
    filtered_from: str = ""
    cutoff_hz: int = 0


@dataclass(frozen=True)
class OutlinedPage:
    """A rating page, which becomes an item."""

    id: str
    mixes: tuple[OutlinedMix, ...]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(mix.key for mix in self.mixes)


@dataclass(frozen=True)
class Outline:
    """A whole test. `test`, `participants` and `study` are keys of study.toml; mixes in them are named by key.

    `lost` says in words what the study has no place for, `changed` what is there but works in another way.
    """

    platform: str
    page: PageKind
    pages: tuple[OutlinedPage, ...]
    study: Mapping[str, Any]
    test: Mapping[str, Any]
    participants: Mapping[str, Any]
    target_lufs: float | None = None
    lost: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass
class Notes:
    """What could not be carried over, and what will be different, in the order in which it was met."""

    lost: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def lose(self, what: str) -> None:
        """Say that there is no place for something, once."""
        if what not in self.lost:
            self.lost.append(what)

    def change(self, what: str) -> None:
        """Say that something will be different, once."""
        if what not in self.changed:
            self.changed.append(what)


def comparable(pages: Sequence[OutlinedPage], notes: Notes) -> tuple[OutlinedPage, ...]:
    """Keep the pages that compare the same mixes as most do: in a study every item has every condition."""
    sets = [page.keys for page in pages]
    usual = max(sets, key=sets.count)
    for page in pages:
        if page.keys != usual:
            notes.lose(
                f'the page "{page.id}", which compares other mixes ({_listed(page.keys)}) than most pages do '
                f"({_listed(usual)})"
            )
    return tuple(page for page in pages if page.keys == usual)


def _listed(keys: frozenset[str]) -> str:
    return ", ".join(sorted(keys))
