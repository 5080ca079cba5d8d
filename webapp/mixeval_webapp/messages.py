"""What mixeval itself says to participants, in the study's language: one file per language in messages/.

A file is TOML with the tables of `en.toml`, which has every message; what another file lacks is said in English.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

FALLBACK = "en"
BROWSER_TABLE = "browser"
"""Of the messages that scripts say."""

Table = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Messages:
    """Every message in one language, by table and key."""

    language: str
    direction: str
    """`ltr` or `rtl`, as HTML's dir."""
    tables: Table

    def say(self, key: str, **values: object) -> str:
        """Return the message `table.key` with each `{name}` in it replaced.

        Raises KeyError for a message that no language has.

        >>> messages_in("en").say("page.number", number=2, count=6)
        'Page 2 of 6'
        """
        table, _, name = key.partition(".")
        return fill(self.tables[table][name], values)

    def for_browser(self) -> Mapping[str, str]:
        """Return what scripts say, by key."""
        return self.tables[BROWSER_TABLE]


def messages_in(language: str) -> Messages:
    """Return the messages in `language`, a BCP 47 tag; English where there is no such file."""
    spoken = next((tag for tag in (language, language.split("-", maxsplit=1)[0]) if _is_there(tag)), FALLBACK)
    return _read(spoken)


def fill(message: str, values: Mapping[str, object]) -> str:
    """Replace each `{name}` in `message` that `values` has."""
    return re.sub(r"\{(\w+)\}", lambda found: str(values.get(found.group(1), found.group(0))), message)


def _is_there(language: str) -> bool:
    return (files(__package__) / "messages" / f"{language}.toml").is_file()


@cache
def _read(language: str) -> Messages:
    english = _parse(FALLBACK)
    own = english if language == FALLBACK else _parse(language)
    return Messages(
        language=language,
        direction=own["language"]["direction"],
        tables={name: {**table, **own.get(name, {})} for name, table in english.items()},
    )


def _parse(language: str) -> Table:
    text = (files(__package__) / "messages" / f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
