import pytest

from mixeval.errors import StudyError
from mixeval.study import ItemSelection
from mixeval_stimuli.datasets import enst, select
from mixeval_stimuli.recordings import Recording


def wanted(*, leave_out=(), **keys):
    return ItemSelection.model_validate({"not": leave_out, **keys})


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
    assert select(published, None) == published


def test_names_keep_the_order_of_the_study(published):
    names = (published[7].item, published[2].item)
    assert [recording.item for recording in select(published, names)] == list(names)


def test_an_unknown_name_is_refused_with_the_nearest(published):
    with pytest.raises(
        StudyError, match="did you mean drummer_1_066_phrase_shuffle-blues_simple_slow_brushes"
    ):
        select(published, ("drummer_1_066_phrase_shuffle-blues_simple_slow_brush",))
    with pytest.raises(StudyError, match="items are named like drummer_1_001"):
        select(published, ("§",))


def test_the_papers_choice_is_two_test_recordings_of_each_drummer_without_hits(published):
    chosen = select(published, wanted(subset="test", per_drummer=2, leave_out=("hits",)))
    assert [recording.item[:13] for recording in chosen] == [
        "drummer_1_066", "drummer_1_078", "drummer_2_050", "drummer_2_090", "drummer_3_083", "drummer_3_109",
    ]  # fmt: skip


def test_a_subset_alone_keeps_all_of_it(published):
    assert len(select(published, wanted(subset="test"))) == 14
    assert len(select(published, wanted(leave_out=("hits",)))) == 318 - 108


def test_an_empty_choice_says_what_there_is(published):
    hits = [recording for recording in published if recording.facts["group"] == "hits"]
    with pytest.raises(
        StudyError, match=r"no recording is left by items = \{ not = \['hits'\] \}.*96 train in hits"
    ):
        select(hits, wanted(leave_out=("hits",)))


def test_a_misspelt_group_is_refused_and_an_absent_one_is_not(published):
    with pytest.raises(StudyError, match='the group "hit", which the data set does not know'):
        select(published, wanted(leave_out=("hit",)))
    phrases = [recording for recording in published if recording.facts["group"] == "phrase"]
    assert select(phrases, wanted(leave_out=("hits",))) == phrases


@pytest.mark.parametrize(("keys", "fact"), [({"subset": "test"}, "subset"), ({"per_drummer": 1}, "drummer")])
def test_facts_that_a_data_set_does_not_know_cannot_be_asked_for(keys, fact):
    with pytest.raises(StudyError, match=f"asks for a {fact}"):
        select([Recording("a")], wanted(**keys))
