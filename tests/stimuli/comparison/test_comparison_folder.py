"""Judge: names that file systems refuse or take for each other."""

from hypothesis import given
from hypothesis import strategies as st

from mixeval_stimuli.comparison.comparison_folder import figure_names


@given(st.lists(st.text(min_size=1, max_size=120), unique=True, max_size=20))
def test_every_item_has_a_file_name_of_its_own_that_any_file_system_takes(items):
    names = figure_names(items)
    assert list(names) == items
    assert len({name.lower() for name in names.values()}) == len(items)
    for name in names.values():
        assert name.isascii()
        assert name
        assert len(name) <= 84
        assert not set(name) & set('/\\:*?"<>| ')


def test_readable_names_stay_readable():
    assert figure_names(["066_phrase_shuffle-blues", "loop 1"]) == {
        "066_phrase_shuffle-blues": "066_phrase_shuffle-blues",
        "loop 1": "loop_1",
    }
