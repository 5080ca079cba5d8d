"""Forests on disk: one .npz of plain arrays with a card, and nothing that could run.

No pickle is written or read. The card is JSON inside the file: what the columns and outputs are, what the forest was
trained on and how well it does, with which versions, and the SHA-256 of it all. Any file is taken for hostile until
it is read: its size is bounded before anything is unpacked, and its arrays are checked before anything is predicted.

`numpy.load` opens the file too, and `unzip -p forest.npz card.json` prints the card.
"""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from mixeval.errors import ModelError
from mixeval_stimuli.drafts import draft_in, publish
from mixeval_stimuli.methods.random_forest.forest import MAX_COLUMNS, Forest
from mixeval_stimuli.model_file import check_model_file

MAX_BYTES = 2**27
"""What a file may unpack to, far beyond any forest trained here."""

MAX_CARD_BYTES = 2**20

_CARD = "card.json"
_DTYPES = {
    "starts": "<i4",
    "feature": "<i2",
    "threshold": "<f4",
    "missing_left": "|b1",
    "link": "<i4",
    "values": "<f8",
}
_WRITTEN = (1980, 1, 1, 0, 0, 0)
"""The date of every entry, so that equal forests are equal files."""

Name = Annotated[str, Field(min_length=1, max_length=200)]
Arrays = Mapping[str, npt.NDArray[Any]]


class ForestCard(BaseModel):
    """What a forest's file says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    format: Literal["mixeval random forest 1"] = "mixeval random forest 1"
    features: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MAX_COLUMNS)]
    """Name of each column of a feature row."""
    features_version: int
    """Version of their definitions."""
    outputs: Annotated[tuple[Name, ...], Field(min_length=1, max_length=1000)]
    """Name of each predicted value."""
    learnt_from: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(max_length=1000)]
    """In how many recordings each of them was known; one that was known in none means nothing."""
    training: Mapping[str, JsonValue] = Field(default_factory=dict)
    """Data, settings, scores and versions, as training knew them."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = "0" * 64
    """Of the arrays and of the rest of this card."""


def write_forest(path: Path, forest: Forest, card: ForestCard) -> ForestCard:
    """Write a forest and its card to `path`, whole or not at all, and give the card with its hash.

    Raises ModelError when the forest is not sound or the file cannot be written.
    """
    forest.check(columns=len(card.features))
    packed, card = pack(forest, card)
    with _writing(path) as draft:
        draft.write_bytes(packed)
        publish(draft, path)
    return card


def check_writable(path: Path) -> None:
    """Raise ModelError where :func:`write_forest` could not write to `path`; for before a long training."""
    with _writing(path) as draft:
        draft.touch()
    if path.is_dir():
        raise ModelError(f"{path} is a folder", remedy="name a file")


def read_forest(path: Path) -> tuple[Forest, ForestCard]:
    """Read a forest that :func:`write_forest` wrote.

    Raises ModelError when the file is missing, is none of these, is damaged or too large, was changed after it was
    written, or holds trees that lead nowhere.
    """
    check_model_file(path, max_bytes=MAX_BYTES)
    try:
        with zipfile.ZipFile(path) as archive:
            return _unpack(_members(archive))
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror or error})", remedy="make it a readable file"
        ) from error
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError) as error:
        # All that zipfile raises where bytes were damaged or entries are encrypted.
        raise ModelError(
            f"{path} is no forest, or a damaged one ({error})", remedy="copy it again or train a new one"
        ) from error
    except ModelError as error:
        raise ModelError(f"{path}: {error.problem}", remedy=error.remedy) from error


def pack(forest: Forest, card: ForestCard) -> tuple[bytes, ForestCard]:
    """Pack a forest and its card, unchecked, into the bytes of a file; the same forest gives the same bytes."""
    arrays = {name: np.asarray(getattr(forest, name), dtype=dtype) for name, dtype in _DTYPES.items()}
    card = card.model_copy(update={"sha256": _sha256(arrays, card)})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(_entry(_CARD), card.model_dump_json(indent=1))
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, version=(1, 0), allow_pickle=False)
            archive.writestr(_entry(f"{name}.npy"), content.getvalue())
    return packed.getvalue(), card


@contextmanager
def _writing(path: Path) -> Iterator[Path]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft_in(path.parent) as draft:
            yield draft
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written ({error.strerror or error})",
            remedy="free space, allow writing there, or name another path",
        ) from error


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WRITTEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Unpack the entries that a forest has, none of them and not all together larger than they may be."""
    entries = archive.infolist()
    wanted = [_CARD, *(f"{name}.npy" for name in _DTYPES)]
    found = [entry.filename for entry in entries]
    if sorted(found) != sorted(wanted):
        others = sorted(set(found).symmetric_difference(wanted)) or ["the same name twice"]
        raise ModelError(
            f"it is no forest of this version ({', '.join(map(ascii, others[:3]))})",
            remedy="name a file that mixeval train random-forest wrote",
        )
    if sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise _too_large()
    return {entry.filename: _member(archive, entry) for entry in entries}


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise ModelError(f"{entry.filename} is packed in an unusual way", remedy="train it again")
    with archive.open(entry) as file:
        # With a length: without one, all that the entry expands to is unpacked before it is cut to that.
        content = file.read(entry.file_size)
    if len(content) < entry.file_size:
        raise ModelError(f"{entry.filename} is cut short", remedy="copy it again")
    return content


def _too_large() -> ModelError:
    return ModelError(
        f"it is or would unpack to more than {MAX_BYTES} bytes, which no forest needs",
        remedy="name a file that mixeval train random-forest wrote",
    )


def _unpack(members: Mapping[str, bytes]) -> tuple[Forest, ForestCard]:
    card = _card(members[_CARD])
    arrays = {name: _array(name, members[f"{name}.npy"]) for name in _DTYPES}
    if _sha256(arrays, card) != card.sha256:
        raise ModelError(
            "it was changed after it was written (its SHA-256 differs)",
            remedy="copy it again from its source",
        )
    forest = Forest(**arrays)
    if not forest.outputs == len(card.outputs) == len(card.learnt_from):
        raise ModelError(
            f"its card names {len(card.outputs)} outputs, learnt from {len(card.learnt_from)} numbers of recordings, "
            f"and its leaves have {forest.outputs} values",
            remedy="copy it again from its source",
        )
    forest.check(columns=len(card.features))
    return forest, card


def _card(content: bytes) -> ForestCard:
    if len(content) > MAX_CARD_BYTES:
        raise ModelError(f"its card is larger than {MAX_CARD_BYTES} bytes", remedy="train it again")
    try:
        return ForestCard.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the whole"
        raise ModelError(
            f"its card cannot be used ({where}: {first['msg']})",
            remedy="copy it again, or update mixeval if a later version wrote it",
        ) from error


def _array(name: str, content: bytes) -> npt.NDArray[Any]:
    # Not by numpy.load, which makes room for whatever shape a header declares.
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise ValueError(f"version {version}")  # noqa: TRY301 - the same answer as to NumPy's own
        shape, by_column, dtype = np.lib.format.read_array_header_1_0(stream)
    except (ValueError, TypeError, SyntaxError, RecursionError) as error:
        raise ModelError(f'"{name}" is no array ({str(error)[:100]})', remedy="copy it again") from error
    rest = content[stream.tell() :]
    dimensions = 2 if name == "values" else 1
    count = 1
    for length in shape:
        count *= length
    if dtype != np.dtype(_DTYPES[name]) or len(shape) != dimensions or (by_column and dimensions > 1):
        raise ModelError(
            f'"{name}" is an array {dtype} {shape} where one of {_DTYPES[name]} with {dimensions} '
            f"{'dimensions' if dimensions > 1 else 'dimension'} is needed",
            remedy="train it again",
        )
    # True passes for 1 in a header.
    if any(type(length) is not int or length < 0 for length in shape) or count * dtype.itemsize != len(rest):
        raise ModelError(
            f'"{name}" declares the shape {shape} and holds {len(rest)} bytes', remedy="copy it again"
        )
    if dtype == np.bool_ and rest.translate(None, b"\0\1"):
        raise ModelError(f'"{name}" holds bytes that are neither true nor false', remedy="copy it again")
    return np.frombuffer(rest, dtype=dtype).reshape(shape)


def _sha256(arrays: Arrays, card: ForestCard) -> str:
    digest = hashlib.sha256()
    told = card.model_dump(mode="json", exclude={"sha256"})
    digest.update(json.dumps(told, sort_keys=True, ensure_ascii=True).encode())
    for name in _DTYPES:
        values = np.ascontiguousarray(arrays[name])
        digest.update(json.dumps([name, values.dtype.str, values.shape]).encode())
        digest.update(values.tobytes())
    return digest.hexdigest()
