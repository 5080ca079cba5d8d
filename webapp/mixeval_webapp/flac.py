"""Rewrap FLAC so that nothing but the sound tells one mix of a page from another (RFC 9639).

A FLAC file is the marker `fLaC`, metadata blocks, then audio frames. The frames are what is heard and stay as
they are. Of the metadata only STREAMINFO is kept, with what depends on the content set to "unknown" (smallest
and largest frame, MD5 of the samples: section 8.2 allows 0 for each), and PADDING blocks (section 8.3) bring
every file of a page to one size.
"""

import struct
from dataclasses import dataclass

from mixeval.errors import AudioError

MARKER = b"fLaC"
HEADER_BYTES = 4
STREAMINFO_BYTES = 34
LONGEST_BLOCK_BYTES = 2**24 - 1
"""A block's length is a 24-bit number (section 8.1)."""

_LAST = 0x80
_STREAMINFO = 0
_PADDING = 1


@dataclass(frozen=True)
class Flac:
    """A FLAC file taken apart: its STREAMINFO block (34 bytes) and its audio frames."""

    stream_info: bytes
    frames: bytes

    @property
    def format(self) -> bytes:
        """What the files of one page must share: block sizes, rate, channels, bit depth, number of samples."""
        return self.stream_info[:4] + self.stream_info[10:18]


def parse(data: bytes) -> Flac:
    """Take a FLAC file apart. Raises AudioError when it is no FLAC file, or ends before its frames."""
    if data[:4] != MARKER:
        raise AudioError("the file is not FLAC", remedy="render the study again with `mixeval render`")
    position, last, stream_info = len(MARKER), False, b""
    while not last:
        head = data[position : position + HEADER_BYTES]
        if len(head) < HEADER_BYTES:
            raise _cut_short()
        last, kind, length = bool(head[0] & _LAST), head[0] & ~_LAST, int.from_bytes(head[1:], "big")
        position += HEADER_BYTES
        if kind == _STREAMINFO:
            stream_info = data[position : position + length]
        position += length
    if len(stream_info) != STREAMINFO_BYTES or position >= len(data):
        raise _cut_short()
    return Flac(stream_info, data[position:])


def blinded_size(files: list[Flac]) -> int:
    """Return the size in bytes that all of a page's files get: the largest with one empty PADDING block."""
    return (
        len(MARKER) + HEADER_BYTES + STREAMINFO_BYTES + HEADER_BYTES + max(len(file.frames) for file in files)
    )


def blind(file: Flac, size: int) -> bytes:
    """Write `file` in exactly `size` bytes, with STREAMINFO and PADDING only.

    Raises AudioError when it does not fit.
    """
    padding = size - len(MARKER) - HEADER_BYTES - STREAMINFO_BYTES - len(file.frames)
    if padding < HEADER_BYTES:
        raise AudioError(
            f"{len(file.frames)} bytes of sound do not fit a file of {size} bytes",
            remedy="render the study again with `mixeval render`",
        )
    blank = bytearray(file.stream_info)
    blank[4:10] = bytes(6)  # smallest and largest frame in bytes
    blank[18:34] = bytes(16)  # MD5 of the samples
    return b"".join(
        [MARKER, _header(_STREAMINFO, STREAMINFO_BYTES), blank, *_padding_blocks(padding), file.frames]
    )


def _padding_blocks(size: int) -> list[bytes]:
    """Fill `size` bytes, at least 4, with as few PADDING blocks as hold them."""
    blocks = []
    while size:
        taken = min(size, HEADER_BYTES + LONGEST_BLOCK_BYTES)
        if 0 < size - taken < HEADER_BYTES:
            taken -= HEADER_BYTES  # leaves room for the header of the next block
        size -= taken
        length = taken - HEADER_BYTES
        blocks.append(_header(_PADDING, length, last=size == 0) + bytes(length))
    return blocks


def _header(kind: int, length: int, *, last: bool = False) -> bytes:
    return struct.pack(">I", ((_LAST | kind if last else kind) << 24) | length)


def _cut_short() -> AudioError:
    return AudioError("the FLAC file is cut short", remedy="render the study again with `mixeval render`")
