"""A start by least squares: a network that mixes from its first step as well as a short filter for each stem can.

A mix is mostly gain, pan and equalisation, which is linear. The normal equations give the best such mix of the
training set at once; the network starts as exactly that mix and learns what is left: longer filters, dynamics,
reverb. This is ours, not the paper's, and is off unless it is asked for.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import torch

from mixeval.errors import ModelError
from mixeval_stimuli.methods.wave_u_net.network import LEAK, Network
from mixeval_stimuli.training.snippets import Batch

Filters = npt.NDArray[np.float64]

RIDGE = 1e-6
"""Of the mean power of the stems: keeps a stem that is silent everywhere from having any gain."""


def fit_filters(batches: Iterable[Batch], taps: int) -> Filters:
    """Fit filters (outputs, inputs, taps), centred on their output sample, that bring stems closest to mixes."""
    power: Filters | None = None
    cross: Filters | None = None
    for batch in batches:
        for stems, mix in zip(batch.stems, batch.mixes, strict=True):
            rows = _delayed(stems, mix.shape[1], taps)
            if power is None or cross is None:
                power, cross = np.zeros((len(rows),) * 2), np.zeros((len(rows), len(mix)))
            power += rows @ rows.T
            cross += rows @ mix.astype(np.float64).T
    if power is None or cross is None:
        raise ModelError("there is nothing to fit filters to", remedy="name a data set with a train subset")
    ridge = RIDGE * max(np.trace(power) / len(power), np.finfo(float).tiny)
    solved = np.linalg.solve(power + ridge * np.eye(len(power)), cross)
    return solved.T.reshape(cross.shape[1], -1, taps)


def put_filters(network: Network, filters: Filters) -> None:
    """Make a network answer with filters (outputs, inputs, down_kernel), and leave it all its freedom.

    Two opposite filters for each output go down the first skip connection: behind a LeakyReLU of slope a,
    f(y) - f(-y) = (1 + a) y, which is linear again. The other features start with no weight in the output.
    """
    outputs = len(filters)
    first = network.down[0].get_parameter("weight")
    last = network.up[-1].get_parameter("weight")
    output = network.output.weight
    if 2 * outputs > first.shape[0]:
        raise ModelError(
            f"a network of {first.shape[0]} filters cannot start from the filters of {outputs} outputs",
            remedy="give it more filters, or initialise it as the paper does",
        )
    used = slice(0, 2 * outputs)
    signs = torch.tensor([1.0, -1.0])
    with torch.no_grad():
        both = torch.from_numpy(filters.astype(np.float32))[:, None] * signs[None, :, None, None]
        first[used] = both.reshape(2 * outputs, *filters.shape[1:])
        last[used] = 0.0
        output.zero_()
        stems = filters.shape[1]
        for index in range(outputs):
            for row, sign in enumerate(signs):
                for column, other in enumerate(signs):
                    last[2 * index + row, 2 * index + column, last.shape[2] // 2] = sign * other
                output[index, stems + 2 * index + row, 0] = sign / (1.0 + LEAK) ** 2


def _delayed(stems: npt.NDArray[np.float32], frames: int, taps: int) -> npt.NDArray[np.float64]:
    """Lay each tap of each stem (inputs, samples) out as a row (inputs * taps, frames) around the middle."""
    start = (stems.shape[1] - frames) // 2 - taps // 2
    windows = [stems[:, start + tap : start + tap + frames] for tap in range(taps)]
    return np.stack(windows, axis=1).reshape(len(stems) * taps, frames).astype(np.float64)
