from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval_webapp.ordering import balanced_order
from mixeval_webapp.subsets import deal_items

parts = st.integers(2, 14).flatmap(lambda count: st.tuples(st.just(count), st.integers(1, count)))
seeds = st.integers(0, 2**63 - 1)


def dealt(count, size, seats, seed):
    items = [f"loop{number}" for number in range(count)]
    return items, [deal_items(items, size, seat=seat, seed=seed) for seat in range(seats)]


def spread(counts, possible):
    found = [counts[each] for each in possible]
    return max(found) - min(found)


@settings(max_examples=60)
@given(parts, seeds, st.integers(1, 50))
def test_over_any_number_of_seats_items_and_their_places_are_even_to_one(part, seed, seats):
    count, size = part
    items, sessions = dealt(count, size, seats, seed)
    for session in sessions:
        assert len({entry.item for entry in session}) == len(session) == size
    assert spread(Counter(entry.item for session in sessions for entry in session), items) <= 1
    for place in range(size):
        assert spread(Counter(session[place].item for session in sessions), items) <= 1


@settings(max_examples=40)
@given(parts, seeds, st.integers(1, 50))
def test_an_item_knows_how_many_seats_before_have_had_it(part, seed, seats):
    count, size = part
    _, sessions = dealt(count, size, seats, seed)
    had = Counter()
    for session in sessions:
        assert [entry.turn for entry in session] == [had[entry.item] for entry in session]
        had.update(entry.item for entry in session)


@pytest.mark.parametrize(
    ("count", "size"), [(6, 3), (6, 4), (7, 3), (9, 3), (10, 4), (12, 6), (13, 4), (20, 6)]
)
def test_pairs_of_items_meet_about_equally_often(count, size):
    for seed in range(3):
        items, sessions = dealt(count, size, 5 * count, seed)
        met = Counter(
            pair for session in sessions for pair in permutations([entry.item for entry in session], 2)
        )
        # Drawn at random, the counts of (12, 6) after 60 seats would spread over about 15.
        assert spread(met, permutations(items, 2)) <= 4


@pytest.mark.parametrize("size", [None, 5, 8])
def test_where_everybody_gets_every_item_their_order_is_a_row_of_a_square(size):
    items = list("abcde")
    for seat in range(20):
        session = deal_items(items, size, seat=seat, seed=3)
        assert tuple(entry.item for entry in session) == balanced_order(items, seat, 3)
        assert {entry.turn for entry in session} == {seat}


def test_what_a_seat_gets_does_not_depend_on_how_the_items_are_listed():
    items = [f"loop{number}" for number in range(9)]
    for seat in (0, 8, 9, 40):
        assert deal_items(items, 4, seat=seat, seed=1) == deal_items(items[::-1], 4, seat=seat, seed=1)


def test_another_seed_deals_other_items():
    hands = {
        tuple(entry.item for entry in deal_items("abcdefgh", 3, seat=0, seed=seed)) for seed in range(200)
    }
    # Of 336 ordered hands of three, 200 draws are expected to show 151; five standard deviations below is 120.
    assert len(hands) > 120


def test_hundreds_of_items_are_dealt_as_well():
    items, sessions = dealt(300, 10, 60, 4)
    assert spread(Counter(entry.item for session in sessions for entry in session), items) <= 1
