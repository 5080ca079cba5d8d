"""A page as it is planned: what kind, what for, which sounds from left to right and what they are called."""

from collections.abc import Iterable
from dataclasses import dataclass

from mixeval_webapp.ordering import label

SHOWN_AS = {"reference": "Ref", "x": "X"}
"""What sounds are called that are only heard."""


@dataclass(frozen=True)
class PlannedSound:
    condition: str
    role: str
    shown_as: str


@dataclass(frozen=True)
class PlannedPage:
    kind: str
    purpose: str
    item: str | None = None
    sounds: tuple[PlannedSound, ...] = ()

    @property
    def rated(self) -> tuple[str, ...]:
        """The conditions that are rated, from left to right."""
        return tuple(condition for condition, _ in self.letters)

    @property
    def letters(self) -> tuple[tuple[str, str], ...]:
        """Each condition that is rated with what it is called, from left to right."""
        return tuple((sound.condition, sound.shown_as) for sound in self.sounds if sound.role == "rated")

    @property
    def heard(self) -> tuple[tuple[str, str], ...]:
        """What is only heard, as (role, condition)."""
        return tuple((sound.role, sound.condition) for sound in self.sounds if sound.role != "rated")


def planned_sounds(heard: Iterable[tuple[str, str]], rated: Iterable[str]) -> tuple[PlannedSound, ...]:
    """Name the sounds of a page: those `heard`, as (role, condition), then those `rated`, from left to right."""
    return (
        *(PlannedSound(condition, role, SHOWN_AS[role]) for role, condition in heard),
        *(PlannedSound(condition, "rated", label(place)) for place, condition in enumerate(rated)),
    )
