"""What participants do besides rating, as [participants] of study.toml asks for it: questions, checks, level, practice."""

import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from mixeval.conditions import ConditionId, PlainText
from mixeval.questions import DECLINED, Place, Question
from mixeval.section import Section

FINAL_COMMENTS = "final_comments"
REDIRECT_FIELDS = ("{code}", "{participant}")


def _built_in(**fields: Any) -> Question:
    # Its words are in the message files, under its id.
    return Question.model_validate({"ask": fields["id"]} | fields)


_HEADPHONES = ("studio", "consumer", "in_ear", "budget", "speakers")

BUILT_IN: Mapping[str, Question] = {
    question.id: question
    for question in (
        _built_in(id="age", type="number", whole=True, low=1, high=120, decline=True),
        _built_in(id="gender", decline=True),
        _built_in(
            id="experience",
            type="choice",
            options=("none", "listener", "hobby", "professional"),
            decline=True,
        ),
        _built_in(
            id="headphones",
            type="choice",
            options=_HEADPHONES,
            flag={"budget_headphones": ("budget",), "no_headphones": ("speakers",)},
        ),
        _built_in(
            id="headphone_model",
            required=False,
            **{"if": {"question": "headphones", "is": _HEADPHONES[:-1]}},
        ),
        _built_in(
            id="environment",
            type="choice",
            options=("quiet", "some_noise", "noisy"),
            flag={"noisy_environment": ("noisy",)},
        ),
        _built_in(id=FINAL_COMMENTS, type="long_text", required=False, at="end"),
    )
}
"""Questions that mixeval can ask by itself, in the study's language.

The first six are the self-report of Martínez Ramírez, Stoller and Moffat (JAES 69(3), 2021), with its rule:
budget headphones or a noisy room flag the session.
"""

BuiltInQuestion = Literal["age", "gender", "experience", "headphones", "headphone_model", "environment"]


class ConsentBox(Section):
    """A box to tick on the first page."""

    text: PlainText
    required: bool = True


def _box(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


class Checks(Section):
    """Short tests of the listening set-up. Failing flags the session."""

    left_right: bool = False
    """Whether listeners say on which side they hear a sound."""
    headphones: Literal["none", "huggins", "antiphase", "both"] = "none"
    huggins_pass: Annotated[int, Field(ge=1, le=6)] = 6
    """Trials of six that must be right; Milne et al. (2021) ask for all."""
    antiphase_pass: Annotated[int, Field(ge=1, le=6)] = 5
    """Trials of six that must be right; Woods et al. (2017) ask for five."""
    replay: bool = False
    """Whether the sounds of the headphone check may be played more than once."""
    drop_failing: bool = False
    """Whether the session ends for those who fail; left out, they are flagged and go on."""


class LevelStep(Section):
    """A page on which listeners set a comfortable level on a clip of the study."""

    item: PlainText | None = None
    """Left out: the first item."""
    condition: ConditionId | None = None
    """Left out: the first reference, or else the first condition."""
    lock_volume: bool = False
    """Whether rating pages have no volume control afterwards."""


class Familiarisation(Section):
    """Pages on which all mixes of an item can be played without rating them."""

    items: Annotated[tuple[PlainText, ...], Field(min_length=1)] | None = None
    """A page for each; left out: one page, of the first item."""
    minimum_seconds: Annotated[float, Field(ge=0.0, le=600.0)] = 0.25
    """For how long each mix must have been audible before the page can be left."""


class ParticipantSteps(Section):
    """The part of [participants] that adds pages, and what comes before the first and after the last."""

    consent_boxes: Annotated[
        tuple[Annotated[ConsentBox, BeforeValidator(_box)], ...], Field(max_length=20)
    ] = ()
    questionnaire: tuple[BuiltInQuestion, ...] = ()
    """Built-in questions that are asked at the start, in this order."""
    questions: Annotated[tuple[Question, ...], Field(max_length=90)] = ()
    checks: Checks = Checks()
    level: LevelStep | None = None
    familiarisation: Familiarisation | None = None
    practice_items: tuple[PlainText, ...] = ()
    """Items that are rated for practice before the test, and not in it; nothing of that enters a table."""
    final_comments: bool = False
    redirect: Annotated[str, Field(max_length=2000)] | None = None
    """Where participants go when all is saved; `{code}` and `{participant}` are filled in."""

    @model_validator(mode="after")
    def _questions_fit_together(self) -> "ParticipantSteps":
        asked = [*self.questionnaire, *(question.id for question in self.questions)]
        for name in asked:
            if asked.count(name) > 1:
                raise ValueError(f'the question "{name}" is there twice')
        for question in self.questions:
            if question.id in {*BUILT_IN, "comment"}:
                raise ValueError(f'the question id "{question.id}" is taken, choose another')
            _check_only_if(question, self.questions_at(question.at))
        return self

    @model_validator(mode="after")
    def _redirect_is_an_address(self) -> "ParticipantSteps":
        if self.redirect is None:
            return self
        address = urllib.parse.urlsplit(self.redirect)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ValueError("redirect must be an address that begins with https:// or http://")
        without = self.redirect
        for field in REDIRECT_FIELDS:
            without = without.replace(field, "")
        if "{" in without or "}" in without:
            raise ValueError(f"redirect knows {' and '.join(REDIRECT_FIELDS)} only")
        if any(brace in address.netloc for brace in "{}"):
            raise ValueError("redirect must not have {code} or {participant} in its host")
        return self

    def questions_at(self, place: Place, item: str | None = None) -> tuple[Question, ...]:
        """Return what is asked at `place`, around a page of `item` (None: of any)."""
        built_in = [*self.questionnaire, *([FINAL_COMMENTS] if self.final_comments else [])]
        found = [BUILT_IN[name] for name in built_in if BUILT_IN[name].at == place]
        names = {question.id for question in found}
        # Without the question that it hangs on, a built-in one is asked of everybody.
        found = [
            question
            if question.only_if is None or question.only_if.question in names
            else question.model_copy(update={"only_if": None})
            for question in found
        ]
        own = [
            question
            for question in self.questions
            if question.at == place and (item is None or question.items is None or item in question.items)
        ]
        # What anybody wishes to add comes last.
        return (*own, *found) if place == "end" else (*found, *own)

    def redirect_for(self, *, code: str, participant: str) -> str | None:
        """Fill in where one participant goes at the end."""
        if self.redirect is None:
            return None
        values = (code, participant)
        address = self.redirect
        for field, value in zip(REDIRECT_FIELDS, values, strict=True):
            address = address.replace(field, urllib.parse.quote(value, safe=""))
        return address

    @property
    def items_named(self) -> tuple[str, ...]:
        """Every item that is named, for checking against those that were rendered."""
        named = [name for question in self.questions for name in question.items or ()]
        named += self.practice_items
        named += (self.familiarisation.items if self.familiarisation else None) or ()
        named += [self.level.item] if self.level and self.level.item is not None else []
        return tuple(named)


def _check_only_if(question: Question, same_page: Sequence[Question]) -> None:
    if question.only_if is None:
        return
    earlier = same_page[: same_page.index(question)]
    wanted = next((other for other in earlier if other.id == question.only_if.question), None)
    if wanted is None:
        raise ValueError(
            f'question "{question.id}" depends on "{question.only_if.question}", which is not asked before it '
            "on the same page"
        )
    if wanted.items is not None and not set(question.items or ()) <= set(wanted.items):
        raise ValueError(f'question "{question.id}" depends on one that is not asked with all of its items')
    if wanted.items is not None and question.items is None:
        raise ValueError(f'question "{question.id}" depends on one that is not asked with every item')
    options = {*wanted.options, *([DECLINED] if wanted.decline else [])}
    if wanted.type in {"choice", "choices"} and not set(question.only_if.answers) <= options:
        raise ValueError(f'question "{question.id}" depends on an answer that "{wanted.id}" does not offer')
