import pytest
import soundfile

from mixeval.errors import DatasetError
from mixeval_stimuli.datasets.kit.samples import HEARD_BY, MICS, open_kit

HITS = 4


def test_a_kit_knows_its_hits_in_order_of_strength(small_kit):
    assert set(small_kit.hits) == set(HEARD_BY)
    for hits in small_kit.hits.values():
        assert [hit.n for hit in hits] == list(range(1, HITS + 1))
        assert [hit.level_db for hit in hits] == sorted(hit.level_db for hit in hits)


def test_a_hit_is_read_with_all_its_microphones_as_they_are_on_disk(small_kit, kit_folder):
    heard = small_kit.read("Snare", 3)
    for row, mic in zip(heard, MICS, strict=True):
        samples, _ = soundfile.read(kit_folder / "Samples" / "Snare" / f"3-Snare-{mic}.flac", dtype="float32")
        assert (row == samples).all()


def test_a_hit_shorter_than_50_ms_is_skipped_and_named(small_kit):
    assert small_kit.skipped == (f"{HITS + 1}-HihatOpen",)


def test_a_hit_that_lacks_a_microphone_is_skipped_whole(tmp_path, write_kit):
    write_kit(tmp_path)
    (tmp_path / "Samples" / "Tom1" / "2-Tom1-OHL.flac").unlink()
    kit = open_kit(tmp_path)
    assert kit.skipped == ("2-Tom1",)
    assert [hit.n for hit in kit.hits["Tom1"]] == [1, 3, 4]


def test_the_same_files_have_the_same_hash_and_a_changed_one_does_not(
    tmp_path, small_kit, write_kit, one_more_hit
):
    write_kit(tmp_path)
    assert open_kit(tmp_path).sha256 == small_kit.sha256
    one_more_hit(tmp_path, "Snare", 2, frames=9000)
    assert open_kit(tmp_path).sha256 != small_kit.sha256


def test_a_folder_that_is_no_kit_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="is no one-shot kit, there is no folder Samples in it; name the"):
        open_kit(tmp_path)


def test_a_missing_instrument_is_named(tmp_path, write_kit):
    write_kit(tmp_path, without=("Snare",))
    with pytest.raises(DatasetError, match="lacks the instrument Snare"):
        open_kit(tmp_path)


def test_a_microphone_that_no_hit_has_is_named(tmp_path, write_kit):
    write_kit(tmp_path)
    for file in (tmp_path / "Samples" / "KdrumL").glob("*-AmbR.flac"):
        file.unlink()
    with pytest.raises(DatasetError, match="lacks the microphone AmbR, no hit of KdrumL has it"):
        open_kit(tmp_path)


def test_an_instrument_with_too_few_hits_to_divide_is_refused(tmp_path, write_kit):
    write_kit(tmp_path, hits=2)
    with pytest.raises(DatasetError, match="has 2 usable hits of KdrumL, and training, validation and test"):
        open_kit(tmp_path)


def test_another_sample_rate_is_refused(tmp_path, write_kit, one_more_hit):
    write_kit(tmp_path, without=("Tom4",))
    for n in range(1, HITS + 1):
        one_more_hit(tmp_path, "Tom4", n, rate=48_000)
    with pytest.raises(DatasetError, match="has 1 channels at 48000 Hz where a hit is mono at 44100 Hz"):
        open_kit(tmp_path)


def test_files_of_one_hit_with_different_lengths_are_refused(tmp_path, write_kit, one_more_hit):
    write_kit(tmp_path)
    one_more_hit(tmp_path, "Snare", 3, frames=9000, mics=("OHL",))
    with pytest.raises(DatasetError, match=r"hit 3 of Snare .* differ in length .*OHL 9000"):
        open_kit(tmp_path)


@pytest.mark.parametrize("content", [b"", b"fLaC and no more"])
def test_a_damaged_file_is_named(tmp_path, write_kit, content):
    write_kit(tmp_path)
    (tmp_path / "Samples" / "Snare" / "3-Snare-OHL.flac").write_bytes(content)
    with pytest.raises(DatasetError, match=r"3-Snare-OHL.flac cannot be read as audio"):
        open_kit(tmp_path)


def test_muldjordkit_has_one_hit_that_is_too_short(real_data):
    kit = open_kit(real_data / "muldjordkit")
    assert kit.skipped == ("1-HihatOpen",)
    assert {name: len(hits) for name, hits in kit.hits.items()} == {
        "KdrumL": 25, "Snare": 56, "HihatClosed": 22, "HihatOpen": 17, "Tom1": 9, "Tom2": 10, "Tom4": 11,
        "CrashL": 9, "CrashR": 10, "RideR": 9, "RideRBell": 8,
    }  # fmt: skip
