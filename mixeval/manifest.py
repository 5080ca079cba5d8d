"""The manifest: what was rendered, from what, how loud, in which file (design border 1).

`STUDY/stimuli/manifest.json` is a contract that other programs may rely on; it is written whole or not at all.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    model_validator,
)

from mixeval.errors import ManifestError

FOLDER = "stimuli"
FILE_NAME = "manifest.json"

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, populate_by_name=True
    )


class InputFile(_Frozen):
    """A file that a mix was made from, relative to the study where it lies inside, and its hash."""

    file: str
    sha256: Sha256


class Stimulus(_Frozen):
    """One rendered mix of one item: a content-named FLAC file, its measured level and its provenance."""

    item: str
    condition: str
    file: str
    """Path relative to the manifest's folder, named by the file's content."""
    sha256: Sha256
    frames: Annotated[int, Field(gt=0)]
    channels: Literal[2]
    sample_rate: Annotated[int, Field(gt=0)]
    loudness_lufs: float
    target_lufs: float
    """The item's target: the study's, lowered for the whole item where a true peak would pass -1 dBTP."""
    true_peak_dbtp: float
    gain_db: float
    """Gain from the mix as the method made it to the file."""
    method: str
    method_version: str
    inputs: tuple[InputFile, ...]
    parameters: Mapping[str, JsonValue]
    """What the method found or chose, such as gains or a checkpoint's hash."""
    notes: tuple[str, ...] = ()


class Item(_Frozen):
    """An item and what the data set knows of it, such as its drummer and group."""

    item: str
    facts: Mapping[str, str] = Field(default_factory=dict)


class Manifest(_Frozen):
    """All stimuli of a study, item by item in the order of the study."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    target_lufs: float
    sample_rate: Annotated[int, Field(gt=0)] | None
    """The rate of all stimuli, or nothing where the items differ."""
    tools: Mapping[str, str]
    items: tuple[Item, ...]
    stimuli: tuple[Stimulus, ...]

    @model_validator(mode="after")
    def _complete(self) -> "Manifest":
        conditions = list(dict.fromkeys(stimulus.condition for stimulus in self.stimuli))
        wanted = [(item.item, condition) for item in self.items for condition in conditions]
        cells = [(stimulus.item, stimulus.condition) for stimulus in self.stimuli]
        if sorted(cells) != sorted(wanted):
            raise ValueError("each item must have each condition exactly once")
        for item in self.items:
            shapes = {(s.frames, s.sample_rate) for s in self.of_item(item.item)}
            if len(shapes) > 1:
                raise ValueError(f'the stimuli of "{item.item}" differ in length or sample rate')
        return self

    def of_item(self, item: str) -> tuple[Stimulus, ...]:
        return tuple(stimulus for stimulus in self.stimuli if stimulus.item == item)

    def to_json(self) -> str:
        """Write the manifest as indented JSON with a final newline; equal manifests give equal bytes."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=False) + "\n"


def parse_manifest(text: str, *, source: str = FILE_NAME) -> Manifest:
    """Parse the text of a manifest.json. Raises ManifestError naming the first entry that is wrong."""
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ManifestError(
            f"{source} is not a manifest of this version ({where}: {first['msg']})",
            remedy="render the study again with `mixeval render`",
        ) from error


def read_manifest(study_folder: Path) -> Manifest:
    """Read STUDY/stimuli/manifest.json. Raises ManifestError when it is missing or damaged."""
    path = study_folder / FOLDER / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ManifestError(
            f"{study_folder} has no stimuli yet, {path} is missing",
            remedy=f"run `mixeval render {study_folder}`",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path} cannot be read ({error})", remedy="make it readable") from error
    return parse_manifest(text, source=str(path))


def write_manifest(study_folder: Path, manifest: Manifest) -> Path:
    """Write STUDY/stimuli/manifest.json whole, by replacing the old one in one step."""
    folder = study_folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    handle, draft = tempfile.mkstemp(dir=folder, prefix=".manifest-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(manifest.to_json())
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return path


def file_sha256(path: Path) -> str:
    """Hash a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
