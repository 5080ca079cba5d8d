"""ONNX: other people's networks as files that hold a graph and its weights, and no code.

The graph has one input of float32 (1, stems, samples), or (stems, samples), with any number of samples, and its
first output is the mix: (1, channels, samples) or (channels, samples), of one channel or two. Each mix is
computed by one thread, so that the same file gives the same bytes.
"""

import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mixeval.audio import Audio
from mixeval.conditions import PlainText
from mixeval.errors import ModelError
from mixeval_stimuli.extras import needing
from mixeval_stimuli.methods.guests.guest import Guest, Stem, TimeoutSeconds
from mixeval_stimuli.model_file import check_model_file

MAX_BYTES = 2**30
"""Largest file that is opened; mixing networks have a hundredth of it."""


class Onnx(Guest):
    """A network in an ONNX file, whose input has the stems in the order of `stems`."""

    version: ClassVar[str] = "1"

    model: Annotated[str, Field(min_length=1)]
    stems: Annotated[tuple[PlainText, ...], Field(min_length=1)]
    # An input of fixed order has a place for each stem, so none of them can be absent.
    missing: Literal["refuse", "silence"] = "refuse"
    timeout_seconds: TimeoutSeconds = 600.0

    def own_files(self) -> tuple[Path, ...]:
        return (self.path(self.model),)

    def mix_stems(self, stems: Mapping[str, Stem], sample_rate: int) -> Audio:
        path = self.path(self.model)
        network = _open(path, _read(path))
        mix = _run(network, np.stack(list(stems.values())), path, self.timeout_seconds)
        return Audio(mix, sample_rate)


def _read(path: Path) -> bytes:
    check_model_file(path, max_bytes=MAX_BYTES)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror})", remedy="make it a readable file"
        ) from error


def _open(path: Path, model: bytes) -> Any:
    with needing("onnx", f"running {path.name}"):
        import onnxruntime  # noqa: F401, PLC0415 - asked for here, used below
    try:
        return _session(model)
    except Exception as error:
        # onnxruntime's errors share no base class.
        if "external" in str(error).lower():
            raise ModelError(
                f"{path} keeps its weights in another file",
                remedy="export it with its weights inside, so that one file is the whole network",
            ) from error
        raise ModelError(
            f"{path} is no ONNX network that can be run ({_reason(error)})",
            remedy="export it again, with operators that onnxruntime knows",
        ) from error


# By the file's bytes, so that a network that was replaced is never mistaken for the old one.
@lru_cache(maxsize=1)
def _session(model: bytes) -> Any:
    import onnxruntime  # noqa: PLC0415 - an extra, and slow to import

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 4  # errors are raised, they need not be printed as well
    with tempfile.TemporaryDirectory(prefix="mixeval-") as empty:
        # Weights in other files would be looked for here: what is not hashed decides no mix.
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", empty)
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _run(
    network: Any, stems: npt.NDArray[np.float32], path: Path, timeout_seconds: float
) -> npt.NDArray[np.float32]:
    """Put stems (stems, samples) through the network and give its mix (channels, samples)."""
    (taken, *others) = network.get_inputs() or [None]
    if taken is None or others or taken.type != "tensor(float)" or len(taken.shape) not in {2, 3}:
        raise _misfit(path, "takes", network.get_inputs(), "one float32 input (1, stems, samples)")
    places = taken.shape[-2]
    if isinstance(places, int) and places != len(stems):
        raise ModelError(
            f"{path} takes {places} stems and the study names {len(stems)}",
            remedy="give stems the names that the network was trained with, in its order",
        )
    length = taken.shape[-1]
    if isinstance(length, int) and length != stems.shape[1]:
        raise ModelError(
            f"{path} takes exactly {length} samples and the recording has {stems.shape[1]}",
            remedy="export it with a dynamic number of samples",
        )
    given = {taken.name: stems[np.newaxis] if len(taken.shape) == 3 else stems}
    try:
        with _ended_after(timeout_seconds) as (options, ended):
            (answer, *_) = network.run(None, given, options)
    except Exception as error:
        if ended.is_set():
            raise ModelError(
                f"{path} did not end within {timeout_seconds:g} seconds",
                remedy="see whether it runs in a loop, or allow it more with timeout_seconds",
            ) from error
        raise ModelError(
            f"{path} fails on stems of shape {stems.shape} ({_reason(error)})",
            remedy="see that it runs on them in onnxruntime by itself",
        ) from error
    mix = np.asarray(answer)
    if mix.ndim == 3 and mix.shape[0] == 1:
        mix = mix[0]
    if mix.ndim != 2 or mix.shape[0] not in {1, 2} or mix.dtype != np.float32:
        raise _misfit(path, "gave", network.get_outputs()[:1], f"a mix (1, 2, samples), not {mix.shape}")
    return mix


@contextmanager
def _ended_after(seconds: float) -> Iterator[tuple[Any, threading.Event]]:
    """Give options for a run that end it after `seconds`, and what is set by then: a graph can loop for ever."""
    import onnxruntime  # noqa: PLC0415 - as above

    options, ended = onnxruntime.RunOptions(), threading.Event()
    options.log_severity_level = 4

    def end() -> None:
        ended.set()
        options.terminate = True

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield options, ended
    finally:
        timer.cancel()


def _misfit(path: Path, verb: str, tensors: list[Any], wanted: str) -> ModelError:
    listed = ", ".join(f'"{tensor.name}" {tensor.type} {tensor.shape}' for tensor in tensors) or "nothing"
    return ModelError(
        f"{path} {verb} {listed} where mixeval needs {wanted}", remedy="export it with that shape and type"
    )


def _reason(error: Exception) -> str:
    text = " ".join("".join(filter(str.isprintable, str(error))).split())
    return text.rstrip(".") if len(text) <= 200 else f"{text[:199]}…"
