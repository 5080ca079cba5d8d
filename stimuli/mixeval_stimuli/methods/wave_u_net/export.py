"""Export: a checkpoint as it ships, with weights of 16 bits and a card that says what people should know."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from pydantic import JsonValue

from mixeval.errors import ModelError
from mixeval_stimuli.checkpoints import Card, Tensors, read_card, read_checkpoint, write_checkpoint
from mixeval_stimuli.methods.wave_u_net.architecture import shapes
from mixeval_stimuli.methods.wave_u_net.network import Network
from mixeval_stimuli.methods.wave_u_net.weights import KIND, load_network

_TRIAL_FRAMES = 16_384
_TRIAL_RMS = 0.05


@dataclass(frozen=True)
class Exported:
    """What was written."""

    card: Card
    file_bytes: int
    error_db: float
    """Of the mix of noise by the exported network, relative to the mix by the original; -inf where they are equal."""


def export_checkpoint(
    path: Path,
    target: Path,
    *,
    half: bool = False,
    notes: Mapping[str, str] | None = None,
    evaluation: Mapping[str, JsonValue] | None = None,
) -> Exported:
    """Write the network of `path` to `target`, in 16-bit floats if `half`; notes and evaluation join its card's.

    Raises ModelError as :func:`~mixeval_stimuli.checkpoints.read_checkpoint` and
    :func:`~mixeval_stimuli.checkpoints.write_checkpoint` do, and when a weight is too large for 16 bits.
    """
    tensors, card = read_checkpoint(path, kind=KIND)
    original, _ = load_network(path)
    extended = card.model_copy(
        update={
            "notes": {**card.notes, **(notes or {})},
            "evaluation": {**card.evaluation, **(evaluation or {})},
        }
    )
    write_checkpoint(target, _halved(path, tensors) if half else tensors, extended)
    exported, _ = load_network(target)
    return Exported(read_card(target, kind=KIND), target.stat().st_size, error_db(exported, original))


def error_db(network: Network, judge: Network, *, seed: int = 0) -> float:
    """Compare two networks of one architecture on noise: energy of the difference by that of the judge's mix, in dB."""
    frames = shapes(judge.architecture, _TRIAL_FRAMES).input_frames
    random = np.random.default_rng(seed)
    noise = _TRIAL_RMS * random.standard_normal((1, len(judge.architecture.inputs), frames))
    stems = torch.from_numpy(noise.astype(np.float32))
    with torch.inference_mode():
        expected, found = judge(stems).double(), network(stems).double()
    error, whole = float((found - expected).square().sum()), float(expected.square().sum())
    with np.errstate(divide="ignore"):
        return float(10.0 * np.log10(np.float64(error) / max(whole, np.finfo(np.float64).tiny)))


def _halved(path: Path, tensors: Tensors) -> Tensors:
    largest = float(np.finfo(np.float16).max)
    for name, values in tensors.items():
        if np.abs(values).max(initial=0.0) > largest:
            raise ModelError(
                f'{path}: the weights "{name}" pass {largest:g}, the largest 16-bit float',
                remedy="export it without --half",
            )
    return {name: values.astype(np.float16) for name, values in tensors.items()}
