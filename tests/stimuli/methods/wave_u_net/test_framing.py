"""Judges: one pass over the whole recording, and the authors' rule written down once more."""

import math
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval_stimuli.methods.wave_u_net.architecture import Architecture, shapes
from mixeval_stimuli.methods.wave_u_net.framing import predict

STRIDE = 8  # of the small network


def in_one_pass(network, stems):
    """Mix stems (inputs, samples) without any framing."""
    samples = stems.shape[1]
    lengths = shapes(network.architecture, samples)
    padded = np.pad(stems, ((0, 0), (lengths.context, lengths.input_frames - lengths.context - samples)))
    with torch.inference_mode():
        mix = network(torch.from_numpy(padded)[None])[0].numpy()
    return np.clip(mix[:, :samples], -1.0, 1.0)


def as_the_authors_do(network, stems, output_frames):
    """Mix as the authors' Evaluate.predict does: pad, walk by whole frames, move the last one back, overwrite."""
    lengths = shapes(network.architecture, output_frames)
    input_frames, output_frames = lengths.input_frames, lengths.output_frames
    samples = stems.shape[1]
    extra = max(0, input_frames - samples)
    stems = np.pad(stems, ((0, 0), (0, extra)))
    whole = stems.shape[1]
    mix = np.zeros((network.architecture.outputs, whole), dtype=np.float32)
    context = (input_frames - output_frames) // 2
    stems = np.pad(stems, ((0, 0), (context, context)))
    for position in range(0, whole, output_frames):
        start = position
        if start + output_frames > whole:
            start = whole - output_frames
        with torch.inference_mode():
            frame = network(torch.from_numpy(stems[:, start : start + input_frames].copy())[None])[0].numpy()
        mix[:, start : start + output_frames] = np.clip(frame, -1.0, 1.0)
    return mix[:, :samples]


@settings(max_examples=40, deadline=None)
@given(samples=st.integers(1, 700), output_frames=st.integers(1, 300))
def test_aligned_frames_are_bit_by_bit_one_pass(make_network, samples, output_frames):
    network = make_network()
    stems = np.random.default_rng(samples).standard_normal((3, samples)).astype(np.float32)

    mix = predict(network, stems, framing="aligned", output_frames=output_frames)

    assert mix.dtype == np.float32
    assert np.abs(mix - in_one_pass(network, stems)).max() == 0.0


def test_the_papers_network_gives_exactly_the_same_mix_for_every_length_of_frame(make_network, noise):
    """One machine, one number of threads: exactly 0.0."""
    network = make_network(Architecture())
    stems = noise(8, 20_000)
    whole = in_one_pass(network, stems)

    for output_frames in (1024, 5000, 16_384):
        mix = predict(network, stems, output_frames=output_frames)
        assert np.abs(mix - whole).max() == 0.0
    assert np.abs(whole).max() > 0.01


def test_other_numbers_of_threads_differ_by_less_than_90_decibels(make_network, noise):
    network = make_network(Architecture(levels=6, filters=16))
    stems = noise(8, 30_000)
    one = predict(network, stems, output_frames=9000)

    torch.set_num_threads(2)
    two = predict(network, stems, output_frames=5000)

    assert np.linalg.norm(two - one) <= 10 ** (-90 / 20) * np.linalg.norm(one)


@settings(max_examples=40, deadline=None)
@given(samples=st.integers(1, 900), output_frames=st.integers(1, 200))
def test_the_authors_frames_are_those_of_their_code(make_network, samples, output_frames):
    network = make_network()
    stems = np.random.default_rng(samples).standard_normal((3, samples)).astype(np.float32)

    mix = predict(network, stems, framing="authors", output_frames=output_frames)

    np.testing.assert_array_equal(mix, as_the_authors_do(network, stems, output_frames))


def test_the_authors_frames_are_not_one_pass(make_network, noise):
    """Their hop is no multiple of the decimations: from the second frame on, the network hears another grid."""
    network = make_network()
    stems = noise(3, 400)
    frames = shapes(network.architecture, 100).output_frames
    assert frames % STRIDE

    difference = np.abs(
        predict(network, stems, framing="authors", output_frames=100) - in_one_pass(network, stems)
    ).max(axis=0)

    assert not difference[:frames].any()
    assert difference[frames] > 0


@pytest.mark.parametrize("framing", ["aligned", "authors"])
@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_whole_numbers_of_frames_end_where_the_recording_does(make_network, noise, framing, frames, beside):
    network = make_network()
    output_frames = shapes(network.architecture, 64).output_frames
    hop = output_frames if framing == "authors" else output_frames // STRIDE * STRIDE
    stems = noise(3, frames * hop + beside)
    judged = as_the_authors_do(network, stems, 64) if framing == "authors" else in_one_pass(network, stems)

    np.testing.assert_array_equal(predict(network, stems, framing=framing, output_frames=64), judged)


@pytest.mark.parametrize("framing", ["aligned", "authors"])
def test_one_sample_becomes_one_sample_and_none_becomes_none(make_network, noise, framing):
    network = make_network()

    assert predict(network, noise(3, 1), framing=framing).shape == (2, 1)
    assert predict(network, noise(3, 0), framing=framing).shape == (2, 0)


@pytest.mark.parametrize("framing", ["aligned", "authors"])
def test_the_mix_stops_at_full_scale(make_network, noise, framing):
    network = make_network(gain=2.0)

    mix = predict(network, 200.0 * noise(3, 500), framing=framing, output_frames=64)

    assert np.abs(mix).max() == 1.0
    assert math.isfinite(float(mix.sum()))


def test_stems_are_left_as_they_were(make_network, noise):
    network = make_network()
    stems = noise(3, 500)
    before = stems.copy()

    predict(network, stems, output_frames=64)

    np.testing.assert_array_equal(stems, before)


def test_only_the_mix_grows_with_the_recording(make_network, noise):
    """NumPy's memory, which holds the frame and the mix; what the network needs hangs on the frame alone."""
    network = make_network()

    def beside_the_mix(samples):
        stems = noise(3, samples)
        tracemalloc.start()
        mix = predict(network, stems, output_frames=1000)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak - mix.nbytes

    assert beside_the_mix(200_000) < beside_the_mix(20_000) + 50_000
