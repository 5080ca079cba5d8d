from collections import Counter

import pytest

from mixeval_webapp.simulate.crowd import simulate_study


def test_each_mix_of_each_item_has_a_page_of_its_own(ask, stored):
    listener = ask('page = "acr"')
    page = listener.page()
    assert (len(page["stimuli"]), page["count"]) == (1, 8)
    assert page["axes"][0]["scale"] == ["Bad", "Poor", "Fair", "Good", "Excellent"]
    assert Counter((row.item, row.condition) for row in stored(listener)).most_common(1)[0][1] == 1
    assert "Pages: 8. Mixes of one recording on each: 1." in listener.get("/").text


def test_the_best_word_stands_on_top_and_has_the_score_5(ask):
    listener = ask('page = "acr"')
    text = listener.get("/test").text
    places = [
        text.index(f'value="{score}" autocomplete="off"><span dir="auto">{word}')
        for score, word in ((5, "Excellent"), (4, "Good"), (3, "Fair"), (2, "Poor"), (1, "Bad"))
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("value", [0, 6, 2.5, 0.7])
def test_what_is_no_category_is_refused(ask, give, value):
    listener = ask('page = "acr"')
    page = listener.page()
    answer = listener.put(page, give(page, [value]))
    assert (answer.status_code, answer.json["field"]) == (422, "ratings[0].value")


def test_without_a_word_nobody_goes_on_but_where_the_mix_does_not_play(ask, give):
    listener = ask('page = "acr"')
    page = listener.page()
    assert listener.complete(page, give(page, [None])).json["missing"] == {"choose": []}
    broken = give(page, [None], unplayable=True, played=False, listened_seconds=0, sequence=2)
    assert listener.complete(page, broken).status_code == 200
    page = listener.page()
    assert listener.complete(page, give(page, [4])).status_code == 200


def test_simulated_listeners_use_whole_scores_and_like_what_is_better(ask, stored, study_folder):
    listener = ask('page = "acr"')
    assert simulate_study(study_folder, listeners=3, seed=1) == 24
    scores = {}
    for row in stored(listener):
        if row.value is not None:
            scores.setdefault(row.condition, []).append(row.value)
    assert {score for given in scores.values() for score in given} <= {1, 2, 3, 4, 5}
    assert {len(given) for given in scores.values()} == {6}
    assert sum(scores["low_anchor"]) <= 10
    assert sum(scores["reference_dry"]) >= 20
