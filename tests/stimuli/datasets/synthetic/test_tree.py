import hashlib
import os
import signal
import subprocess
import sys
import time

import pytest
import soundfile

from mixeval.errors import DatasetError
from mixeval.stimuli_section import ItemSelection, SyntheticDataset
from mixeval_stimuli.datasets import open_dataset, select, synthetic, verify
from mixeval_stimuli.datasets.enst import MIXES, facts_of, stems_of
from mixeval_stimuli.datasets.synthetic.tree import subset_of, takes_of
from mixeval_stimuli.recordings import read_stems

SMALL = {"recordings_per_drummer": 1, "seconds": 2.0}


def hashes(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study") / "recordings"
    synthetic.write_tree(folder, seed=3, **SMALL)
    return folder


def test_a_study_that_names_synthetic_drums_gets_them_on_first_use(tmp_path):
    dataset = SyntheticDataset(kind="synthetic", recordings_per_drummer=1, seconds=2.0)
    recordings = open_dataset(dataset, study_folder=tmp_path, seed=3)
    assert [recording.facts["drummer"] for recording in recordings] == ["1", "2", "3"]
    assert verify(recordings).sound
    assert open_dataset(dataset, study_folder=tmp_path, seed=3) == recordings


def test_the_tree_has_the_shape_of_enst_drums(tree):
    for recording in synthetic.load(tree, seed=3, **SMALL):
        assert tuple(recording.stems) == stems_of(recording.facts["drummer"])
        stems = read_stems(recording)
        assert {(stem.frames, stem.sample_rate) for stem in stems.values()} == {(88_200, 44_100)}
        for path in recording.mixes.values():
            info = soundfile.info(path)
            assert (info.channels, info.frames, info.subtype) == (2, 88_200, "PCM_16")
        assert set(recording.mixes) == set(MIXES)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tree, tmp_path):
    synthetic.write_tree(tmp_path / "again", seed=3, **SMALL)
    synthetic.write_tree(tmp_path / "other", seed=4, **SMALL)
    assert hashes(tmp_path / "again") == hashes(tree)
    same, other = hashes(tree), hashes(tmp_path / "other")
    assert all(same[name] != other[name] for name in same if name.endswith(".wav") and name in other)


def test_a_finished_tree_is_used_as_it_is(tree):
    before = {path: path.stat().st_mtime_ns for path in tree.rglob("*")}
    synthetic.write_tree(tree, seed=3, **SMALL)
    assert {path: path.stat().st_mtime_ns for path in tree.rglob("*")} == before


def test_a_tree_of_other_parameters_is_refused_with_what_differs(tree):
    with pytest.raises(DatasetError, match=r"seconds 2.0 where 3.0 is asked for.*delete that folder"):
        synthetic.write_tree(tree, seed=3, recordings_per_drummer=1, seconds=3.0)


def test_a_folder_of_the_users_is_never_written_over(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "song.wav").write_bytes(b"mine")
    with pytest.raises(DatasetError, match="something other than synthetic drums"):
        synthetic.write_tree(tmp_path / "mine", seed=3, **SMALL)
    assert hashes(tmp_path / "mine") == {"song.wav": hashlib.sha256(b"mine").hexdigest()}


def test_a_list_of_parameters_that_mixeval_did_not_write_is_something_else(tmp_path):
    (tmp_path / "synthetic.json").write_text("[]")
    with pytest.raises(DatasetError, match="something other than synthetic drums"):
        synthetic.write_tree(tmp_path, seed=3, **SMALL)


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "recordings").mkdir()
    synthetic.write_tree(tmp_path / "recordings", seed=3, **SMALL)
    assert len(synthetic.load(tmp_path / "recordings", seed=3, **SMALL)) == 3


def test_progress_is_told_after_each_recording(tmp_path):
    told = []
    synthetic.write_tree(
        tmp_path / "recordings",
        seed=3,
        **SMALL,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_an_error_on_the_way_leaves_nothing_behind(tmp_path):
    def stop(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthetic.write_tree(tmp_path / "recordings", seed=3, **SMALL, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_in_words_and_leaves_nothing_behind(tmp_path, small_files):
    with small_files(1000), pytest.raises(DatasetError, match=r"cannot be written \(File too large\)"):
        synthetic.write_tree(tmp_path / "recordings", seed=3, **SMALL)
    assert not list(tmp_path.iterdir())


def test_a_killed_run_leaves_no_tree_and_the_next_one_clears_up(tmp_path, tree):
    script = (
        "import sys, time; from pathlib import Path; from mixeval_stimuli.datasets import synthetic\n"
        "synthetic.write_tree(Path(sys.argv[1]), seed=3, recordings_per_drummer=24, seconds=10.0, "
        "progress=lambda done, _: time.sleep(600 if done == 10 else 0))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "recordings")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    while process.poll() is None and not list(tmp_path.glob(".recordings.partial-*/drummer_1/audio/kick/*")):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "recordings").exists()
    assert len(list(tmp_path.iterdir())) == 1

    synthetic.write_tree(tmp_path / "recordings", seed=3, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["recordings"]
    assert hashes(tmp_path / "recordings") == hashes(tree)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="cannot be written"):
        synthetic.write_tree(tmp_path / "file" / "recordings", seed=3, **SMALL)


def test_a_damaged_recording_of_the_tree_is_corrupt(tmp_path):
    recordings = synthetic.load(tmp_path / "recordings", seed=3, **SMALL)
    recordings[0].stems["kick"].write_bytes(b"")
    assert list(verify(recordings).corrupt) == [recordings[0].stems["kick"]]


def test_subsets_can_be_selected(tree):
    recordings = synthetic.load(tree, seed=3, **SMALL)
    test = select(recordings, ItemSelection(subset="test", per_drummer=1), seed=0)
    assert [recording.facts["drummer"] for recording in test] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("count", "test", "validation"), [(1, 1, 0), (2, 1, 0), (6, 1, 1), (12, 2, 2), (24, 4, 4)]
)
def test_a_sixth_is_test_and_a_sixth_validation(count, test, validation):
    subsets = [subset_of(index, count) for index in range(count)]
    assert (subsets.count("test"), subsets.count("val")) == (test, validation)


def test_24_takes_are_every_style_in_every_tempo_each_named_like_enst_drums():
    for drummer in range(3):
        takes = takes_of(drummer, 24)
        assert len({(take.style, take.tempo) for take in takes}) == 24
        assert {take.complexity for take in takes} == {"simple", "complex"}
        assert len({facts_of(take.file)["style"] for take in takes}) == 8


def test_two_takes_of_each_drummer_are_six_styles_tempi_and_more_than_one_kind_of_stick():
    takes = [take for drummer in range(3) for take in takes_of(drummer, 2)]
    assert len({take.style for take in takes}) == 6
    assert {take.tempo for take in takes} == {"slow", "medium", "fast"}
    assert len({take.sticks for take in takes}) == 3
