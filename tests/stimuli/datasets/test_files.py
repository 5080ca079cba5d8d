import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval.errors import DatasetError, StudyError
from mixeval_stimuli.datasets import files, select


def lay_out(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def test_each_file_is_one_source_of_one_item(tmp_path):
    lay_out(tmp_path, "b_dry.wav", "b_wet.wav", "a_dry.wav", "a_wet.wav", "notes.txt", ".a_dry.wav")
    recordings = files.load(tmp_path, pattern="{item}_{source}.wav", sources=("dry", "wet"))
    assert [recording.item for recording in recordings] == ["a", "b"]
    assert recordings[0].mixes == {"dry": tmp_path / "a_dry.wav", "wet": tmp_path / "a_wet.wav"}
    assert recordings[0].stems == {}


def test_a_name_that_two_sources_explain_belongs_to_the_longest(tmp_path):
    lay_out(tmp_path, "x_dry.mp3", "x_target_dry.mp3")
    (recording,) = files.load(tmp_path, pattern="{item}_{source}.mp3", sources=("dry", "target_dry"))
    assert recording.item == "x"
    assert recording.mixes["target_dry"].name == "x_target_dry.mp3"


def test_the_pattern_may_name_folders(tmp_path):
    lay_out(tmp_path, "dry/one.wav", "wet/one.wav", "dry/deeper/two.wav")
    (recording,) = files.load(tmp_path, pattern="{source}/{item}.wav", sources=("wet", "dry"))
    assert recording.item == "one"
    assert list(recording.mixes) == ["wet", "dry"]


def test_dots_and_brackets_in_a_pattern_are_only_themselves(tmp_path):
    lay_out(tmp_path, "one [dry].wav", "one [dry]xwav")
    (recording,) = files.load(tmp_path, pattern="{item} [{source}].wav", sources=("dry",))
    assert recording.item == "one"


WORDS = st.text("ab_.-{}*[] é", min_size=1, max_size=6)


@settings(deadline=None)  # other programs may be busy
@given(items=st.sets(WORDS, min_size=1, max_size=3), sources=st.sets(WORDS, min_size=1, max_size=3))
def test_the_pattern_filled_with_what_was_found_is_the_file(items, sources):
    names = sorted({f"mix {item}_{source}.wav" for item in items for source in sources})
    found = files._sort_into_items(Path(), names, "mix {item}_{source}.wav", tuple(sources))
    cells = {
        f"mix {item}_{source}.wav": path for item, mixes in found.items() for source, path in mixes.items()
    }
    assert {name: str(path) for name, path in cells.items()} == {name: name for name in names}


def test_the_published_stimuli_are_four_items_of_seven_mixes(real_data):
    sources = ("dry", "wet", "rf", "rfwet", "oh", "target_dry", "target_wet")
    recordings = files.load(real_data / "paper-stimuli", pattern="{item}_{source}.mp3", sources=sources)
    assert [recording.item[:3] for recording in recordings] == ["050", "066", "078", "083"]
    for recording in recordings:
        assert list(recording.mixes) == list(sources)
        assert recording.mixes["target_dry"].name == f"{recording.item}_target_dry.mp3"


def test_a_folder_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(DatasetError, match="nowhere is missing"):
        files.load(tmp_path / "nowhere", pattern="{item}_{source}.wav", sources=("dry",))


def test_when_nothing_matches_the_pattern_and_a_file_that_is_there_are_shown(tmp_path):
    lay_out(tmp_path, "a_dry.flac")
    with pytest.raises(DatasetError, match=r'matches "\{item\}_\{source\}.wav".*a_dry.flac is there'):
        files.load(tmp_path, pattern="{item}_{source}.wav", sources=("dry",))


def test_an_item_without_one_of_the_sources_is_refused_when_it_is_chosen(tmp_path):
    lay_out(tmp_path, "a_dry.wav", "a_wet.wav", "b_dry.wav")
    recordings = files.load(tmp_path, pattern="{item}_{source}.wav", sources=("dry", "wet"))
    assert [recording.item for recording in select(recordings, ("a",), seed=0)] == ["a"]
    with pytest.raises(DatasetError, match=r'mix "wet" of recording "b" is missing.*b_wet.wav'):
        select(recordings, None, seed=0)


def test_a_folder_that_may_not_be_read_is_named_and_not_empty(tmp_path, monkeypatch):
    def closed(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(DatasetError, match=r"cannot be opened \(Permission denied\)"):
        files.load(tmp_path, pattern="{item}_{source}.wav", sources=("dry",))


def test_two_files_that_are_the_same_mix_are_refused_with_both_names(tmp_path):
    lay_out(tmp_path, "a_dry.wav", "a_dry.flac")
    with pytest.raises(
        DatasetError, match=r'a_dry.flac and .*a_dry.wav are both the source "dry" of item "a"'
    ):
        files.load(tmp_path, pattern="{item}_{source}.*", sources=("dry",))


def test_a_study_without_a_source_is_told_to_declare_one(tmp_path):
    with pytest.raises(StudyError, match="no condition names a source"):
        files.load(tmp_path, pattern="{item}_{source}.wav", sources=())
