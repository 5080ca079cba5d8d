"""Values of a webMUSHRA configuration, each refused with its line where it cannot be used."""

from mixeval.conversion.outline import Notes
from mixeval.conversion.plain_words import cut, from_html, one_line
from mixeval.conversion.yaml_tree import Mapped
from mixeval.errors import ConversionError
from mixeval.validation import closest

_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0", ""}


class YamlValues:
    """Reads keys of the file `name`; what has no place in a study goes to `notes`."""

    def __init__(self, name: str, notes: Notes) -> None:
        self.name, self.notes = name, notes

    def check_keys(self, mapped: Mapped, known: set[str], what: str) -> None:
        """Refuse a key that is probably a slip of the pen, and note others that are not known."""
        for key in mapped:
            if key in known or not known:
                continue
            meant = closest(key, known)
            line = mapped.lines[key]
            if meant and meant not in mapped:
                raise ConversionError(
                    f'{self.name}, line {line}: "{key[:60]}" is no key of {what}',
                    remedy=f'did you mean "{meant}"',
                )
            self.notes.lose(
                f'"{key[:60]}" on line {line}, which is no key of {what} that webMUSHRA documents'
            )

    def text(self, mapped: Mapped, key: str) -> str:
        """Return text, stripped, or nothing where the key is left out. Raises ConversionError where it is a list or table."""
        value = mapped.get(key, "")
        if not isinstance(value, str):
            raise ConversionError(
                f"{self.name}, line {mapped.lines[key]}: {key} must be text, and it is a "
                f"{'list' if isinstance(value, list) else 'table'}",
                remedy="correct it",
            )
        return value.strip()

    def flag(self, mapped: Mapped, key: str, *, default: bool) -> bool:
        """Return a truth. Raises ConversionError where it is none."""
        text = self.text(mapped, key).lower()
        if key not in mapped:
            return default
        if text not in _TRUE | _FALSE:
            raise ConversionError(
                f'{self.name}, line {mapped.lines[key]}: {key} is "{text[:40]}"',
                remedy="write true or false",
            )
        return text in _TRUE

    def number(self, mapped: Mapped, key: str) -> float | None:
        """Return a number, or None where the key is left out. Raises ConversionError where it is none."""
        text = self.text(mapped, key)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not abs(value) <= 1e9:
            raise ConversionError(
                f'{self.name}, line {mapped.lines[key]}: {key} is "{text[:40]}", which is no number',
                remedy="correct it",
            )
        return value

    def id(self, page: Mapped) -> str:
        """Name a page."""
        return self.text(page, "id") or self.text(page, "name") or f"line {page.line}"

    def title(self, page: Mapped) -> str:
        """Return what stands over a page."""
        return self.text(page, "name") or self.id(page)

    def content(self, page: Mapped) -> str:
        """Return the words of a page without markup; what that leaves out is noted."""
        words, left_out = from_html(self.text(page, "content"))
        for what in left_out:
            self.notes.lose(f'of the text of the page "{cut(self.title(page))}": {cut(what)}')
        return words

    def labels(self, page: Mapped) -> list[str]:
        """Return the words of an answer scale, or the answers to a question. Raises ConversionError."""
        response = page.get("response")
        if isinstance(response, list) and response and isinstance(response[0], list):
            if len(response) > 1:
                self.notes.lose(f'all scales but the first of the page "{self.id(page)}"')
            response = response[0]
        if (
            not isinstance(response, list)
            or not all(isinstance(entry, Mapped) for entry in response)
            or not response
        ):
            raise ConversionError(
                f"{self.name}, line {page.lines.get('response', page.line)}: response must be a list of value and label",
                remedy="correct it",
            )
        if any(key.startswith("img") for entry in response for key in entry):
            self.notes.lose("pictures of answers (img, imgSelected, imgHigherResponseSelected)")
        return [one_line(self.text(entry, "label") or self.text(entry, "value")) or "?" for entry in response]
