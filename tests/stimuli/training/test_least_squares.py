"""Judges: known filters, which have to be found, and NumPy's own convolution."""

import numpy as np
import pytest
import torch

from mixeval.errors import ModelError
from mixeval_stimuli.methods.wave_u_net.architecture import Architecture, shapes
from mixeval_stimuli.methods.wave_u_net.network import Network
from mixeval_stimuli.training.least_squares import fit_filters, put_filters
from mixeval_stimuli.training.snippets import Batch

TAPS = 15
STEMS = 3
ARCHITECTURE = Architecture(levels=3, filters=4, inputs=("kick", "snare", "tom"))
LENGTHS = shapes(ARCHITECTURE, 2000)


def filtered(stems, filters, frames):
    """Filter stems (inputs, samples) in double precision, and give the `frames` in the middle of the outputs."""
    mix = [
        # np.convolve turns its second argument round, and a filter here lies as it is slid along.
        sum(np.convolve(stem, taps[::-1], mode="same") for stem, taps in zip(stems, output, strict=True))
        for output in filters
    ]
    start = (stems.shape[1] - frames) // 2
    return np.stack(mix)[:, start : start + frames]


@pytest.fixture
def filters():
    return 0.3 * np.random.default_rng(5).standard_normal((2, STEMS, TAPS))


def batches(filters, *, silent=()):
    for seed in range(3):
        stems = np.random.default_rng(seed).standard_normal((STEMS, LENGTHS.input_frames)).astype(np.float32)
        stems[list(silent)] = 0.0
        mix = filtered(stems.astype(np.float64), filters, LENGTHS.output_frames)
        yield Batch(stems[np.newaxis], mix[np.newaxis].astype(np.float32))


def test_the_filters_of_a_mix_are_found(filters):
    assert fit_filters(batches(filters), TAPS) == pytest.approx(filters, abs=1e-5)


def test_a_stem_that_never_sounds_gets_no_gain(filters):
    found = fit_filters(batches(filters, silent=[1]), TAPS)
    assert found[:, [0, 2]] == pytest.approx(filters[:, [0, 2]], abs=1e-5)
    assert found[:, 1] == pytest.approx(0.0, abs=1e-9)


def test_a_network_begins_as_the_filters(filters):
    torch.manual_seed(0)
    network = Network(ARCHITECTURE)
    put_filters(network, filters)
    (batch, *_) = batches(filters)
    with torch.inference_mode():
        mix = network(torch.from_numpy(batch.stems)).numpy()
    assert mix == pytest.approx(batch.mixes, abs=1e-5)


def test_a_network_that_begins_as_filters_can_learn_everything_else(filters):
    torch.manual_seed(0)
    network = Network(ARCHITECTURE)
    put_filters(network, filters)
    (batch, *_) = batches(filters)
    network(torch.from_numpy(batch.stems)).square().mean().backward()
    # The output's weights of features it does not use yet have a slope, though they are zero.
    assert (network.output.weight.grad.abs() > 0).all()


def test_a_network_of_too_few_filters_is_refused(filters):
    network = Network(Architecture(levels=3, filters=3, inputs=("kick", "snare", "tom")))
    with pytest.raises(ModelError, match="a network of 3 filters cannot start from the filters of 2 outputs"):
        put_filters(network, filters)


def test_nothing_to_fit_to_is_refused():
    with pytest.raises(ModelError, match="nothing to fit filters to"):
        fit_filters([], TAPS)
