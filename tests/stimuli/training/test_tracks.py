"""Judges: NumPy for peaks, the loudness meter for loudness."""

import numpy as np
import pytest
import soundfile

from mixeval.audio import Audio
from mixeval.errors import AudioError, DatasetError
from mixeval_stimuli.datasets import enst
from mixeval_stimuli.loudness import integrated_loudness
from mixeval_stimuli.training.tracks import fingerprint, open_tracks

INPUTS = ("hi-hat", "kick", "snare")


def linear(gain_db):
    return 10 ** (gain_db / 20)


def loudness(samples):
    return integrated_loudness(Audio(np.asarray(samples, dtype=np.float32), 44_100))


def sum_of_stems(tree, number=0):
    return sum(tree.read(name, number) for name in INPUTS)


@pytest.fixture
def opened(tiny_options):
    def open_(tree, **options):
        return open_tracks(enst.load(tree.folder), tiny_options(**options))

    return open_


def test_mixes_are_brought_to_a_peak_of_one_and_stems_left_alone(tiny_tree, opened):
    for number, track in enumerate(opened(tiny_tree)):
        peak = np.max(np.abs(tiny_tree.read("dry_mix", number)))
        assert peak * linear(track.mix_gain_db) == pytest.approx(1.0, abs=1e-6)
        assert track.stem_gain_db == 0.0


def test_the_variant_names_the_mix(tiny_tree, opened):
    wet = opened(tiny_tree, variant="wet")[0]
    assert wet.mix == tiny_tree.path("wet_mix")
    peak = np.max(np.abs(tiny_tree.read("wet_mix")))
    assert peak * linear(wet.mix_gain_db) == pytest.approx(1.0, abs=1e-6)


def test_mixes_can_be_as_loud_as_the_sum_of_their_stems(tiny_tree, opened):
    for number, track in enumerate(opened(tiny_tree, target_level="loudness")):
        mix = tiny_tree.read("dry_mix", number) * linear(track.mix_gain_db)
        assert loudness(mix) == pytest.approx(loudness(sum_of_stems(tiny_tree, number)), abs=0.01)


def test_stems_can_be_brought_to_one_loudness_together_and_mixes_follow(tiny_tree, opened):
    for number, track in enumerate(opened(tiny_tree, target_level="loudness", input_lufs=-20.0)):
        total = sum_of_stems(tiny_tree, number) * linear(track.stem_gain_db)
        mix = tiny_tree.read("dry_mix", number) * linear(track.mix_gain_db)
        assert loudness(total) == pytest.approx(-20.0, abs=0.01)
        assert loudness(mix) == pytest.approx(-20.0, abs=0.01)


def test_a_setup_keeps_the_levels_of_its_mixes_beside_their_stems(tiny_tree, opened):
    tracks = opened(tiny_tree, target_level="setup", input_lufs=-20.0)
    alone = opened(tiny_tree, target_level="loudness", input_lufs=-20.0)
    beside_stems = [track.mix_gain_db - track.stem_gain_db for track in tracks]
    assert max(beside_stems) - min(beside_stems) < 1e-9
    # The one gain that is left is the mean of those that loudness alone would give.
    assert beside_stems[0] == pytest.approx(
        np.mean([track.mix_gain_db - track.stem_gain_db for track in alone])
    )


def test_a_stem_that_was_not_recorded_is_silence(tiny_tree, tiny_options):
    options = tiny_options(architecture={"levels": 3, "inputs": (*INPUTS, "tom_3")})
    tracks = open_tracks(enst.load(tiny_tree.folder), options)
    assert tracks[0].stems == (*(tiny_tree.path(name) for name in INPUTS), None)


def test_recordings_come_in_their_order_and_each_is_told(tiny_tree, tiny_options):
    told = []
    recordings = enst.load(tiny_tree.folder)
    tracks = open_tracks(recordings, tiny_options(), progress=lambda: told.append(1))
    assert [track.item for track in tracks] == [recording.item for recording in recordings]
    assert [track.frames for track in tracks] == [26460, 30870, 35280, 39690]
    assert len(told) == 4


def test_the_fingerprint_tells_choices_of_recordings_apart(tiny_tree, opened):
    tracks = opened(tiny_tree)
    assert fingerprint(tracks[:2], tracks[2:]) == fingerprint(tracks[:2], opened(tiny_tree)[2:])
    others = [
        (tracks[:3], tracks[3:]),
        (tracks[1::-1], tracks[2:]),
        (opened(tiny_tree, input_lufs=-20.0)[:2], tracks[2:]),
    ]
    assert len({fingerprint(*subsets) for subsets in [(tracks[:2], tracks[2:]), *others]}) == 4


@pytest.fixture
def own_tree(tmp_path, make_tree):
    return make_tree(tmp_path / "own", train=1, val=0)


def spoil(path, change, rate=44_100):
    samples, _ = soundfile.read(path, always_2d=True)
    soundfile.write(path, change(samples), rate, subtype="FLOAT")


def test_a_rate_other_than_cds_is_refused(tmp_path, make_tree, opened):
    tree = make_tree(tmp_path, train=1, val=0, rate=48_000)
    with pytest.raises(DatasetError, match="has 48000 samples a second where training takes 44100"):
        opened(tree)


def test_a_mix_of_another_length_than_its_stems_is_refused(own_tree, opened):
    spoil(own_tree.path("dry_mix"), lambda samples: samples[:-1])
    with pytest.raises(DatasetError, match=r"has 2 x 26459 samples .* where its stems have 26460"):
        opened(own_tree)


def test_a_mono_mix_is_refused(own_tree, opened):
    spoil(own_tree.path("dry_mix"), lambda samples: samples[:, :1])
    with pytest.raises(DatasetError, match="has 1 x 26460 samples"):
        opened(own_tree)


def test_a_silent_mix_is_refused(own_tree, opened):
    spoil(own_tree.path("dry_mix"), lambda samples: 0 * samples)
    with pytest.raises(DatasetError, match=r'the reference mix of "drummer_1_001_.*" is silent'):
        opened(own_tree)


def test_stems_without_a_loudness_are_refused_by_name_where_loudness_is_needed(own_tree, opened):
    for name in INPUTS:
        spoil(own_tree.path(name), lambda samples: 0 * samples)
    with pytest.raises(DatasetError, match=r'of "drummer_1_001_.*" cannot be brought to one loudness'):
        opened(own_tree, target_level="loudness")
    assert len(opened(own_tree)) == 1


def test_a_missing_stem_is_named(own_tree, opened):
    own_tree.path("kick").unlink()
    with pytest.raises(AudioError, match=r"kick.001_.*is missing"):
        opened(own_tree)


def test_a_recording_without_any_of_the_inputs_is_refused(own_tree, tiny_options):
    options = tiny_options(architecture={"levels": 3, "inputs": ("bass",)})
    with pytest.raises(DatasetError, match="has none of the stems bass"):
        open_tracks(enst.load(own_tree.folder), options)
