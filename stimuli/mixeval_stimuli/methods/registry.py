"""The registry: every mixing method that study.toml can name."""

import difflib
import json
from collections.abc import Iterable, Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mixeval.conditions import Condition
from mixeval.errors import StudyError
from mixeval.study import FILE_NAME
from mixeval_stimuli.methods.anchor import Anchor
from mixeval_stimuli.methods.files import Files
from mixeval_stimuli.methods.method import MixMethod
from mixeval_stimuli.methods.reference import Reference
from mixeval_stimuli.methods.sum import Sum

METHODS: Mapping[str, type[MixMethod]] = {
    "anchor": Anchor,
    "files": Files,
    "reference": Reference,
    "sum": Sum,
}


def make_methods(conditions: Iterable[Condition], *, source: str = FILE_NAME) -> dict[str, MixMethod]:
    """Make the method of each condition, by condition id.

    Raises StudyError that names every option that cannot be used.
    """
    methods: dict[str, MixMethod] = {}
    errors: list[StudyError] = []
    for condition in conditions:
        try:
            methods[condition.id] = make_method(condition, source=source)
        except StudyError as error:
            errors.append(error)
    if errors:
        raise StudyError(
            "\n".join([*map(str, errors[:-1]), errors[-1].problem]), remedy=errors[-1].remedy
        ) from errors[-1]
    return methods


def make_method(condition: Condition, *, source: str = FILE_NAME) -> MixMethod:
    """Make the method of a condition from its options; `source` is the name of the file that errors carry.

    Raises StudyError when there is no such method, or when an option is unknown, missing or of a wrong value.
    """
    where = f'{source}: condition "{condition.id}"'
    if condition.method not in METHODS:
        raise StudyError(
            f'{where}: method is "{condition.method}", which mixeval does not know',
            remedy=_remedy_for_unknown(condition.method, METHODS, "the methods are"),
        )
    kind = METHODS[condition.method]
    try:
        # Through JSON, so that strict types hold and arrays still become tuples.
        return kind.model_validate_json(json.dumps(dict(condition.options)))
    except ValidationError as error:
        *others, last = [_explain(details, kind, condition.method) for details in error.errors()]
        lines = [f"{where}: {problem}; {remedy}." for problem, remedy in others]
        raise StudyError("\n".join([*lines, f"{where}: {last[0]}"]), remedy=last[1]) from error


def _explain(details: ErrorDetails, kind: type[MixMethod], method: str) -> tuple[str, str]:
    key = ".".join(["options", *map(str, details["loc"])])
    value = json.dumps(details["input"], ensure_ascii=False, default=str)
    match details["type"]:
        case "extra_forbidden":
            return (
                f'{key} is not an option of method "{method}"',
                _remedy_for_unknown(str(details["loc"][-1]), kind.model_fields, "its options are"),
            )
        case "missing":
            return f'{key} is missing, method "{method}" needs it', "add it"
        case "literal_error":
            return f"{key} is {value}", f"write {details['ctx']['expected']}"
        case "value_error":
            return f"{key} is {value}, {str(details['ctx']['error']).rstrip('.')}", "correct it"
        case _:
            _, _, requirement = details["msg"].partition(" should ")
            return f"{key} is {value}", f"it should {requirement or 'be another value'}"


def _remedy_for_unknown(name: str, known: Iterable[str], listing: str) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    listed = f"{listing} {', '.join(names)}" if names else "it takes no options"
    return f'did you mean "{close[0]}"? {listed}' if close else listed
