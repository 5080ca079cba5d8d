"""A process of its own for files that could run code: opens one, writes its tensors as safetensors, and ends.

Started by :mod:`mixeval_stimuli.methods.wave_u_net.foreign` as `python foreign_process.py FILE OUT MAX_BYTES`, and it
imports nothing of mixeval. Its last line is JSON: `{}`, or `{"error": "..."}` and exit code 1.

PyTorch's own restricted unpickler (`weights_only`) is the first wall, with no type allowed beyond its own list; limits
on memory and on the size of files are the second, where the system has them.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

ROOM = 4
"""Times the largest file in memory: the file, its tensors, and their copies as 32-bit floats."""


def main(source: Path, target: Path, max_bytes: int) -> None:
    _limit(max_bytes)
    found = _arrays(source) if source.suffix == ".npz" else _unpickled(source)
    save_file(_as_floats(found, max_bytes), target)


def _limit(max_bytes: int) -> None:
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * max_bytes, 2 * max_bytes))
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return
    allowed = pages * resource.getpagesize() + ROOM * max_bytes
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))


def _unpickled(source: Path) -> Mapping[str, torch.Tensor]:
    loaded = torch.load(source, map_location="cpu", weights_only=True)
    return dict(_flat(loaded, ()))


def _flat(value: object, place: tuple[str, ...]) -> Iterator[tuple[str, torch.Tensor]]:
    """Name every tensor in nested mappings by the way to it, its steps joined by dots."""
    if isinstance(value, torch.Tensor):
        yield ".".join(place) or "tensor", value.detach()
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, (*place, str(name)))


def _arrays(source: Path) -> Mapping[str, torch.Tensor]:
    with np.load(source, allow_pickle=False) as arrays:
        return {
            name: torch.from_numpy(arrays[name]) for name in arrays.files if arrays[name].dtype.kind == "f"
        }


def _as_floats(found: Mapping[str, torch.Tensor], max_bytes: int) -> dict[str, torch.Tensor]:
    floating = {name: tensor for name, tensor in found.items() if tensor.is_floating_point()}
    # Before any is copied: a tensor can claim any size over a few bytes by stepping on the spot.
    if sum(4 * tensor.numel() for tensor in floating.values()) > max_bytes:
        raise ValueError("its tensors are larger than any checkpoint")
    if any(tensor.layout is not torch.strided for tensor in floating.values()):
        raise ValueError("it holds tensors that are sparse")
    # clone: tensors that share memory would be refused.
    return {name: tensor.to(torch.float32).clone().contiguous() for name, tensor in floating.items()}


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    except Exception as error:  # noqa: BLE001 - whatever it is, the process that waits tells it in words
        sys.stdout.write("\n" + json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
        sys.exit(1)
    sys.stdout.write("\n{}\n")
