"""The mixing method: a trained Wave-U-Net on the stems of a recording."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from mixeval.audio import Audio
from mixeval.errors import DatasetError, ModelError
from mixeval_stimuli.default_models import default_model
from mixeval_stimuli.extras import needing
from mixeval_stimuli.methods.inputs import stem_files
from mixeval_stimuli.methods.method import Mix, MixMethod
from mixeval_stimuli.recordings import Recording, read_stems
from mixeval_stimuli.resampling import resample
from mixeval_stimuli.stems import common_gain_db

if TYPE_CHECKING:
    from mixeval_stimuli.checkpoints import Card
    from mixeval_stimuli.methods.wave_u_net.network import Network

SAMPLE_RATE = 44_100
"""The rate that networks are trained at; a recording of another one goes there and back."""

WHAT = "the method wave_u_net"


class WaveUNet(MixMethod):
    """The mix of a Wave-U-Net (paper section 2.1), `checkpoint` or the one that ships for this `variant`.

    A stem that the recording lacks is silence, as the paper does for the toms that a kit has not, unless
    `missing` is "refuse". Framing is explained in :mod:`mixeval_stimuli.methods.wave_u_net.framing`.
    """

    version: ClassVar[str] = "1"

    variant: Literal["dry", "wet"]
    checkpoint: Annotated[str, Field(min_length=1)] | None = None
    framing: Literal["aligned", "authors"] = "aligned"
    missing: Literal["silence", "refuse"] = "silence"

    def inputs(self, recording: Recording) -> tuple[Path, ...]:
        return (self._file(), *stem_files(recording, self._stems(recording, self._card())))

    def mix(self, recording: Recording) -> Mix:
        network, card = self._network()
        names = self._stems(recording, card)
        originals = read_stems(recording, names)
        first = next(iter(originals.values()))
        rate, length = first.sample_rate, first.frames
        stems = {name: resample(stem, SAMPLE_RATE) for name, stem in originals.items()}
        frames = next(iter(stems.values())).frames
        gain_db = 0.0 if card.input_lufs is None else common_gain_db(stems.values(), card.input_lufs)
        signal = np.zeros((len(network.architecture.inputs), frames), dtype=np.float32)
        for row, name in zip(signal, network.architecture.inputs, strict=True):
            if name in stems:
                row[:] = stems[name].samples[0]
        signal *= np.float32(10.0 ** (gain_db / 20.0))
        silent = [name for name in network.architecture.inputs if name not in stems]
        # Eight stems of ten minutes are a gigabyte, and the network has its own copy.
        del originals, stems, first
        predicted = self._predict(network, signal)
        mix = resample(Audio(predicted, SAMPLE_RATE), rate)
        unheard = [name for name in recording.stems if name not in network.architecture.inputs]
        return Mix(
            Audio(mix.samples[:, :length], rate),
            {
                "checkpoint_file": self._file().name,
                "weights_sha256": card.weights_sha256,
                "framing": self.framing,
                "input_gain_db": gain_db,
                "silent_inputs": list(silent),
                "unheard_stems": list(unheard),
            },
            _notes(silent, unheard),
        )

    def _file(self) -> Path:
        if self.checkpoint is None:
            return default_model(f"wave_u_net_{self.variant}.safetensors")
        return self.path(self.checkpoint)

    def _card(self) -> "Card":
        with needing("models", WHAT):
            from mixeval_stimuli.checkpoints import read_card  # noqa: PLC0415 - an extra
        card = read_card(self._file(), kind="wave-u-net")
        options = card.training.get("options")
        trained_for = options.get("variant") if isinstance(options, dict) else None
        if trained_for not in {None, self.variant}:
            raise ModelError(
                f"{self._file()} was trained for {trained_for} mixes where {self.variant} ones are asked for",
                remedy="name the other checkpoint or the other variant",
            )
        return card

    def _network(self) -> "tuple[Network, Card]":
        self._card()
        with needing("models", WHAT):
            from mixeval_stimuli.methods.wave_u_net.weights import load_network  # noqa: PLC0415 - an extra
        return load_network(self._file())

    def _predict(self, network: "Network", signal: np.ndarray) -> np.ndarray:
        from mixeval_stimuli.methods.wave_u_net.framing import predict  # noqa: PLC0415 - imports torch

        return predict(network, signal, framing=self.framing)

    def _stems(self, recording: Recording, card: "Card") -> tuple[str, ...]:
        wanted = card.architecture.get("inputs", [])
        names = [str(name) for name in wanted] if isinstance(wanted, list) else []
        lacking = [name for name in names if name not in recording.stems]
        if len(lacking) == len(names) or (lacking and self.missing == "refuse"):
            raise DatasetError(
                f'recording "{recording.item}" has no stem {", ".join(lacking)}, it has '
                f"{', '.join(recording.stems) or 'none'}",
                remedy=f"name its stems as the network does ({', '.join(names)}), or leave the recording out",
            )
        return tuple(name for name in names if name in recording.stems)


def _notes(silent: list[str], unheard: list[str]) -> tuple[str, ...]:
    # A kit without a third tom is no news; a stem that nobody listens to may be one that was misnamed.
    if not unheard:
        return ()
    instead = f", and got silence for {', '.join(silent)}" if silent else ""
    return (f"the network does not listen to {', '.join(unheard)}{instead}",)
