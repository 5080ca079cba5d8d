"""Judges: the paper's counts, gradients, and the same network once more in plain numpy, in double precision."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval_stimuli.methods.wave_u_net.architecture import Architecture, shapes
from mixeval_stimuli.methods.wave_u_net.network import Network


def convolve(signal, layer):
    """Slide kernels (outputs, inputs, taps) over a signal (inputs, samples), where all of them lies inside."""
    kernels, biases = (layer[name].astype(np.float64) for name in ("weight", "bias"))
    windows = np.lib.stride_tricks.sliding_window_view(signal, kernels.shape[2], axis=1)
    return np.einsum("oit,int->on", kernels, windows) + biases[:, None]


def leaky(signal):
    return np.where(signal > 0, signal, 0.2 * signal)


def upsample(signal):
    between = (signal[:, :-1] + signal[:, 1:]) / 2
    longer = np.empty((signal.shape[0], 2 * signal.shape[1] - 1))
    longer[:, 0::2], longer[:, 1::2] = signal, between
    return longer


def middle(signal, frames):
    cut = signal.shape[1] - frames
    assert cut % 2 == 0
    return signal[:, cut // 2 : signal.shape[1] - cut // 2]


def in_numpy(network, stems):
    """Mix stems (inputs, samples) as the paper describes its network."""
    weights = {name: values.detach().numpy() for name, values in network.state_dict().items()}

    def layer(name):
        return {kind: weights[f"{name}.{kind}"] for kind in ("weight", "bias")}

    levels = network.architecture.levels
    features, skips = stems.astype(np.float64), []
    for level in range(levels):
        features = leaky(convolve(features, layer(f"down.{level}")))
        skips.append(features)
        features = features[:, 0::2]
    features = leaky(convolve(features, layer("bottleneck")))
    for level in range(levels):
        features = upsample(features)
        skip = middle(skips.pop(), features.shape[1])
        features = leaky(convolve(np.concatenate([skip, features]), layer(f"up.{level}")))
    stems = middle(stems.astype(np.float64), features.shape[1])
    return convolve(np.concatenate([stems, features]), layer("output"))


@settings(max_examples=25, deadline=None)
@given(
    levels=st.integers(1, 4),
    filters=st.integers(1, 5),
    down_kernel=st.sampled_from([1, 3, 7, 15]),
    up_kernel=st.sampled_from([1, 3, 5]),
    inputs=st.integers(1, 8),
    outputs=st.integers(1, 2),
    output_frames=st.integers(1, 400),
    seed=st.integers(0, 2**16),
)
def test_it_agrees_with_the_same_network_in_numpy(  # noqa: PLR0917 - hypothesis fills them by name
    make_network, levels, filters, down_kernel, up_kernel, inputs, outputs, output_frames, seed
):
    architecture = Architecture(
        levels=levels, filters=filters, down_kernel=down_kernel, up_kernel=up_kernel,
        inputs=tuple(f"stem {number}" for number in range(inputs)), outputs=outputs,
    )  # fmt: skip
    lengths = shapes(architecture, output_frames)
    network = make_network(architecture, seed=seed)
    stems = np.random.default_rng(seed).standard_normal((inputs, lengths.input_frames)).astype(np.float32)
    judged = in_numpy(network, stems)

    mixed = network(torch.from_numpy(stems)[None]).detach().numpy()[0]
    with torch.inference_mode():
        predicted = network(torch.from_numpy(stems)[None]).numpy()[0]

    assert mixed.shape == (outputs, lengths.output_frames)
    tolerance = 1e-5 * max(1.0, np.abs(judged).max())
    np.testing.assert_allclose(mixed, judged, rtol=0, atol=tolerance)
    np.testing.assert_allclose(predicted, judged, rtol=0, atol=tolerance)


@pytest.mark.parametrize("output_frames", [1, 16384, 88200])
def test_every_layer_of_the_papers_network_gives_the_length_that_was_computed(output_frames):
    # Without memory or arithmetic: shapes alone go through.
    with torch.device("meta"):
        network = Network()
    lengths = shapes(Architecture(), output_frames)
    seen = []
    layers = [*network.down, network.bottleneck, *network.up, network.output]
    for layer in layers:
        layer.register_forward_hook(lambda _layer, _stems, output: seen.append(tuple(output.shape[1:])))

    network(torch.empty(1, 8, lengths.input_frames, device="meta"))

    assert seen == [
        *((24 * level, frames) for level, frames in enumerate(lengths.down, start=1)),
        (264, lengths.bottleneck),
        *((24 * level, frames) for level, frames in zip(range(10, 0, -1), lengths.up, strict=True)),
        (2, lengths.output_frames),
    ]


def test_the_papers_network_has_its_number_of_weights():
    with torch.device("meta"):
        network = Network()

    assert sum(weights.numel() for weights in network.parameters()) == 6_183_450
    assert network.output.weight.shape == (2, 32, 1)


def heard_by(output_sample):
    """Follow an output sample of the paper's network back along its longest way: first and last sample of input."""
    first = last = output_sample
    for _ in range(10):
        last += 4
        first, last = first // 2, -(-last // 2)
    last += 14
    for _ in range(10):
        first, last = 2 * first, 2 * last + 14
    return first, last


def test_the_receptive_field_is_0_74_to_0_77_seconds():
    lengths = [last - first + 1 for first, last in map(heard_by, range(1024))]

    assert (min(lengths), max(lengths)) == (32755, 33779)


@pytest.mark.parametrize("output_sample", [0, 511, 1023])
def test_an_output_sample_hears_what_the_decimations_leave_it(output_sample):
    lengths = shapes(Architecture(), 1024)
    network = Network()
    with torch.no_grad():
        for weights in network.parameters():
            # All positive, so that no two ways from a sample of input to the output can cancel.
            weights.copy_(torch.full_like(weights, 1.0 / weights[0].numel()))
    stems = torch.zeros(1, 8, lengths.input_frames, requires_grad=True)

    network(stems)[0, 0, output_sample].backward()

    (samples,) = stems.grad[0, 0].nonzero(as_tuple=True)
    assert (int(samples[0]), int(samples[-1])) == heard_by(output_sample)


def test_it_starts_as_tensorflows_layers_do():
    torch.manual_seed(7)
    network = Network()

    for name, values in network.named_parameters():
        if name.endswith("bias"):
            assert not values.any()
            continue
        outputs, inputs, taps = values.shape
        bound = np.sqrt(6.0 / (taps * (inputs + outputs)))  # Glorot and Bengio 2010, equation 16
        assert values.abs().max() <= bound
        if values.numel() > 5000:
            assert values.abs().max() > 0.99 * bound
            assert values.std().item() == pytest.approx(bound / np.sqrt(3.0), rel=0.03)
            assert abs(values.mean().item()) < 0.05 * bound


def test_the_output_is_linear_and_may_pass_full_scale(make_network, noise):
    network = make_network(gain=2.0)
    lengths = shapes(network.architecture, 100)
    stems = torch.from_numpy(noise(3, lengths.input_frames))[None]

    with torch.inference_mode():
        loud = network(50.0 * stems)

    assert loud.abs().max() > 1.5


def test_predicting_and_training_are_the_same_network(make_network, noise):
    network = make_network()
    lengths = shapes(network.architecture, 300)
    stems = torch.from_numpy(noise(3, lengths.input_frames))[None]

    training = network(stems)
    with torch.inference_mode():
        predicting = network(stems)

    # Two libraries of convolutions: the last bits may differ.
    np.testing.assert_allclose(predicting.numpy(), training.detach().numpy(), rtol=0, atol=1e-6)


def test_gradients_reach_every_weight_and_are_right(make_network):
    network = make_network().double()
    lengths = shapes(network.architecture, 8)
    stems = torch.randn(
        1, 3, lengths.input_frames, dtype=torch.float64, generator=torch.Generator().manual_seed(2)
    )
    names, weights = zip(*network.named_parameters(), strict=True)

    def loss(*values):
        return (
            torch.func.functional_call(network, dict(zip(names, values, strict=True)), (stems,)).abs().mean()
        )

    assert torch.autograd.gradcheck(loss, weights, eps=1e-7, atol=1e-5, fast_mode=True)
    loss(*weights).backward()
    assert all(values.grad is not None and values.grad.abs().max() > 0 for values in weights)
