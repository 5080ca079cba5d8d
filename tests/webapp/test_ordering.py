from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mixeval_webapp.ordering import item_order, label, stimulus_order

names = st.lists(st.text(min_size=1, max_size=20), unique=True, max_size=12)
seeds = st.integers(0, 2**63 - 1)


@given(names, seeds)
def test_an_order_holds_every_name_once_and_is_the_same_for_the_same_seed(found, seed):
    order = item_order(found, seed)
    assert sorted(order) == sorted(found)
    assert order == item_order(reversed(found), seed)
    assert sorted(stimulus_order(found, "shuffle", seed)) == sorted(found)


def test_every_name_comes_at_every_place_about_equally_often_over_seeds():
    conditions = [f"mix_{number}" for number in range(7)]
    orders = [stimulus_order(conditions, "shuffle", seed) for seed in range(7000)]
    for place in range(7):
        counts = Counter(order[place] for order in orders)
        # 1000 expected; five standard deviations of a binomial count are 146.
        assert all(abs(counts[condition] - 1000) < 146 for condition in conditions)


def test_the_orders_of_two_items_of_one_session_are_independent():
    conditions = [f"mix_{number}" for number in range(3)]
    same = sum(
        stimulus_order(conditions, "shuffle", seed) == stimulus_order(conditions, "reggae", seed)
        for seed in range(6000)
    )
    # One order in six is the same by chance; five standard deviations are 144.
    assert abs(same - 1000) < 144


def test_an_order_stays_as_it_is_through_all_versions():
    # Judged by hand: sorted by sha256("1\x1fitem\x1f" + name), as the docstring says.
    import hashlib

    found = ["a", "b", "c", "d"]
    by_hash = sorted(found, key=lambda name: hashlib.sha256(f"1\x1fitem\x1f{name}".encode()).digest()[:8])
    assert list(item_order(found, 1)) == by_hash


def test_places_are_lettered_a_to_z_and_on():
    assert [label(place) for place in (0, 6, 25, 26, 27, 39)] == ["A", "G", "Z", "AA", "AB", "AN"]
