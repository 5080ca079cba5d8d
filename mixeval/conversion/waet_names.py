"""What mixes of the Web Audio Evaluation Tool are called, so that they are called alike on all pages."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from xml.etree import ElementTree as ET


def names_of(pages: Sequence[ET.Element]) -> dict[ET.Element, str]:
    """Call mixes alike on all pages: by `name`, by file, or by id without that of the page, whichever agrees most."""
    ways = [
        {mix: mix.get("name", "") for _, mix in _mixes(pages)},
        {mix: PurePosixPath(mix.get("url", "")).stem for _, mix in _mixes(pages)},
        {mix: _own_id(mix, page) for page, mix in _mixes(pages)},
    ]
    best = max(ways, key=lambda names: _agreement(names, pages))
    return {mix: best[mix] or mix.get("id") or "mix" for mix in best}


def _mixes(pages: Sequence[ET.Element]) -> Iterator[tuple[ET.Element, ET.Element]]:
    for page in pages:
        for mix in page.findall("audioelement"):
            yield page, mix


def _own_id(mix: ET.Element, page: ET.Element) -> str:
    own = mix.get("id", "")
    return own.removeprefix(page.get("id", "")).lstrip("-_ .") or own


def _agreement(names: Mapping[ET.Element, str], pages: Sequence[ET.Element]) -> int:
    sets = []
    for page in pages:
        own = [names[mix] for mix in page.findall("audioelement") if not is_outside(mix)]
        if own and all(own) and len(set(own)) == len(own):
            sets.append(frozenset(own))
    return max((sets.count(one) for one in sets), default=0)


def is_outside(mix: ET.Element) -> bool:
    """Tell an open reference, which is played and not rated."""
    return mix.get("type") == "outside-reference"
