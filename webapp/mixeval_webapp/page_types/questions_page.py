"""Pages that ask: before the first page, before or after a rating page, after the last; one page type for each place."""

import re
from collections.abc import Mapping
from typing import Any

from mixeval.participant_steps import BUILT_IN
from mixeval.questions import DECLINED, Place, Question, flags_raised, is_answered, unanswered
from mixeval.study import Study
from mixeval_webapp.messages import Messages, messages_of
from mixeval_webapp.page_types.page_type import Missing, PageType, RaisedFlag, Response, SimulatedListener
from mixeval_webapp.sheet import Sheet

KINDS: Mapping[Place, str] = {
    "start": "questions_start",
    "before_page": "questions_before",
    "after_page": "questions_after",
    "end": "questions_end",
}
NAME_CHARACTERS = 40
"""Of a question, where it is only named."""
SIMULATED_DECLINES = 0.05
SIMULATED_TEXT = "SIMULATED"


class QuestionsPageType(PageType):
    """The questions of one place; `item` of the sheet says around which page."""

    template = "questions.html"

    def __init__(self, place: Place) -> None:
        self._place = place

    def data(self, study: Study, sheet: Sheet) -> dict[str, Any]:
        words = messages_of(study)
        return {"questions": [_described(question, words) for question in self._asked(study, sheet)]}

    def missing(self, study: Study, sheet: Sheet) -> Missing:
        words = messages_of(study)
        names = [
            _name(_ask(question, words))
            for question in unanswered(self._asked(study, sheet), _answers(sheet))
        ]
        return {"answer": tuple(names)} if names else {}

    def refusal(self, study: Study, sheet: Sheet, *, subject: str, name: str, value: Any) -> str | None:
        question = next((asked for asked in self._asked(study, sheet) if asked.id == name), None)
        if subject or question is None:
            return "is not asked for on this page"
        return question.refusal(value)

    def flags(self, study: Study, sheet: Sheet) -> tuple[RaisedFlag, ...]:
        answers = _answers(sheet)
        return tuple(
            RaisedFlag(name, {"question": question, "answer": answers.get(question)})
            for name, question in flags_raised(self._asked(study, sheet), answers)
        )

    def simulate(self, data: Mapping[str, Any], listener: SimulatedListener) -> Response:
        answers: dict[str, Any] = {}
        for question in data["questions"]:
            only_if = question["only_if"]
            if only_if is not None and answers.get(only_if["question"]) not in only_if["is"]:
                continue
            answers[question["id"]] = _simulated(question, listener)
        return Response(answers={name: value for name, value in answers.items() if is_answered(value)})

    def _asked(self, study: Study, sheet: Sheet) -> tuple[Question, ...]:
        return study.participants.questions_at(self._place, sheet.item)


def _answers(sheet: Sheet) -> dict[str, Any]:
    return {name: row.value for (subject, name), row in sheet.answers.items() if not subject}


def _described(question: Question, words: Messages) -> dict[str, Any]:
    low, high = question.ends if question.type == "scale" else (question.low, question.high)
    only_if = question.only_if
    return {
        "id": question.id,
        "type": question.type,
        "ask": _ask(question, words),
        "name": _name(_ask(question, words)),
        "options": [
            {"value": option, "label": _label(question, option, words)} for option in question.options
        ],
        "required": question.required,
        "decline": DECLINED if question.decline else None,
        "low": low,
        "high": high,
        "whole": question.whole,
        "only_if": None if only_if is None else {"question": only_if.question, "is": list(only_if.answers)},
    }


def _ask(question: Question, words: Messages) -> str:
    return words.say(f"questionnaire.{question.id}") if question.id in BUILT_IN else question.ask


def _label(question: Question, option: str, words: Messages) -> str:
    return words.say(f"questionnaire.{question.id}_{option}") if question.id in BUILT_IN else option


def _name(ask: str) -> str:
    # In a list of names there is no room for question marks, in any script.
    line = re.sub(r"\W+$", "", ask.splitlines()[0])
    return line if len(line) <= NAME_CHARACTERS else f"{line[: NAME_CHARACTERS - 1]}…"


def _simulated(question: Mapping[str, Any], listener: SimulatedListener) -> Any:
    random = listener.random
    if question["decline"] is not None and random.random() < SIMULATED_DECLINES:
        return question["decline"]
    values = [option["value"] for option in question["options"]]
    match question["type"]:
        case "choice":
            return values[int(random.integers(len(values)))]
        case "choices":
            return [value for value in values if random.random() < 0.5] or values[:1]
        case "scale":
            return int(random.integers(question["low"], question["high"] + 1))
        case "number":
            return _simulated_number(question, random.random())
        case _:
            return SIMULATED_TEXT if question["required"] else None


def _simulated_number(question: Mapping[str, Any], part: float) -> float:
    low = 0.0 if question["low"] is None else float(question["low"])
    high = low + 100.0 if question["high"] is None else float(question["high"])
    value = low + part * (high - low)
    return min(high, max(low, float(round(value)))) if question["whole"] else value
