"""Weights from elsewhere: PyTorch's pickles and NumPy's arrays, and which of their tensors is which of ours.

A pickle can run anything when it is opened. It is opened in another process, with PyTorch's restricted unpickler and
limits; this one reads back plain arrays.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import load

from mixeval.errors import ModelError
from mixeval.manifest import file_sha256
from mixeval_stimuli.checkpoints import MAX_BYTES, Card, Tensors
from mixeval_stimuli.methods.wave_u_net import foreign_process
from mixeval_stimuli.methods.wave_u_net.architecture import Architecture
from mixeval_stimuli.methods.wave_u_net.network import Network
from mixeval_stimuli.methods.wave_u_net.weights import KIND
from mixeval_stimuli.model_file import check_model_file

Layout = Literal["pytorch", "tensorflow"]
Shape = tuple[int, ...]
Rename = tuple[str, str]
"""An old and a new name, or beginning of names."""

TIMEOUT_SECONDS = 600.0

_SHOWN = 6


def read_foreign(
    path: Path, *, timeout_seconds: float = TIMEOUT_SECONDS, max_bytes: int = MAX_BYTES
) -> dict[str, npt.NDArray[np.float32]]:
    """Read every floating-point tensor in a `.npz` of plain arrays or a file of `torch.save`, by its place there.

    Raises ModelError when the file is missing, when it holds anything but tensors in mappings, and when opening it
    takes too much time or memory.
    """
    check_model_file(path, max_bytes=max_bytes)
    with tempfile.TemporaryDirectory() as folder:
        tensors = Path(folder) / "tensors.safetensors"
        # -P: neither the folder of the script nor the current one may stand in for a library.
        command = [
            sys.executable,
            "-P",
            foreign_process.__file__,
            str(path.absolute()),
            str(tensors),
            str(max_bytes),
        ]
        try:
            ended = subprocess.run(  # noqa: S603 - our own script; what it opens is why it is another process
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                cwd=folder,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                timeout=timeout_seconds,
            )
        except subprocess.TimeoutExpired as error:
            raise ModelError(
                f"{path} was not open after {timeout_seconds:g} seconds", remedy="do not use this file"
            ) from error
        if ended.returncode != 0:
            raise _refusal(path, ended)
        return load(tensors.read_bytes())


def fit(
    found: Tensors,
    architecture: Architecture,
    *,
    source: str,
    renames: Sequence[Rename] = (),
    layout: Layout = "pytorch",
) -> dict[str, npt.NDArray[np.floating]]:
    """Find the weights of an architecture among tensors: by name, below any prefix, or else by shape.

    Shapes decide only where they leave no choice: each layer wanted has its own, and the tensors of one part of the
    file are exactly those. `layout` "tensorflow" takes kernels as (taps, inputs, outputs).

    Raises ModelError that lists what was wanted and what was found.
    """
    named = _renamed(found, renames, source)
    if layout == "tensorflow":
        named = {
            name: np.ascontiguousarray(values.transpose(2, 1, 0)) if values.ndim == 3 else values
            for name, values in named.items()
        }
    wanted = wanted_shapes(architecture)
    shapes = {name: values.shape for name, values in named.items()}
    matches = _by_name(shapes, wanted) or _by_shape(shapes, wanted)
    if len(matches) != 1:
        several = len(matches) > 1
        raise ModelError(
            f"{source} holds {'more than one network' if several else 'no network'} of this architecture: "
            f"wanted are {_listed(wanted)}; found are {_listed(shapes)}",
            remedy="give the right ones their names with --rename OLD=NEW"
            if several
            else "correct --architecture or --layout, or name the tensors with --rename OLD=NEW (--list shows all)",
        )
    return {name: named[matches[0][name]] for name in wanted}


def wanted_shapes(architecture: Architecture) -> dict[str, Shape]:
    """List names and shapes of the weights of an architecture, in the order of its layers."""
    with torch.device("meta"):
        network = Network(architecture)
    return {name: tuple(values.shape) for name, values in network.state_dict().items()}


def imported_card(path: Path, architecture: Architecture, *, input_lufs: float | None, version: str) -> Card:
    """Write the card of weights that came from a file of another program's."""
    return Card(
        kind=KIND,
        architecture=json.loads(architecture.model_dump_json()),
        input_lufs=input_lufs,
        imported={"file": path.name, "sha256": file_sha256(path), "mixeval": version},
    )


def _refusal(path: Path, ended: "subprocess.CompletedProcess[bytes]") -> ModelError:
    try:
        said = str(json.loads(ended.stdout.splitlines()[-1])["error"])
    except (ValueError, LookupError, TypeError):
        last = ended.stderr.decode(errors="replace").strip().splitlines()[-1:]
        said = (
            f"the process that opened it ended with {ended.returncode}{': ' if last else ''}{''.join(last)}"
        )
    forbidden = re.search(r"[Uu]nsupported (?:global: )?(?:GLOBAL|class) (\S+)", said)
    if forbidden:
        return ModelError(
            f"{path} is a pickle that asks for {forbidden[1]}, which is no tensor, so it was not opened",
            remedy="save the network's state_dict alone, with torch.save(network.state_dict(), FILE)",
        )
    # PyTorch explains at length how to trust the file after all, which is not for us to repeat.
    short = " ".join(
        said.rpartition("WeightsUnpickler error:")[2].partition("Check the documentation")[0].split()
    )
    return ModelError(
        f"{path} cannot be opened as tensors alone ({short[:200]}{'...' if len(short) > 200 else ''})",
        remedy="save the network's state_dict with torch.save, or its arrays with numpy.savez",
    )


def _renamed(found: Tensors, renames: Sequence[Rename], source: str) -> dict[str, npt.NDArray[np.floating]]:
    named: dict[str, npt.NDArray[np.floating]] = {}
    for original, values in found.items():
        # As TensorFlow writes its names: layer/kernel:0.
        name = original.removesuffix(":0").replace("/", ".")
        name = re.sub(r"(^|\.)kernel$", r"\1weight", name)
        for old, new in renames:
            if name == old or name.startswith(f"{old}."):
                name = f"{new}{name[len(old) :]}".removeprefix(".")
        if name in named:
            raise ModelError(
                f'{source} has two tensors "{name}" once they are renamed', remedy="correct --rename"
            )
        named[name] = values
    return named


def _by_name(found: Mapping[str, Shape], wanted: Mapping[str, Shape]) -> list[dict[str, str]]:
    """List the prefixes below which all that is wanted has its name and shape, and no layer more than that."""
    first = next(iter(wanted))
    kinds = {name.split(".")[0] for name in wanted}
    matches = []
    for name in found:
        if name != first and not name.endswith(f".{first}"):
            continue
        prefix = name.removesuffix(first)
        below = {name.removeprefix(prefix): name for name in found if name.startswith(prefix)}
        more = any(name.split(".")[0] in kinds for name in below.keys() - wanted.keys())
        if not more and all(name in below and found[below[name]] == shape for name, shape in wanted.items()):
            matches.append({name: below[name] for name in wanted})
    return matches


def _by_shape(found: Mapping[str, Shape], wanted: Mapping[str, Shape]) -> list[dict[str, str]]:
    """List the parts of a file whose layers have exactly the shapes that are wanted, each a different one."""
    ours = {shapes: layer for layer, shapes in _layers(wanted).items()}
    if len(ours) * 2 != len(wanted):
        return []  # two layers of one shape: which is which is not for us to guess
    prefixes = {"", *(name[: dot.start() + 1] for name in found for dot in re.finditer(r"\.", name))}
    matches: dict[frozenset[str], dict[str, str]] = {}
    for prefix in sorted(prefixes):
        below = {name: shape for name, shape in found.items() if name.startswith(prefix)}
        theirs = _layers(below)
        if len(below) == len(wanted) and sorted(theirs.values()) == sorted(ours):
            matches[frozenset(below)] = {
                f"{ours[shapes]}.{leaf}": f"{layer}.{leaf}" if layer else leaf
                for layer, shapes in theirs.items()
                for leaf in ("weight", "bias")
            }
    return list(matches.values())


def _layers(shapes: Mapping[str, Shape]) -> dict[str, tuple[tuple[str, Shape], ...]]:
    layers: dict[str, list[tuple[str, Shape]]] = defaultdict(list)
    for name, shape in shapes.items():
        layer, _, leaf = name.rpartition(".")
        layers[layer].append((leaf, shape))
    return {layer: tuple(sorted(parts)) for layer, parts in layers.items()}


def _listed(shapes: Mapping[str, Shape]) -> str:
    if not shapes:
        return "none"
    listed: Iterable[str] = (f"{name} {shape}" for name, shape in list(shapes.items())[:_SHOWN])
    more = f" and {len(shapes) - _SHOWN} more" if len(shapes) > _SHOWN else ""
    return ", ".join(listed) + more
