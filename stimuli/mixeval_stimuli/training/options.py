"""How a Wave-U-Net is trained; left as they are, the options are the authors'."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

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
    max_minutes: Annotated[float, Field(gt=0.0)] | None = None
    target_level: TargetLevel = "peak"
    """The authors' code brings each reference mix to a peak of 1, which the network cannot know from one snippet.
    "loudness" brings each to the loudness of the sum of its stems. "setup" keeps what each mix's level is beside its
    stems, but for one gain for all mixes in a folder (one drummer's), so that on average they are as loud as the
    sums."""
    input_lufs: Annotated[float, Field(ge=-70.0, le=0.0)] | None = None
    """Loudness that the sum of each recording's stems is brought to, by one gain for all; the authors do not."""
    initialisation: Literal["glorot", "least_squares"] = "glorot"
    """"least_squares" starts as the best mix that a short filter for each stem gives, instead of with noise."""
    precision: Literal["fp32", "bf16"] = "fp32"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1337

    @model_validator(mode="after")
    def _positive_rates(self) -> "Options":
        if any(rate <= 0 for rate in self.learning_rates):
            raise ValueError("learning rates must be above 0")
        return self
