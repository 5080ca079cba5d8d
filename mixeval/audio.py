"""One audio convention: float32 samples of shape (channels, samples) with their sample rate.

Files are hostile until they are read: a WAV whose header promises more than the file holds opens without a
word in libsndfile, a small FLAC can expand four thousand times, and one NaN makes a loudness meter answer
minus infinity. :func:`read_audio` refuses all of them by name.
"""

import io
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

SAMPLE_RATES = range(8_000, 384_001)
"""Rates in hertz that audio has; anything else is a damaged header."""

FORMATS = ("WAV", "FLAC", "AIFF", "Ogg", "MP3")
"""What may be read: of these it is known how to tell a file that is cut short."""

_CONTAINERS = {"WAV", "WAVEX", "RF64", "FLAC", "AIFF", "OGG", "MP3"}


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
    """Read a whole WAV (RF64 too), FLAC, AIFF, Ogg or MP3 file.

    Raises AudioError when the file is missing, empty, not audio of these formats, shorter than its header says,
    longer than `max_values` samples times channels, of a rate that no audio has, or holds a NaN or infinite
    sample.
    """
    check_readable(path)
    try:
        with soundfile.SoundFile(path) as file:
            container, declared, sample_rate = str(file.format), int(file.frames), int(file.samplerate)
            _check_format(path, container, sample_rate)
            _check_size(path, declared * file.channels, max_values)
            samples = _read_blocks(file, path, max_values)
    except soundfile.LibsndfileError as error:
        raise _not_audio(path, str(error.error_string).strip().rstrip(".")) from error
    except TypeError as error:
        # A name that ends in .raw: soundfile then asks its caller for the format.
        raise _not_audio(path, "raw samples do not say their rate") from error
    _check_whole(path, container, declared, samples.shape[1])
    _check_finite(path, samples)
    return Audio(samples, sample_rate)


def check_readable(path: Path) -> None:
    """Refuse a file that is missing, empty, or whose header promises more bytes than there are."""
    try:
        regular = path.is_file()
        size = path.stat().st_size
        if not regular:
            raise AudioError(f"{path} is not a file", remedy="name a WAV or FLAC file")
        with path.open("rb") as file:
            promised = _promised_bytes(file)
    except FileNotFoundError as error:
        raise AudioError(f"{path} is missing", remedy="put the file there or correct the path") from error
    except OSError as error:
        raise AudioError(
            f"{path} cannot be opened ({error.strerror})", remedy="make it a readable file"
        ) from error
    except ValueError as error:
        raise AudioError(f"{str(path)!r} is no path ({error})", remedy="correct it") from error
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
    write_samples(path, audio.samples, audio.sample_rate, container="FLAC", subtype="PCM_24")


def write_samples(
    path: Path, samples: npt.NDArray[Any], sample_rate: int, *, container: str, subtype: str
) -> None:
    """Write samples (channels, samples) in a container and subtype of libsndfile.

    They are encoded in memory first: of a full disk libsndfile says "System error", Python raises its OSError.
    """
    encoded = io.BytesIO()
    soundfile.write(encoded, samples.T, sample_rate, format=container, subtype=subtype)
    path.write_bytes(encoded.getbuffer())


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


def _not_audio(path: Path, reason: str) -> AudioError:
    return AudioError(
        f"{path} cannot be read as audio ({reason})", remedy="replace it with a WAV or FLAC file"
    )


def _check_format(path: Path, container: str, sample_rate: int) -> None:
    if container not in _CONTAINERS:
        raise AudioError(
            f"{path} is of format {container}, which is not one of {', '.join(FORMATS)}",
            remedy="convert it to WAV or FLAC",
        )
    if sample_rate not in SAMPLE_RATES:
        raise AudioError(
            f"{path} has a sample rate of {sample_rate} Hz, audio has {SAMPLE_RATES[0]} to {SAMPLE_RATES[-1]}",
            remedy="export it again at 44.1 or 48 kHz",
        )


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


def _check_whole(path: Path, container: str, declared: int, read: int) -> None:
    # Ogg is checked by its decoder. An MP3's length is an estimate unless it starts with a Xing or Info frame.
    if container == "MP3":
        declared = declared * 99 // 100 if _has_xing_frame(path) else 0
    if container != "OGG" and read < declared:
        raise AudioError(
            f"{path} is cut short, its header promises {declared} samples and {read} could be read",
            remedy="copy it again from its source",
        )


def _has_xing_frame(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(65536)
    return b"Xing" in head or b"Info" in head


def _promised_bytes(file: BinaryIO) -> int | None:
    """Return how many bytes the file must have by its header, where a header says that."""
    head = file.read(12)
    match head[:4], head[8:]:
        case b"RIFF", b"WAVE":
            return _wav_bytes(file)
        case b"RF64", b"WAVE":
            name, _, size = struct.unpack("<4sIQ", file.read(16).ljust(16, b"\0"))
            return 8 + size if name == b"ds64" else None
        case b"FORM", b"AIFF" | b"AIFC":
            return 8 + int.from_bytes(head[4:8], "big")
        case _:
            return None


def _wav_bytes(file: BinaryIO) -> int | None:
    """Return where the data chunk ends; the size of the whole is often wrong in files that sound right."""
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
