"""Small networks and their recordings; torch keeps to one thread, since other tests run beside these."""

import numpy as np
import pytest
import torch

from mixeval_stimuli.methods.wave_u_net.architecture import Architecture
from mixeval_stimuli.methods.wave_u_net.network import Network

SMALL = Architecture(levels=3, filters=4, down_kernel=7, up_kernel=3, inputs=("kick", "snare", "overhead_L"))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def make_network():
    """Make a network with seeded weights, biases too."""

    def made(architecture=SMALL, seed=1, gain=1.0):
        network = Network(architecture)
        random = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for weight in network.parameters():
                # About what Glorot gives, and biases that are not zero, so that a lost one is noticed.
                scale = (2.0 / weight[0].numel()) ** 0.5 if weight.ndim == 3 else 0.05
                weight.copy_(gain * scale * torch.randn(weight.shape, generator=random))
        return network.eval()

    return made


@pytest.fixture
def noise():
    """Make stems (inputs, samples) of noise."""

    def made(inputs, samples, seed=3):
        return (0.1 * np.random.default_rng(seed).standard_normal((inputs, samples))).astype(np.float32)

    return made
