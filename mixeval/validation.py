"""From a document to a typed model, or to sentences that say what is wrong with which key, and what to do."""

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mixeval.errors import StudyError

Model = TypeVar("Model", bound=BaseModel)


def validated(
    model: type[Model],
    document: Mapping[str, Any],
    *,
    source: str,
    root: str = "",
    remedy_for_unknown: Callable[[str], str],
    is_tag: Callable[[str, Mapping[str, Any]], bool] = lambda _step, _table: False,
) -> Model:
    """Validate `document` as a strict `model`; `source` and the path `root` stand before each key that is named.

    `is_tag` tells the members of a union, which pydantic mixes into its locations, from keys.

    Raises StudyError with a line for each key that is unknown, missing or of a value that cannot be.
    """
    try:
        # Through JSON, so that strict types hold and arrays still become tuples.
        return model.model_validate_json(json.dumps(document, default=str, allow_nan=False))
    except ValidationError as error:
        findings = []
        for details in _root_causes(error.errors()):
            path, value = _locate(details["loc"], document, root, is_tag)
            problem, remedy = _explain(details, path, value, remedy_for_unknown)
            findings.append((f"{source}: {problem}", remedy))
        raise StudyError.listing(findings) from error
    except ValueError as error:
        raise StudyError(f"{source} holds nan or inf", remedy="write finite numbers") from error


def closest(name: str, known: Iterable[str]) -> str | None:
    """Find the known name that `name` was probably meant to be."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)


def _root_causes(found: list[ErrorDetails]) -> list[ErrorDetails]:
    # A list whose entry is wrong is also reported as too short: that follows from the entry.
    return [
        details
        for details in found
        if not any(
            other is not details and other["loc"][: len(details["loc"])] == details["loc"] for other in found
        )
    ]


def _locate(
    location: tuple[int | str, ...],
    document: Mapping[str, Any],
    root: str,
    is_tag: Callable[[str, Mapping[str, Any]], bool],
) -> tuple[str, Any]:
    """Follow pydantic's location through the document to the path and value of what it complains of."""
    path, value = root, cast("Any", document)
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
            value = value[step] if isinstance(value, list) and step < len(value) else None
        elif isinstance(value, dict) and (step in value or not is_tag(step, value)):
            path += f".{step}" if path else step
            value = value.get(step)
    return path, value


def _explain(
    details: ErrorDetails, path: str, value: object, remedy_for_unknown: Callable[[str], str]
) -> tuple[str, str]:
    context = details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            return f"{path} is not a key that mixeval knows", remedy_for_unknown(str(details["loc"][-1]))
        case "missing":
            return f"{path} is missing", "add it"
        case "union_tag_invalid":
            # What chooses among page types is called `page`, all other unions say `kind`.
            key = "page" if path == "test" else "kind"
            return f"{path}.{key} is {_show(context['tag'])}", f"write one of {context['expected_tags']}"
        case "union_tag_not_found":
            return f"{path}.kind is missing", "say which kind it is"
        case "literal_error":
            return f"{path} is {_show(value)}", f"write {context['expected']}"
        case "value_error":
            where = f"{path}: " if path else ""
            return f"{where}{str(context['error']).rstrip('.')}", "correct it"
        case "string_pattern_mismatch":
            return f"{path} is {_show(value)}", "use ASCII letters, digits, _, . and - only"
        case "too_short":
            return f"{path} has {context['actual_length']} entries", f"give at least {context['min_length']}"
        case "too_long":
            return f"{path} has too many entries", f"give at most {context['max_length']}"
        case _:
            return f"{path} is {_show(value)}", f"it {_requirement(details['msg'])}"


def _requirement(message: str) -> str:
    _, _, requirement = message.partition(" should ")
    for pydantics, ours in (
        ("a valid ", "a "),
        ("a integer", "an integer"),
        ("a array", "a list"),
        ("an array", "a list"),
        ("an object", "a table"),
    ):
        requirement = requirement.replace(pydantics, ours)
    return f"should {requirement}" if requirement else f"is refused ({message})"


def _show(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
