from collections import Counter
from itertools import pairwise

import pytest

from mixeval.manifest import Item, Manifest, Stimulus
from mixeval.study import study_of
from mixeval.versions import Version
from mixeval_webapp.page_types.page_type import Presentation, Values
from mixeval_webapp.page_types.rating_page import RatingPageType
from mixeval_webapp.page_types.registry import RATING_PAGES
from mixeval_webapp.session_plan import count_rating_pages, plan_session

ITEMS = tuple(f"loop{number}" for number in range(6))
MIXES = tuple(f"mix{number}" for number in range(7))
ORDER_SEED = 20261122


class Pairs(RatingPageType):
    """Each mix against the next, twice; the pages of a study that compares pairs, without their looks."""

    template = ""

    def presentations(self, test, conditions):
        return tuple(Presentation(pair) for pair in pairwise(conditions) for _ in range(test.trials_per_pair))

    def values(self, sheet):  # noqa: ARG002 - the same for every page
        return Values(0.0, 1.0)


class OneByOne(Pairs):
    def presentations(self, test, conditions):  # noqa: ARG002 - the same for every study
        return tuple(Presentation((condition,)) for condition in conditions)


@pytest.fixture(autouse=True)
def page_types(monkeypatch):
    monkeypatch.setitem(RATING_PAGES, "ab", Pairs())
    monkeypatch.setitem(RATING_PAGES, "acr", OneByOne())


@pytest.fixture
def version():
    """Make a version of 6 items in 7 mixes, as the paper's, with other keys in [test]."""

    def make(items=ITEMS, mixes=MIXES, **test):
        study = study_of(
            {
                "study": {"title": "Drums"},
                "stimuli": {
                    "dataset": {"kind": "synthetic"},
                    "conditions": [{"id": mix, "method": "sum"} for mix in mixes],
                },
                "test": test,
            }
        )
        stimuli = tuple(stimulus(item, mix) for item in items for mix in mixes)
        manifest = Manifest(
            target_lufs=-28.0,
            sample_rate=44100,
            tools={},
            items=tuple(Item(item=item) for item in items),
            stimuli=stimuli,
        )
        return Version(study, manifest)

    return make


def stimulus(item, condition):
    return Stimulus(
        item=item,
        condition=condition,
        file="a.flac",
        sha256="0" * 64,
        frames=1,
        channels=2,
        sample_rate=44100,
        loudness_lufs=-28.0,
        target_lufs=-28.0,
        true_peak_dbtp=-10.0,
        gain_db=0.0,
        method="sum",
        method_version="1",
        inputs=(),
        parameters={},
    )


def plans(version, seats, order_seed=ORDER_SEED):
    return [
        plan_session(version, seat=seat, order_seed=order_seed, seed=1000 + seat) for seat in range(seats)
    ]


def letters(page):
    return {sound.condition: sound.shown_as for sound in page.sounds if sound.role == "rated"}


def rating(plan):
    return [page for page in plan if page.purpose == "rating"]


def equal(counts, cells):
    assert len(counts) == cells
    assert len(set(counts.values())) == 1, counts


def test_the_same_arguments_give_the_same_plan_and_another_seat_or_seed_another(version):
    study = version()
    plan = plan_session(study, seat=3, order_seed=5, seed=7)
    assert plan == plan_session(study, seat=3, order_seed=5, seed=7)
    assert plan != plan_session(study, seat=4, order_seed=5, seed=7)
    assert plan != plan_session(study, seat=3, order_seed=6, seed=7)


def test_over_42_seats_of_the_papers_design_everything_is_balanced_exactly(version):
    # 42 is a multiple of the 6 rows of a square of items and of the 14 rows of a square of mixes.
    sessions = plans(version(), 42)
    equal(Counter((page.item, place) for plan in sessions for place, page in enumerate(plan)), 36)
    equal(Counter((one.item, other.item) for plan in sessions for one, other in pairwise(plan)), 30)
    equal(
        Counter((page.item, *cell) for plan in sessions for page in plan for cell in letters(page).items()),
        6 * 7 * 7,
    )
    beside = Counter(
        (page.item, *pair) for plan in sessions for page in plan for pair in pairwise(page.rated)
    )
    equal(beside, 6 * 7 * 6)


@pytest.mark.parametrize("seats", [1, 5, 13, 20, 33])
def test_over_any_number_of_seats_an_items_places_and_a_mixs_letters_differ_by_one_at_most(version, seats):
    sessions = plans(version(), seats)
    placed = Counter((page.item, place) for plan in sessions for place, page in enumerate(plan))
    named = Counter(
        (page.item, *cell) for plan in sessions for page in plan for cell in letters(page).items()
    )
    for counts, cells in (
        (placed, [(item, place) for item in ITEMS for place in range(6)]),
        (named, [(item, mix, letter) for item in ITEMS for mix in MIXES for letter in "ABCDEFG"]),
    ):
        found = [counts[cell] for cell in cells]
        assert max(found) - min(found) <= 1


def test_the_letters_of_one_item_say_nothing_about_those_of_another(version):
    study = version()
    same = 0
    for order_seed in range(1500):
        one, other = plan_session(study, seat=0, order_seed=order_seed, seed=0)[:2]
        same += letters(one)["mix0"] == letters(other)["mix0"]
    # One in seven is the same by chance: 214; five standard deviations are 68.
    assert abs(same - 214) < 68


def test_a_part_of_the_items_is_dealt_evenly_and_each_keeps_its_letters_balanced(version):
    # Each item is in half of the sessions: 28 seats give it a whole square of 14 rows.
    sessions = plans(version(items_per_participant=3), 84)
    assert {len(plan) for plan in sessions} == {3}
    equal(Counter(page.item for plan in sessions for page in plan), 6)
    equal(Counter((page.item, place) for plan in sessions for place, page in enumerate(plan)), 18)
    equal(
        Counter((page.item, *cell) for plan in sessions for page in plan for cell in letters(page).items()),
        6 * 7 * 7,
    )


@pytest.mark.parametrize("page", ["ab", "acr"])
@pytest.mark.parametrize("count", [2, 3, 6])
def test_pages_of_one_item_are_never_neighbours(version, page, count):
    for plan in plans(version(items=ITEMS[:count], page=page), 20):
        assert all(one.item != other.item for one, other in pairwise(plan))


def test_a_single_item_has_all_its_pages_in_a_row_in_balanced_order(version):
    sessions = plans(version(items=ITEMS[:1], page="acr"), 14)
    equal(Counter((page.rated, place) for plan in sessions for place, page in enumerate(plan)), 49)
    equal(Counter((one.rated, other.rated) for plan in sessions for one, other in pairwise(plan)), 42)


def test_where_an_item_has_several_pages_every_round_has_each_item_and_rounds_are_balanced(version):
    sessions = plans(version(page="acr"), 42)
    for plan in sessions:
        rounds = [plan[start : start + 6] for start in range(0, 42, 6)]
        assert all({page.item for page in pages} == set(ITEMS) for pages in rounds)
    equal(Counter((page.item, place) for plan in sessions for place, page in enumerate(plan)), 6 * 42)
    in_round = Counter(
        (page.item, page.rated, place // 6) for plan in sessions for place, page in enumerate(plan)
    )
    equal(in_round, 6 * 7 * 7)


@pytest.mark.parametrize("trials", [1, 2, 3, 4])
def test_which_mix_of_a_pair_is_a_is_balanced_over_trials_and_seats(version, trials):
    study = version(page="ab", trials_per_pair=trials)
    sessions = plans(study, 8)
    equal(Counter((page.item, page.rated) for plan in sessions for page in plan), 6 * 6 * 2)
    for plan in sessions:
        first = Counter((page.item, page.rated) for page in plan)
        for item, (a, b) in first:
            assert abs(first[item, (a, b)] - first[item, (b, a)]) <= trials % 2


def test_a_reference_stays_the_reference_and_its_hidden_twin_is_balanced_like_every_mix(version):
    for plan in plans(version(reference="mix0"), 3):
        for page in plan:
            assert (page.sounds[0].role, page.sounds[0].shown_as) == ("reference", "Ref")
            assert sorted(page.rated) == sorted(MIXES)


def test_breaks_come_after_so_many_pages_and_never_last(version):
    (plan,) = plans(version(break_after_pages=2), 1)
    assert [page.kind for page in plan] == [
        "sliders", "sliders", "break", "sliders", "sliders", "break", "sliders", "sliders",
    ]  # fmt: skip


def test_the_pages_on_which_something_is_rated_are_counted_for_the_first_page(version):
    attention = {"better": "mix0", "worse": "mix6", "pages": 2}
    study = version(items_per_participant=4, repeats=1, attention=attention, break_after_pages=2)
    assert count_rating_pages(study) == 4 + 1 + 2
