"""A stimulus: a mix with its item's gain, as the 24-bit FLAC file that listeners hear."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mixeval.audio import Audio, read_audio, write_flac
from mixeval.errors import RenderError
from mixeval.manifest import Sha256, file_sha256
from mixeval_stimuli.alignment import TOLERANCE_LU, Alignment
from mixeval_stimuli.cache import CachedMix, read_mix
from mixeval_stimuli.drafts import draft_in, publish, writing_in
from mixeval_stimuli.loudness import integrated_loudness, true_peak, with_gain

_NAME_DIGITS = 32
"""Hexadecimal digits of the file's SHA-256 in its name: 128 bits never meet by chance."""


class StimulusFile(BaseModel):
    """A written stimulus, its levels as decoded from the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    file: str
    """Name within STUDY/stimuli."""
    sha256: Sha256
    frames: Annotated[int, Field(gt=0)]
    sample_rate: Annotated[int, Field(gt=0)]
    loudness_lufs: float
    true_peak_dbtp: float
    gain_db: float


@dataclass(frozen=True)
class Place:
    """Where stimuli (`folder`) and what makes them again unnecessary (`cache`) are kept."""

    folder: Path
    cache: Path


def find_stimulus(place: Place, mix: CachedMix, alignment: Alignment) -> StimulusFile | None:
    """Find the file that this mix became with this alignment; nothing when it is missing, changed or unreadable."""
    try:
        written = StimulusFile.model_validate_json(_record(place, mix, alignment).read_bytes())
        found = file_sha256(place.folder / written.file)
    except (OSError, ValidationError):
        return None
    return written if found == written.sha256 else None


def write_stimulus(place: Place, mix: CachedMix, alignment: Alignment) -> StimulusFile:
    """Bring a mix to its item's length and loudness and write it as stereo FLAC, named by its content.

    Raises RenderError when the file's loudness, measured on the file, misses the target by more than 0.1 LU,
    and StudyError when the folder cannot be written.
    """
    stereo = read_mix(mix).as_stereo()
    # A figure that reads well in the manifest and is exactly the one applied.
    gain_db = round(mix.level.gain_to(alignment.target_lufs), 4)
    cut = Audio(np.ascontiguousarray(stereo.samples[:, : alignment.frames]), stereo.sample_rate)
    with writing_in(place.folder), draft_in(place.cache) as draft:
        write_flac(draft, with_gain(cut, gain_db))
        written = _measure(draft, gain_db)
        if abs(written.loudness_lufs - alignment.target_lufs) > TOLERANCE_LU:
            raise RenderError(
                f"it measures {written.loudness_lufs:.2f} LUFS once written, "
                f"its target is {alignment.target_lufs:.2f} LUFS",
                remedy="check that nearly all of it is not silence, which the loudness gate hides",
            )
        # A name says the content, so a file that is there already is the same file: it is left alone.
        path = place.folder / written.file
        if not path.exists() or file_sha256(path) != written.sha256:
            publish(draft, path)
    with writing_in(place.folder), draft_in(place.cache) as draft:
        draft.write_text(written.model_dump_json(indent=1), encoding="utf-8")
        publish(draft, _record(place, mix, alignment))
    return written


def _measure(path: Path, gain_db: float) -> StimulusFile:
    heard = read_audio(path)
    sha256 = file_sha256(path)
    return StimulusFile(
        file=f"{sha256[:_NAME_DIGITS]}.flac",
        sha256=sha256,
        frames=heard.frames,
        sample_rate=heard.sample_rate,
        loudness_lufs=round(integrated_loudness(heard), 4),
        true_peak_dbtp=round(true_peak(heard), 4),
        gain_db=gain_db,
    )


def _record(place: Place, mix: CachedMix, alignment: Alignment) -> Path:
    text = f"{mix.key} {alignment.frames} {alignment.target_lufs!r}"
    return place.cache / f"{hashlib.sha256(text.encode()).hexdigest()}.stimulus.json"
