"""Judges: networks that give one stem or a known filter of it back, level, and a study rendered again."""

import os

import numpy as np
import pytest
import soundfile
import torch
from scipy.signal import butter, sosfiltfilt

from mixeval.audio import Audio
from mixeval.errors import DatasetError, ModelError
from mixeval.manifest import read_manifest
from mixeval.study import read_study
from mixeval_stimuli.checkpoints import Card, write_checkpoint
from mixeval_stimuli.comparison.rendered import open_rendered, remarks
from mixeval_stimuli.loudness import gain_to_loudness, with_gain
from mixeval_stimuli.methods.wave_u_net.method import WaveUNet
from mixeval_stimuli.methods.wave_u_net.weights import KIND, weights_of
from mixeval_stimuli.recordings import Recording
from mixeval_stimuli.render import render_study

NAMES = ("kick", "snare", "overhead_L")


def save(path, network, *, input_lufs=None, variant=None):
    training = {} if variant is None else {"options": {"variant": variant}}
    architecture = network.architecture.model_dump(mode="json")
    card = Card(kind=KIND, architecture=architecture, input_lufs=input_lufs, training=training)
    write_checkpoint(path, weights_of(network), card)
    return str(path)


@pytest.fixture
def picking(make_network, tmp_path):
    """Save a network that gives the overhead to the left and the inverted snare to the right, and nothing else."""
    network = make_network()
    with torch.no_grad():
        for values in network.parameters():
            values.zero_()
        network.output.weight[0, NAMES.index("overhead_L")] = 1.0
        network.output.weight[1, NAMES.index("snare")] = -1.0
    return save(tmp_path / "picking.safetensors", network)


@pytest.fixture
def make_recording(tmp_path):
    """Write stems of noise bursts that keep below 20 kHz, which is what 44.1 kHz can hold."""

    def made(rate=44_100, *, gain_db=0.0, seconds=1.3, names=NAMES, frames=None):
        folder = tmp_path / f"{rate} {gain_db} {seconds} {frames}"
        folder.mkdir(exist_ok=True)
        count = round(seconds * rate) if frames is None else frames
        time = np.arange(count) / rate
        low_pass = butter(8, 12_000, fs=rate, output="sos")
        for number, name in enumerate(names):
            noise = np.random.default_rng(number).standard_normal(count)
            burst = sosfiltfilt(low_pass, noise * np.exp(-12.0 * ((time - 0.05 * number) % 0.4)))
            soundfile.write(
                folder / f"{name}.wav", 0.1 * 10.0 ** (gain_db / 20.0) * burst, rate, subtype="FLOAT"
            )
        return Recording("take 1", stems={name: folder / f"{name}.wav" for name in names})

    return made


def stem(recording, name):
    return soundfile.read(recording.stems[name], dtype="float32")[0]


def test_each_output_is_its_side_and_every_sample_stays_where_it_was(picking, make_recording):
    recording = make_recording()

    mix = WaveUNet(variant="dry", checkpoint=picking).mix(recording)

    assert mix.audio.sample_rate == 44_100
    np.testing.assert_array_equal(mix.audio.samples[0], stem(recording, "overhead_L"))
    np.testing.assert_array_equal(mix.audio.samples[1], -stem(recording, "snare"))


@pytest.mark.parametrize("rate", [48_000, 88_200, 96_000])
@pytest.mark.parametrize("frames", [30_011, 48_000])
def test_a_recording_of_another_rate_comes_back_at_it_as_long_and_in_time(
    picking, make_recording, rate, frames
):
    recording = make_recording(rate, frames=frames)

    audio = WaveUNet(variant="dry", checkpoint=picking).mix(recording).audio

    assert (audio.sample_rate, audio.frames) == (rate, frames)
    for side, sign, name in ((0, 1.0, "overhead_L"), (1, -1.0, "snare")):
        expected = sign * stem(recording, name)
        # There and back, ends aside, where there is no more signal to filter.
        inside = slice(2000, -2000)
        error = np.linalg.norm((audio.samples[side] - expected)[inside])
        assert error < 1e-4 * np.linalg.norm(expected[inside])


@pytest.mark.parametrize("input_lufs", [-26.0, -40.0])
def test_a_recording_at_another_level_gives_the_same_stimulus(
    make_network, make_recording, tmp_path, input_lufs
):
    network = make_network(gain=0.7)
    method = WaveUNet(
        variant="wet", checkpoint=save(tmp_path / "net.safetensors", network, input_lufs=input_lufs)
    )

    def stimulus(gain_db):
        audio = method.mix(make_recording(gain_db=gain_db)).audio
        return with_gain(audio, gain_to_loudness(audio, -28.0)).samples.astype(np.float64)

    loud = stimulus(0.0)
    for gain_db in (-40.0, -80.0, 12.0):
        error = np.sum(np.square(stimulus(gain_db) - loud)) / np.sum(np.square(loud))
        assert 10.0 * np.log10(error) < -110.0


def test_the_gain_of_the_stems_is_told(make_network, make_recording, tmp_path):
    network = save(tmp_path / "net.safetensors", make_network(), input_lufs=-26.0)
    recording = make_recording()
    expected = gain_to_loudness(
        Audio(np.sum([stem(recording, name) for name in NAMES], axis=0)[np.newaxis], 44_100), -26.0
    )

    found = WaveUNet(variant="dry", checkpoint=network).mix(recording).parameters["input_gain_db"]

    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("frames", [1, 100, 1023, 1025, 17_000])
def test_a_recording_shorter_than_a_frame_keeps_its_length(picking, make_recording, frames):
    recording = make_recording()
    short = {}
    for name, path in recording.stems.items():
        short[name] = path.with_name(f"short {name}.wav")
        soundfile.write(short[name], stem(recording, name)[:frames], 44_100, subtype="FLOAT")

    for framing in ("aligned", "authors"):
        method = WaveUNet(variant="dry", checkpoint=picking, framing=framing)
        audio = method.mix(Recording("short", stems=short)).audio
        np.testing.assert_array_equal(audio.samples[0], stem(recording, "overhead_L")[:frames])


def test_a_stem_that_is_missing_is_silence_and_told_or_refused(picking, make_recording):
    whole = make_recording()
    without = Recording("take 1", stems={name: whole.stems[name] for name in ("overhead_L", "kick")})

    mix = WaveUNet(variant="dry", checkpoint=picking).mix(without)

    assert not mix.audio.samples[1].any()
    assert mix.parameters["silent_inputs"] == ["snare"]
    refusing = WaveUNet(variant="dry", checkpoint=picking, missing="refuse")
    with pytest.raises(DatasetError, match=r'"take 1" has no stem snare, it has overhead_L, kick'):
        refusing.inputs(without)
    with pytest.raises(DatasetError, match="has no stem kick, snare, overhead_L"):
        WaveUNet(variant="dry", checkpoint=picking).mix(
            Recording("take 1", stems={"hat": whole.stems["kick"]})
        )


def test_stems_that_the_network_does_not_know_are_noted(picking, make_recording):
    whole = make_recording()
    more = Recording("take 1", stems={**whole.stems, "cowbell": whole.stems["kick"]})

    mix = WaveUNet(variant="dry", checkpoint=picking).mix(more)

    assert mix.notes == ("the network does not listen to cowbell",)
    assert mix.parameters["unheard_stems"] == ["cowbell"]


def test_a_network_of_the_other_variant_is_refused(make_network, make_recording, tmp_path):
    path = save(tmp_path / "net.safetensors", make_network(), variant="wet")

    with pytest.raises(ModelError, match="was trained for wet mixes where dry ones are asked for"):
        WaveUNet(variant="dry", checkpoint=path).inputs(make_recording())


STUDY = """
[study]
title = "A network and a sum"

[stimuli]
dataset = { kind = "folder", path = "takes", stems = { kick = "kick.wav", snare = "snare.wav", overhead_L = "overhead_L.wav" } }

[[stimuli.conditions]]
id = "network"
method = "wave_u_net"
options = { variant = "dry", checkpoint = "models/net.safetensors" }
compare_to = "sum"

[[stimuli.conditions]]
id = "sum"
method = "sum"
role = "reference"
"""


@pytest.fixture
def study_folder(make_network, make_recording, tmp_path):
    folder = tmp_path / "study"
    recording = make_recording()
    (folder / "takes" / "take 1").mkdir(parents=True)
    for name, path in recording.stems.items():
        path.rename(folder / "takes" / "take 1" / f"{name}.wav")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    save(folder / "models" / "net.safetensors", make_network(seed=1), input_lufs=-26.0)
    return folder


def test_a_checkpoint_that_was_replaced_mixes_its_own_condition_again(make_network, study_folder):
    first = render_study(read_study(study_folder), study_folder, workers=1)
    again = render_study(read_study(study_folder), study_folder, workers=1)
    path = study_folder / "models" / "net.safetensors"
    before = path.stat()
    save(path, make_network(seed=2), input_lufs=-26.0)
    # As large and, for whoever looks at the clock of a coarse file system, nearly as old.
    os.utime(path, ns=(before.st_mtime_ns + 1, before.st_mtime_ns + 1))
    replaced = render_study(read_study(study_folder), study_folder, workers=1)

    assert (first.mixed, again.mixed, replaced.mixed, replaced.reused) == (2, 0, 1, 1)
    network, total = replaced.manifest.stimuli
    old_network, old_total = first.manifest.stimuli
    assert network.file != old_network.file
    assert network.parameters["weights_sha256"] != old_network.parameters["weights_sha256"]
    assert total == old_total


def test_the_manifest_keeps_the_option_beside_what_it_led_to(study_folder):
    render_study(read_study(study_folder), study_folder, workers=1)

    stimulus = read_manifest(study_folder).stimuli[0]
    assert stimulus.parameters["checkpoint"] == "models/net.safetensors"
    assert stimulus.parameters["checkpoint_file"] == "net.safetensors"
    assert remarks(open_rendered(study_folder)) == ()
