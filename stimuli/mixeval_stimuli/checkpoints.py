"""Checkpoints: trained networks as data, in one safetensors file with its own card.

No pickle is written or opened. The card is JSON inside the file: what the network is, what it was trained on and
how far, with which versions, and the SHA-256 of its weights. A file is used only when all of it agrees.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mixeval.errors import ModelError
from mixeval_stimuli.drafts import draft_in, publish

Tensors = Mapping[str, npt.NDArray[np.floating]]

MAX_BYTES = 2**30
"""No network here comes near; a file that does is not one of ours."""

_CARD = "mixeval"
_DTYPES = {"F16", "F32", "F64"}
"""NumPy has no bfloat16."""


class Card(BaseModel):
    """What a checkpoint says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    format: Literal[1] = 1
    kind: str
    """What the weights belong to, such as "wave-u-net"."""
    architecture: Mapping[str, JsonValue]
    input_lufs: float | None = None
    """Loudness that the sum of a recording's stems is brought to before they enter; none leaves them as they are."""
    training: Mapping[str, JsonValue] = Field(default_factory=dict)
    """Data, options, steps, losses and versions, as training knew them."""
    weights_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = "0" * 64


def write_checkpoint(path: Path, tensors: Tensors, card: Card) -> None:
    """Write weights and card to `path`, whole or not at all.

    Raises ModelError when a weight is not finite or the file cannot be written.
    """
    tensors = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    _check_finite(path, tensors)
    card = card.model_copy(update={"weights_sha256": weights_sha256(tensors)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft_in(path.parent) as draft:
            # Its own file writer lets nobody but the owner read the file.
            draft.write_bytes(save(dict(tensors), metadata={_CARD: card.model_dump_json()}))
            publish(draft, path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written ({error.strerror or error})",
            remedy="free space, allow writing there, or name another path",
        ) from error


def read_checkpoint(path: Path, *, kind: str) -> tuple[dict[str, npt.NDArray[np.floating]], Card]:
    """Read the weights, as they are stored, and the card of a checkpoint of `kind`.

    Raises ModelError when the file is missing, is no safetensors file or not one of mixeval's, holds another kind
    of model, holds weights that are not finite, or when the weights are not those that the card was written for.
    """
    with _opened(path) as file:
        card = _card(path, file.metadata(), kind)
        tensors = {name: _tensor(path, file, name) for name in sorted(file.keys())}
    if weights_sha256(tensors) != card.weights_sha256:
        raise ModelError(
            f"{path} holds other weights than its card was written for (their SHA-256 differ)",
            remedy="copy it again from its source",
        )
    _check_finite(path, tensors)
    return tensors, card


def read_card(path: Path, *, kind: str) -> Card:
    """Read the card alone. Raises ModelError as :func:`read_checkpoint`, but for what is wrong with weights."""
    with _opened(path) as file:
        return _card(path, file.metadata(), kind)


def weights_sha256(tensors: Tensors) -> str:
    """Hash names, types, shapes and values of weights."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        values = np.ascontiguousarray(tensors[name])
        digest.update(json.dumps([name, values.dtype.str, values.shape]).encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[safe_open]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"{path} is larger than any checkpoint", remedy="name a checkpoint")
        with safe_open(path, framework="numpy") as file:
            yield file
    except FileNotFoundError as error:
        raise ModelError(
            f"{path} is missing", remedy="put the checkpoint there or correct the path"
        ) from error
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror or error})", remedy="make it a readable file"
        ) from error
    except SafetensorError as error:
        raise ModelError(
            f"{path} is no checkpoint, or a damaged one ({error})",
            remedy="copy it again; .pt files come in through mixeval train import-checkpoint",
        ) from error


def _card(path: Path, metadata: Mapping[str, str] | None, kind: str) -> Card:
    text = (metadata or {}).get(_CARD)
    if text is None:
        raise ModelError(
            f"{path} is a safetensors file without mixeval's card, so nobody knows what its weights are",
            remedy="import it with mixeval train import-checkpoint",
        )
    try:
        card = Card.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the whole"
        raise ModelError(
            f"{path} has a card that cannot be read ({where}: {first['msg']})",
            remedy="copy it again, or update mixeval if a later version wrote it",
        ) from error
    if card.kind != kind:
        raise ModelError(
            f'{path} holds a model of kind "{card.kind}" where "{kind}" is needed',
            remedy="name the checkpoint of such a model",
        )
    return card


def _tensor(path: Path, file: safe_open, name: str) -> npt.NDArray[np.floating]:
    kind = file.get_slice(name).get_dtype()
    if kind not in _DTYPES:
        raise ModelError(f'{path} holds "{name}" as {kind}', remedy="save its weights as 16 or 32 bit floats")
    values: npt.NDArray[np.floating] = file.get_tensor(name)
    return values


def _check_finite(path: Path, tensors: Tensors) -> None:
    for name, values in tensors.items():
        if not np.isfinite(values).all():
            bad = math.prod(values.shape) - int(np.isfinite(values).sum())
            raise ModelError(
                f'{path}: {bad} of the weights "{name}" are not finite numbers',
                remedy="train again with a lower learning rate, or use an earlier checkpoint",
            )
