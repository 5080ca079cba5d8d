"""The models that ship, judged by drums that none of them was trained on and by the mix that asks nothing of a model."""

import statistics

import pytest

from mixeval.audio import read_audio
from mixeval_stimuli.checkpoints import read_checkpoint
from mixeval_stimuli.datasets import synthetic
from mixeval_stimuli.default_models import default_model
from mixeval_stimuli.distance import sdr_db
from mixeval_stimuli.loudness import gain_to_loudness, with_gain
from mixeval_stimuli.methods.random_forest.method import RandomForest
from mixeval_stimuli.methods.sum import Sum
from mixeval_stimuli.methods.wave_u_net.architecture import Architecture
from mixeval_stimuli.methods.wave_u_net.method import WaveUNet

VARIANTS = ("dry", "wet")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    # Another seed than that of training: other strokes, other timing, other kits' hits.
    folder = tmp_path_factory.mktemp("drums") / "tree"
    return synthetic.load(folder, seed=424242, recordings_per_drummer=1, seconds=4.0)


def nearness_db(method, recordings, variant):
    """Mean SDR to the reference mix, both as loud as listeners hear them."""

    def as_heard(audio):
        stereo = audio.as_stereo()
        return with_gain(stereo, gain_to_loudness(stereo, -28.0))

    return statistics.mean(
        sdr_db(as_heard(method.mix(recording).audio), as_heard(read_audio(recording.mixes[variant])))
        for recording in recordings
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_network_that_ships_is_the_papers_in_half_precision_and_says_where_it_comes_from(variant):
    path = default_model(f"wave_u_net_{variant}.safetensors")
    tensors, card = read_checkpoint(path, kind="wave-u-net")

    assert sum(values.size for values in tensors.values()) == 6_183_450
    assert {values.dtype.itemsize for values in tensors.values()} == {2}
    assert path.stat().st_size < 13e6
    assert card.architecture == Architecture().model_dump(mode="json")
    assert card.training["options"]["variant"] == variant
    assert card.training["state"]["best_step"] > 0
    assert "CC BY 4.0" in card.notes["credit"]
    assert card.evaluation


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("method", [WaveUNet, RandomForest])
def test_the_models_that_ship_come_nearer_to_the_reference_than_the_plain_sum(recordings, method, variant):
    nearness = nearness_db(method(variant=variant), recordings, variant)
    assert nearness > nearness_db(Sum(), recordings, variant) + 1.0


@pytest.mark.parametrize("method", [WaveUNet, RandomForest])
def test_a_quieter_recording_gets_the_same_mix(recordings, method, tmp_path):
    import dataclasses

    from mixeval.audio import write_samples

    quieter = {}
    for name, path in recordings[0].stems.items():
        stem = with_gain(read_audio(path), -20.0)
        quieter[name] = tmp_path / f"{name}.wav"
        write_samples(quieter[name], stem.samples, stem.sample_rate, container="WAV", subtype="FLOAT")
    quiet = dataclasses.replace(recordings[0], stems=quieter)
    loud_mix, quiet_mix = (method(variant="dry").mix(recording).audio for recording in (recordings[0], quiet))
    aligned = [with_gain(mix, gain_to_loudness(mix, -28.0)) for mix in (loud_mix, quiet_mix)]
    assert sdr_db(aligned[1].as_stereo(), aligned[0].as_stereo()) > 60.0
