"""Adam as the authors' TensorFlow has it, on PyTorch's, with its moments as arrays."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

BETAS = (0.9, 0.999)
EPSILON = 1e-8

_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


def adam_for(network: nn.Module) -> torch.optim.Adam:
    """Make the optimiser of a network; :func:`prepare` tells it the learning rate before each step."""
    return torch.optim.Adam(network.parameters(), betas=BETAS)


def prepare(adam: torch.optim.Adam, *, step: int, learning_rate: float) -> None:
    """Set what the update of step 0, 1, ... is made with.

    TensorFlow adds epsilon to the root of the raw second moment, v ("epsilon hat" in D. P. Kingma and J. Ba,
    "Adam: A Method for Stochastic Optimization", ICLR 2015, end of section 2), PyTorch to that of v / (1 - b2^t).
    Their updates are the same where PyTorch's epsilon is TensorFlow's over the root of 1 - b2^t, which in the
    first steps is up to 32 times as much.
    """
    epsilon = EPSILON / math.sqrt(1.0 - BETAS[1] ** (step + 1))
    for group in adam.param_groups:
        group["lr"], group["eps"] = learning_rate, epsilon


def moments_of(adam: torch.optim.Adam) -> dict[str, npt.NDArray[np.float32]]:
    """Give both moments and the step of each parameter, by number, as 32-bit arrays."""
    return {
        f"{index}.{name}": np.asarray(values[name].cpu().numpy(), dtype=np.float32)
        for index, values in adam.state_dict()["state"].items()
        for name in _MOMENTS
    }


def put_moments(adam: torch.optim.Adam, moments: Mapping[str, npt.NDArray[np.floating]]) -> None:
    """Put moments back. Raises KeyError when one is missing."""
    count = sum(len(group["params"]) for group in adam.param_groups)
    state = {
        index: {name: torch.from_numpy(moments[f"{index}.{name}"].copy()) for name in _MOMENTS}
        for index in range(count)
    }
    adam.load_state_dict({**adam.state_dict(), "state": state})
