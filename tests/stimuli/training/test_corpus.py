import pytest

from mixeval.errors import DatasetError
from mixeval_stimuli.training.corpus import open_corpus


def test_recordings_are_split_and_described(tiny_tree, tiny_options):
    told = []
    corpus = open_corpus([tiny_tree.folder], tiny_options(), progress=lambda *done: told.append(done))
    assert [len(corpus.training), len(corpus.validation)] == [3, 1]
    assert corpus.validation[0].item.startswith("drummer_1_004_")
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert corpus.description == {
        "datasets": [tiny_tree.folder.name],
        "train": {"recordings": 3, "minutes": 0.04},
        "val": {"recordings": 1, "minutes": 0.02},
    }


def test_several_data_sets_are_one_corpus(tiny_tree, tiny_options, tmp_path, make_tree):
    other = make_tree(tmp_path / "other", train=1, val=2)
    corpus = open_corpus([tiny_tree.folder, other.folder], tiny_options())
    assert [len(corpus.training), len(corpus.validation)] == [4, 3]


@pytest.mark.parametrize(("train", "val", "lacking"), [(2, 0, "val"), (0, 2, "train")])
def test_a_subset_without_recordings_is_named(tmp_path, make_tree, tiny_options, *, train, val, lacking):
    tree = make_tree(tmp_path, train=train, val=val)
    with pytest.raises(DatasetError, match=f'is in the subset "{lacking}"'):
        open_corpus([tree.folder], tiny_options())
