"""What is rendered: [stimuli] of study.toml, its data set, items, conditions and loudness."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from mixeval.conditions import Condition, PlainText
from mixeval.section import Section

TARGET_LUFS = -28.0


class FilesDataset(Section):
    """Mixes that were rendered elsewhere; `pattern` names each file by `{item}` and `{source}`."""

    kind: Literal["files"]
    path: str
    pattern: str

    @model_validator(mode="after")
    def _both_fields_once(self) -> "FilesDataset":
        for field in ("{item}", "{source}"):
            if self.pattern.count(field) != 1:
                raise ValueError(f"pattern must hold {field} exactly once")
        return self


class FolderDataset(Section):
    """One folder per recording with a path per stem; with `item`, `path` is that one recording."""

    kind: Literal["folder"]
    path: str
    item: PlainText | None = None
    stems: Mapping[PlainText, str] = Field(default_factory=dict)
    references: Mapping[PlainText, str] = Field(default_factory=dict)


class EnstDataset(Section):
    """ENST-Drums as it lies on the user's disk; `path` is the folder that holds drummer_1 to drummer_3."""

    kind: Literal["enst"]
    path: str


class SyntheticDataset(Section):
    """Seeded synthetic drums, written to `path` as an ENST-shaped tree when the study is first rendered."""

    kind: Literal["synthetic"]
    path: str = "recordings"
    recordings_per_drummer: Annotated[int, Field(ge=1, le=24)] = 2
    seconds: Annotated[float, Field(ge=2.0, le=120.0)] = 14.0


class KitDataset(Section):
    """A sampled kit as `mixeval dataset kit` renders it to `path`; with `samples`, it is rendered there first."""

    kind: Literal["kit"]
    path: str = "recordings"
    samples: str | None = None
    minutes: Annotated[float, Field(gt=0.0, le=1000.0)] = 45.0


Dataset = Annotated[
    FilesDataset | FolderDataset | EnstDataset | SyntheticDataset | KitDataset,
    Field(discriminator="kind"),
]


class ItemSelection(Section):
    """Which of the data set's recordings become items."""

    subset: Literal["train", "val", "test"] | None = None
    per_drummer: Annotated[int, Field(ge=1)] | None = None
    exclude: tuple[PlainText, ...] = Field(default=(), alias="not")
    """Groups left out, such as "hits"."""


def _items_tag(value: object) -> str:
    return "names" if isinstance(value, list | tuple) else "selection"


ItemsChoice = Annotated[
    Annotated[tuple[PlainText, ...], Field(min_length=1), Tag("names")]
    | Annotated[ItemSelection, Tag("selection")],
    Discriminator(_items_tag),
]


class StimuliSection(Section):
    dataset: Dataset
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=40)]
    items: ItemsChoice | None = None
    target_lufs: Annotated[float, Field(ge=-60.0, le=-10.0)] = TARGET_LUFS

    @model_validator(mode="after")
    def _distinct(self) -> "StimuliSection":
        for what, values in (
            ("condition id", [condition.id for condition in self.conditions]),
            ("condition label", [condition.label for condition in self.conditions]),
            ("item", list(self.items) if isinstance(self.items, tuple) else []),
        ):
            twice = sorted({value for value in values if values.count(value) > 1})
            if twice:
                raise ValueError(f'the {what} "{twice[0]}" is there twice')
        return self

    @model_validator(mode="after")
    def _compared_to_others(self) -> "StimuliSection":
        ids = {condition.id for condition in self.conditions}
        for condition in self.conditions:
            name = condition.compare_to
            if name is not None and name not in ids:
                raise ValueError(
                    f'condition "{condition.id}" has compare_to = "{name}", which is no condition of this study'
                )
            if name == condition.id:
                raise ValueError(f'condition "{name}" has itself as compare_to')
        return self


def is_stimuli_tag(step: str, table: Mapping[str, Any]) -> bool:
    """Tell the name of a kind of data set or items that pydantic mixes into a location from a key."""
    return step in {table.get("kind"), _items_tag(table)}
