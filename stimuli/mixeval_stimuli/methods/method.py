"""What every mixing method is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, JsonValue, PrivateAttr

from mixeval.audio import Audio
from mixeval_stimuli.recordings import Recording


@dataclass(frozen=True)
class Mix:
    """A mix as its method made it, before loudness alignment.

    `audio` is mono or stereo; `parameters` is what the method found, such as gains, and goes into the manifest,
    beside the options, which are kept where names are the same; `notes` are sentences that the person who renders should read.
    """

    audio: Audio
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class MixMethod(BaseModel):
    """A way of mixing. Subclasses declare their options as fields, their inputs, and `mix`.

    `version` changes whenever the same inputs and options would give other samples: it is part of the cache's
    key, so a mix is made again exactly when one of these changed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    version: ClassVar[str]

    made_elsewhere: ClassVar[bool] = False
    """Whether another program made the mix, at a time that it alone knows: then its timing is looked at."""

    _folder: Path = PrivateAttr(default_factory=Path)

    def beside(self, folder: Path) -> Self:
        """Give this method with the study's folder, where relative paths in its options start.

        The folder is no option, so a study that was moved finds its mixes in the cache again.
        """
        moved = self.model_copy()
        moved._folder = folder  # noqa: SLF001 - its own copy
        return moved

    def path(self, name: str) -> Path:
        """Find a file that an option names, relative to the study's folder."""
        return self._folder / Path(name).expanduser()

    @classmethod
    def runs(cls, options: Mapping[str, JsonValue]) -> str | None:  # noqa: ARG003 - for those that do
        """Say what code from outside mixeval the method would run with `options`; nothing where it runs none."""
        return None

    def sources(self) -> tuple[str, ...]:
        """Name the finished mixes that it takes and that a `files` data set therefore has to look for."""
        return ()

    def inputs(self, recording: Recording) -> tuple[Path, ...]:
        """Name the files that decide the mix. Raises DatasetError when the recording lacks one."""
        raise NotImplementedError

    def mix(self, recording: Recording) -> Mix:
        """Make the mix. Raises DatasetError or AudioError when an input cannot be used."""
        raise NotImplementedError
