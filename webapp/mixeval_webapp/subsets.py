"""Which items each seat gets, and in which order: all of them, or a balanced part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

from mixeval.seeds import derive_seed
from mixeval_webapp.ordering import balanced_order

SEATS_REMEMBERED = 100
"""For about how many seats pairs of items are kept even; then the count begins anew."""


@dataclass(frozen=True)
class DealtItem:
    item: str
    turn: int
    """How many seats before this one have had the item."""


def deal_items(items: Sequence[str], size: int | None, *, seat: int, seed: int) -> tuple[DealtItem, ...]:
    """Return the items of `seat` in the order of its pages: `size` of them, or all where it is None.

    All of them follow a Williams square (:func:`mixeval_webapp.ordering.balanced_order`). A part is dealt from
    shuffled decks that hold every item once, so that over any number of seats the most and the least frequent
    item differ by one at most; among the cards that remain, those are preferred that have met least. Over as
    many seats as there are items, each item comes in each place of a session exactly once (a row of edge
    colours: König 1916, every regular bipartite graph is a sum of perfect matchings).
    """
    if size is None or size >= len(items):
        return tuple(DealtItem(item, seat) for item in balanced_order(items, seat, seed))
    lap, within = divmod(seat, len(items))
    # Sorted, since an order is to follow from what is heard and not from how a manifest lists it.
    hands = _dealt_lap(tuple(sorted(items)), size, seed, lap)
    return tuple(
        DealtItem(item, size * lap + sum(item in hand for hand in hands[:within])) for item in hands[within]
    )


@lru_cache(maxsize=64)
def _dealt_lap(items: tuple[str, ...], size: int, seed: int, lap: int) -> tuple[tuple[str, ...], ...]:
    """Deal to as many seats as there are items: each item comes `size` times, in each place once."""
    laps_remembered = -(-SEATS_REMEMBERED // len(items))
    since, within = divmod(lap, laps_remembered)
    hands = _hands(items, size, derive_seed(seed, "hands", since), laps=within + 1)[-len(items) :]
    return _in_places(hands, size, derive_seed(seed, "places", lap))


def _hands(items: tuple[str, ...], size: int, seed: int, *, laps: int) -> list[list[str]]:
    met = {item: dict.fromkeys(items, 0) for item in items}
    deck: list[str] = []
    hands: list[list[str]] = []
    for number in range(laps * len(items)):
        hand: list[str] = []
        if len(deck) < size:
            # What is left of a deck goes first; the next one fills the hand up with other cards.
            hand, deck = deck, _shuffled(items, seed, number)
        familiar = {item: sum(met[item][other] for other in hand) for item in deck if item not in hand}
        while len(hand) < size:
            chosen = min(familiar, key=familiar.__getitem__)
            hand.append(chosen)
            deck.remove(chosen)
            del familiar[chosen]
            for item in familiar:
                familiar[item] += met[chosen][item]
        for item, other in permutations(hand, 2):
            met[item][other] += 1
        hands.append(hand)
    return hands


def _in_places(hands: Sequence[Sequence[str]], size: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """Order each hand so that each item, which is in `size` of the hands, comes in each place once."""
    left = [set(hand) for hand in hands]
    ordered: list[list[str]] = [[] for _ in hands]
    for place in range(size):
        wishes = [_shuffled(hand, seed, place, number) for number, hand in enumerate(left)]
        for item, number in _perfect_matching(wishes).items():
            ordered[number].append(item)
            left[number].remove(item)
    return tuple(map(tuple, ordered))


def _perfect_matching(wishes: Sequence[Sequence[str]]) -> Mapping[str, int]:
    """Give each hand one of the items that it wishes, all different; from items to hands.

    There is a way, since all hands wish for equally many items and all items are wished for equally often.
    """
    owner: dict[str, int] = {}
    for hand in range(len(wishes)):
        _give_one(hand, wishes, owner)
    return owner


def _give_one(start: int, wishes: Sequence[Sequence[str]], owner: dict[str, int]) -> None:
    """Give an item to hand `start` by the shortest chain of hands that each pass theirs on."""
    taker: dict[str, int] = {}
    queue = [start]
    for hand in queue:
        for item in wishes[hand]:
            if item in taker:
                continue
            taker[item] = hand
            if item in owner:
                queue.append(owner[item])
                continue
            owned = {number: name for name, number in owner.items()}
            passed: str | None = item
            while passed is not None:
                owner[passed] = taker[passed]
                passed = owned.get(taker[passed])
            return


def _shuffled(items: Sequence[str] | set[str], seed: int, *key: object) -> list[str]:
    return sorted(items, key=lambda item: derive_seed(seed, *key, item))
