"""A version of a study: the hash of its canonical study.toml and of its manifest.

Every participant's session carries the version that it was made from, so that an old session keeps its old
audio, and ratings of different stimuli are never pooled unasked.
"""

import hashlib
import json
from dataclasses import dataclass

from mixeval.errors import ManifestError
from mixeval.manifest import Manifest
from mixeval.study import Study


@dataclass(frozen=True)
class Version:
    """What listeners are served: a study and the stimuli rendered for it."""

    study: Study
    manifest: Manifest

    @property
    def id(self) -> str:
        """Hash of study.toml and manifest together, 64 hexadecimal digits."""
        return _sha256(self.study.canonical_json(), self.manifest.to_json())

    @property
    def stimuli_id(self) -> str:
        """Hash of what can be heard: versions that share it differ in words only, and may be pooled."""
        cells = sorted([s.item, s.condition, s.sha256] for s in self.manifest.stimuli)
        return _sha256(json.dumps(cells))


def check_rendered(version: Version) -> None:
    """Refuse a manifest that was made for another study.toml than the one beside it.

    Raises ManifestError when its conditions, items or target differ.
    """
    study, manifest = version.study, version.manifest
    rendered = {stimulus.condition for stimulus in manifest.stimuli}
    wanted = {condition.id for condition in study.conditions}
    for what, differing in (
        ("lack", wanted - rendered),
        ("still hold", rendered - wanted),
        ("lack", set(_named_items(study)) - {item.item for item in manifest.items}),
        ("lack", set(study.participants.items_named) - {item.item for item in manifest.items}),
    ):
        if differing:
            raise ManifestError(
                f'the rendered stimuli {what} "{min(differing)}", study.toml has changed since',
                remedy="run `mixeval render`",
            )
    if {item.item for item in manifest.items} <= set(study.participants.practice_items):
        raise ManifestError(
            "every item is one of participants.practice_items, so none is left to rate",
            remedy="keep at least one item out of practice_items",
        )
    if manifest.target_lufs != study.stimuli.target_lufs:
        raise ManifestError(
            f"the stimuli were rendered for {manifest.target_lufs} LUFS and study.toml says {study.stimuli.target_lufs}",
            remedy="run `mixeval render`",
        )


def _sha256(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _named_items(study: Study) -> tuple[str, ...]:
    return study.stimuli.items if isinstance(study.stimuli.items, tuple) else ()
