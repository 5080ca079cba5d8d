"""Pages that show how far a listener can be relied on: some come twice, some have an answer nobody can miss."""

from collections.abc import Sequence
from dataclasses import replace

from mixeval.listening_pages import AttentionPages
from mixeval.seeds import derive_seed
from mixeval_webapp.ordering import balanced_order, following_order
from mixeval_webapp.planned_page import PlannedPage, planned_sounds


def with_repeats(pages: Sequence[PlannedPage], count: int) -> tuple[PlannedPage, ...]:
    """Add `count` of `pages` a second time at the end, no mix of them under its first letter.

    They are taken evenly from the whole session, so that an item's chance to come twice is balanced as its place
    is, and keep their order: of two pages or more, none comes directly after its first presentation.
    """
    taken = [pages[number * len(pages) // count] for number in range(min(count, len(pages)))]
    return (*pages, *(_again(page) for page in taken))


def with_attention(
    pages: Sequence[PlannedPage], attention: AttentionPages | None, *, seat: int, order_seed: int, seed: int
) -> tuple[PlannedPage, ...]:
    """Put attention pages between `pages`, each at a random place in a part of the session of its own.

    None is first or last, and none has the item of a page beside it where there are others. Which of the two
    mixes is A is balanced over pages and seats; places and items follow from the session's own `seed`.
    """
    gaps = len(pages) - 1
    if attention is None or gaps < 1:
        return tuple(pages)
    found = list(pages)
    count = min(attention.pages, gaps)
    # From the end, so that the places before stay what they are.
    for number in reversed(range(count)):
        random = derive_seed(order_seed, "attention", seed, number)
        first, end = (1 + part * gaps // count for part in (number, number + 1))
        gap = first + random % (end - first)
        rated = balanced_order(
            (attention.better, attention.worse),
            seat * count + number,
            derive_seed(order_seed, "attention"),
        )
        page = replace(
            pages[0],
            purpose="attention",
            item=_item_between(found, gap, random),
            sounds=planned_sounds([sound for sound in pages[0].heard if sound[0] == "reference"], rated),
        )
        found.insert(gap, page)
    return tuple(found)


def _again(page: PlannedPage) -> PlannedPage:
    rated = iter(planned_sounds((), following_order(page.rated)))
    return replace(
        page,
        purpose="repeat",
        sounds=tuple(next(rated) if sound.role == "rated" else sound for sound in page.sounds),
    )


def _item_between(pages: Sequence[PlannedPage], gap: int, seed: int) -> str | None:
    items = sorted({page.item for page in pages if page.item}, key=lambda item: derive_seed(seed, item))
    beside = {page.item for page in pages[gap - 1 : gap + 1]}
    return next((item for item in items if item not in beside), items[0])
