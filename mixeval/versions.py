"""A version of a study: the hash of its canonical study.toml and of its manifest.

Every participant's session carries the version that it was made from, so that an old session keeps its old
audio, and ratings of different stimuli are never pooled unasked.
"""

import hashlib
import json
from dataclasses import dataclass

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


def _sha256(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
