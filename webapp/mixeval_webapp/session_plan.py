"""Everything that one session will be shown, in order: a pure function of the study, a seat and two seeds."""

from collections.abc import Sequence

from mixeval.seeds import derive_seed
from mixeval.versions import Version
from mixeval_webapp.ordering import item_order, label, stimulus_order
from mixeval_webapp.page_types.page_type import Presentation
from mixeval_webapp.page_types.registry import RATING_PAGES
from mixeval_webapp.planned_page import SHOWN_AS, PlannedPage, PlannedSound
from mixeval_webapp.session_steps import steps_after, steps_around, steps_before


def plan_session(version: Version, *, seat: int, order_seed: int, seed: int) -> tuple[PlannedPage, ...]:
    """Plan the session that takes `seat` in the balanced design of `order_seed`.

    `seed` is the session's own, for what need not be balanced. The same arguments give the same plan.
    """
    rating_pages = _rating_pages(version, seat=seat, order_seed=order_seed, seed=seed)
    pages = _with_breaks(rating_pages, version.study.test.break_after_pages)
    around = (step for page in pages for step in steps_around(version.study, page))
    return (*steps_before(version, seed), *around, *steps_after(version.study))


def _rating_pages(version: Version, *, seat: int, order_seed: int, seed: int) -> tuple[PlannedPage, ...]:
    test = version.study.test
    page_type = RATING_PAGES[test.page]
    pages = []
    practice = version.study.participants.practice_items
    items = [item.item for item in version.manifest.items if item.item not in practice]
    for item in item_order(items, derive_seed(order_seed, seat)):
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


def _with_breaks(pages: Sequence[PlannedPage], every: int | None) -> list[PlannedPage]:
    """Put a break after every so many pages, never after the last."""
    found = []
    for number, page in enumerate(pages):
        if every is not None and number > 0 and number % every == 0:
            found.append(PlannedPage(kind="break", purpose="step"))
        found.append(page)
    return found
