from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval.listening_pages import AttentionPages
from mixeval_webapp.control_pages import with_attention, with_repeats
from mixeval_webapp.ordering import balanced_order
from mixeval_webapp.planned_page import PlannedPage, PlannedSound, planned_sounds

MIXES = ("good", "fair", "bad")


def pages(count, *, seat=0, mixes=MIXES, heard=()):
    return tuple(
        PlannedPage(
            "sliders", "rating", item, planned_sounds(heard, balanced_order(mixes, seat, int(item[4:])))
        )
        for item in balanced_order([f"loop{number}" for number in range(count)], seat, 1)
    )


def letters(page):
    return {sound.condition: sound.shown_as for sound in page.sounds}


counts = st.integers(2, 12).flatmap(lambda count: st.tuples(st.just(count), st.integers(1, count)))


@given(counts, st.integers(2, 7), st.integers(0, 50))
def test_repeats_come_at_the_end_with_other_letters_and_never_directly_after(count, mixes, seat):
    first = pages(count[0], seat=seat, mixes=[f"mix{number}" for number in range(mixes)])
    found = with_repeats(first, count[1])
    assert found[: len(first)] == first
    repeats = found[len(first) :]
    assert [page.purpose for page in repeats] == ["repeat"] * count[1]
    assert len({page.item for page in repeats}) == count[1]
    for page in repeats:
        (before,) = [one for one in first if one.item == page.item]
        assert letters(page).keys() == letters(before).keys()
        assert not letters(page).items() & letters(before).items()
    assert all(one.item != other.item for one, other in pairwise(found))


def test_each_item_is_repeated_equally_often_and_its_mixes_under_each_letter_again():
    repeats = [with_repeats(pages(6, seat=seat), 2)[6:] for seat in range(6)]
    assert set(Counter(page.item for pair in repeats for page in pair).values()) == {2}
    every = [with_repeats(pages(6, seat=seat), 6)[6:] for seat in range(6)]
    named = Counter((page.item, *cell) for plan in every for page in plan for cell in letters(page).items())
    assert len(named) == 6 * 3 * 3
    assert set(named.values()) == {2}


def test_what_is_only_heard_is_heard_again_in_its_place():
    first = pages(2, heard=[("reference", "good")])
    x = PlannedSound("bad", "x", "X")
    first = tuple(replace(page, sounds=(*page.sounds, x)) for page in first)
    again = with_repeats(first, 1)[2]
    assert [sound.role for sound in again.sounds] == ["reference", *["rated"] * 3, "x"]
    assert (again.sounds[0], again.sounds[-1]) == (first[0].sounds[0], x)


def test_a_single_mix_keeps_its_letter():
    assert letters(with_repeats(pages(2, mixes=["only"]), 1)[2]) == {"only": "A"}


def test_no_repeats_are_none():
    assert with_repeats(pages(3), 0) == pages(3)


def attention(count=1):
    return AttentionPages(better="good", worse="bad", pages=count)


@given(counts, st.integers(0, 50), st.integers(0, 2**63 - 1))
def test_attention_pages_stand_between_others_each_in_its_own_part_of_the_session(count, seat, seed):
    first = pages(count[0], seat=seat)
    wanted = min(count[1], 10, len(first) - 1)
    found = with_attention(first, attention(wanted), seat=seat, order_seed=3, seed=seed)
    assert [page for page in found if page.purpose != "attention"] == list(first)
    places = [place for place, page in enumerate(found) if page.purpose == "attention"]
    assert len(places) == wanted
    assert places[0] > 0
    assert places[-1] < len(found) - 1
    for place in places:
        page = found[place]
        assert page.kind == "sliders"
        assert sorted(page.rated) == ["bad", "good"]
        if len(first) > 2:
            assert page.item not in {found[place - 1].item, found[place + 1].item}


def test_an_attention_pages_place_is_as_random_as_its_session():
    places = Counter(
        [
            page.purpose for page in with_attention(pages(6), attention(), seat=0, order_seed=3, seed=seed)
        ].index("attention")
        for seed in range(2000)
    )
    # 400 expected at each of five places; five standard deviations are 90.
    assert sorted(places) == [1, 2, 3, 4, 5]
    assert all(abs(count - 400) < 90 for count in places.values())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_better_mix_is_a_on_half_of_the_attention_pages(count):
    first = Counter(
        page.rated[0]
        for seat in range(8)
        for page in with_attention(pages(6), attention(count), seat=seat, order_seed=3, seed=99 * seat)
        if page.purpose == "attention"
    )
    assert first == {"good": 4 * count, "bad": 4 * count}


def test_an_attention_page_has_the_reference_of_the_other_pages_and_no_x():
    heard = [("reference", "good"), ("x", "bad")]
    found = with_attention(pages(2, heard=heard), attention(), seat=0, order_seed=3, seed=4)
    assert found[1].heard == (("reference", "good"),)


def test_one_page_has_no_place_between_others():
    assert with_attention(pages(1), attention(), seat=0, order_seed=3, seed=4) == pages(1)
    assert with_attention(pages(4), None, seat=0, order_seed=3, seed=4) == pages(4)
