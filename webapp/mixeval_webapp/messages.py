"""What mixeval itself says to participants, in the study's language: one file per language in messages/.

A file is TOML with the tables of `en.toml`, which has every message; what another file lacks is said in English.
A study may bring files of its own, which go before these.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mixeval.errors import StudyError
from mixeval.study import MESSAGES_FOLDER, Study
from mixeval.validation import closest

FALLBACK = "en"
BROWSER_TABLE = "browser"
"""Of the messages that scripts say."""

Table = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Messages:
    """Every message in one language, by table and key."""

    language: str
    """A BCP 47 tag, as HTML's lang."""
    tables: Table

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, as HTML's dir."""
        return self.tables["language"]["direction"]

    def say(self, key: str, **values: object) -> str:
        """Return the message `table.key` with each `{name}` in it replaced.

        Raises KeyError for a message that no language has.

        >>> messages_in("en").say("page.number", number=2, count=6)
        'Page 2 of 6'
        """
        table, _, name = key.partition(".")
        return _fill(self.tables[table][name], values)

    def for_browser(self) -> Mapping[str, str]:
        """Return what scripts say, by key."""
        return self.tables[BROWSER_TABLE]

    def for_browser_json(self) -> str:
        """Write what scripts say as JSON, the same for the same words."""
        return json.dumps(self.for_browser(), ensure_ascii=False, separators=(",", ":"))

    def for_browser_digest(self) -> str:
        """Name the present words, so that a browser keeps them for as long as they stay the same."""
        return hashlib.sha256(self.for_browser_json().encode()).hexdigest()[:12]

    def for_a_page_without(self) -> Mapping[str, str]:
        """Return what a page says to which the rest of what scripts say has not come."""
        return {key: self.tables[BROWSER_TABLE][key] for key in ("did_not_arrive",)}


def messages_of(study: Study) -> Messages:
    """Return the messages in the language of `study`, in its own words where it has some."""
    own = study.messages.get(study.study.language, {})
    shipped = messages_in(study.study.language)
    if not own:
        return shipped
    return Messages(study.study.language, _laid_over(shipped.tables, own))


def messages_in(language: str) -> Messages:
    """Return the messages that come with mixeval in `language`, a BCP 47 tag; English where there are none."""
    return _read(next((tag for tag in _tags(language) if _is_there(tag)), FALLBACK))


def check_messages(study: Study) -> None:
    """Refuse messages of a study that nobody would ever read, or that lack what is to be filled in.

    Raises StudyError naming the file and the key.
    """
    english = messages_in(FALLBACK).tables
    for language, tables in study.messages.items():
        source = f"{MESSAGES_FOLDER}/{language}.toml"
        for table, messages in tables.items():
            for key, message in messages.items():
                _check_message(english, table, key, message, source=source)
    language = study.study.language
    if language not in study.messages and not any(_is_there(tag) for tag in _tags(language)):
        raise StudyError(
            f'study.language is "{language}", and there are no messages in it',
            remedy=f"put them into {MESSAGES_FOLDER}/{language}.toml beside study.toml",
        )


def _check_message(english: Table, table: str, key: str, message: str, *, source: str) -> None:
    known = [f"{name}.{entry}" for name, entries in english.items() for entry in entries]
    if key not in english.get(table, {}):
        meant = closest(f"{table}.{key}", known)
        raise StudyError(
            f"{source}: {table}.{key} is no message of mixeval",
            remedy=f'did you mean "{meant}"' if meant else "remove it",
        )
    unknown = placeholders(message) - placeholders(english[table][key])
    if unknown:
        raise StudyError(
            f"{source}: {table}.{key} asks for {{{min(unknown)}}}, which is not filled in there",
            remedy=f'look at the English message: "{english[table][key]}"',
        )


def placeholders(message: str) -> frozenset[str]:
    """Return the names in braces that `message` wants filled in."""
    return frozenset(re.findall(r"\{(\w+)\}", message))


def _fill(message: str, values: Mapping[str, object]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: str(values.get(found.group(1), found.group(0))), message)


def _tags(language: str) -> tuple[str, ...]:
    """A language's tag, then the same without its region or script."""
    return (language, language.split("-", maxsplit=1)[0])


def _is_there(language: str) -> bool:
    return (files(__package__) / "messages" / f"{language}.toml").is_file()


@cache
def _read(language: str) -> Messages:
    english = _parse(FALLBACK)
    return Messages(language, english if language == FALLBACK else _laid_over(english, _parse(language)))


def _parse(language: str) -> Table:
    text = (files(__package__) / "messages" / f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _laid_over(below: Table, above: Table) -> Table:
    return {name: {**table, **above.get(name, {})} for name, table in below.items()}
