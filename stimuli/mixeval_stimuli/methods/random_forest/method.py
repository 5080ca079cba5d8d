"""The random forest: each stem at the gain and place that a forest predicts from the stems' features.

The paper's baseline (section 2.2). Dry is gains and panning; wet puts a compressor and a reverb on that mix. The
forest that predicts is a file (`mixeval train random-forest`); one comes with mixeval.
"""

import math
from functools import lru_cache
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, JsonValue

from mixeval.audio import Audio
from mixeval.errors import DatasetError, ModelError
from mixeval.manifest import file_sha256
from mixeval_stimuli.datasets.enst import STEMS
from mixeval_stimuli.default_models import default_model
from mixeval_stimuli.gains import mix_of
from mixeval_stimuli.methods.inputs import stem_files
from mixeval_stimuli.methods.method import Mix, MixMethod
from mixeval_stimuli.methods.random_forest import features
from mixeval_stimuli.methods.random_forest.effects import add_effects
from mixeval_stimuli.methods.random_forest.forest import Forest
from mixeval_stimuli.methods.random_forest.forest_file import ForestCard, read_forest
from mixeval_stimuli.recordings import Recording, read_stems

OUTPUTS = tuple(f"{stem}.{side}" for stem in STEMS for side in ("left", "right"))
"""What a forest predicts: the linear gain of each stem to each side, for stems and mix of the same loudness."""

DEFAULT = default_model("random_forest.npz")
"""The forest that comes with mixeval."""

Gains = npt.NDArray[np.float64]
"""Linear gains of shape (stems, 2)."""


class RandomForest(MixMethod):
    """Gains and panning by a random forest; with `variant = "wet"`, compressor and reverb behind them.

    Features are measured at 44.1 kHz; the mix keeps the recording's own rate.
    """

    version: ClassVar[str] = "1"

    variant: Literal["dry", "wet"] = "dry"
    pan: Literal["lr", "mono"] = "lr"
    """The paper says gains and panning (section 4.2); the files published with it are mono."""
    checkpoint: Annotated[str, Field(min_length=1)] | None = None
    effects: Literal["tuned", "as_published"] = "tuned"

    def inputs(self, recording: Recording) -> tuple[Path, ...]:
        return (self._checkpoint(), *stem_files(recording, _stems(recording)))

    def mix(self, recording: Recording) -> Mix:
        checkpoint = self._checkpoint()
        forest, card = _load(checkpoint)
        stems = read_stems(recording, _stems(recording))
        known = _described(
            tuple((name, recording.stems[name], _stamp(recording.stems[name])) for name in stems)
        )
        predicted = forest.predict(known.row[np.newaxis]).reshape(len(STEMS), 2)
        learnt = _learnt(card)
        gains = {
            name: predicted[STEMS.index(name)] if name in learnt and name in known.heard else np.zeros(2)
            for name in stems
        }
        if self.pan == "mono":
            gains = {name: centred(sides) for name, sides in gains.items()}
        audio = mix_of(stems, known.gain * np.stack(list(gains.values())))
        parameters: dict[str, JsonValue] = {
            "checkpoint_sha256": file_sha256(checkpoint),
            "common_gain_db": round(20.0 * math.log10(known.gain), 4),
            "gains": {name: _told(sides) for name, sides in gains.items()},
        }
        if self.variant == "wet":
            audio, parameters["effects_found"] = self._wet(audio)
        return Mix(audio, parameters, _notes(recording, tuple(stems), known.heard, learnt))

    def _wet(self, dry: Audio) -> tuple[Audio, JsonValue]:
        wet = add_effects(dry, style=self.effects)
        return wet.audio, dict(wet.parameters)

    def _checkpoint(self) -> Path:
        if self.checkpoint is not None:
            return self.path(self.checkpoint)
        if not DEFAULT.is_file():
            raise ModelError(
                "no random forest comes with this copy of mixeval",
                remedy="train one with `mixeval train random-forest DATASET --out forest.npz` and name it in the "
                "option checkpoint",
            )
        return DEFAULT


def centred(sides: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Put a stem of linear gains (left, right) into the middle, with the power and the polarity that it has.

    >>> centred(np.array([0.6, 0.0])).round(3).tolist()
    [0.424, 0.424]
    """
    gain = math.hypot(*sides) / math.sqrt(2.0)
    louder = sides[int(np.argmax(np.abs(sides)))]
    return np.full(2, math.copysign(gain, louder))


def _stems(recording: Recording) -> tuple[str, ...]:
    names = tuple(name for name in STEMS if name in recording.stems)
    if not names:
        raise DatasetError(
            f'recording "{recording.item}" has none of the stems that the forest knows',
            remedy=f"name its stems {', '.join(STEMS)}",
        )
    return names


def _stamp(path: Path) -> tuple[int, int]:
    """Tell a file from the one that was there before, by size and time of modification."""
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


@lru_cache(maxsize=4)
def _described(files: tuple[tuple[str, Path, tuple[int, int]], ...]) -> features.Description:
    # Dry and wet mixes of a recording are mostly made one after the other, and measuring takes longer than mixing.
    stems = read_stems(Recording("", stems={name: path for name, path, _ in files}))
    return features.describe(stems)


def _load(path: Path) -> tuple[Forest, ForestCard]:
    try:
        stamp = _stamp(path)
    except OSError:
        return read_forest(path)  # which says what is wrong
    return _loaded(path, stamp)


@lru_cache(maxsize=2)
def _loaded(path: Path, _stamp: tuple[int, int]) -> tuple[Forest, ForestCard]:
    forest, card = read_forest(path)
    if (card.features, card.features_version) != (features.COLUMNS, features.VERSION):
        raise ModelError(
            f"{path} was trained on other features than this version of mixeval measures",
            remedy="train it again, or use the version that trained it",
        )
    if card.outputs != OUTPUTS:
        raise ModelError(
            f"{path} predicts other gains than this version of mixeval mixes with",
            remedy="train it again, or use the version that trained it",
        )
    return forest, card


def _learnt(card: ForestCard) -> frozenset[str]:
    """Name the stems that the forest has learnt a gain for."""
    known = zip(card.outputs, card.learnt_from, strict=True)
    return frozenset(output.partition(".")[0] for output, count in known if count)


def _told(sides: npt.NDArray[np.float64]) -> dict[str, JsonValue]:
    """Say a stem's gains as level, place (-1 left, 0 middle, 1 right; constant power) and inverted sides."""
    gain = math.hypot(*sides)
    if gain == 0.0:
        return {"gain_db": None, "pan": None, "inverted": []}
    pan = math.atan2(abs(sides[1]), abs(sides[0])) / (math.pi / 4.0) - 1.0
    return {
        "gain_db": round(20.0 * math.log10(gain), 4),
        "pan": round(pan, 4),
        "inverted": [side for side, value in zip(("left", "right"), sides, strict=True) if value < 0.0],
    }


def _notes(
    recording: Recording, stems: tuple[str, ...], heard: tuple[str, ...], learnt: frozenset[str]
) -> tuple[str, ...]:
    notes = []
    for names, why in (
        ([name for name in recording.stems if name not in STEMS], "the forest does not know such stems"),
        ([name for name in stems if name not in learnt], "the forest was trained on no recording with them"),
        ([name for name in stems if name not in heard], "they are silent"),
    ):
        if names:
            notes.append(f"its stems {', '.join(names)} are not in the mix, {why}")
    return tuple(notes)
