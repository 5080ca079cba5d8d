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
from mixeval_stimuli.model_file import check_model_file

Tensors = Mapping[str, npt.NDArray[np.floating]]

MAX_BYTES = 2**30
"""No network here comes near; a file that does is not one of ours."""

MAX_HEADER_BYTES = 2**24
"""Room for the card of a very long training."""

_CARD = "mixeval"
_DTYPES = {"F16", "F32", "F64"}
"""NumPy has no bfloat16."""
_NO_HASH = "0" * 64


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Card(BaseModel):
    """What a checkpoint says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    format: Literal[1] = 1
    kind: Annotated[str, Field(max_length=100)]
    """What the weights belong to, such as "wave-u-net"."""
    architecture: Mapping[str, JsonValue]
    input_lufs: float | None = None
    """Loudness that the sum of a recording's stems is brought to before they enter; none leaves them as they are."""
    training: Mapping[str, JsonValue] = Field(default_factory=dict)
    """Data, options, steps, losses and versions, as training knew them."""
    imported: Mapping[str, JsonValue] = Field(default_factory=dict)
    """Where weights came from that another program trained."""
    evaluation: Mapping[str, JsonValue] = Field(default_factory=dict)
    """What was measured of it afterwards."""
    notes: Mapping[str, str] = Field(default_factory=dict)
    """What people should know, such as credits and licences."""
    weights_sha256: Sha256 = _NO_HASH
    card_sha256: Sha256 | None = None
    """Of this card's own text, with this hash as zeros; cards of the first training runs had none."""


def write_checkpoint(path: Path, tensors: Tensors, card: Card) -> None:
    """Write weights and card to `path`, whole or not at all; equal ones give equal bytes.

    Raises ModelError when a weight is not finite or the file cannot be written.
    """
    tensors = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    _check_finite(path, tensors)
    card = card.model_copy(update={"weights_sha256": weights_sha256(tensors), "card_sha256": _NO_HASH})
    text = card.model_dump_json()
    text = text.replace(f'"card_sha256":"{_NO_HASH}"', f'"card_sha256":"{_sha256(text)}"')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft_in(path.parent) as draft:
            # By our own hand: safetensors' would let nobody else read the file.
            draft.write_bytes(save(tensors, metadata={_CARD: text}))
            publish(draft, path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written ({error.strerror or error})",
            remedy="free space, allow writing there, or name another path",
        ) from error


def read_checkpoint(
    path: Path, *, kind: str | None = None
) -> tuple[dict[str, npt.NDArray[np.floating]], Card]:
    """Read the weights, as they are stored, and the card of a checkpoint of `kind`, or of any.

    Raises ModelError when the file is missing, is no safetensors file or not one of mixeval's, holds another kind
    of model, holds weights that are not finite, or when weights or card are not those that were written.
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


def read_card(path: Path, *, kind: str | None = None) -> Card:
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
        _check_header(path, check_model_file(path, max_bytes=MAX_BYTES))
        with safe_open(path, framework="numpy") as file:
            yield file
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror or error})", remedy="make it a readable file"
        ) from error
    except SafetensorError as error:
        raise _no_checkpoint(path, str(error)) from error


def _check_header(path: Path, size: int) -> None:
    with path.open("rb") as file:
        header_bytes = int.from_bytes(file.read(8), "little")
    if header_bytes > min(MAX_HEADER_BYTES, size - 8):
        raise _no_checkpoint(path, "its first bytes promise more than there is")


def _no_checkpoint(path: Path, why: str) -> ModelError:
    return ModelError(
        f"{path} is no checkpoint, or a damaged one ({why})",
        remedy="copy it again; .pt files come in through mixeval train import-checkpoint",
    )


def _card(path: Path, metadata: Mapping[str, str] | None, kind: str | None) -> Card:
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
        if first["loc"] == ("format",):
            raise ModelError(
                f"{path} has a card of format {repr(first['input'])[:40]}, which this version of mixeval does not know",
                remedy="update mixeval",
            ) from error
        where = ".".join(str(step) for step in first["loc"]) or "the whole"
        raise ModelError(
            f"{path} has a card that cannot be read ({where}: {first['msg']})",
            remedy="copy it again, or update mixeval if a later version wrote it",
        ) from error
    if card.card_sha256 not in (None, _sha256(text.replace(card.card_sha256 or _NO_HASH, _NO_HASH))):
        raise ModelError(
            f"{path} has a card that was changed since it was written (its SHA-256 differs)",
            remedy="copy it again from its source",
        )
    if kind not in {None, card.kind}:
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


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _check_finite(path: Path, tensors: Tensors) -> None:
    for name, values in tensors.items():
        if not np.isfinite(values).all():
            bad = math.prod(values.shape) - int(np.isfinite(values).sum())
            raise ModelError(
                f'{path}: {bad} of the weights "{name}" are not finite numbers',
                remedy="train again with a lower learning rate, or use an earlier checkpoint",
            )
