"""What a session plan is made of: pages with the sounds on them, by what they really are."""

from dataclasses import dataclass

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
