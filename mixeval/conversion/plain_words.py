"""Words of other platforms as study.toml takes them: without markup, on one line where it must be, ids in ASCII."""

import html.parser
import re
import unicodedata
from collections.abc import Container, Iterable

_BREAKING = {"p", "br", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "tr", "table", "hr"}
_SILENT = {"script", "style"}
_SHOWN = {"img", "audio", "video", "iframe", "a", "script", "style"}
_LONGEST_LINE = 200


class _Words(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.left_out: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SHOWN:
            named = dict(attrs)
            self.left_out.append(f"<{tag}> {named.get('src') or named.get('href') or ''}".strip())
        self._silent += tag in _SILENT
        if tag in _BREAKING:
            self.words.append("\n" if tag in {"br", "li"} else "\n\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0
        if tag in _BREAKING and tag not in {"br", "li"}:
            self.words.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def from_html(text: str) -> tuple[str, tuple[str, ...]]:
    r"""Return paragraphs of plain text, and what they leave out: pictures, links, scripts.

    >>> from_html("Rate <b>every</b> mix.<p>Take <a href='x.html'>your time</a>.</p>")
    ('Rate every mix.\n\nTake your time.', ('<a> x.html',))
    """
    parser = _Words()
    parser.feed(text)
    parser.close()
    return paragraphs("".join(parser.words)), tuple(parser.left_out)


def paragraphs(text: str) -> str:
    """Put each paragraph on one line, blank lines between them, without letters that no page can show."""
    cleaned = "".join(
        letter if _fits(letter) or letter == "\n" else " " for letter in text.replace("\r", "\n")
    )
    found = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", cleaned))
    return "\n\n".join(paragraph for paragraph in found if paragraph)[:20_000]


def one_line(text: str) -> str:
    """Put text on one line of at most 200 letters."""
    line = " ".join(paragraphs(text).split())
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 3]}..."


def condition_id(name: str, taken: Container[str]) -> str:
    """Make an id of a condition, another one where that is taken.

    >>> condition_id("Wave-U-Net (dry)", {"Wave-U-Net_dry"})
    'Wave-U-Net_dry_2'
    """
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9_.-]+", "_", ascii_only).strip("_.-")[:56] or "mix"
    return _free(slug, taken)


def question_id(name: str, taken: Container[str]) -> str:
    """Make an id of a question.

    >>> question_id("E-Mail", ())
    'e_mail'
    """
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_")[:40]
    if not slug or not slug[0].isalpha():
        slug = f"question_{slug}".rstrip("_")
    return _free(slug, taken)


def item_name(name: str, taken: Container[str]) -> str:
    """Make the name of an item that is the name of a folder too."""
    return _free(re.sub(r'[\\/:*?"<>|{}]+', "_", one_line(name)).strip(". ")[:100] or "item", taken)


def said(names: Iterable[str]) -> str:
    """List names in a sentence: `a, b and c`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def cut(text: str) -> str:
    """Cut text that is quoted in a sentence."""
    line = one_line(text)
    return line if len(line) <= 60 else f"{line[:57]}..."


def asks_who(text: str) -> bool:
    """Tell a question that asks who somebody is.

    >>> asks_who("eMail"), asks_who("Which headphones?")
    (True, False)
    """
    return re.search(r"\b(e-?mail|phone|your name|full name|surname)\b", text, re.IGNORECASE) is not None


def _free(slug: str, taken: Container[str]) -> str:
    number, free = 1, slug
    while free in taken:
        number += 1
        free = f"{slug}_{number}"
    return free


def _fits(letter: str) -> bool:
    return letter.isprintable() or letter in "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
