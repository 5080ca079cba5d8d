"""Judge: Adam in NumPy as TensorFlow documents it (tf.compat.v1.train.AdamOptimizer), in double precision."""

import numpy as np
import pytest
import torch
from torch import nn

from mixeval_stimuli.training.adam import adam_for, moments_of, prepare, put_moments


class Weights(nn.Module):
    def __init__(self, values):
        super().__init__()
        self.values = nn.Parameter(torch.tensor(values, dtype=torch.float64))


def tensorflows(values, gradients, rate):
    m = v = np.zeros_like(values)
    for t, gradient in enumerate(gradients, start=1):
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        values = values - rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-8)
    return values


def stepped(network, adam, gradients, *, first=0, rate=1e-4):
    for step, gradient in enumerate(gradients, start=first):
        network.values.grad = torch.tensor(gradient)
        prepare(adam, step=step, learning_rate=rate)
        adam.step()


# Gradients around epsilon are where the two programs differ.
SCALES = np.array([1.0, 1e-3, 1e-6, 1e-7, 1e-8, 1e-9])


def test_updates_are_tensorflows_also_for_gradients_as_small_as_epsilon():
    gradients = np.random.default_rng(0).standard_normal((30, 6)) * SCALES
    start = np.ones(6)
    network = Weights(start)
    stepped(network, adam_for(network), gradients)
    assert network.values.detach().numpy() == pytest.approx(
        tensorflows(start, gradients, 1e-4), rel=0, abs=1e-12
    )


def test_pytorchs_own_epsilon_would_make_other_updates():
    gradients = np.random.default_rng(0).standard_normal((30, 6)) * SCALES
    network = Weights(np.ones(6))
    adam = torch.optim.Adam(network.parameters(), lr=1e-4, eps=1e-8)
    for gradient in gradients:
        network.values.grad = torch.tensor(gradient)
        adam.step()
    expected = tensorflows(np.ones(6), gradients, 1e-4)
    assert np.max(np.abs(network.values.detach().numpy() - expected)) > 1e-5


def test_moments_go_through_arrays_and_back_without_a_trace():
    gradients = np.random.default_rng(1).standard_normal((8, 6)).astype(np.float32)
    straight = Weights([0.5] * 6).float()
    stepped(straight, adam_for(straight), gradients)

    halfway = Weights([0.5] * 6).float()
    adam = adam_for(halfway)
    stepped(halfway, adam, gradients[:4])
    resumed = Weights([0.0] * 6).float()
    resumed.load_state_dict(halfway.state_dict())
    again = adam_for(resumed)
    put_moments(again, moments_of(adam))
    stepped(resumed, again, gradients[4:], first=4)
    assert torch.equal(resumed.values, straight.values)


def test_a_missing_moment_is_an_error():
    network = Weights([1.0])
    with pytest.raises(KeyError):
        put_moments(adam_for(network), {})
