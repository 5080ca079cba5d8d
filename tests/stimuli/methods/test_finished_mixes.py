"""The methods that take or add up what is there: reference, files and sum."""

import numpy as np
import pytest
import soundfile

from mixeval.errors import DatasetError
from mixeval_stimuli.methods.files import Files
from mixeval_stimuli.methods.reference import Reference
from mixeval_stimuli.methods.sum import Sum
from mixeval_stimuli.recordings import Recording

RATE = 44_100


@pytest.fixture
def clip(tmp_path):
    random = np.random.default_rng(2)

    def write(name, channels):
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, 0.1 * random.standard_normal((4410, channels)), RATE, subtype="FLOAT")
        return path

    return Recording(
        "clip",
        stems={name: write(name, 1) for name in ("snare", "kick", "hi-hat")},
        mixes={name: write(name, 2) for name in ("dry", "wet", "elsewhere")},
    )


@pytest.mark.parametrize(
    ("method", "name"),
    [
        (Reference(variant="dry"), "dry"),
        (Reference(variant="wet"), "wet"),
        (Files(source="elsewhere"), "elsewhere"),
    ],
)
def test_a_finished_mix_comes_through_sample_by_sample(clip, method, name):
    expected, _ = soundfile.read(clip.mixes[name], dtype="float32")

    mix = method.mix(clip)

    assert method.inputs(clip) == (clip.mixes[name],)
    np.testing.assert_array_equal(mix.audio.samples, expected.T)


def test_only_files_asks_a_data_set_to_look_for_its_source():
    assert Files(source="elsewhere").sources() == ("elsewhere",)
    assert Reference(variant="dry").sources() == ()


def test_a_mix_that_is_not_there_is_refused_with_those_that_are(clip):
    with pytest.raises(DatasetError, match=r'no mix "oh"; name one that it has \(dry, wet, elsewhere\)'):
        Files(source="oh").inputs(clip)


def test_the_sum_adds_all_stems_in_the_centre_whatever_their_order(clip):
    expected = sum(soundfile.read(path)[0] for path in clip.stems.values())
    turned = Recording("clip", stems=dict(reversed(clip.stems.items())))

    mix = Sum().mix(clip)

    assert mix.audio.channels == 1
    np.testing.assert_allclose(mix.audio.samples[0], expected, atol=1e-7)
    np.testing.assert_array_equal(mix.audio.samples, Sum().mix(turned).audio.samples)


def test_a_recording_without_stems_has_no_sum():
    with pytest.raises(DatasetError, match="has no stems to add up"):
        Sum().inputs(Recording("clip"))
