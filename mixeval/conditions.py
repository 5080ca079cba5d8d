"""Conditions: the ways of mixing that listeners rate, as the study declares them."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

ConditionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""ASCII letters, digits, `_`, `.` and `-`: ids stand in SQL, CSV and file names. Labels may be any text."""

Role = Literal["reference", "system", "anchor"]


def _plain_text(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be visible text on one line")
    return text


PlainText = Annotated[str, StringConstraints(max_length=200), AfterValidator(_plain_text)]
"""Visible text on one line, in any script."""


class Condition(BaseModel):
    """One way of mixing as it is rated: an id, a label for figures, and the method that makes it.

    `options` belong to the method, which checks them when it renders. `factors` place the condition in a
    design, such as method x process.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: ConditionId
    label: PlainText = ""
    method: PlainText
    options: Mapping[str, JsonValue] = Field(default_factory=dict)
    role: Role = "system"
    factors: Mapping[PlainText, PlainText] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _label_is_id_if_left_out(cls, data: object) -> object:
        if isinstance(data, dict) and "label" not in data and "id" in data:
            return {**data, "label": data["id"]}
        return data
