"""The cache of mixes: each as its method made it, named by the hash of everything that decides it.

`STUDY/stimuli/cache/KEY.wav` is the mix in 32-bit float, which any player opens; `KEY.json` beside it is written
after it, so a mix counts once both are there. Deleting the folder costs time only.
"""

import hashlib
import json
import stat as file_kind
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from mixeval.audio import Audio, read_audio, write_samples
from mixeval.errors import DatasetError
from mixeval.manifest import file_sha256
from mixeval_stimuli.drafts import draft_in, publish, writing_in
from mixeval_stimuli.loudness import Level, measure_level
from mixeval_stimuli.methods.method import Mix, MixMethod
from mixeval_stimuli.recordings import Recording

LAYOUT = 1
"""Part of every key: it rises when what is kept, or how loudness is measured, changes."""

_INPUT_HASHES = "inputs.json"
_FRESH_SECONDS = 2.0


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    bytes: int
    sample_rate: Annotated[int, Field(gt=0)]
    channels: Annotated[int, Field(ge=1, le=2)]
    frames: Annotated[int, Field(gt=0)]
    blocks_lufs: tuple[float, ...]
    true_peak_dbtp: float
    parameters: Mapping[str, JsonValue]
    notes: tuple[str, ...]


class CachedMix(_Record):
    """A mix on disk: its shape, its level before any gain, and what its method said of it."""

    key: str
    path: Path

    @property
    def level(self) -> Level:
        return Level(self.blocks_lufs, self.true_peak_dbtp)


def mix_key(
    method_id: str, method: MixMethod, recording: Recording, inputs: Sequence[tuple[Path, str]]
) -> str:
    """Hash what decides a mix: method, its version and options, and its inputs' bytes and roles.

    The same file as kick or as snare makes another mix, so the names that the recording gives an input count.
    """
    decisive = {
        "layout": LAYOUT,
        "method": method_id,
        "version": method.version,
        "options": method.model_dump(mode="json"),
        "inputs": [[sha256, _roles(recording, path)] for path, sha256 in inputs],
    }
    text = json.dumps(decisive, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def find_mix(folder: Path, key: str) -> CachedMix | None:
    """Find a mix in the cache; nothing when it is not there whole, or cannot be read."""
    path = folder / f"{key}.wav"
    try:
        record = _Record.model_validate_json(path.with_suffix(".json").read_bytes())
        size = path.stat().st_size
    except (OSError, ValidationError):
        return None
    if size != record.bytes:
        return None
    return CachedMix(**record.model_dump(), key=key, path=path)


def keep_mix(folder: Path, key: str, mix: Mix) -> CachedMix:
    """Measure a mix and put it into the cache.

    Raises AudioError when it has no loudness, or holds samples that are not finite, and StudyError when the
    folder cannot be written.
    """
    level = measure_level(mix.audio)
    path = folder / f"{key}.wav"
    with writing_in(folder), draft_in(folder) as draft:
        write_samples(draft, mix.audio.samples, mix.audio.sample_rate, container="WAV", subtype="FLOAT")
        size = draft.stat().st_size
        publish(draft, path)
    record = _Record(
        bytes=size,
        sample_rate=mix.audio.sample_rate,
        channels=mix.audio.channels,
        frames=mix.audio.frames,
        blocks_lufs=level.blocks_lufs,
        true_peak_dbtp=level.true_peak_dbtp,
        parameters=dict(mix.parameters),
        notes=mix.notes,
    )
    with writing_in(folder), draft_in(folder) as draft:
        draft.write_text(record.model_dump_json(), encoding="utf-8")
        publish(draft, path.with_suffix(".json"))
    return CachedMix(**record.model_dump(), key=key, path=path)


def read_mix(mix: CachedMix) -> Audio:
    """Read a cached mix back. Raises AudioError when the file was damaged."""
    return read_audio(mix.path)


class InputHashes:
    """SHA-256 of input files, remembered by size and time of modification so that a second run reads none.

    A file is read again when either differs. A file changed within the last two seconds is never remembered:
    a second change in the same tick of the file system's clock could keep both.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _INPUT_HASHES
        self._kept = _read_hashes(self._path)
        self._used: dict[str, tuple[int, int, str]] = {}
        self._now: dict[Path, str] = {}

    def sha256(self, path: Path) -> str:
        """Hash a file. Raises DatasetError when it cannot be read."""
        if path not in self._now:
            try:
                self._now[path] = self._look(path)
            except FileNotFoundError as error:
                raise DatasetError(
                    f"{path} is missing", remedy="put the file there or correct the path"
                ) from error
            except OSError as error:
                raise DatasetError(
                    f"{path} cannot be opened ({error.strerror})", remedy="make it a readable file"
                ) from error
        return self._now[path]

    def save(self) -> None:
        """Write down the hashes of this run's files."""
        with draft_in(self._path.parent) as draft:
            draft.write_text(json.dumps(self._used, indent=1), encoding="utf-8")
            publish(draft, self._path)

    def _look(self, path: Path) -> str:
        name = str(path.resolve())
        stat = path.stat()
        if not file_kind.S_ISREG(stat.st_mode):
            # A pipe would make us wait for ever, and a device can be endless.
            raise DatasetError(f"{path} is a folder or no regular file", remedy="put the file itself there")
        match self._kept.get(name):
            case [stat.st_size, stat.st_mtime_ns, str(sha256)]:
                pass
            case _:
                sha256 = file_sha256(path)
        if time.time() - stat.st_mtime > _FRESH_SECONDS:
            self._used[name] = (stat.st_size, stat.st_mtime_ns, sha256)
        return sha256


def _roles(recording: Recording, path: Path) -> list[str]:
    stems = [f"stem {name}" for name, file in recording.stems.items() if file == path]
    mixes = [f"mix {name}" for name, file in recording.mixes.items() if file == path]
    return sorted(stems) + sorted(mixes)


def _read_hashes(path: Path) -> dict[str, object]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
