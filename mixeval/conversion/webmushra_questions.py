"""The last page of a webMUSHRA test: its words and its questionnaire."""

from typing import Any

from mixeval.conversion.plain_words import asks_who, cut, from_html, paragraphs, question_id
from mixeval.conversion.yaml_tree import Mapped
from mixeval.conversion.yaml_values import YamlValues
from mixeval.errors import ConversionError
from mixeval.participant_steps import BUILT_IN

_QUESTION = {"type", "name", "label", "min", "max", "default", "optional", "response"}
_TYPES = {"text": "text", "number": "number", "likert": "choice", "long_text": "long_text"}


def finish_of(page: Mapped, values: YamlValues) -> dict[str, Any]:
    """Return the keys of [participants] that a finish page fills: thanks and questions. Raises ConversionError."""
    found: dict[str, Any] = {}
    if thanks := values.content(page):
        found["thanks"] = thanks
    if values.text(page, "popupContent"):
        values.notes.lose(
            f'what pops up at the end: "{cut(from_html(values.text(page, "popupContent"))[0])}"'
        )
    if values.flag(page, "showResults", default=False):
        values.notes.lose("showing people their own results (showResults)")
    questions = page.get("questionnaire", [])
    if not isinstance(questions, list) or not all(isinstance(entry, Mapped) for entry in questions):
        raise ConversionError(
            f"{values.name}, line {page.lines['questionnaire']}: the questionnaire must be a list of questions",
            remedy="begin each with a dash",
        )
    taken = {*BUILT_IN, "comment"}
    found["questions"] = []
    for entry in questions:
        question = _question(entry, taken, values)
        if question:
            taken.add(question["id"])
            found["questions"].append(question)
    return found


def _question(entry: Mapped, taken: set[str], values: YamlValues) -> dict[str, Any] | None:
    values.check_keys(entry, _QUESTION, "a question")
    label = paragraphs(values.text(entry, "label"))
    name = values.text(entry, "name") or label or "question"
    kind = values.text(entry, "type")
    if kind not in _TYPES:
        values.notes.lose(f'the question "{cut(label or name)}" of type {kind or "(none)"}')
        return None
    question: dict[str, Any] = {
        "id": question_id(name, taken),
        "ask": label or name,
        "type": _TYPES[kind],
        "at": "end",
    }
    if question["id"] != name:
        values.notes.change(
            f'The answers to "{cut(label or name)}" are called {question["id"]}, there {name}.'
        )
    if values.flag(entry, "optional", default=False):
        question["required"] = False
    if kind == "number":
        question |= {
            ours: number
            for key, ours in (("min", "low"), ("max", "high"))
            if (number := values.number(entry, key)) is not None
        }
    if kind == "likert":
        options = list(dict.fromkeys(values.labels(entry)))
        if len(options) < 2:
            values.notes.lose(f'the question "{cut(label or name)}", which has one answer')
            return None
        question["options"] = options
    if values.text(entry, "default"):
        values.notes.lose(
            f'the answer that "{cut(label or name)}" begins with ({values.text(entry, "default")})'
        )
    if asks_who(f"{name} {label}"):
        values.notes.change(
            f'"{cut(label or name)}" asks who somebody is: take it out of study.toml unless you need it.'
        )
    return question
