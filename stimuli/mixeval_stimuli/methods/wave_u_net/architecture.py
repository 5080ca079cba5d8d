"""The architecture of a Wave-U-Net as numbers: layers, and the lengths that valid convolutions leave."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mixeval.errors import ModelError
from mixeval_stimuli.datasets.enst import STEMS

PAPER_FRAMES = 88_200
"""Output samples that the authors asked for; the next length the network can give is 89093."""


class Architecture(BaseModel):
    """A Wave-U-Net that mixes `inputs` to `outputs` channels; left as it is, the paper's (section 2.1).

    Level i of `levels` has i times `filters` filters, on the way down (kernels of `down_kernel` samples) as on
    the way up (`up_kernel`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    levels: Annotated[int, Field(ge=1, le=16)] = 10
    filters: Annotated[int, Field(ge=1, le=256)] = 24
    down_kernel: Annotated[int, Field(ge=1, le=127)] = 15
    up_kernel: Annotated[int, Field(ge=1, le=127)] = 5
    inputs: Annotated[tuple[str, ...], Field(min_length=1, max_length=64)] = STEMS
    outputs: Annotated[int, Field(ge=1, le=2)] = 2

    @model_validator(mode="after")
    def _centred(self) -> "Architecture":
        # An even kernel has no middle, so that the output would lie half a sample beside the input.
        if self.down_kernel % 2 == 0 or self.up_kernel % 2 == 0:
            raise ValueError("kernels must have odd lengths")
        if len(set(self.inputs)) < len(self.inputs):
            raise ValueError("every input may be there once")
        return self

    @property
    def stride(self) -> int:
        """Samples between two places that the network treats alike: its decimations leave one in so many."""
        return 1 << self.levels

    def filters_at(self, level: int) -> int:
        """Count the filters of level 1 to `levels`; the bottleneck is one level more."""
        return self.filters * level


def architecture_of(given: Iterable[tuple[str, str]]) -> Architecture:
    """Make the paper's architecture but for what is given as key and text; `inputs` are names with commas between.

    Raises ModelError when a key is none or its value cannot be.

    >>> architecture_of([("levels", "6"), ("inputs", "kick,snare")]).inputs
    ('kick', 'snare')
    """
    fields: dict[str, object] = {
        key: tuple(text.split(",")) if key == "inputs" else text for key, text in given
    }
    try:
        return Architecture.model_validate(fields, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ModelError(
            f"this is no architecture ({where + ': ' if where else ''}{first['msg']})",
            remedy=f"its keys are {', '.join(Architecture.model_fields)}",
        ) from error


@dataclass(frozen=True)
class Shapes:
    """Samples per channel at every place of the network."""

    input_frames: int
    down: tuple[int, ...]
    """Output of each convolution on the way down, before decimation: what the skip connections carry."""
    bottleneck: int
    up: tuple[int, ...]
    """Output of each convolution on the way up, from the deepest level to the first."""

    @property
    def output_frames(self) -> int:
        return self.up[-1]

    @property
    def context(self) -> int:
        """Samples of input that the output needs on each side."""
        return (self.input_frames - self.output_frames) // 2


def shapes(architecture: Architecture, output_frames: int = PAPER_FRAMES) -> Shapes:
    """Compute all lengths of the shortest network whose output has `output_frames` samples or more.

    The paper's Table 1 prints a bottleneck of (119, 264), which is 121843 / 2^10 rounded up, as if convolutions
    kept the length. Its own valid convolutions leave (92, 264).

    Raises ModelError when no sample is asked for.

    >>> paper = shapes(Architecture())
    >>> paper.input_frames, paper.bottleneck, paper.output_frames
    (121843, 92, 89093)
    """
    if output_frames < 1:
        raise ModelError(f"a frame of {output_frames} samples holds nothing", remedy="ask for one or more")
    cut_down, cut_up = architecture.down_kernel - 1, architecture.up_kernel - 1
    # Backwards through the way up: n samples come from (n + 1) / 2 before upsampling to 2 n - 1.
    needed = output_frames
    for _ in range(architecture.levels):
        needed = math.ceil((needed + cut_up + 1) / 2)
    bottleneck = max(needed, 2)  # upsampling is between two samples
    up = []
    frames = bottleneck
    for _ in range(architecture.levels):
        frames = 2 * frames - 1 - cut_up
        up.append(frames)
    down = []
    frames = bottleneck + cut_down
    for _ in range(architecture.levels):
        frames = 2 * frames - 1
        down.append(frames)
        frames += cut_down
    return Shapes(frames, tuple(reversed(down)), bottleneck, tuple(up))
