"""Read XML that came from anybody: no document type, so no entities, and neither too large nor too deep.

Python's parser (expat) stops the entity bomb known as "billion laughs" by itself, but only once 8 MiB were expanded,
and it would take a bomb below that. Here no entity can be declared at all.
"""

from typing import Any
from xml.etree import ElementTree as ET

from mixeval.errors import MixevalError

LARGEST_BYTES = 32 * 2**20
DEEPEST = 100
# What follows a document type in the same chunk is still expanded before the refusal is heard: so chunks are small.
_CHUNK_BYTES = 2**16


def is_xml(content: bytes) -> bool:
    """Tell XML by its first letter."""
    return content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def parse_xml(content: bytes, name: str, *, refusal: type[MixevalError], noun: str) -> ET.Element:
    """Parse the XML of the file `name`, which should be a `noun`, and return its root.

    Raises `refusal` when it is larger than LARGEST_BYTES, nested deeper than DEEPEST, declares a document type, or is
    no whole XML.
    """
    if len(content) > LARGEST_BYTES:
        raise refusal(
            f"{name} has {len(content) // 2**20} MB, and a {noun} has less than one", remedy=f"name a {noun}"
        )
    parser = ET.XMLParser(target=_Refusing(name, refusal, noun))  # noqa: S314 - it refuses every document type
    try:
        for start in range(0, len(content), _CHUNK_BYTES):
            parser.feed(content[start : start + _CHUNK_BYTES])
        root: ET.Element = parser.close()
    except (ET.ParseError, LookupError, ValueError) as error:
        raise refusal(
            f"{name} is no complete XML ({error})", remedy="copy it again from the server, or leave it away"
        ) from error
    return root


class _Refusing(ET.TreeBuilder):
    def __init__(self, name: str, refusal: type[MixevalError], noun: str) -> None:
        super().__init__()
        self._name, self._refusal, self._noun, self._depth = name, refusal, noun, 0

    def doctype(self, *_: Any) -> None:
        raise self._refusal(
            f"{self._name} declares a document type, which no {self._noun} does",
            remedy="take its <!DOCTYPE ...> out, or leave the file away",
        )

    def start(self, tag: Any, attrs: Any, /) -> ET.Element:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refusal(
                f"{self._name} is nested more than {DEEPEST} deep", remedy=f"name a {self._noun}"
            )
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)
