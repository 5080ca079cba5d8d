from collections import Counter

import pytest

from mixeval.errors import StudyError
from mixeval.study import read_study
from mixeval_webapp.simulate.crowd import simulate_study

SECTION = 'page = "bs1116"\nreference = "reference_dry"'


def test_each_other_condition_meets_the_hidden_reference_beside_the_open_one(ask, stored):
    listener = ask(SECTION)
    page = listener.page()
    assert page["count"] == 6
    assert [(sound["role"], sound["label"]) for sound in page["stimuli"]] == [
        ("reference", "Ref"),
        ("rated", "A"),
        ("rated", "B"),
    ]
    reference, *coded = [listener.get(sound["url"]).data for sound in page["stimuli"]]
    assert len({sound["token"] for sound in page["stimuli"]}) == 3
    assert [audio == reference for audio in coded].count(True) == 1
    met = Counter(row.condition for row in stored(listener) if row.role == "rated")
    assert met == {
        "reference_dry": 6,
        "wave_u_net_wet": 2,
        "random_forest_wet": 2,
        "low_anchor": 2,
    }


@pytest.mark.parametrize("value", [0.9, 5.1, 0, 4.25, 3.14])
def test_grades_have_one_decimal_from_1_to_5(ask, give, value):
    listener = ask(SECTION)
    page = listener.page()
    answer = listener.put(page, give(page, (None, 5, value)))
    assert (answer.status_code, answer.json["field"]) == (422, "ratings[2].value")


@pytest.mark.parametrize("value", [1, 1.1, 2.3, 4.9, 5])
def test_every_tenth_is_a_grade_and_one_of_the_two_is_the_reference(ask, give, value):
    listener = ask(SECTION)
    page = listener.page()
    assert listener.complete(page, give(page, (None, value, 5))).status_code == 200


def test_the_open_reference_is_never_graded_but_must_be_heard(ask, give):
    listener = ask(SECTION)
    page = listener.page()
    answer = listener.put(page, give(page, (5, 5, 4)))
    assert (answer.status_code, answer.json["field"]) == (422, "ratings[0].value")
    unheard = give(page, (None, 5, 4))
    unheard[0] |= {"played": False, "listened_seconds": 0}
    assert listener.complete(page, unheard).json["missing"] == {"play": ["Ref"]}


@pytest.mark.parametrize(
    ("grades", "missing"),
    [
        ((None, 5), {"place": ["A"]}),
        ((None, None), {"place": ["A", "B"]}),
        ((4.9, 3.2), {"match": ["A", "B"]}),
    ],
)
def test_both_are_graded_and_one_of_them_with_5(ask, give, grades, missing):
    listener = ask(SECTION)
    page = listener.page()
    answer = listener.complete(page, give(page, (None, *grades)))
    assert (answer.status_code, answer.json["missing"]) == (422, missing)


def test_where_a_sound_does_not_play_none_must_be_found(ask, give):
    listener = ask(SECTION)
    page = listener.page()
    ratings = give(page, (None, 4, 3))
    ratings[0] |= {"unplayable": True, "played": False, "listened_seconds": 0}
    assert listener.complete(page, ratings).status_code == 200


@pytest.mark.parametrize("reference", ["nothing", "low_anchor"])
def test_a_reference_that_is_none_is_refused(study_folder, reference):
    path = study_folder / "study.toml"
    before, _, _ = path.read_text(encoding="utf-8").partition("[test]")
    path.write_text(f'{before}[test]\npage = "bs1116"\nreference = "{reference}"\n', encoding="utf-8")
    with pytest.raises(StudyError, match=reference):
        read_study(study_folder)


def test_simulated_listeners_find_the_reference_the_surer_the_larger_the_difference(
    ask, stored, study_folder
):
    listener = ask(SECTION)
    assert simulate_study(study_folder, listeners=5, seed=1) == 30
    pages = {}
    for row in stored(listener):
        if row.value is not None:
            pages.setdefault(row.id, {})[row.condition] = row.value
    assert all(5.0 in grades.values() for grades in pages.values())
    anchors = [grades for grades in pages.values() if "low_anchor" in grades]
    assert len(anchors) == 10
    assert all(grades["reference_dry"] == 5.0 > grades["low_anchor"] for grades in anchors)
