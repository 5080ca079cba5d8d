"""How a Wave-U-Net is trained; left as they are, the options are the authors'."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mixeval.errors import ModelError, StudyError
from mixeval.validation import closest, validated
from mixeval_stimuli.methods.wave_u_net.architecture import PAPER_FRAMES, Architecture

TargetLevel = Literal["peak", "loudness", "setup"]


class Options(BaseModel):
    """What decides a training run, beside its data (paper section 3; the authors' code where the paper is silent)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    variant: Literal["dry", "wet"]
    """Which reference mix is learnt."""
    architecture: Architecture = Architecture()
    output_frames: Annotated[int, Field(ge=1)] = PAPER_FRAMES
    batch_size: Annotated[int, Field(ge=1)] = 16
    steps_per_epoch: Annotated[int, Field(ge=1)] = 2000
    """Steps between two looks at the validation loss."""
    patience: Annotated[int, Field(ge=1)] = 20
    """Epochs without a lower validation loss that end a round."""
    learning_rates: Annotated[tuple[float, ...], Field(min_length=1)] = (1e-4, 1e-5)
    """Adam's, one for each round; a round goes on from the weights and moments that the one before ended with."""
    halve_every: Annotated[int, Field(ge=1)] | None = None
    """Steps after which the learning rate is halved, again and again; the authors keep it."""
    warm_up: Annotated[int, Field(ge=0)] = 0
    """Steps over which the learning rate rises from nothing; the authors have none."""
    max_steps: Annotated[int, Field(ge=1)] | None = None
    """Steps in all, after which the run ends, with a last look at the validation loss."""
    max_minutes: Annotated[float, Field(gt=0.0)] | None = None
    """Minutes in all, those before a stop included, after which the run ends in the same way."""
    target_level: TargetLevel = "peak"
    """The authors' code brings each reference mix to a peak of 1, which the network cannot know from one snippet.
    "loudness" brings each to the loudness of the sum of its stems. "setup" keeps what each mix's level is beside its
    stems, but for one gain for all mixes in a folder (one drummer's), so that on average they are as loud as the
    sums."""
    input_lufs: Annotated[float, Field(ge=-70.0, le=0.0)] | None = None
    """Loudness that the sum of each recording's stems is brought to, by one gain for all; the authors do not."""
    initialisation: Literal["glorot", "least_squares"] = "glorot"
    """"least_squares" starts as the best mix that a short filter for each stem gives, instead of with noise."""
    gain_range_db: Annotated[float, Field(ge=0.0, le=60.0)] = 0.0
    """Each stem of a training snippet is raised or lowered by up to so much, and the mix to be learnt stays the
    engineer's: the network learns to undo the gains. Future work in the paper; 0 leaves the stems as they are."""
    stem_dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Probability that a stem of a training snippet is missing, as silence, while the mix stays."""
    stft_weight: Annotated[float, Field(ge=0.0)] = 0.0
    """Weight of the multi-resolution STFT distance that is added to L1, in training as in validation."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """"bf16" computes the network, not the loss or the optimiser, in 16 bits where that is safe (autocast)."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1337

    @model_validator(mode="after")
    def _positive_rates(self) -> "Options":
        if any(rate <= 0 for rate in self.learning_rates):
            raise ValueError("learning rates must be above 0")
        return self

    def trajectory(self) -> dict[str, Any]:
        """Give, as JSON holds them, the options that decide the trajectory: all but those that only end it."""
        kept: dict[str, Any] = self.model_dump(mode="json", exclude={"max_steps", "max_minutes"})
        return kept


def read_options(path: Path | None, given: Mapping[str, Any]) -> Options:
    """Read options from a TOML file of their names; `given` ones stand above those of the file.

    Raises ModelError when the file cannot be read, or names every option that is unknown, missing or of a value
    that cannot be.
    """
    document = {**({} if path is None else _read_toml(path)), **given}
    try:
        return validated(
            Options,
            document,
            source="the options of the training" if path is None else str(path),
            remedy_for_unknown=_remedy_for_unknown,
        )
    except StudyError as error:
        raise ModelError(error.problem, remedy=error.remedy) from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{path} is not TOML ({error})", remedy="correct that line") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{path} cannot be read ({error})", remedy="make it a readable UTF-8 file"
        ) from error


def _remedy_for_unknown(name: str) -> str:
    known = [*Options.model_fields, *Architecture.model_fields]
    meant = closest(name, known)
    return f"did you mean {meant}" if meant else f"the options are {', '.join(known)}"
