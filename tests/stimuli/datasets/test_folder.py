import pytest

from mixeval.audio import read_audio
from mixeval.errors import AudioError, DatasetError, StudyError
from mixeval.stimuli_section import FolderDataset
from mixeval_stimuli.datasets import folder, open_dataset, select
from mixeval_stimuli.recordings import read_stems

STEMS = {"kick": "kick.wav", "snare": "stems/snare.wav"}


def test_each_visible_folder_is_a_recording(tmp_path, write_wav):
    for item in ("b", "a", ".hidden"):
        write_wav(tmp_path / item / "kick.wav")
        write_wav(tmp_path / item / "stems" / "snare.wav")
        write_wav(tmp_path / item / "mix.wav", channels=2)
    recordings = folder.load(tmp_path, item=None, stems=STEMS, references={"dry": "mix.wav"})
    assert [recording.item for recording in recordings] == ["a", "b"]
    assert recordings[0].mixes == {"dry": tmp_path / "a" / "mix.wav"}
    assert [stem.frames for stem in read_stems(recordings[0]).values()] == [4410, 4410]


def test_with_item_the_folder_is_that_recording(tmp_path, write_wav):
    write_wav(tmp_path / "kick.wav")
    (recording,) = folder.load(tmp_path, item="take 7", stems={"kick": "kick.wav"}, references={})
    assert recording.item == "take 7"
    assert recording.stems == {"kick": tmp_path / "kick.wav"}


def test_the_real_excerpt_loads_with_a_short_stanza(real_data):
    dataset = FolderDataset(
        kind="folder",
        path=str(real_data / "enst-excerpt"),
        item="066",
        stems={"kick": "stems/kick.wav", "overhead_L": "stems/overheadL.wav"},
        references={"dry": "reference/dry.wav", "wet": "reference/wet.wav"},
    )
    (recording,) = open_dataset(dataset, study_folder=real_data, seed=0)
    assert {stem.frames for stem in read_stems(recording).values()} == {608_580}
    assert set(recording.mixes) == {"dry", "wet"}


def test_a_missing_stem_is_named_with_its_recording_and_path(tmp_path, write_wav):
    write_wav(tmp_path / "one" / "kick.wav")
    with pytest.raises(
        DatasetError, match=r'stem "snare" of recording "one" is missing.*one/stems/snare.wav'
    ):
        select(folder.load(tmp_path, item=None, stems=STEMS, references={}), None, seed=0)


def test_a_recording_that_is_not_chosen_may_be_incomplete(tmp_path, write_wav):
    write_wav(tmp_path / "one" / "kick.wav")
    (tmp_path / "notes").mkdir()
    recordings = folder.load(tmp_path, item=None, stems={"kick": "kick.wav"}, references={})
    assert [recording.item for recording in select(recordings, ("one",), seed=0)] == ["one"]


def test_the_folder_of_the_study_itself_holds_more_than_recordings(tmp_path):
    dataset = FolderDataset(kind="folder", path=".", references={"dry": "mix.wav"})
    with pytest.raises(StudyError, match="is the study's own folder"):
        open_dataset(dataset, study_folder=tmp_path, seed=0)


@pytest.mark.parametrize("item", ["two\nlines", "\x1b[31mred", "caf\udce9", " "])
def test_a_folder_whose_name_cannot_be_shown_is_refused(tmp_path, item):
    dataset = FolderDataset(kind="folder", path="takes", references={"dry": "mix.wav"})
    (tmp_path / "takes" / item).mkdir(parents=True)
    with pytest.raises(DatasetError, match="is no name for an item") as told:
        open_dataset(dataset, study_folder=tmp_path, seed=0)
    assert str(told.value).isprintable()


@pytest.mark.parametrize("path", ["~nobody-of-that-name/takes", "ta\0kes"])
def test_a_path_that_can_be_none_is_refused(tmp_path, path):
    dataset = FolderDataset(kind="folder", path=path, references={"dry": "mix.wav"})
    with pytest.raises(StudyError, match="cannot be used"):
        open_dataset(dataset, study_folder=tmp_path, seed=0)


def test_a_missing_reference_is_named(tmp_path, write_wav):
    write_wav(tmp_path / "kick.wav")
    with pytest.raises(DatasetError, match='mix "wet" of recording "x" is missing'):
        select(
            folder.load(tmp_path, item="x", stems={"kick": "kick.wav"}, references={"wet": "wet.wav"}),
            None,
            seed=0,
        )


def test_recordings_may_be_links_to_another_disk(tmp_path, write_wav):
    outside = write_wav(tmp_path / "elsewhere" / "kick.wav")
    (tmp_path / "set" / "one").mkdir(parents=True)
    (tmp_path / "set" / "one" / "kick.wav").symlink_to(outside)
    (recording,) = folder.load(tmp_path / "set", item=None, stems={"kick": "kick.wav"}, references={})
    assert read_stems(recording)["kick"].samples.shape == read_audio(outside).samples.shape


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="holds no folder that could be a recording"):
        folder.load(tmp_path, item=None, stems=STEMS, references={})
    with pytest.raises(DatasetError, match="is missing or no folder"):
        folder.load(tmp_path / "nowhere", item=None, stems=STEMS, references={})


def test_a_study_must_name_files(tmp_path):
    with pytest.raises(StudyError, match="neither stems nor references"):
        folder.load(tmp_path, item=None, stems={}, references={})


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        ({"frames": 4000}, "differ in samples .*kick 4410, snare 4000"),
        ({"rate": 48_000}, "differ in samples a second"),
        ({"channels": 2}, "has 2 channels where a stem is mono"),
    ],
)
def test_stems_that_do_not_belong_together_are_refused_when_read(tmp_path, write_wav, other, complaint):
    write_wav(tmp_path / "kick.wav")
    write_wav(tmp_path / "stems" / "snare.wav", **other)
    (recording,) = folder.load(tmp_path, item="x", stems=STEMS, references={})
    with pytest.raises(DatasetError, match=complaint):
        read_stems(recording)


def test_a_truncated_stem_is_corrupt_not_missing(tmp_path, write_wav):
    kick = write_wav(tmp_path / "kick.wav")
    kick.write_bytes(kick.read_bytes()[:-1000])
    (recording,) = folder.load(tmp_path, item="x", stems={"kick": "kick.wav"}, references={})
    with pytest.raises(AudioError, match=r"kick.wav is cut short"):
        read_stems(recording)
