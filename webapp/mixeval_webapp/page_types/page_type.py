"""What a page type declares: its parameters, what it records, how it is rendered and how it is simulated."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from mixeval.study import Study
from mixeval_webapp.sheet import Sheet, Sound

Missing = Mapping[str, tuple[str, ...]]
"""What is still to do on a page: from the kind of task (`play`, `place`, `choose`, `answer`) to what it is about."""


@dataclass(frozen=True)
class Values:
    """The numbers that may be given to a mix."""

    lowest: float
    highest: float
    step: float = 1.0

    def hold(self, value: float) -> bool:
        """Tell whether `value` is one of them."""
        steps = (value - self.lowest) / self.step
        return self.lowest <= value <= self.highest and abs(steps - round(steps)) < 1e-6


@dataclass(frozen=True)
class Presentation:
    """Which conditions meet on one page of an item: those rated, and those only heard, as (role, condition)."""

    rated: tuple[str, ...]
    heard: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class RaisedFlag:
    """Something about a session that who analyses it should know."""

    name: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def unplayable_flag(sheet: Sheet, sounds: Sequence[Sound]) -> tuple[RaisedFlag, ...]:
    """Flag that a browser declared `sounds` unplayable: they excused the listener from hearing and rating them."""
    if not sounds:
        return ()
    detail = {"page": sheet.position + 1, "sounds": [sound.shown_as for sound in sounds]}
    return (RaisedFlag("unplayable", detail),)


def _hear_nothing(token: str) -> bytes:
    raise LookupError(f"there is nothing to hear under {token}")


@dataclass(frozen=True)
class SimulatedListener:
    """A listener made of numbers: `rate(token)` gives their liking of a mix, 0 to 100, `hear` a sound's file."""

    random: np.random.Generator
    rate: Callable[[str], float]
    hear: Callable[[str], bytes] = field(default=_hear_nothing)


@dataclass(frozen=True)
class Response:
    """What a simulated listener enters: a value for each (token, attribute), and answers by name."""

    values: Mapping[tuple[str, str], float] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    answers_about: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    """Answers about a sound, by its token and their name."""
    volume_db: float | None = None
    """The volume that they set on this page, if they did."""


class PageType(ABC):
    """One kind of page. Instances hold nothing; what a page is about comes as a study and a sheet."""

    template: ClassVar[str]
    """Jinja template; it extends `rating.html` or `step.html`."""

    @abstractmethod
    def data(self, study: Study, sheet: Sheet) -> dict[str, Any]:
        """Write what the browser gets beside what it gets for every page; nothing that tells mixes apart."""

    @abstractmethod
    def missing(self, study: Study, sheet: Sheet) -> Missing:
        """Say what is still to do before the page can be left; empty once it can."""

    def attributes(self, study: Study) -> tuple[str, ...]:  # noqa: ARG002 - for those who ask something
        """Name what each mix is rated for."""
        return ()

    def values(self, sheet: Sheet) -> Values | None:  # noqa: ARG002 - as above
        """Say which numbers may be given, or None where nothing is rated."""
        return None

    def refusal(self, study: Study, sheet: Sheet, *, subject: str, name: str, value: Any) -> str | None:  # noqa: ARG002 - as above
        """Say why an answer (subject: a mix's token or empty) cannot be stored, or None where it can."""
        return "is not asked for on this page"

    def flags(self, study: Study, sheet: Sheet) -> tuple[RaisedFlag, ...]:  # noqa: ARG002 - as above
        """Name what is to be flagged about the session, now that the page is finished."""
        return unplayable_flag(sheet, [sound for sound in sheet.sounds if sheet.unplayable(sound)])

    def results(self, study: Study, sheet: Sheet) -> Mapping[str, Any]:  # noqa: ARG002 - as above
        """Work out what is stored beside the answers now that the page is finished, by name; nobody sees it."""
        return {}

    def sound_bytes(self, study: Study) -> int:  # noqa: ARG002 - as above
        """Return the size of each audio file of a page without an item."""
        return 0

    def sound(self, study: Study, sheet: Sheet, sound: Sound) -> bytes:  # noqa: ARG002 - for those who have some
        """Make the audio file of a page without an item, in exactly that size."""
        raise LookupError(f"a page of the type {sheet.kind} has no sounds of its own")

    @abstractmethod
    def simulate(self, data: Mapping[str, Any], listener: SimulatedListener) -> Response:
        """Fill in the page as a listener might, from its page data alone."""
