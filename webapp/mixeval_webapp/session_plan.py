"""Everything that one session will be shown, in order: a pure function of the study, a seat and two seeds."""

from collections.abc import Sequence
from dataclasses import replace

from mixeval.seeds import derive_seed
from mixeval.versions import Version
from mixeval_webapp.control_pages import with_attention, with_repeats
from mixeval_webapp.ordering import balanced_order, following_order
from mixeval_webapp.page_types.forced_choice import x_places
from mixeval_webapp.page_types.registry import RATING_PAGES
from mixeval_webapp.planned_page import SHOWN_AS, PlannedPage, PlannedSound, planned_sounds
from mixeval_webapp.session_steps import steps_after, steps_around, steps_before
from mixeval_webapp.subsets import DealtItem, deal_items


def plan_session(version: Version, *, seat: int, order_seed: int, seed: int) -> tuple[PlannedPage, ...]:
    """Plan the session that takes `seat` in the balanced design of `order_seed`.

    `seed` is the session's own, for what need not be balanced. The same arguments give the same plan.
    """
    test = version.study.test
    pages = with_repeats(_rating_pages(version, seat=seat, order_seed=order_seed), test.repeats)
    pages = with_attention(pages, test.attention, seat=seat, order_seed=order_seed, seed=seed)
    pages = _with_x(pages, derive_seed(order_seed, seat, seed))
    rested = _with_breaks(pages, test.break_after_pages)
    around = (step for page in rested for step in steps_around(version.study, page))
    before = _with_x(steps_before(version, seed), derive_seed(order_seed, "practice", seat, seed))
    return (*before, *around, *steps_after(version.study))


def rated_items(version: Version) -> list[str]:
    """List the items that may be rated: all but those for practice."""
    practice = version.study.participants.practice_items
    return [item.item for item in version.manifest.items if item.item not in practice]


def count_rating_pages(version: Version) -> int:
    """Count the pages on which a participant rates something."""
    plan = plan_session(version, seat=0, order_seed=0, seed=0)
    return sum(page.purpose not in {"step", "practice"} for page in plan)


def _rating_pages(version: Version, *, seat: int, order_seed: int) -> tuple[PlannedPage, ...]:
    """Go round the items as often as each has pages, so that two pages of one item are never neighbours."""
    test = version.study.test
    items = rated_items(version)
    dealt = deal_items(items, test.items_per_participant, seat=seat, seed=derive_seed(order_seed, "items"))
    pages = {entry.item: _pages_of_item(version, entry, order_seed) for entry in dealt}
    order = tuple(pages)
    return tuple(
        pages[item][number]
        for number in range(max(map(len, pages.values())))
        # Two items would end one round and begin the next with the same one.
        for item in following_order(order, number if len(order) > 2 else 0)
        if number < len(pages[item])
    )


def _pages_of_item(version: Version, dealt: DealtItem, order_seed: int) -> list[PlannedPage]:
    """Plan the pages of one item in the order in which its listener comes to them."""
    test, item = version.study.test, dealt.item
    conditions = [stimulus.condition for stimulus in version.manifest.of_item(item)]
    presentations = RATING_PAGES[test.page].presentations(test, conditions)
    mixes = [tuple(sorted(presentation.rated)) for presentation in presentations]
    pages = []
    for number, presentation in enumerate(presentations):
        # Where the same mixes meet in several trials, letters are balanced over trials as well as seats.
        turn = dealt.turn * mixes.count(mixes[number]) + mixes[:number].count(mixes[number])
        rated = balanced_order(
            presentation.rated, turn, derive_seed(order_seed, "mixes", item, *mixes[number])
        )
        pages.append(PlannedPage(test.page, "rating", item, planned_sounds(presentation.heard, rated)))
    order = balanced_order(range(len(pages)), dealt.turn, derive_seed(order_seed, "pages", item))
    return [pages[number] for number in order]


def _with_x(pages: Sequence[PlannedPage], seed: int) -> tuple[PlannedPage, ...]:
    """Give each `abx` page its X: what is shown as A or as B, once more."""
    trials = [number for number, page in enumerate(pages) if page.kind == "abx"]
    places = x_places([pages[number].rated for number in trials], seed)
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
