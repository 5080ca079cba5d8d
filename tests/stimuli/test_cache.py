import json
import os

import numpy as np
import pytest

from mixeval.audio import Audio
from mixeval.errors import AudioError, DatasetError
from mixeval.manifest import file_sha256
from mixeval_stimuli.cache import InputHashes, find_mix, keep_mix, mix_key, read_mix
from mixeval_stimuli.methods.anchor import Anchor
from mixeval_stimuli.methods.files import Files
from mixeval_stimuli.methods.method import Mix
from mixeval_stimuli.recordings import Recording

KEY = "k" * 64


@pytest.fixture
def mix():
    noise = 0.1 * np.random.default_rng(1).standard_normal((2, 44_100))
    return Mix(Audio((3.0 * noise).astype(np.float32), 44_100), {"gains": [1.0, 0.5]}, ("a note",))


def test_a_mix_comes_back_bit_by_bit_beyond_full_scale_too(tmp_path, mix):
    kept = keep_mix(tmp_path, KEY, mix)

    found = find_mix(tmp_path, KEY)

    assert found == kept
    assert (found.parameters, found.notes) == (mix.parameters, mix.notes)
    assert np.abs(mix.audio.samples).max() > 1.0
    np.testing.assert_array_equal(read_mix(found).samples, mix.audio.samples)


def test_a_mix_that_is_not_there_whole_is_not_there(tmp_path, mix):
    assert find_mix(tmp_path, KEY) is None

    kept = keep_mix(tmp_path, KEY, mix)
    whole = kept.path.read_bytes()
    kept.path.write_bytes(whole[:1000])
    assert find_mix(tmp_path, KEY) is None

    kept.path.write_bytes(whole)
    kept.path.with_suffix(".json").write_text("{", encoding="utf-8")
    assert find_mix(tmp_path, KEY) is None


def test_a_mix_without_loudness_is_not_kept(tmp_path):
    silent = Mix(Audio(np.zeros((2, 44_100), dtype=np.float32), 44_100))

    with pytest.raises(AudioError, match="is silent"):
        keep_mix(tmp_path, KEY, silent)

    assert list(tmp_path.iterdir()) == []


def test_a_key_changes_with_all_that_decides_a_mix_and_with_nothing_else(tmp_path):
    path = tmp_path / "a.wav"
    clip = Recording("clip", mixes={"a": path})
    key = mix_key("files", Files(source="a"), clip, [(path, "0" * 64)])

    class NewFiles(Files):
        version = "2"

    others = [
        mix_key("other", Files(source="a"), clip, [(path, "0" * 64)]),
        mix_key("files", NewFiles(source="a"), clip, [(path, "0" * 64)]),
        mix_key("files", Files(source="b"), clip, [(path, "0" * 64)]),
        mix_key("files", Files(source="a"), clip, [(path, "1" * 64)]),
        mix_key("anchor", Anchor(cutoff_hz=3500), clip, []),
        mix_key("anchor", Anchor(cutoff_hz=7000), clip, []),
        # The same bytes as another microphone.
        mix_key("files", Files(source="a"), Recording("clip", stems={"a": path}), [(path, "0" * 64)]),
    ]
    moved = Recording("renamed", mixes={"a": tmp_path / "moved.wav"}, facts={"drummer": "2"})

    assert len({key, *others}) == 8
    assert mix_key("files", Files(source="a"), moved, [(tmp_path / "moved.wav", "0" * 64)]) == key


def test_a_file_is_hashed_again_only_when_its_size_or_time_changed(tmp_path, monkeypatch):
    path = tmp_path / "a.wav"
    path.write_bytes(b"first")
    os.utime(path, (1_000_000, 1_000_000))
    read = []
    monkeypatch.setattr("mixeval_stimuli.cache.file_sha256", lambda p: read.append(p) or file_sha256(p))

    for _ in range(2):
        hashes = InputHashes(tmp_path)
        assert hashes.sha256(path) == hashes.sha256(path) == file_sha256(path)
        hashes.save()
    assert read == [path]

    path.write_bytes(b"again")
    assert InputHashes(tmp_path).sha256(path) == file_sha256(path)
    assert read == [path, path]


def test_a_file_that_was_just_written_is_not_remembered(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"first")
    hashes = InputHashes(tmp_path)
    hashes.sha256(path)
    hashes.save()

    assert json.loads((tmp_path / "inputs.json").read_text(encoding="utf-8")) == {}


@pytest.mark.parametrize("damage", ["[]", "{", '{"a.wav": 3}', '{"a.wav": ["5", null]}'])
def test_a_damaged_memory_of_hashes_is_ignored(tmp_path, damage):
    path = tmp_path / "a.wav"
    path.write_bytes(b"first")
    (tmp_path / "inputs.json").write_text(damage.replace("a.wav", str(path)), encoding="utf-8")

    assert InputHashes(tmp_path).sha256(path) == file_sha256(path)


def test_an_input_that_is_gone_is_missing_by_name(tmp_path):
    with pytest.raises(DatasetError, match=r"gone\.wav is missing"):
        InputHashes(tmp_path).sha256(tmp_path / "gone.wav")


def test_an_input_that_is_no_file_is_refused_and_not_waited_for(tmp_path):
    pipe = tmp_path / "kick.wav"
    os.mkfifo(pipe)

    with pytest.raises(DatasetError, match=r"kick\.wav is a folder or no regular file"):
        InputHashes(tmp_path).sha256(pipe)
