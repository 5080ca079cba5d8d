from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval.errors import DatasetError
from mixeval_stimuli.datasets.enst import SUBSETS, facts_of
from mixeval_stimuli.datasets.kit.grooves import COMPLEXITIES, STYLES
from mixeval_stimuli.datasets.kit.plan import split_grooves, split_hits, takes_for

seeds = st.integers(0, 2**63 - 1)


@given(count=st.integers(3, 60), seed=seeds)
def test_every_hit_belongs_to_one_subset_and_no_subset_is_without(count, seed):
    numbers = list(range(1, count + 1))
    split = split_hits("Snare", numbers, seed=seed)
    assert sorted(n for subset in SUBSETS for n in split[subset]) == numbers
    assert all(split[subset] for subset in SUBSETS)
    assert len(split["train"]) >= count / 3


@given(seed=seeds)
def test_where_there_are_hits_enough_the_test_has_soft_and_hard_ones(seed):
    test = split_hits("RideR", range(1, 10), seed=seed)["test"]
    assert len(test) == 2
    assert min(test) <= 5 < max(test)


@given(seed=seeds)
def test_every_groove_belongs_to_one_subset_and_held_out_ones_are_of_different_styles(seed):
    split = split_grooves(seed)
    everything = [groove for subset in SUBSETS for groove in split[subset]]
    assert sorted(everything) == sorted((style, name) for style in STYLES for name in COMPLEXITIES)
    held = [style for subset in ("val", "test") for style, _ in split[subset]]
    assert len(held) == len(set(held))
    assert {complexity for _, complexity in split["test"]} == set(COMPLEXITIES)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("minutes", [0.1, 8.0, 45.0, 225.0])
def test_recordings_are_named_like_enst_drums_and_every_drummer_has_every_subset(minutes, seed):
    takes = takes_for(minutes, seed=seed)
    assert len({(take.drummer, take.file) for take in takes}) == len(takes)
    assert sum(take.seconds for take in takes) >= minutes * 60.0
    for take in takes:
        facts = facts_of(take.file)
        assert facts["group"] == take.group
        assert 10.0 <= take.seconds <= 40.0
    non_hits = Counter((take.drummer, take.subset) for take in takes if take.group != "hits")
    for drummer in "123":
        assert non_hits[drummer, "test"] >= 2
        assert non_hits[drummer, "val"] >= 1
        assert non_hits[drummer, "train"] >= 1


def test_225_minutes_are_divided_as_the_papers_data_set_is():
    takes = takes_for(225.0, seed=1)
    subsets = Counter(take.subset for take in takes)
    assert sum(take.seconds for take in takes) / 60.0 == pytest.approx(225.0, abs=1.0)
    assert subsets["test"] / len(takes) == pytest.approx(14 / 318, abs=0.01)
    assert subsets["val"] / len(takes) == pytest.approx(20 / 318, abs=0.01)


def test_a_drummer_plays_every_groove_before_one_comes_again():
    grooves = Counter(take.groove for take in takes_for(225.0, seed=1) if take.drummer == "1" and take.groove)
    train = [grooves[groove] for groove in split_grooves(1)["train"]]
    assert max(train) - min(train) <= 1


def test_more_recordings_than_names_are_refused():
    with pytest.raises(DatasetError, match="names have three digits; ask for fewer minutes"):
        takes_for(5000.0, seed=0)
