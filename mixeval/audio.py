"""One audio convention: float32 samples of shape (channels, samples) with their sample rate.

Files are hostile until they are read: a WAV whose header promises more than the file holds opens without a
word in libsndfile, a small FLAC can expand four thousand times, and one NaN makes a loudness meter answer
minus infinity. :func:`read_audio` refuses all of them by name.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile

from mixeval.errors import AudioError

Samples = npt.NDArray[np.float32]

MAX_VALUES = 2**26
"""Most samples times channels that one file may expand to: 256 MiB of float32, 12 minutes of stereo."""


@dataclass(frozen=True, eq=False)
class Audio:
    """Samples of shape (channels, samples), float32 with full scale at 1.0, and their rate in hertz."""

    samples: Samples
    sample_rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32:
            raise TypeError(
                f"Audio takes float32 (channels, samples), not {self.samples.dtype} {self.samples.shape}"
            )

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        """Number of samples in each channel."""
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate

    def as_stereo(self) -> "Audio":
        """Give mono as two equal channels, as two ears hear it; stereo as it is.

        Raises AudioError for any other number of channels.
        """
        if self.channels == 2:
            return self
        if self.channels == 1:
            return Audio(np.repeat(self.samples, 2, axis=0), self.sample_rate)
        raise AudioError(
            f"the audio has {self.channels} channels where mono or stereo is needed",
            remedy="mix it down to two channels",
        )


def read_audio(path: Path, *, max_values: int = MAX_VALUES) -> Audio:
    """Read a whole file that libsndfile knows (WAV, FLAC, AIFF, Ogg, MP3).

    Raises AudioError when the file is missing, empty, not audio, shorter than its header says, longer than
    `max_values` samples times channels, or holds a NaN or infinite sample.
    """
    check_readable(path)
    try:
        with soundfile.SoundFile(path) as file:
            _check_size(path, file.frames * file.channels, max_values)
            samples = _read_blocks(file, path, max_values)
            declared, sample_rate, container = file.frames, int(file.samplerate), str(file.format)
    except soundfile.LibsndfileError as error:
        raise AudioError(
            f"{path} cannot be read as audio ({str(error.error_string).strip().rstrip('.')})",
            remedy="replace it with a WAV or FLAC file",
        ) from error
    # MP3 and Ogg headers estimate their length; WAV and FLAC know it.
    if container in {"WAV", "WAVEX", "FLAC", "AIFF", "RF64"} and samples.shape[1] < declared:
        raise _truncated(path, declared, samples.shape[1])
    _check_finite(path, samples)
    return Audio(samples, sample_rate)


def check_readable(path: Path) -> None:
    """Refuse a file that is missing, empty, or a WAV whose header promises more bytes than there are."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            promised = _wav_bytes(file)
    except FileNotFoundError as error:
        raise AudioError(f"{path} is missing", remedy="put the file there or correct the path") from error
    except OSError as error:
        raise AudioError(
            f"{path} cannot be opened ({error.strerror})", remedy="make it a readable file"
        ) from error
    if size == 0:
        raise AudioError(f"{path} holds no audio, the file is empty", remedy="copy it again from its source")
    if promised is not None and promised > size:
        raise AudioError(
            f"{path} is cut short, its header promises {promised} bytes and the file holds {size}",
            remedy="copy it again from its source",
        )


def write_flac(path: Path, audio: Audio) -> None:
    """Write 24-bit FLAC without any metadata.

    Raises AudioError when a sample lies outside -1..1, which would clip, or is not finite.
    """
    _check_finite(path, audio.samples)
    peak = float(np.max(np.abs(audio.samples), initial=0.0))
    if peak > 1.0:
        raise AudioError(
            f"{path} would clip, its peak is {peak:.4f} of full scale",
            remedy="lower its level before it is written",
        )
    soundfile.write(path, audio.samples.T, audio.sample_rate, format="FLAC", subtype="PCM_24")


def _read_blocks(file: Any, path: Path, max_values: int) -> Samples:
    # A header can understate what follows as well, so the cap is checked again while reading.
    blocks: list[Samples] = []
    total = 0
    while True:
        block = file.read(65536, dtype="float32", always_2d=True)
        if len(block) == 0:
            break
        total += block.size
        _check_size(path, total, max_values)
        blocks.append(block)
    if not blocks:
        raise AudioError(f"{path} holds no audio, it has no samples", remedy="copy it again from its source")
    return np.ascontiguousarray(np.concatenate(blocks).T)


def _check_size(path: Path, values: int, max_values: int) -> None:
    if values > max_values:
        raise AudioError(
            f"{path} expands to {values} samples over all channels and the limit is {max_values}",
            remedy="cut it to the excerpt that listeners will hear",
        )


def _check_finite(path: Path, samples: Samples) -> None:
    finite = np.isfinite(samples)
    if not finite.all():
        channel, index = np.argwhere(~finite)[0]
        value = samples[channel, index]
        raise AudioError(
            f"{path} holds {value} at sample {index} of channel {channel + 1}",
            remedy="render it again, audio must be finite numbers",
        )


def _truncated(path: Path, declared: int, read: int) -> AudioError:
    return AudioError(
        f"{path} is cut short, its header promises {declared} samples and {read} could be read",
        remedy="copy it again from its source",
    )


def _wav_bytes(file: BinaryIO) -> int | None:
    """Return how many bytes a RIFF header needs the file to have up to the end of its data chunk."""
    head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    position = 12
    while len(chunk := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", chunk)
        position += 8
        # Streams are written with 0 or all ones where the length was not yet known.
        if name == b"data":
            return None if size in {0, 0xFFFFFFFF} else position + size
        position += size + size % 2
        file.seek(position)
    return None
