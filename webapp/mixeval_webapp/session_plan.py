"""Everything that one session will be shown, in order: a pure function of the study, a seat and two seeds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mixeval.seeds import derive_seed
from mixeval.versions import Version
from mixeval_webapp.ordering import item_order, label, stimulus_order
from mixeval_webapp.page_types.forced_choice import x_places
from mixeval_webapp.page_types.page_type import Presentation
from mixeval_webapp.page_types.registry import RATING_PAGES

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


def plan_session(version: Version, *, seat: int, order_seed: int, seed: int) -> tuple[PlannedPage, ...]:
    """Plan the session that takes `seat` in the balanced design of `order_seed`.

    `seed` is the session's own, for what need not be balanced. The same arguments give the same plan.
    """
    rating_pages = _rating_pages(version, seat=seat, order_seed=order_seed, seed=seed)
    rating_pages = _with_x(rating_pages, derive_seed(order_seed, seat, seed))
    return (*_with_breaks(rating_pages, version.study.test.break_after_pages),)


def _rating_pages(version: Version, *, seat: int, order_seed: int, seed: int) -> tuple[PlannedPage, ...]:
    test = version.study.test
    page_type = RATING_PAGES[test.page]
    pages = []
    for item in item_order([item.item for item in version.manifest.items], derive_seed(order_seed, seat)):
        conditions = [stimulus.condition for stimulus in version.manifest.of_item(item)]
        for number, presentation in enumerate(page_type.presentations(test, conditions)):
            sounds = _sounds(presentation, f"{item} {number}", derive_seed(order_seed, seat, seed))
            pages.append(PlannedPage(kind=test.page, purpose="rating", item=item, sounds=sounds))
    return tuple(pages)


def _sounds(presentation: Presentation, name: str, seed: int) -> tuple[PlannedSound, ...]:
    heard = [PlannedSound(condition, role, SHOWN_AS[role]) for role, condition in presentation.heard]
    rated = [
        PlannedSound(condition, "rated", label(place))
        for place, condition in enumerate(stimulus_order(presentation.rated, name, seed))
    ]
    return (*heard, *rated)


def _with_x(pages: Sequence[PlannedPage], seed: int) -> tuple[PlannedPage, ...]:
    """Give each `abx` page its X: what is shown as A or as B, once more."""
    trials = [number for number, page in enumerate(pages) if page.kind == "abx"]
    places = x_places([[sound.condition for sound in pages[number].sounds] for number in trials], seed)
    found = list(pages)
    for number, place in zip(trials, places, strict=True):
        sounds = pages[number].sounds
        x = PlannedSound(sounds[place].condition, "x", SHOWN_AS["x"])
        found[number] = replace(pages[number], sounds=(*sounds, x))
    return tuple(found)


def _with_breaks(pages: Sequence[PlannedPage], every: int | None) -> list[PlannedPage]:
    """Put a break after every so many pages, never after the last."""
    found = []
    for number, page in enumerate(pages):
        if every is not None and number > 0 and number % every == 0:
            found.append(PlannedPage(kind="break", purpose="step"))
        found.append(page)
    return found
