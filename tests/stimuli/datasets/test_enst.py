import csv
import json
from collections import Counter

import pytest

from mixeval.errors import AudioError, DatasetError
from mixeval_stimuli.datasets import enst, select, verify
from mixeval_stimuli.recordings import read_stems

SHUFFLE = "066_phrase_shuffle-blues_simple_slow_brushes.wav"
HITS = "001_hits_snare-drum_sticks_x6.wav"


@pytest.fixture
def tree(tmp_path, write_wav):
    for drummer, file in (("1", SHUFFLE), ("1", HITS), ("3", SHUFFLE)):
        for folder in (*enst.stems_of(drummer), *enst.MIXES.values()):
            write_wav(
                tmp_path / f"drummer_{drummer}" / "audio" / folder / file,
                channels=2 if "mix" in folder else 1,
            )
    return tmp_path


def test_recordings_are_named_by_drummer_and_file_because_a_file_name_may_exist_twice(tree):
    assert [recording.item for recording in enst.load(tree)] == [
        "drummer_1_001_hits_snare-drum_sticks_x6",
        "drummer_1_066_phrase_shuffle-blues_simple_slow_brushes",
        "drummer_3_066_phrase_shuffle-blues_simple_slow_brushes",
    ]


def test_stems_come_in_the_papers_order_and_only_drummer_3_has_a_third_tom(tree):
    first, _, last = enst.load(tree)
    assert list(last.stems) == [
        "hi-hat", "kick", "overhead_L", "overhead_R", "snare", "tom_1", "tom_2", "tom_3",
    ]  # fmt: skip
    assert list(first.stems) == list(last.stems)[:-1]
    assert set(read_stems(first)) == set(first.stems)
    assert first.mixes["dry"] == tree / "drummer_1" / "audio" / "dry_mix" / HITS


def test_facts_say_what_the_name_says_and_the_authors_split(tree):
    hits, phrase, unknown = enst.load(tree)
    assert phrase.facts == {
        "drummer": "1", "number": "066", "group": "phrase", "style": "shuffle-blues", "complexity": "simple",
        "tempo": "slow", "sticks": "brushes", "subset": "test",
    }  # fmt: skip
    assert hits.facts["instrument"] == "snare-drum"
    assert hits.facts["strokes"] == "6"
    assert "subset" not in unknown.facts  # drummer 3 has no such recording


@pytest.mark.parametrize(
    ("file", "facts"),
    [
        (
            "144_MIDI-minus-one_rock-113_sticks.wav",
            {"group": "MIDI-minus-one", "tune": "rock-113", "bpm": "113"},
        ),
        ("135_MIDI-minus-one_rock'n'roll-188_sticks.wav", {"tune": "rock'n'roll-188", "bpm": "188"}),
        ("148_MIDI-minus-one_soul-120-marvin-gaye_sticks.wav", {"bpm": "120"}),
        ("118_minus-one_rock-60s_sticks.wav", {"group": "minus-one", "tune": "rock-60s"}),
        ("119_solo_toms_mallets.wav", {"group": "solo", "style": "toms", "sticks": "mallets"}),
    ],
)
def test_every_group_of_names_is_read(file, facts):
    assert facts.items() <= enst.facts_of(file).items()


def test_the_split_counts_284_20_and_14_recordings():
    split = enst.authors_split()
    assert Counter(split.values()) == {"train": 284, "val": 20, "test": 14}
    assert len(split) == 318


def test_the_split_counts_every_group_as_the_authors_data_does():
    # Table 2 of the paper, but for its Total column (103/129/10/62 = 304), which is train and validation.
    counts = Counter(
        (enst.facts_of(file)["group"].removeprefix("MIDI-"), subset)
        for (_, file), subset in enst.authors_split().items()
    )
    assert counts == {
        ("hits", "train"): 96, ("hits", "val"): 7, ("hits", "test"): 5,
        ("phrase", "train"): 122, ("phrase", "val"): 7, ("phrase", "test"): 6,
        ("solo", "train"): 8, ("solo", "val"): 2, ("solo", "test"): 1,
        ("minus-one", "train"): 58, ("minus-one", "val"): 4, ("minus-one", "test"): 2,
    }  # fmt: skip


def test_the_split_counts_every_drummer_as_the_authors_data_does():
    counts = Counter((drummer, subset) for (drummer, _), subset in enst.authors_split().items())
    assert counts == {
        ("1", "train"): 87, ("1", "val"): 6, ("1", "test"): 4,
        ("2", "train"): 94, ("2", "val"): 7, ("2", "test"): 4,
        ("3", "train"): 103, ("3", "val"): 7, ("3", "test"): 6,
    }  # fmt: skip


def test_the_nine_clips_of_the_authors_site_are_the_test_recordings_that_are_not_hits():
    clips = sorted(
        (drummer, file[:3])
        for (drummer, file), subset in enst.authors_split().items()
        if subset == "test" and enst.facts_of(file)["group"] != "hits"
    )
    assert clips == [
        ("1", "066"), ("1", "078"), ("1", "114"), ("2", "050"), ("2", "090"), ("2", "144"),
        ("3", "083"), ("3", "109"), ("3", "119"),
    ]  # fmt: skip


def test_the_split_agrees_with_the_decoded_data_line_by_line(real_data):
    tracks = json.loads((real_data / "enst_split.json").read_text())["tracks"]
    assert enst.authors_split() == {
        (str(track["drummer"]), track["file"]): track["subset"] for track in tracks
    }
    for track in tracks:
        facts = enst.facts_of(track["file"])
        assert (int(facts["number"]), facts["group"]) == (track["number"], track["group"])
        assert set(enst.STEMS) - set(track["missing_stems"]) == set(enst.stems_of(str(track["drummer"])))


def test_a_split_in_the_tree_goes_before_the_authors(tree):
    with (tree / "split.csv").open("w", newline="") as file:
        csv.writer(file).writerows([enst.SPLIT_COLUMNS, ("1", SHUFFLE, "train")])
    assert [recording.facts.get("subset") for recording in enst.load(tree)] == [None, "train", None]


@pytest.mark.parametrize(
    "text",
    ["drummer,file\n1,a.wav\n", "drummer,file,subset\n1,a.wav,tset\n", "drummer,file,subset\n1\n"],
)
def test_a_split_that_cannot_be_followed_is_refused_with_its_line(tree, text):
    (tree / "split.csv").write_text(text)
    with pytest.raises(DatasetError, match=r"split.csv, line 2"):
        enst.load(tree)


def test_a_recording_in_two_subsets_is_refused(tree):
    (tree / "split.csv").write_text("drummer,file,subset\n1,a.wav,test\n1,a.wav,train\n")
    with pytest.raises(DatasetError, match=r"line 3 lists a.wav of drummer 1 a second time"):
        enst.load(tree)


def test_normalised_copies_and_hidden_files_are_passed_over(tree, write_wav):
    wet = tree / "drummer_1" / "audio" / "wet_mix"
    write_wav(wet / SHUFFLE.replace(".wav", "_norm.wav"))
    write_wav(wet / f"._{SHUFFLE}")
    assert len(enst.load(tree)) == 3


def test_a_misnamed_file_is_refused_with_the_grammar(tree, write_wav):
    write_wav(tree / "drummer_1" / "audio" / "kick" / "66 shuffle.wav")
    with pytest.raises(DatasetError, match=r"66 shuffle.wav is not named like a recording"):
        enst.load(tree)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="there is no drummer_1/audio in it"):
        enst.load(tmp_path)


def test_a_tree_without_audio_is_refused(tmp_path):
    (tmp_path / "drummer_1" / "audio" / "kick").mkdir(parents=True)
    with pytest.raises(DatasetError, match="holds no recording"):
        enst.load(tmp_path)


def test_missing_and_corrupt_are_different_answers(tree):
    audio = tree / "drummer_1" / "audio"
    (audio / "snare" / SHUFFLE).unlink()
    kick = audio / "kick" / HITS
    kick.write_bytes(kick.read_bytes()[:-100])
    recordings = enst.load(tree)
    hits, phrase, _ = recordings

    with pytest.raises(DatasetError, match=f'stem "snare" of recording "{phrase.item}" is missing'):
        select(recordings, (phrase.item,), seed=0)
    with pytest.raises(AudioError, match="cut short"):
        read_stems(*select(recordings, (hits.item,), seed=0))
    report = verify(recordings)
    assert report.missing == (audio / "snare" / SHUFFLE,)
    assert list(report.corrupt) == [kick]
    assert "cut short" in report.corrupt[kick]
    assert not report.sound


def test_a_whole_tree_is_sound(tree):
    assert verify(enst.load(tree)).sound
