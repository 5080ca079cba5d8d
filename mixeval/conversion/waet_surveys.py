"""What a test of the Web Audio Evaluation Tool asks and says around its pages: surveys, comments, the end."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from mixeval.conversion.outline import Notes
from mixeval.conversion.plain_words import asks_who, one_line, paragraphs, question_id
from mixeval.participant_steps import BUILT_IN

_SURVEYS = {"pre": "before", "before": "before", "post": "after", "after": "after"}
_TYPES = {
    "question": "text",
    "number": "number",
    "radio": "choice",
    "checkbox": "choices",
    "slider": "number",
}


class Surveys:
    """Reads the surveys of `setup` and of pages; what has no place in a study goes to `notes`."""

    def __init__(self, setup: ET.Element, notes: Notes) -> None:
        self._setup, self._notes = setup, notes
        self._taken = {*BUILT_IN, "comment"}

    def participants(self, pages: Mapping[str, ET.Element]) -> dict[str, Any]:
        """Return keys of [participants]; `pages` are those that become items, by their names."""
        statements: list[str] = []
        questions: list[dict[str, Any]] = []
        for survey in self._setup.findall("survey"):
            before = _SURVEYS.get(survey.get("location", "")) == "before"
            for entry in survey:
                kind = _kind(entry)
                if kind == "statement" and before:
                    statements.append(paragraphs(entry.findtext("statement") or ""))
                else:
                    questions += self._question(entry, {"at": "start" if before else "end"})
        for item, page in pages.items():
            for survey in page.findall("survey"):
                at = {
                    "at": f"{_SURVEYS.get(survey.get('location', ''), 'after')}_page",
                    "items": [item],
                }
                for entry in survey:
                    questions += self._question(entry, at)
            for entry in [
                *page.findall("commentquestion"),
                *page.findall("commentquestions/*"),
                *page.findall("commentradio"),
                *page.findall("commentcheckbox"),
            ]:
                questions += self._question(entry, {"at": "after_page", "items": [item]})
        if len(questions) > 90:
            self._notes.lose(f"{len(questions) - 90} questions: a study has 90 at most")
        return {**self._words(statements), "questions": questions[:90]}

    def _words(self, statements: list[str]) -> dict[str, Any]:
        participants: dict[str, Any] = {}
        if statements := [text for text in statements if text]:
            participants["consent"] = "\n\n".join(statements)[:20_000]
            self._notes.change(
                "What was said before the test stands where people agree to take part: see that it says what they agree to."
            )
        if thanks := paragraphs(self._setup.findtext("exitText") or ""):
            participants["thanks"] = thanks
        if address := self._setup.get("returnURL", ""):
            parts = urlsplit(address)
            if parts.scheme in {"http", "https"} and parts.hostname and not set("{}") & set(address):
                participants["redirect"] = address
            else:
                self._notes.lose(
                    f"where people went at the end ({address[:80]}): it must begin with https:// or http://"
                )
        return participants

    def _question(self, entry: ET.Element, at: Mapping[str, Any]) -> list[dict[str, Any]]:
        kind, ask = _kind(entry), paragraphs(entry.findtext("statement") or "")
        shown = f'"{one_line(ask or entry.get("id") or kind)[:60]}"'
        where = f' on page "{at["items"][0]}"' if "items" in at else ""
        if kind not in _TYPES:
            self._notes.lose(
                f"the {kind or 'entry'} {shown}{where}: mixeval asks questions there and shows no {kind or 'such thing'}"
            )
            return []
        name = entry.get("id") or entry.get("name") or kind
        question: dict[str, Any] = {
            "id": question_id(name, self._taken),
            "ask": ask or name,
            "type": _TYPES[kind],
            **at,
        }
        options = list(
            dict.fromkeys(
                one_line(option.text or option.get("name") or "") or "?" for option in entry.findall("option")
            )
        )
        if kind in {"radio", "checkbox"}:
            if len(options) < 2:
                self._notes.lose(f"the question {shown}{where}, which has fewer than two answers")
                return []
            question["options"] = options
        if kind == "question" and entry.get("boxsize") in {"large", "huge"}:
            question["type"] = "long_text"
        if not flag(entry.get("mandatory")):
            question["required"] = False
        if kind in {"number", "slider"}:
            low, high = number(entry.get("min")), number(entry.get("max"))
            if low is None or high is None or low < high:
                question |= {key: value for key, value in (("low", low), ("high", high)) if value is not None}
        self._note(entry, shown, question["id"], name)
        self._taken.add(question["id"])
        return [question]

    def _note(self, entry: ET.Element, shown: str, question_id: str, name: str) -> None:
        if _kind(entry) == "slider":
            self._notes.change(f"The slider {shown} is a number to be typed.")
        if entry.find("conditional") is not None:
            self._notes.lose(
                f"what follows from answers to {shown} (conditional): write it as `if` of the next question"
            )
        if entry.get("minWait"):
            self._notes.lose(f"the time that must be waited before {shown} (minWait)")
        if question_id != name:
            self._notes.change(f"The answers to {shown} are called {question_id}, there {name}.")
        if asks_who(f"{name} {shown}"):
            self._notes.change(f"{shown} asks who somebody is: take it out of study.toml unless you need it.")


def flag(text: str | None) -> bool:
    """Tell a truth of XML."""
    return (text or "").strip().lower() in {"true", "1"}


def number(text: str | None) -> float | None:
    """Return a finite number, or None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) <= 1e9 else None


def _kind(entry: ET.Element) -> str:
    """Return what an entry of a survey is: `<surveyentry type="radio">` and `<surveyradio>` are the same."""
    tag = str(entry.tag)
    if tag == "surveyentry":
        return entry.get("type", "")
    if tag == "commentquestion":
        return {"radio": "radio", "checkbox": "checkbox"}.get(entry.get("type", ""), "question")
    return tag.removeprefix("survey").removeprefix("comment")
