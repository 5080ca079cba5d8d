import hashlib
from collections import Counter
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval_webapp.ordering import balanced_order, following_order, label, rows_in_square, williams_row

orders = st.integers(1, 40)
seeds = st.integers(0, 2**63 - 1)
names = st.lists(st.text(min_size=1, max_size=20), unique=True, max_size=12)


def square(order):
    return [williams_row(order, row) for row in range(rows_in_square(order))]


def neighbours(rows):
    return Counter(pair for row in rows for pair in pairwise(row))


def spread(counts, possible):
    found = [counts[each] for each in possible]
    return max(found) - min(found)


@pytest.mark.parametrize(
    ("order", "published"),
    [
        # What the R package crossdes 1.1 (Sailer 2005) prints for williams(3), (4) and (10).
        (3, "1 2 3|2 3 1|3 1 2|3 2 1|1 3 2|2 1 3"),
        (4, "1 2 4 3|2 3 1 4|3 4 2 1|4 1 3 2"),
        (
            10,
            "1 2 10 3 9 4 8 5 7 6|2 3 1 4 10 5 9 6 8 7|3 4 2 5 1 6 10 7 9 8|4 5 3 6 2 7 1 8 10 9",
        ),
    ],
)
def test_a_square_is_the_published_one(order, published):
    wanted = [tuple(int(treatment) - 1 for treatment in row.split()) for row in published.split("|")]
    assert square(order)[: len(wanted)] == wanted


@given(orders)
def test_the_first_row_of_a_square_goes_to_and_fro_in_steps_that_shrink_by_one(order):
    # The generator that crossdes uses, as a second implementation.
    row = [0, 1][:order]
    for step in range(order - 2, 0, -1):
        row.append(row[-1] + (step if len(row) % 2 == 0 else -step))
    assert williams_row(order, 0) == tuple(row)


@given(orders)
def test_over_a_square_each_treatment_stands_in_each_place_and_beside_each_other_equally_often(order):
    rows = square(order)
    times = 1 if order % 2 == 0 else 2
    places = Counter((place, treatment) for row in rows for place, treatment in enumerate(row))
    assert set(places.values()) == {times}
    assert len(places) == order**2
    expected = Counter(dict.fromkeys(permutations(range(order), 2), times))
    assert neighbours(rows) == expected


@pytest.mark.parametrize("order", [400, 401])
def test_a_row_of_a_large_square_is_found_without_the_others(order):
    assert sorted(williams_row(order, rows_in_square(order) - 1)) == list(range(order))


@given(names, seeds, st.integers(0, 200))
def test_an_order_holds_every_name_once_and_does_not_depend_on_how_they_were_listed(found, seed, turn):
    order = balanced_order(found, turn, seed)
    assert sorted(order) == sorted(found)
    assert order == balanced_order(reversed(found), turn, seed)


@given(st.integers(2, 9), seeds, st.integers(0, 3))
def test_over_each_whole_square_of_turns_places_and_neighbours_are_balanced(count, seed, which):
    rows = rows_in_square(count)
    found = [balanced_order(range(count), turn, seed) for turn in range(which * rows, (which + 1) * rows)]
    times = rows // count
    assert set(Counter((place, name) for order in found for place, name in enumerate(order)).values()) == {
        times
    }
    assert neighbours(found) == Counter(dict.fromkeys(permutations(range(count), 2), times))


@given(st.integers(2, 9), seeds, st.integers(1, 60))
def test_after_any_number_of_turns_the_counts_of_a_place_differ_by_one_at_most(count, seed, turns):
    found = [balanced_order(range(count), turn, seed) for turn in range(turns)]
    for place in range(count):
        assert spread(Counter(order[place] for order in found), range(count)) <= 1


@given(st.integers(2, 9), seeds, st.integers(1, 60))
def test_after_any_number_of_turns_the_counts_of_neighbours_differ_by_one_or_two_at_most(count, seed, turns):
    found = [balanced_order(range(count), turn, seed) for turn in range(turns)]
    assert spread(neighbours(found), permutations(range(count), 2)) <= (1 if count % 2 == 0 else 2)


def test_every_order_of_three_names_comes_first_about_equally_often_over_seeds():
    counts = Counter(balanced_order("abc", 0, seed) for seed in range(6000))
    # 1000 expected; five standard deviations of a binomial count are 144.
    assert len(counts) == 6
    assert all(abs(count - 1000) < 144 for count in counts.values())


def test_the_orders_under_two_seeds_are_independent():
    same = sum(balanced_order("abc", 4, seed) == balanced_order("abc", 4, -seed - 1) for seed in range(6000))
    # One order in six is the same by chance; five standard deviations are 144.
    assert abs(same - 1000) < 144


def test_who_knows_all_orders_of_a_square_but_not_the_seed_cannot_tell_those_of_the_next():
    # The same first square under many seeds is followed by all the squares there are.
    following = {
        tuple(balanced_order("abc", turn, seed) for turn in range(6, 9))
        for seed in range(600)
        if balanced_order("abc", 0, seed) == ("a", "b", "c")
    }
    assert len(following) > 6


def test_an_order_stays_as_it_is_in_all_releases():
    # Judged by hand, as the docstrings say: names and rows are sorted by the first 8 bytes of a SHA-256.
    def by_hash(listed, *key):
        return sorted(
            listed, key=lambda one: hashlib.sha256("\x1f".join(map(str, (*key, one))).encode()).digest()[:8]
        )

    treatments = by_hash("abcd", 9, "names", 1)
    row = by_hash(range(4), 9, "rows", 1, 0)[2]  # turn 6 is the third of the second square
    published = ["0132", "1203", "2310", "3021"][row]
    assert balanced_order("abcd", 6, 9) == tuple(treatments[int(digit)] for digit in published)


@given(st.integers(2, 40), st.integers(1, 39))
def test_a_following_order_keeps_no_name_in_its_place(count, steps):
    order = tuple(range(count))
    moved = following_order(order, steps)
    assert sorted(moved) == sorted(order)
    kept = [one == other for one, other in zip(order, moved, strict=True)]
    assert all(kept) if steps % count == 0 else not any(kept)


@given(st.integers(3, 40), seeds, st.integers(0, 30))
def test_of_three_names_or_more_the_last_never_begins_the_following_order(count, seed, turn):
    order = balanced_order(range(count), turn, seed)
    assert following_order(order)[0] != order[-1]


@given(st.integers(2, 20).map(lambda half: 2 * half), st.integers(0, 39), st.integers(0, 39))
def test_an_order_is_followed_by_the_next_row_of_its_square(count, row, steps):
    assert following_order(williams_row(count, row % count), steps) == williams_row(
        count, (row + steps) % count
    )


@given(st.integers(2, 9), seeds, st.integers(1, 9))
def test_orders_that_follow_balanced_ones_are_balanced(count, seed, steps):
    found = [
        following_order(balanced_order(range(count), turn, seed), steps)
        for turn in range(rows_in_square(count))
    ]
    assert (
        len(set(Counter((place, name) for order in found for place, name in enumerate(order)).values())) == 1
    )


def test_nothing_has_one_order():
    assert balanced_order([], 5, 1) == following_order(()) == ()
    assert following_order("a", 3) == ("a",)


def test_places_are_lettered_a_to_z_and_on():
    assert [label(place) for place in (0, 6, 25, 26, 27, 39)] == ["A", "G", "Z", "AA", "AB", "AN"]
