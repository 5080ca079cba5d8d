"""Conditions: the ways of mixing that listeners rate, as the study declares them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from unicodedata import category

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

ConditionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""ASCII letters, digits, `_`, `.` and `-`: ids stand in SQL, CSV and file names. Labels may be any text."""

Role = Literal["reference", "system", "anchor"]


_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Invisible, and part of how Persian, Hindi and others are spelt."""


def _plain_text(text: str) -> str:
    # French sets a no-break space before a question mark, which Python counts among what cannot be printed.
    if not text.strip() or not all(
        letter.isprintable() or letter in _JOINERS or category(letter) == "Zs" for letter in text
    ):
        raise ValueError("must be visible text on one line")
    return text


PlainText = Annotated[str, StringConstraints(max_length=200), AfterValidator(_plain_text)]
"""Visible text on one line, in any script."""


class Condition(BaseModel):
    """One way of mixing as it is rated: an id, a label for figures, and the method that makes it.

    `options` belong to the method, which checks them when it renders. `factors` place the condition in a
    design, such as method x process. `compare_to` names the condition that `mixeval compare` measures it against
    (see :func:`counterparts`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: ConditionId
    label: PlainText = ""
    method: PlainText
    options: Mapping[str, JsonValue] = Field(default_factory=dict)
    role: Role = "system"
    factors: Mapping[PlainText, PlainText] = Field(default_factory=dict)
    compare_to: ConditionId | None = None

    @model_validator(mode="before")
    @classmethod
    def _label_is_id_if_left_out(cls, data: object) -> object:
        if isinstance(data, dict) and "label" not in data and "id" in data:
            return {**data, "label": data["id"]}
        return data

    @model_serializer(mode="wrap")
    def _without_unused_keys(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Studies that never heard of this key keep the version that their sessions carry.
        written: dict[str, Any] = handler(self)
        if self.compare_to is None:
            del written["compare_to"]
        return written


def counterparts(conditions: Sequence[Condition]) -> dict[str, str | None]:
    """Name the condition that each is compared to, by id; None where there is none.

    It is the condition's `compare_to`. Left out, it is the reference of the same `factors.process` (dry with
    dry, wet with wet) where there is exactly one, else the study's only reference. A reference is compared to
    nothing unless it says so.
    """
    references = [condition for condition in conditions if condition.role == "reference"]
    return {condition.id: _counterpart(condition, references) for condition in conditions}


def _counterpart(condition: Condition, references: Sequence[Condition]) -> str | None:
    if condition.compare_to is not None or condition.role == "reference":
        return condition.compare_to
    process = condition.factors.get("process")
    alike = [reference for reference in references if reference.factors.get("process") == process]
    for found in (alike if process is not None else [], references):
        if len(found) == 1:
            return found[0].id
    return None
