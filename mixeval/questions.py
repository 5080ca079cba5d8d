"""Questions to participants, before, between and after the pages: what may be asked, and what counts as an answer.

An answer is JSON: text, a number, one option, a list of options, DECLINED, or null while there is none.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from mixeval.conditions import PlainText
from mixeval.section import Section, Text

DECLINED = "prefer_not_to_say"
"""The answer of those who would rather give none."""

TEXT_CHARACTERS = 200
LONG_TEXT_CHARACTERS = 2000
LARGEST_NUMBER = 1e9

Place = Literal["start", "before_page", "after_page", "end"]

QuestionId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Number = Annotated[float, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]


class OnlyIf(Section):
    """Ask only those who gave one of the answers `is` to an earlier question of the same page."""

    question: QuestionId
    answers: Annotated[tuple[PlainText | int, ...], Field(min_length=1, alias="is")]

    def holds(self, answer: Any) -> bool:
        """Tell whether `answer`, to the question that it depends on, opens the one that depends."""
        given = answer if isinstance(answer, list) else [answer]
        return any(one == wanted for one in given for wanted in self.answers)


class Question(Section):
    """One question, as `[[participants.questions]]` or the built-in questionnaire asks it."""

    id: QuestionId
    """Its name in the answers."""
    ask: Text
    type: Literal["text", "long_text", "number", "choice", "choices", "scale"] = "text"
    options: Annotated[tuple[PlainText, ...], Field(max_length=50)] = ()
    """What can be chosen; of a scale, the words for its two ends."""
    required: bool = True
    decline: bool = False
    """Whether "Prefer not to say" is an answer."""
    low: Number | None = None
    high: Number | None = None
    """The smallest and largest number; of a scale, its ends, 1 and 7 if left out."""
    whole: bool = False
    """Whether the number must be whole."""
    at: Place = "start"
    items: Annotated[tuple[PlainText, ...], Field(min_length=1)] | None = None
    """Before or after pages: only those of these items."""
    only_if: OnlyIf | None = Field(default=None, alias="if")
    flag: Mapping[QuestionId, Annotated[tuple[PlainText | int, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    """Names of flags, each with the answers that raise it."""
    expect: Annotated[tuple[PlainText | int, ...], Field(min_length=1)] | None = None
    """Of a question that tests attention: any other answer flags the session."""

    @model_validator(mode="after")
    def _type_has_what_it_needs(self) -> "Question":
        problem = _inconsistency(self)
        if problem is not None:
            raise ValueError(f'question "{self.id}" {problem}')
        return self

    @property
    def ends(self) -> tuple[int, int]:
        """First and last number of a scale."""
        return int(self.low if self.low is not None else 1), int(self.high if self.high is not None else 7)

    def refusal(self, value: Any) -> str | None:
        """Say why `value` cannot be stored as an answer, or None where it can; null takes an answer back."""
        if value is None or (self.decline and value == DECLINED):
            return None
        return _refusal(self, value)


def is_answered(value: Any) -> bool:
    """Tell an answer from an empty one."""
    return bool(value.strip()) if isinstance(value, str) else value not in (None, [])


def shown(questions: Sequence[Question], answers: Mapping[str, Any]) -> tuple[Question, ...]:
    """Return those of a page's questions that are to be answered, given the `answers` so far by id.

    >>> car = Question(id="car", ask="Have you a car?", type="choice", options=("yes", "no"))
    >>> brand = Question.model_validate({"id": "brand", "ask": "Which?", "if": {"question": "car", "is": ("yes",)}})
    >>> [question.id for question in shown([car, brand], {"car": "no"})]
    ['car']
    """
    found: list[Question] = []
    for question in questions:
        only_if = question.only_if
        # A question that hangs on one that is hidden is hidden too, whatever was answered before it was.
        if only_if is None or (
            any(other.id == only_if.question for other in found)
            and only_if.holds(answers.get(only_if.question))
        ):
            found.append(question)
    return tuple(found)


def unanswered(questions: Sequence[Question], answers: Mapping[str, Any]) -> tuple[Question, ...]:
    """Return the questions that must still be answered, and those that were answered though they are hidden."""
    visible = shown(questions, answers)
    return tuple(
        question
        for question in questions
        if (
            question.required and not is_answered(answers.get(question.id))
            if question in visible
            else is_answered(answers.get(question.id))
        )
    )


def flags_raised(questions: Sequence[Question], answers: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return (name of flag, id of question) for each answer that is to be flagged."""
    found = []
    for question in shown(questions, answers):
        value = answers.get(question.id)
        given = value if isinstance(value, list) else [value]
        found += [
            (name, question.id)
            for name, wanted in question.flag.items()
            if any(one in wanted for one in given)
        ]
        if question.expect is not None and not all(one in question.expect for one in given):
            found.append(("attention", question.id))
    return tuple(found)


def _inconsistency(question: Question) -> str | None:
    chosen = question.type in {"choice", "choices"}
    twice = len(set(question.options)) != len(question.options)
    low, high = question.low, question.high
    problems = (
        (chosen and len(question.options) < 2, "needs at least two options"),
        (question.type == "scale" and len(question.options) not in {0, 2}, "needs two options, for its ends"),
        (not chosen and question.type != "scale" and question.options, "has options and is no choice"),
        (twice, "has an option twice"),
        (DECLINED in question.options, f'has the option "{DECLINED}"; write decline = true instead'),
        (low is not None and high is not None and low >= high, "has low above high"),
        (
            question.type == "scale" and (low or 0) % 1 + (high or 0) % 1 != 0,
            "has a scale that does not end at whole numbers",
        ),
        (
            question.type == "scale" and not 1 <= question.ends[1] - question.ends[0] <= 20,
            "has a scale of fewer than 2 or more than 21 steps",
        ),
        (
            question.items is not None and question.at not in {"before_page", "after_page"},
            'has items, which only at = "before_page" and "after_page" know',
        ),
        (
            chosen and any(answer not in question.options for answer in _named_answers(question)),
            "names an answer in flag or expect that is none of its options",
        ),
    )
    return next((words for wrong, words in problems if wrong), None)


def _named_answers(question: Question) -> set[str | int]:
    named = {answer for answers in question.flag.values() for answer in answers}
    return (named | set(question.expect or ())) - ({DECLINED} if question.decline else set())


def _refusal(question: Question, value: Any) -> str | None:
    match question.type:
        case "text" | "long_text":
            limit = TEXT_CHARACTERS if question.type == "text" else LONG_TEXT_CHARACTERS
            fits = isinstance(value, str) and len(value) <= limit
            return None if fits else f"must be text of at most {limit} characters"
        case "choice":
            return None if value in question.options else "must be one of the options"
        case "choices":
            fits = (
                isinstance(value, list)
                and all(one in question.options for one in value)
                and len({str(one) for one in value}) == len(value)
            )
            return None if fits else "must be a list of different options"
        case "scale":
            low, high = question.ends
            fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
            return None if fits else f"must be a whole number from {low} to {high}"
        case "number":
            return _number_refusal(question, value)


def _number_refusal(question: Question, value: Any) -> str | None:
    low = -LARGEST_NUMBER if question.low is None else question.low
    high = LARGEST_NUMBER if question.high is None else question.high
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        return f"must be a number from {low:g} to {high:g}"
    return "must be a whole number" if question.whole and value % 1 else None
