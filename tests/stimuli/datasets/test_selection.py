from collections import Counter

import pytest

from mixeval.errors import StudyError
from mixeval.stimuli_section import ItemSelection
from mixeval_stimuli.datasets import enst, select
from mixeval_stimuli.recordings import Recording


def wanted(*, leave_out=(), **keys):
    return ItemSelection.model_validate({"not": leave_out, **keys})


PAPERS_CHOICE = wanted(subset="test", per_drummer=2, leave_out=("hits",))


@pytest.fixture(scope="module")
def published():
    """All 318 recordings of the authors' split, without files."""
    return [
        Recording(
            f"drummer_{drummer}_{file.removesuffix('.wav')}",
            facts={"drummer": drummer, "subset": subset, **enst.facts_of(file)},
        )
        for (drummer, file), subset in enst.authors_split().items()
    ]


def test_nothing_said_keeps_everything(published):
    assert select(published, None, seed=0) == published


def test_names_keep_the_order_of_the_study(published):
    names = (published[7].item, published[2].item)
    assert [recording.item for recording in select(published, names, seed=0)] == list(names)


def test_an_unknown_name_is_refused_with_the_nearest(published):
    with pytest.raises(
        StudyError, match="did you mean drummer_1_066_phrase_shuffle-blues_simple_slow_brushes"
    ):
        select(published, ("drummer_1_066_phrase_shuffle-blues_simple_slow_brush",), seed=0)
    with pytest.raises(StudyError, match="items are named like drummer_1_001"):
        select(published, ("§",), seed=0)


def test_the_papers_choice_is_two_test_recordings_of_each_drummer_without_hits(published):
    chosen = select(published, PAPERS_CHOICE, seed=1)
    assert [recording.facts["drummer"] for recording in chosen] == ["1", "1", "2", "2", "3", "3"]
    # The nine that the paper's authors published (their site has three of each drummer).
    nine = {"066", "078", "114", "050", "090", "144", "083", "109", "119"}
    assert {recording.facts["number"] for recording in chosen} <= nine
    assert chosen == [recording for recording in published if recording in chosen]


def test_which_two_follows_from_the_seed_and_every_one_has_its_chance(published):
    assert select(published, PAPERS_CHOICE, seed=1) == select(published, PAPERS_CHOICE, seed=1)
    picked = Counter(
        recording.item for seed in range(300) for recording in select(published, PAPERS_CHOICE, seed=seed)
    )
    assert len(picked) == 9
    # Two of three, 300 times: a binomial with mean 200 and standard deviation 8.2.
    assert all(160 < count < 240 for count in picked.values())


def test_a_drummer_more_or_less_changes_nothing_for_the_others(published):
    two = [recording for recording in published if recording.facts["drummer"] != "2"]
    of_three = select(published, PAPERS_CHOICE, seed=5)
    assert select(two, PAPERS_CHOICE, seed=5) == [one for one in of_three if one in two]


def test_each_kit_of_a_drummer_gets_as_many():
    recordings = [
        Recording(f"{drummer}{kit}{take}", facts={"drummer": drummer, "kit": kit})
        for drummer, kits in (("A", ("jazz", "rock")), ("B", ("rock",)))
        for kit in kits
        for take in range(4)
    ]
    chosen = select(recordings, wanted(per_drummer=2), seed=0)
    assert [recording.item[:-1] for recording in chosen] == ["Ajazz"] * 2 + ["Arock"] * 2 + ["Brock"] * 2


def test_a_drummer_who_has_too_few_is_named(published):
    with pytest.raises(
        StudyError, match=r"per_drummer = 4.* asks for 4 recordings of each drummer, and drummer 1 has 3"
    ):
        select(published, wanted(subset="test", per_drummer=4, leave_out=("hits",)), seed=0)
    without_tests = [
        recording
        for recording in published
        if (recording.facts["drummer"], recording.facts["subset"]) != ("2", "test")
    ]
    with pytest.raises(StudyError, match="drummer 2 has 0; ask for fewer"):
        select(without_tests, PAPERS_CHOICE, seed=0)


def test_a_subset_alone_keeps_all_of_it(published):
    assert len(select(published, wanted(subset="test"), seed=0)) == 14
    assert len(select(published, wanted(leave_out=("hits",)), seed=0)) == 318 - 108


def test_an_empty_choice_says_what_there_is(published):
    hits = [recording for recording in published if recording.facts["group"] == "hits"]
    with pytest.raises(
        StudyError, match=r"no recording is left by items = \{ not = \['hits'\] \}.*96 train in hits"
    ):
        select(hits, wanted(leave_out=("hits",)), seed=0)


def test_a_misspelt_group_is_refused_and_an_absent_one_is_not(published):
    with pytest.raises(StudyError, match='the group "hit", which the data set does not know'):
        select(published, wanted(leave_out=("hit",)), seed=0)
    phrases = [recording for recording in published if recording.facts["group"] == "phrase"]
    assert select(phrases, wanted(leave_out=("hits",)), seed=0) == phrases


@pytest.mark.parametrize(("keys", "fact"), [({"subset": "test"}, "subset"), ({"per_drummer": 1}, "drummer")])
def test_facts_that_a_data_set_does_not_know_cannot_be_asked_for(keys, fact):
    with pytest.raises(StudyError, match=f"asks for a {fact}"):
        select([Recording("a")], wanted(**keys), seed=0)
