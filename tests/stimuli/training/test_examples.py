"""The judges: mixes of known gains, and a data set with one file wrong at a time."""

import shutil

import numpy as np
import pytest
import soundfile

from mixeval.errors import DatasetError
from mixeval_stimuli.datasets.enst import STEMS
from mixeval_stimuli.loudness import integrated_loudness
from mixeval_stimuli.methods.random_forest.features import COMMON_LUFS
from mixeval_stimuli.recordings import read_stems
from mixeval_stimuli.training.examples import find_sources, measure_example, measure_examples

SPLIT = "drummer,file,subset\n"


@pytest.fixture(scope="module")
def sources(synthetic_tree):
    return find_sources([synthetic_tree.path])


@pytest.fixture
def small_tree(synthetic_tree, tmp_path):
    """A data set of its own to break: the recordings of drummer 3."""
    path = tmp_path / "broken"
    shutil.copytree(synthetic_tree.path / "drummer_3", path / "drummer_3")
    shutil.copy(synthetic_tree.path / "split.csv", path)
    return path


def test_every_recording_of_a_subset_is_a_source(sources):
    assert len(sources) == 12
    assert sources[0].name == f"drums: {sources[0].recording.item}"


def test_gains_are_those_of_a_mix_that_was_made_with_them(small_tree):
    source = find_sources([small_tree])[0]
    stems = read_stems(source.recording)
    gains = np.random.default_rng(0).uniform(0.2, 2.0, (8, 2))
    mix = gains.T @ np.concatenate([stem.samples for stem in stems.values()])
    soundfile.write(source.recording.mixes["dry"], mix.T * 0.01, 44_100, subtype="FLOAT")

    example = measure_example(source)

    # Both as loud as each other: what is left of the gains is their balance, times one number for all.
    total = np.sum([stem.samples for stem in stems.values()], axis=0, dtype=np.float64)
    factor = example.gains / gains
    assert factor == pytest.approx(np.full((8, 2), factor[0, 0]), rel=1e-3)
    assert example.r2 == pytest.approx([1.0, 1.0], abs=1e-6)
    from mixeval.audio import Audio

    by_hand = 10.0 ** (
        (
            integrated_loudness(Audio((total / 8).astype(np.float32), 44_100))
            - integrated_loudness(Audio((mix / 8).astype(np.float32), 44_100))
        )
        / 20.0
    )
    assert factor[0, 0] == pytest.approx(by_hand, rel=0.01)
    assert COMMON_LUFS == -23.0


def test_how_loud_stems_and_mix_were_recorded_does_not_matter(small_tree):
    source = find_sources([small_tree])[0]
    before = measure_example(source)
    for files, factor in ((source.recording.stems, 0.25), (source.recording.mixes, 0.125)):
        for path in files.values():
            samples, rate = soundfile.read(path)
            soundfile.write(path, samples * factor, rate, subtype="FLOAT")

    after = measure_example(source)

    assert after.gains == pytest.approx(before.gains, rel=1e-4, abs=1e-6)
    assert after.row == pytest.approx(before.row, rel=1e-4, abs=1e-4)


def test_a_stem_that_was_not_recorded_has_no_gain(sources):
    example = measure_example(next(s for s in sources if s.recording.facts["drummer"] == "1"))

    assert np.isnan(example.gains[STEMS.index("tom_3")]).all()
    assert np.isfinite(np.delete(example.gains, STEMS.index("tom_3"), axis=0)).all()
    assert example.seconds == pytest.approx(3.0)


def test_gains_explain_the_scripted_engineers_dry_mix(sources):
    example = measure_example(sources[-1])

    assert example.r2.min() > 0.95


def test_more_workers_measure_the_same(sources):
    told = []

    alone = measure_examples(sources[:3], workers=1)
    together = measure_examples(sources[:3], workers=2, progress=lambda *step: told.append(step))

    assert told == [(1, 3), (2, 3), (3, 3)]
    for one, other in zip(alone, together, strict=True):
        assert one.name == other.name
        assert np.array_equal(one.row, other.row, equal_nan=True)
        assert np.array_equal(one.gains, other.gains, equal_nan=True)


def test_every_recording_that_cannot_be_measured_is_told(small_tree):
    sources = find_sources([small_tree])
    for source in sources[:2]:
        samples, rate = soundfile.read(source.recording.mixes["dry"])
        soundfile.write(source.recording.mixes["dry"], 0.0 * samples, rate)

    with pytest.raises(DatasetError) as refusal:
        measure_examples(sources, workers=1)

    lines = str(refusal.value).splitlines()
    assert sorted(line.split(": ")[1] for line in lines) == sorted(s.recording.item for s in sources[:2])
    assert all("silent" in line for line in lines)


def test_a_missing_file_is_told_before_anything_is_measured(small_tree):
    lost = find_sources([small_tree])[1].recording.stems["snare"]
    lost.unlink()

    with pytest.raises(DatasetError) as refusal:
        find_sources([small_tree])

    assert str(lost) in refusal.value.problem


def test_a_wet_mix_is_not_needed(small_tree):
    shutil.rmtree(small_tree / "drummer_3" / "audio" / "wet_mix")

    assert len(find_sources([small_tree])) == 4


def test_recordings_of_no_subset_are_left_out(small_tree):
    text = (small_tree / "split.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for line in text if line.startswith("3,")][:3]
    (small_tree / "split.csv").write_text(SPLIT + "\n".join(kept), encoding="utf-8")

    assert len(find_sources([small_tree])) == 3

    (small_tree / "split.csv").write_text(SPLIT, encoding="utf-8")
    with pytest.raises(DatasetError, match="belongs to a subset"):
        find_sources([small_tree])


def test_two_data_sets_of_one_name_are_refused(synthetic_tree):
    with pytest.raises(DatasetError, match='two data sets are called "drums"'):
        find_sources([synthetic_tree.path, synthetic_tree.path])
