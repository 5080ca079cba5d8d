from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mixeval_webapp.simulate.crowd import simulate_study


def test_a_page_asks_for_all_mixes_of_an_item_and_knows_one_place_for_each(ask):
    listener = ask('page = "ranking"')
    page = listener.page()
    assert [sound["label"] for sound in page["stimuli"]] == list("ABCD")
    assert page["values"] == {"lowest": 1, "highest": 4, "step": 1}


orders = st.permutations([1, 2, 3, 4]) | st.lists(st.sampled_from([None, 1, 2, 3, 4]), min_size=4, max_size=4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=orders)
def test_a_page_is_whole_with_every_place_given_once_and_never_else(is_taken, values):
    assert is_taken(values) == (sorted(values, key=str) == [1, 2, 3, 4])


@pytest.fixture
def is_taken(ask, give):
    """Hand in one page of somebody who begins, and tell whether the server takes it."""
    listener = ask('page = "ranking"')

    def trying(values):
        listener.client = listener.client.application.test_client()
        listener.start()
        page = listener.page()
        return listener.complete(page, give(page, values)).status_code == 200

    return trying


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ((None, 4, None, 3), ["A", "C"]),
        ((2, 4, 2, 1), ["A", "C"]),
        ((None, 4, 4, 1), ["A", "B", "C"]),
    ],
)
def test_the_refusal_names_what_has_no_place_and_what_shares_one(ask, give, values, missing):
    listener = ask('page = "ranking"')
    page = listener.page()
    answer = listener.complete(page, give(page, values))
    assert (answer.status_code, answer.json["missing"]) == (422, {"place": missing})


@pytest.mark.parametrize("value", [0, 5, 2.5, 0.7])
def test_what_is_no_place_is_refused(ask, give, value):
    listener = ask('page = "ranking"')
    page = listener.page()
    answer = listener.put(page, give(page, (1, 2, 3, value)))
    assert (answer.status_code, answer.json["field"]) == (422, "ratings[3].value")


def test_a_mix_that_does_not_play_needs_no_place(ask, give):
    listener = ask('page = "ranking"')
    page = listener.page()
    ratings = give(page, (4, 3, None, 2))
    ratings[2] |= {"unplayable": True, "played": False, "listened_seconds": 0}
    assert listener.complete(page, ratings).status_code == 200


def test_simulated_listeners_rank_every_mix_once_and_the_best_mostly_first(ask, stored, study_folder):
    listener = ask('page = "ranking"')
    assert simulate_study(study_folder, listeners=5, seed=1) == 10
    rows = [row for row in stored(listener) if row.value is not None]
    pages = {row.id: {} for row in rows}
    for row in rows:
        pages[row.id][row.condition] = row.value
    assert len(pages) == 10
    assert all(sorted(places.values()) == [1, 2, 3, 4] for places in pages.values())
    by_liking = ("reference_dry", "low_anchor")
    means = [sum(places[condition] for places in pages.values()) for condition in by_liking]
    assert all(better > worse for better, worse in pairwise(means))
