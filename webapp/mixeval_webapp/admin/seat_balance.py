"""How evenly the complete sessions of the version that is served came to its items: the spread of their places."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mixeval_webapp.admin.sittings import Sitting


@dataclass(frozen=True)
class SeatBalance:
    """How often each item stood at each place; `fewest` and `most` are equal in a design that is full."""

    sessions: int
    items: int
    places: int
    fewest: int
    most: int

    @property
    def spread(self) -> int:
        return self.most - self.fewest


def seat_balance(sittings: Sequence[Sitting], version_id: str, items: Sequence[str]) -> SeatBalance | None:
    """Count places over the complete sessions of a version; None before the first.

    `items` are those that may be rated; pages that come again and checks of attention do not count.
    """
    complete = [entry for entry in sittings if entry.state == "complete" and entry.version_id == version_id]
    if not complete:
        return None
    found: Counter[tuple[str | None, int]] = Counter()
    places = 0
    for entry in complete:
        rating = [page for page in entry.pages if page.purpose == "rating"]
        places = max(places, len(rating))
        found.update((page.item, place) for place, page in enumerate(rating, start=1))
    cells = [found[item, place] for item in items for place in range(1, places + 1)]
    return SeatBalance(len(complete), len(items), places, min(cells, default=0), max(cells, default=0))
