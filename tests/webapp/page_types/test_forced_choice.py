from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval.errors import StudyError
from mixeval.listening_pages import AbPage, AbxPage
from mixeval.study import read_study
from mixeval_webapp.page_types.forced_choice import AbPageType, AbxPageType, x_places
from mixeval_webapp.simulate.crowd import simulate_study

PAIR = 'pairs = [["reference_dry", "low_anchor"]]'
pairs = st.lists(
    st.sampled_from([("dry", "wet"), ("wet", "dry"), ("dry", "low"), ("low", "wet")]), max_size=60
)


@given(pairs, st.integers(0, 2**63 - 1))
def test_x_is_each_of_a_pair_equally_often_whichever_stands_first(trials, seed):
    places = x_places(trials, seed)
    assert len(places) == len(trials)
    for pair in {frozenset(trial) for trial in trials}:
        own = Counter(place for place, trial in zip(places, trials, strict=True) if frozenset(trial) == pair)
        assert abs(own[0] - own[1]) <= 1
    assert places == x_places(trials, seed)


def test_where_x_comes_next_cannot_be_told_from_where_it_came():
    seen = Counter(x_places([("dry", "wet")] * 4, seed) for seed in range(6000))
    # Six orders of two and two; five standard deviations of a binomial count of 1000 in 6000 are 144.
    assert len(seen) == 6
    assert all(abs(count - 1000) < 144 for count in seen.values())


def test_a_single_trials_x_is_a_coin():
    heads = sum(x_places([("dry", "wet")], seed)[0] for seed in range(4000))
    # Five standard deviations are 158.
    assert abs(heads - 2000) < 158


def test_each_pair_meets_as_often_as_asked_and_all_meet_where_none_is_named():
    all_pairs = AbPageType().presentations(AbPage(page="ab"), ("a", "b", "c"))
    assert [page.rated for page in all_pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    trials = AbxPageType().presentations(AbxPage(page="abx", pairs=(("c", "a"),)), ("a", "b", "c"))
    assert [page.rated for page in trials] == [("c", "a")] * 5


def test_x_is_one_of_the_two_has_a_token_of_its_own_and_is_balanced_in_a_session(ask, stored):
    listener = ask(f'page = "abx"\n{PAIR}\ntrials_per_pair = 4')
    page = listener.page()
    assert [(sound["role"], sound["label"]) for sound in page["stimuli"]] == [
        ("rated", "A"),
        ("rated", "B"),
        ("x", "X"),
    ]
    assert len({sound["token"] for sound in page["stimuli"]}) == 3
    audio = [listener.get(sound["url"]).data for sound in page["stimuli"]]
    assert audio[0] != audio[1]
    assert audio[2] in audio[:2]
    rows = stored(listener)
    pages = [[row for row in rows if row.position == number] for number in range(8)]
    assert Counter(next(i for i in (0, 1) if own[i].condition == own[2].condition) for own in pages) == {
        0: 4,
        1: 4,
    }


@pytest.mark.parametrize(
    "values", [(None, None), (1, None), (None, 0), (1, 1), (0, 0), (0.5, 0.5), (0.5, 1), (0, 0.5)]
)
def test_what_is_no_choice_keeps_the_listener_on_the_page(ask, give, values):
    listener = ask(f'page = "ab"\n{PAIR}')
    page = listener.page()
    answer = listener.complete(page, give(page, values))
    assert answer.status_code == 422
    assert answer.json["missing"] == {"choose": []}
    assert answer.json["detail"] == "Still to choose"
    assert listener.page()["page"] == page["page"]


@pytest.mark.parametrize("values", [(1, 0), (0, 1)])
def test_one_of_two_is_a_choice(ask, give, values):
    listener = ask(f'page = "ab"\n{PAIR}')
    page = listener.page()
    assert listener.complete(page, give(page, values)).status_code == 200
    assert listener.page()["page"] != page["page"]


def test_no_preference_is_half_of_each_where_the_study_allows_it(ask, give, stored):
    listener = ask(f'page = "ab"\nno_preference = true\n{PAIR}')
    page = listener.page()
    assert page["no_preference"] is True
    assert listener.complete(page, give(page, (0.5, 1))).status_code == 422
    assert listener.complete(page, give(page, (0.5, 0.5), sequence=2)).status_code == 200
    assert [row.value for row in stored(listener)][:2] == [0.5, 0.5]


@pytest.mark.parametrize("value", [0.7, 0.25, 2, -1])
def test_a_value_that_is_no_choice_is_refused(ask, give, value):
    listener = ask(f'page = "ab"\n{PAIR}')
    page = listener.page()
    answer = listener.put(page, give(page, (1, value)))
    assert answer.status_code == 422
    assert answer.json["field"] == "ratings[1].value"


def test_x_is_never_rated_but_must_be_heard(ask, give):
    listener = ask(f'page = "abx"\n{PAIR}')
    page = listener.page()
    answer = listener.put(page, give(page, (1, 0, 1)))
    assert (answer.status_code, answer.json["field"]) == (422, "ratings[2].value")
    unheard = give(page, (1, 0, None))
    unheard[2] |= {"played": False, "listened_seconds": 0}
    assert listener.complete(page, unheard).json["missing"] == {"play": ["X"]}
    assert listener.complete(page, give(page, (1, 0, None), sequence=2)).status_code == 200


def test_where_a_sound_does_not_play_nobody_must_choose_but_half_a_choice_is_none(ask, give):
    listener = ask(f'page = "abx"\n{PAIR}')
    page = listener.page()
    broken = give(page, (None, None, None))
    broken[2] |= {"unplayable": True}
    half = [row | {"sequence": 2} for row in broken]
    half[0] |= {"value": 1, "moved": True}
    assert listener.complete(page, half).json["missing"] == {"choose": []}
    assert listener.complete(page, [row | {"sequence": 3} for row in broken]).status_code == 200


def test_the_first_page_says_how_many_there_will_be(ask):
    listener = ask('page = "ab"')
    # Six pairs of four mixes, two items.
    assert "Pages: 12. Mixes of one recording on each: 2." in listener.get("/").text


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        ('page = "ab"\npairs = [["low_anchor", "low_anchor"]]', 'a pair holds "low_anchor" twice'),
        ('page = "ab"\npairs = [["low_anchor", "nothing"]]', '[test] names "nothing"'),
        (
            'page = "ab"\npairs = [["low_anchor", "reference_dry"], ["reference_dry", "low_anchor"]]',
            "are paired twice",
        ),
        (
            'page = "abx"\nattention = { better = "reference_dry", worse = "low_anchor" }',
            "which this type of page cannot",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(study_folder, section, complaint):
    path = study_folder / "study.toml"
    before, _, _ = path.read_text(encoding="utf-8").partition("[test]")
    path.write_text(f"{before}[test]\n{section}\n", encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(study_folder)
    assert complaint in str(caught.value)


def test_simulated_listeners_prefer_what_is_better(ask, stored, study_folder):
    listener = ask(f'page = "ab"\nno_preference = true\n{PAIR}')
    assert simulate_study(study_folder, listeners=8, seed=1) == 16
    values = Counter((row.condition, row.value) for row in stored(listener) if row.value is not None)
    assert values["reference_dry", 1] >= 15
    assert values["low_anchor", 1] == 0


def test_simulated_listeners_hear_a_clear_difference_and_guess_at_a_small_one(ask, stored, study_folder):
    listener = ask(
        'page = "abx"\npairs = [["reference_dry", "low_anchor"], ["reference_dry", "wave_u_net_wet"]]'
    )
    assert simulate_study(study_folder, listeners=6, seed=2) == 6 * 2 * 10
    right = Counter()
    for first, second, x in batched(stored(listener), 3):
        if first.value is None:
            continue
        chosen = first if first.value == 1 else second
        (other,) = {first.condition, second.condition} - {"reference_dry"}
        right[other] += chosen.condition == x.condition
    # Sessions are drawn anew in each run, so that a slip of the ear in 60 is no fault.
    assert right["low_anchor"] >= 56
    # Guessing gives 30; far from 60 means that X's token tells nothing.
    assert 20 <= right["wave_u_net_wet"] < 58


def batched(rows, size):
    return zip(*[iter(rows)] * size, strict=True)
