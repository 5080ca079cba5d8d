"""What browsers send: parsed once, strictly, into frozen models, or refused with the field's name.

Bodies are hostile until then: 30 000 levels of nesting exhaust the parser, 10**23 does not fit a database's
integer, a repeated key hides its first value, and NUL or half a surrogate pair cannot be stored as text.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from flask import Request
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    model_validator,
)

from mixeval_webapp.problems import ForeignRequestError, InvalidFieldError, MalformedBodyError, NotJsonError

MAX_BODY_BYTES = 64 * 1024
MAX_DEPTH = 8
MAX_DETAIL_CHARACTERS = 2000
MAX_ANSWER_CHARACTERS = 12_000
"""Of JSON, in which a character of text may take six."""
LISTS = ("ratings", "answers", "events", "entries")
SAFE_INTEGER = 2**53 - 1
"""Largest integer that JavaScript, JSON and both databases keep exactly."""

Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Sequence = Annotated[int, Field(ge=0, le=SAFE_INTEGER)]

Model = TypeVar("Model", bound="Payload")


class Payload(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class RatingPayload(Payload):
    """One answer about a mix as it stands: `value` is null until the listener has given it."""

    stimulus: Token
    attribute: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    value: Annotated[float, Field(ge=0, le=100)] | None
    moved: bool
    played: bool
    listened_seconds: Annotated[float, Field(ge=0, le=1e6)]
    unplayable: bool = False
    sequence: Sequence

    @model_validator(mode="after")
    def _value_is_there_once_moved(self) -> "RatingPayload":
        # An untouched slider must never turn into a rating by its starting place.
        if self.moved != (self.value is not None):
            raise ValueError("value must be a number once moved is true, and null until then")
        return self


class RatingsPayload(Payload):
    ratings: Annotated[tuple[RatingPayload, ...], Field(min_length=1, max_length=200)]


def _short_answer(value: JsonValue) -> JsonValue:
    if len(json.dumps(value, ensure_ascii=False)) > MAX_ANSWER_CHARACTERS:
        raise ValueError(f"value must be at most {MAX_ANSWER_CHARACTERS} characters of JSON")
    return value


class AnswerPayload(Payload):
    """The answer to a question, or a comment; `subject` is a mix's token, or empty for the page."""

    subject: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,64}$")]
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    value: Annotated[JsonValue, AfterValidator(_short_answer)]
    sequence: Sequence


class AnswersPayload(Payload):
    answers: Annotated[tuple[AnswerPayload, ...], Field(min_length=1, max_length=100)]


class CompletionPayload(Payload):
    ratings: Annotated[tuple[RatingPayload, ...], Field(max_length=200)]
    answers: Annotated[tuple[AnswerPayload, ...], Field(max_length=100)] = ()
    sequence: Sequence


def _small(detail: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    if len(json.dumps(detail)) > MAX_DETAIL_CHARACTERS:
        raise ValueError(f"detail must be at most {MAX_DETAIL_CHARACTERS} characters of JSON")
    return detail


class EventPayload(Payload):
    """Something that happened in the browser; `id` makes a retry harmless."""

    id: Token
    page: Token | None
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    stimulus: Token | None
    client_ms: Annotated[float, Field(ge=0, le=1e12)]
    detail: Annotated[
        dict[Annotated[str, StringConstraints(max_length=64)], JsonValue],
        Field(max_length=16),
        AfterValidator(_small),
    ]

    @model_validator(mode="after")
    def _volume_has_its_level(self) -> "EventPayload":
        # The rating page starts at the last volume, so that one must be a level.
        if self.kind == "volume":
            level = self.detail.get("db")
            if isinstance(level, bool) or not isinstance(level, int | float) or not -120 <= level <= 20:
                raise ValueError("detail.db must be a level between -120 and 20 dB")
        return self


class EventsPayload(Payload):
    events: Annotated[tuple[EventPayload, ...], Field(min_length=1, max_length=200)]


class HoldPayload(Payload):
    """A tab that wants to go on with the session; `take` where the listener has said so."""

    tab: Token
    take: bool = False


def read_payload(request: Request, model: type[Model]) -> Model:
    """Parse the body of `request`, which must come from the study's own page.

    Raises ForeignRequestError without the header `X-Mixeval: 1`, NotJsonError for another content type,
    MalformedBodyError for what is not sound JSON, InvalidFieldError naming the first field that is wrong.
    """
    # A page of another site cannot send this header, nor this content type, without being asked first.
    if request.headers.get("X-Mixeval") != "1":
        raise ForeignRequestError("the header X-Mixeval is missing", remedy="send it with the value 1")
    if request.mimetype != "application/json":
        raise NotJsonError(f'the content type is "{request.mimetype[:60]}"', remedy="send application/json")
    return parse_payload(request.get_data(), model)


def parse_payload(body: bytes, model: type[Model]) -> Model:
    """Parse JSON into `model`. Raises MalformedBodyError or InvalidFieldError (see :func:`read_payload`)."""
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_without_repeats)
        _check_storable(document)
    except RecursionError as error:
        raise MalformedBodyError("the body is nested too deeply", remedy="flatten it") from error
    except ValueError as error:  # not UTF-8, not JSON, a repeated key, or an integer of thousands of digits
        raise MalformedBodyError(
            f"the body is not sound JSON ({_short(error)})", remedy="correct it"
        ) from error
    try:
        # Arrays are lists in a parsed body; strict tuples take JSON's arrays only from JSON itself.
        return model.model_validate(_tuples(document))
    except ValidationError as error:
        raise _explain(error) from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _check_storable(document: Any) -> None:
    """Raise ValueError for nesting beyond MAX_DEPTH and for text that a database cannot hold."""
    level = [document]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for value in level:
            if isinstance(value, str):
                if "\0" in value:
                    raise ValueError("a text holds NUL")
                value.encode("utf-8")  # raises UnicodeEncodeError, a ValueError, for half a surrogate pair
            elif isinstance(value, dict):
                below += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                below += value
        level = below
    if level:
        raise ValueError("it is nested too deeply")


def _tuples(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    return {
        name: tuple(value) if name in LISTS and isinstance(value, list) else value
        for name, value in document.items()
    }


def _explain(error: ValidationError) -> InvalidFieldError:
    first = error.errors(include_url=False)[0]
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"]).lstrip(".")
    field = field or "the body"
    if first["type"] == "value_error":
        return InvalidFieldError(f"{field}: {first['ctx']['error']}", remedy="correct it", field=field)
    if first["type"] == "missing":
        return InvalidFieldError(f"{field} is missing", remedy="add it", field=field)
    if first["type"] == "extra_forbidden":
        return InvalidFieldError(f"{field} is not a known key", remedy="remove it", field=field)
    return InvalidFieldError(
        f"{field} is {_short(json.dumps(first['input'], default=str))}",
        remedy=first["msg"].replace("Input should", "it should"),
        field=field,
    )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
