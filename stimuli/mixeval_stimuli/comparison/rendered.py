"""Rendered stimuli as a comparison takes them: from the manifest, each file as it was when it was written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mixeval.audio import Audio, read_audio
from mixeval.conditions import Condition, counterparts
from mixeval.errors import ManifestError, StudyError
from mixeval.manifest import FOLDER, Manifest, Stimulus, file_sha256, read_manifest
from mixeval.study import Study, read_study
from mixeval.validation import closest
from mixeval.versions import Version, check_rendered


@dataclass(frozen=True)
class Rendered:
    """A study with its stimuli. `counterparts` says what each condition is compared to."""

    folder: Path
    study: Study
    manifest: Manifest
    counterparts: Mapping[str, str | None]

    @property
    def version(self) -> Version:
        return Version(self.study, self.manifest)

    @property
    def labels(self) -> dict[str, str]:
        return {condition.id: condition.label for condition in self.study.conditions}

    def stimulus(self, item: str, condition: str) -> Stimulus:
        """Find a stimulus by its item and condition, which are known to be there."""
        return next(found for found in self.manifest.of_item(item) if found.condition == condition)

    def audio(self, item: str, condition: str) -> Audio:
        """Read a stimulus; see :func:`read_stimulus`."""
        return read_stimulus(self.folder, self.stimulus(item, condition))


def open_rendered(folder: Path) -> Rendered:
    """Read the study in `folder` and its manifest; no audio is read.

    Raises StudyError when there is no study, and ManifestError when it has no stimuli or when they were made for
    other conditions, items or another target than study.toml names.
    """
    study = read_study(folder)
    manifest = read_manifest(folder)
    check_rendered(Version(study, manifest))
    return Rendered(folder, study, manifest, counterparts(study.conditions))


def read_stimulus(folder: Path, stimulus: Stimulus) -> Audio:
    """Read a stimulus of the study in `folder`.

    Raises ManifestError when its file is missing or is not the one that was rendered, and AudioError when it
    cannot be read.
    """
    path = folder / FOLDER / stimulus.file
    where = f"{stimulus.item}, {stimulus.condition}"
    try:
        found = file_sha256(path)
    except OSError as error:
        reason = (
            "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        )
        raise ManifestError(f"{where}: {path} {reason}", remedy=f"run `mixeval render {folder}`") from error
    if found != stimulus.sha256:
        raise ManifestError(
            f"{where}: {path} is not the file that was rendered, it has changed since",
            remedy=f"run `mixeval render {folder}`",
        )
    return read_audio(path)


def choose_items(rendered: Rendered, names: Sequence[str]) -> tuple[str, ...]:
    """Give the items `names`, or all where none is named. Raises StudyError when one is not there."""
    known = [entry.item for entry in rendered.manifest.items]
    for name in names:
        if name not in known:
            meant = closest(name, known)
            remedy = f'did you mean "{meant}"' if meant else f"its items are named like {known[0]}"
            raise StudyError(f'the study has no item "{name}"', remedy=remedy)
    return tuple(dict.fromkeys(names)) or tuple(known)


def remarks(rendered: Rendered) -> tuple[str, ...]:
    """Say what a reader of the comparison should know of the study: what is stale, what has no counterpart."""
    found = []
    for condition in rendered.study.conditions:
        if _is_stale(condition, rendered.manifest):
            found.append(
                f"{condition.id} was rendered by another method or with other options than study.toml now "
                "says: run `mixeval render`"
            )
        if rendered.counterparts[condition.id] is None and condition.role != "reference":
            found.append(f"{condition.id} is compared to nothing: give it compare_to in study.toml")
    return tuple(found)


def _is_stale(condition: Condition, manifest: Manifest) -> bool:
    made = next(stimulus for stimulus in manifest.stimuli if stimulus.condition == condition.id)
    # The manifest holds every option, the study those that were written.
    return made.method != condition.method or any(
        made.parameters.get(name) != value for name, value in condition.options.items()
    )
