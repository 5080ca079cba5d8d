"""Read YAML that came from anybody: every scalar stays the text that was written.

What YAML makes of unquoted words is a trap for ids (`no` becomes false, `007` becomes 7, `12:30:00` becomes 45000), so
nothing is made of them here. PyYAML's composer builds no object of any tag; keys that stand twice, of which it would
keep the last without a word, are refused, and so is what is too large, too deep, or grows by aliases.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from mixeval.errors import ConversionError

LARGEST_BYTES = 2**20
_DEEPEST = 30
_MOST_VALUES = 100_000


class Mapped(dict[str, Any]):
    """A mapping that knows on which lines it and its keys stand."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


def read_yaml(content: bytes, name: str) -> Any:
    """Read one document into Mapped, lists and text; an empty value is empty text.

    Raises ConversionError with the line where it cannot be used.
    """
    if len(content) > LARGEST_BYTES:
        raise ConversionError(
            f"{name} has {len(content) // 1000} kB, and a test has a hundred at most", remedy="name a test"
        )
    try:
        root = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConversionError(f"{name}, line {line} is not UTF-8 text", remedy="save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        colon = "mapping values are not allowed" in (error.problem or "")
        remedy = "put text with a colon and a blank in it into quotation marks" if colon else "correct it"
        raise ConversionError(f"{name}{where}: {error.problem or error.context}", remedy=remedy) from error
    except yaml.YAMLError as error:
        raise ConversionError(
            f"{name} is no YAML ({str(error).splitlines()[0]})", remedy="correct it"
        ) from error
    except RecursionError as error:
        raise ConversionError(f"{name} is nested too deeply", remedy="flatten it") from error
    if root is None:
        raise ConversionError(f"{name} is empty", remedy="name a test")
    return _Reading(name).value(root, 0)


class _Reading:
    def __init__(self, name: str) -> None:
        self._name, self._values = name, 0

    def value(self, node: yaml.Node, depth: int) -> Any:
        line = node.start_mark.line + 1
        self._values += 1
        if depth > _DEEPEST:
            raise ConversionError(f"{self._name}, line {line} is nested too deeply", remedy="flatten it")
        if self._values > _MOST_VALUES:
            raise ConversionError(
                f"{self._name}, line {line}: aliases make it larger than {_MOST_VALUES} values",
                remedy="write out what its aliases (*name) stand for",
            )
        if not node.tag.startswith("tag:yaml.org,2002:") or "python" in node.tag:
            raise ConversionError(
                f"{self._name}, line {line} has the tag {node.tag[:60]}, which no test needs",
                remedy="take it out",
            )
        match node:
            case yaml.MappingNode():
                return self._mapping(node, line, depth)
            case yaml.SequenceNode():
                return [self.value(entry, depth + 1) for entry in node.value]
            case _:
                return _text(node)

    def _mapping(self, node: yaml.MappingNode, line: int, depth: int) -> Mapped:
        mapped = Mapped(line)
        for key, entry in node.value:
            at = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                raise ConversionError(f"{self._name}, line {at}: a key must be a word", remedy="write it out")
            if key.value in mapped:
                raise ConversionError(
                    f'{self._name}, line {at}: "{key.value[:60]}" is there twice, first on line {mapped.lines[key.value]}',
                    remedy="delete or rename one",
                )
            mapped.lines[key.value] = at
            mapped[key.value] = self.value(entry, depth + 1)
        return mapped


def _text(node: yaml.Node) -> str:
    # A plain ~ or null is nothing; in quotes it is a word.
    plain = getattr(node, "style", None) is None
    return "" if plain and node.tag == "tag:yaml.org,2002:null" else str(node.value)


def walk(value: Any) -> Iterator[Any]:
    """Give every entry of nested lists, from the first to the last."""
    if isinstance(value, list):
        for entry in value:
            yield from walk(entry)
    else:
        yield value
