"""The judges: the mix summed again from the gains it reports, and properties that any level of recording must keep."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixeval.conditions import Condition
from mixeval.errors import AudioError, DatasetError, ModelError
from mixeval.manifest import file_sha256
from mixeval_stimuli.datasets import synthetic
from mixeval_stimuli.loudness import integrated_loudness
from mixeval_stimuli.methods.random_forest import method as random_forest
from mixeval_stimuli.methods.random_forest.features import COLUMNS
from mixeval_stimuli.methods.random_forest.forest_file import read_forest, write_forest
from mixeval_stimuli.methods.random_forest.method import OUTPUTS, RandomForest, centred
from mixeval_stimuli.methods.registry import make_method
from mixeval_stimuli.recordings import Recording


@pytest.fixture(scope="module")
def recording(synthetic_tree):
    """A recording of drummer 3, who has all eight stems, that the forest did not learn from."""
    recordings = synthetic.load(synthetic_tree.path, **synthetic_tree.parameters)
    return next(r for r in recordings if r.facts["drummer"] == "3" and r.facts["subset"] == "test")


@pytest.fixture
def method(trained_forest):
    def made(**options):
        return RandomForest(checkpoint=str(trained_forest.path), **options)

    return made


def rewritten(recording, folder, change, *, rate=44_100):
    """Write a recording's stems again, each `change`d, in float so that nothing is rounded away."""
    stems = {}
    for name, path in recording.stems.items():
        samples, _ = soundfile.read(path)
        stems[name] = folder / f"{name}.wav"
        soundfile.write(stems[name], change(name, samples), rate, subtype="FLOAT")
    return Recording(recording.item, stems=stems)


def sides(told):
    """The linear gains (left, right) that a manifest tells of a stem."""
    angle = (told["pan"] + 1.0) * np.pi / 4.0
    gain = 10.0 ** (told["gain_db"] / 20.0)
    return np.array(
        [
            gain * np.cos(angle) * (-1.0 if "left" in told["inverted"] else 1.0),
            gain * np.sin(angle) * (-1.0 if "right" in told["inverted"] else 1.0),
        ]
    )


def test_the_mix_is_the_sum_of_the_stems_at_the_gains_that_it_tells(recording, method):
    mix = method().mix(recording)

    common = 10.0 ** (mix.parameters["common_gain_db"] / 20.0)
    total = sum(
        common * sides(told)[:, np.newaxis] * soundfile.read(recording.stems[name])[0]
        for name, told in mix.parameters["gains"].items()
    )
    assert list(mix.parameters["gains"]) == list(recording.stems)
    assert mix.audio.samples == pytest.approx(total, abs=2e-4 * np.abs(total).max())
    assert mix.notes == ()


def test_the_mix_sounds_like_the_reference(recording, method):
    # A floor, not a score: of a data set this small a forest knows at least which stem is loud and where.
    reference, _ = soundfile.read(recording.mixes["dry"])
    mix = method().mix(recording).audio.samples.T

    gain = np.sum(mix * reference) / np.sum(mix * mix)
    left_over = np.sum(np.square(reference - gain * mix))
    assert 10.0 * np.log10(np.sum(np.square(reference)) / left_over) > 6.0


def test_the_checkpoint_is_told_and_decides_the_mix(recording, method, trained_forest):
    mix, inputs = method().mix(recording), method().inputs(recording)

    assert mix.parameters["checkpoint_sha256"] == file_sha256(trained_forest.path) == trained_forest.sha256
    assert inputs == (trained_forest.path, *recording.stems.values())


def test_a_checkpoint_is_found_from_the_studys_folder(recording, trained_forest):
    folder = trained_forest.path.parent
    condition = Condition(
        id="rf", method="random_forest", options={"checkpoint": trained_forest.path.name, "pan": "mono"}
    )

    made = make_method(condition, folder=folder)

    assert made.inputs(recording)[0] == trained_forest.path
    assert made.mix(recording).audio.channels == 2


@pytest.mark.parametrize("gain_db", [-42.0, -13.7, 6.0])
def test_how_loud_the_stems_were_recorded_does_not_matter(recording, method, tmp_path, gain_db):
    raised = rewritten(recording, tmp_path, lambda _, samples: samples * 10.0 ** (gain_db / 20.0))

    before, after = method().mix(recording), method().mix(raised)

    assert after.audio.samples == pytest.approx(before.audio.samples, abs=1e-4)
    for name, told in before.parameters["gains"].items():
        assert sides(after.parameters["gains"][name]) == pytest.approx(sides(told), abs=1e-3)
    assert before.parameters["common_gain_db"] - after.parameters["common_gain_db"] == pytest.approx(
        gain_db, abs=0.001
    )


def test_a_recording_of_48_khz_stays_at_48_khz(recording, method, tmp_path):
    # The same samples called 48 kHz: higher drums, and nothing of them may be resampled on its way to the mix.
    faster = rewritten(recording, tmp_path, lambda _, samples: samples, rate=48_000)

    mix = method().mix(faster)

    common = 10.0 ** (mix.parameters["common_gain_db"] / 20.0)
    kick = (
        common
        * sides(mix.parameters["gains"]["kick"])[:, np.newaxis]
        * soundfile.read(faster.stems["kick"])[0]
    )
    rest = replace(faster, stems={name: path for name, path in faster.stems.items() if name != "kick"})
    assert mix.audio.sample_rate == 48_000
    assert mix.audio.frames == kick.shape[1]
    assert method().mix(rest).audio.sample_rate == 48_000


@pytest.mark.parametrize(
    "absent", [("tom_1",), ("kick", "overhead_L"), ("snare", "tom_2", "tom_3", "hi-hat")]
)
def test_stems_may_be_missing(recording, method, absent):
    rest = replace(recording, stems={n: p for n, p in recording.stems.items() if n not in absent})

    mix = method().mix(rest)

    assert set(mix.parameters["gains"]) == set(rest.stems)
    assert np.abs(mix.audio.samples).max() > 0.01
    assert method().inputs(rest)[1:] == tuple(rest.stems.values())


def test_stems_that_cannot_be_mixed_are_named(recording, method, tmp_path):
    quiet = rewritten(recording, tmp_path, lambda name, s: s * (0.0 if name == "tom_2" else 1.0))
    odd = replace(quiet, stems={**quiet.stems, "room": quiet.stems["kick"]})

    mix = method().mix(odd)

    assert mix.parameters["gains"]["tom_2"] == {"gain_db": None, "pan": None, "inverted": []}
    assert mix.notes == (
        "its stems room are not in the mix, the forest does not know such stems",
        "its stems tom_2 are not in the mix, they are silent",
    )


def test_a_stem_that_the_forest_never_met_is_left_out_and_named(recording, trained_forest, tmp_path):
    forest, card = read_forest(trained_forest.path)
    learnt = tuple(
        0 if name.startswith("tom_3.") else count
        for name, count in zip(OUTPUTS, card.learnt_from, strict=True)
    )
    write_forest(tmp_path / "forest.npz", forest, card.model_copy(update={"learnt_from": learnt}))

    mix = RandomForest(checkpoint=str(tmp_path / "forest.npz")).mix(recording)

    assert mix.parameters["gains"]["tom_3"]["gain_db"] is None
    assert mix.notes == (
        "its stems tom_3 are not in the mix, the forest was trained on no recording with them",
    )


def test_mono_has_no_panning_and_the_same_power(recording, method):
    stereo, mono = method().mix(recording), method(pan="mono").mix(recording)

    assert np.array_equal(mono.audio.samples[0], mono.audio.samples[1])
    for name, told in mono.parameters["gains"].items():
        assert told["pan"] == 0.0
        assert told["gain_db"] == pytest.approx(stereo.parameters["gains"][name]["gain_db"], abs=1e-3)
    assert integrated_loudness(mono.audio) == pytest.approx(integrated_loudness(stereo.audio), abs=3.0)


@pytest.mark.parametrize(
    ("given", "expected"), [((0.3, -0.4), -0.35355), ((-0.1, 0.7), 0.5), ((0.0, 0.0), 0.0)]
)
def test_the_middle_takes_the_polarity_of_the_louder_side(given, expected):
    assert centred(np.array(given)) == pytest.approx([expected, expected], abs=1e-5)


@pytest.mark.parametrize("style", ["tuned", "as_published"])
def test_wet_is_the_dry_mix_with_effects_whose_settings_are_told(recording, method, style):
    from mixeval_stimuli.methods.random_forest.effects import add_effects

    dry = method().mix(recording)
    wet = method(variant="wet", effects=style).mix(recording)

    expected = add_effects(dry.audio, style=style)
    assert np.array_equal(wet.audio.samples, expected.audio.samples)
    assert wet.audio.samples.shape == dry.audio.samples.shape
    assert wet.parameters["effects_found"] == expected.parameters
    assert wet.parameters["gains"] == dry.parameters["gains"]


def test_effects_as_published_are_another_mix_than_tuned_ones(recording, method):
    mixes = [method(variant="wet", effects=style).mix(recording) for style in ("tuned", "as_published")]

    assert not np.allclose(mixes[0].audio.samples, mixes[1].audio.samples)


def test_without_a_default_forest_it_says_how_to_train_one(recording, monkeypatch):
    monkeypatch.setattr(random_forest, "DEFAULT", Path("nowhere") / "random_forest.npz")

    with pytest.raises(ModelError) as refusal:
        RandomForest().inputs(recording)

    assert "mixeval train random-forest DATASET --out forest.npz" in refusal.value.remedy


def test_the_default_forest_is_used_where_no_checkpoint_is_named(
    recording, monkeypatch, trained_forest, method
):
    monkeypatch.setattr(random_forest, "DEFAULT", trained_forest.path)

    assert RandomForest().inputs(recording) == method().inputs(recording)
    assert np.array_equal(RandomForest().mix(recording).audio.samples, method().mix(recording).audio.samples)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"features": COLUMNS[::-1]}, "other features"),
        ({"features_version": -1}, "other features"),
        ({"outputs": OUTPUTS[::-1]}, "other gains"),
    ],
)
def test_a_forest_of_other_features_or_gains_is_refused(recording, trained_forest, tmp_path, change, problem):
    forest, card = read_forest(trained_forest.path)
    write_forest(tmp_path / "forest.npz", forest, card.model_copy(update=change))

    with pytest.raises(ModelError) as refusal:
        RandomForest(checkpoint=str(tmp_path / "forest.npz")).mix(recording)

    assert problem in refusal.value.problem


def test_a_checkpoint_that_is_missing_or_replaced_is_noticed(recording, trained_forest, tmp_path):
    path = tmp_path / "forest.npz"
    path.write_bytes(trained_forest.path.read_bytes())
    used = RandomForest(checkpoint=str(path))
    used.mix(recording)

    path.write_bytes(b"no forest")
    with pytest.raises(ModelError, match="no forest"):
        used.mix(recording)
    path.unlink()
    with pytest.raises(ModelError, match="is missing"):
        used.mix(recording)


def test_a_recording_without_drums_or_sound_is_refused(recording, method, tmp_path):
    with pytest.raises(DatasetError, match="none of the stems"):
        method().inputs(Recording("song", stems={"vocals": tmp_path / "vocals.wav"}))
    with pytest.raises(AudioError, match="silent"):
        method().mix(rewritten(recording, tmp_path, lambda _, samples: 0.0 * samples))


def test_mixing_needs_no_scikit_learn_and_no_torch(recording, trained_forest):
    program = (
        "import sys; from pathlib import Path\n"
        "from mixeval_stimuli.methods.random_forest.method import RandomForest\n"
        "from mixeval_stimuli.recordings import Recording\n"
        f"stems = { ({name: str(path) for name, path in recording.stems.items()})!r}\n"
        "recording = Recording('item', stems={name: Path(path) for name, path in stems.items()})\n"
        f"RandomForest(checkpoint={str(trained_forest.path)!r}).mix(recording)\n"
        "print(sorted({'sklearn', 'torch'} & set(sys.modules)))\n"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
