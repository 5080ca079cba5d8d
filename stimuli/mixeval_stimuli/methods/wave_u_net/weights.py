"""Weights: between a network in memory and its checkpoint on disk."""

import json
from functools import lru_cache
from pathlib import Path

import torch
from pydantic import ValidationError

from mixeval.errors import ModelError
from mixeval_stimuli.checkpoints import Card, Tensors, read_checkpoint
from mixeval_stimuli.methods.wave_u_net.architecture import Architecture
from mixeval_stimuli.methods.wave_u_net.network import Network

KIND = "wave-u-net"


def load_network(path: Path) -> tuple[Network, Card]:
    """Load a checkpoint as a network in 32-bit floats, ready to predict; kept in memory for the next call.

    Raises ModelError as :func:`mixeval_stimuli.checkpoints.read_checkpoint`, and when the weights are not those of
    the architecture that the card names.
    """
    try:
        status = path.stat()
    except OSError:
        return _load(path, (0, 0))  # which says what is wrong
    return _load(path, (status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=4)
def _load(path: Path, _state: tuple[int, int]) -> tuple[Network, Card]:
    tensors, card = read_checkpoint(path, kind=KIND)
    try:
        # Through JSON, where an array may become a tuple.
        architecture = Architecture.model_validate_json(json.dumps(dict(card.architecture)))
    except ValidationError as error:
        raise ModelError(
            f"{path} names an architecture that is none ({error.errors()[0]['msg']})",
            remedy="copy the checkpoint again from its source",
        ) from error
    with torch.device("meta"):
        # Shapes without memory: a card could ask for any amount of it.
        network = Network(architecture)
    put_weights(network, tensors, source=str(path))
    return network.eval(), card


def put_weights(network: Network, tensors: Tensors, *, source: str) -> None:
    """Put weights into a network. Raises ModelError that names those that are missing, left over or of another shape."""
    wanted = {name: tuple(values.shape) for name, values in network.state_dict().items()}
    found = {name: tuple(values.shape) for name, values in tensors.items()}
    wrong = [
        *(f"{name} is missing" for name in wanted if name not in found),
        *(f"{name} is left over" for name in found if name not in wanted),
        *(
            f"{name} is {found[name]} where {wanted[name]} belongs"
            for name in wanted
            if name in found and found[name] != wanted[name]
        ),
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ModelError(
            f"{source} holds the weights of another architecture ({'; '.join(wrong[:3])}{more})",
            remedy="use the checkpoint with the architecture that it was trained with",
        )
    network.load_state_dict(
        {name: torch.tensor(values, dtype=torch.float32) for name, values in tensors.items()},
        # An optimiser may hold the weights of a network that has some already.
        assign=network.output.weight.is_meta,
    )


def weights_of(network: Network) -> Tensors:
    """Give a network's weights as 32-bit arrays by name."""
    return {name: values.detach().cpu().numpy() for name, values in network.state_dict().items()}
