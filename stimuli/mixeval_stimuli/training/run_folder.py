"""The folder of a training run, which a run that was stopped or killed goes on from.

`last.safetensors` is the whole state: weights, Adam's moments and how far the run is. `best.safetensors` is the
network with the lowest validation loss, for mixing. `losses.csv` and `losses.svg` show each epoch. Each file is
written beside and renamed, the state first: a run that was killed in between finds in the state what the others lack.
"""

import csv
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import mixeval
from mixeval.errors import ModelError
from mixeval_stimuli.checkpoints import Card, Tensors, read_checkpoint, weights_sha256, write_checkpoint
from mixeval_stimuli.drafts import draft_in, publish, remove_stale_drafts
from mixeval_stimuli.methods.wave_u_net.network import Network
from mixeval_stimuli.methods.wave_u_net.weights import KIND, put_weights, weights_of
from mixeval_stimuli.training.adam import moments_of, put_moments
from mixeval_stimuli.training.loss_plot import losses_as_svg
from mixeval_stimuli.training.options import Options
from mixeval_stimuli.training.schedule import Epoch, State

STATE_KIND = "wave-u-net training state"
BEST, LAST, LOSSES, PLOT = "best.safetensors", "last.safetensors", "losses.csv", "losses.svg"

_NETWORK, _ADAM = "network.", "adam."


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run: of these options, on these recordings."""

    path: Path
    options: Options
    data: Mapping[str, Any]
    """What the cards say of the recordings."""
    fingerprint: str
    """Of the recordings."""
    hardware: str

    def resume(self, network: Network, adam: torch.optim.Adam) -> State | None:
        """Put a run's weights and moments back and give its state, or None where there is no run yet.

        Raises ModelError when the folder holds the run of other options or recordings, or a damaged one.
        """
        path = self.path / LAST
        if not path.exists():
            self._check_unused()
            return None
        tensors, card = read_checkpoint(path, kind=STATE_KIND)
        found = json.loads(json.dumps(dict(card.training)))
        self._check_same(found)
        put_weights(network, _under(_NETWORK, tensors), source=str(path))
        try:
            state = _state_of(found["state"])
            put_moments(adam, _under(_ADAM, tensors) if state.step else {})
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"{path} holds a state that this version of mixeval cannot go on from ({error!r})",
                remedy="use the version that wrote it, or train in another folder",
            ) from error
        return state

    def repair(self, network: Network, state: State) -> None:
        """Write what a run lacks that was killed between the files of one epoch, and remove its drafts."""
        remove_stale_drafts(self.path)
        if not state.history:
            return
        if state.best_step == state.step and not state.epoch_steps:
            weights = weights_of(network)
            if _weights_in(self.path / BEST) != weights_sha256(weights):
                write_checkpoint(self.path / BEST, weights, self._card(KIND, state))
        else:
            self._check_best(state)
        self._write_losses(state.history)

    def save(self, network: Network, adam: torch.optim.Adam, state: State) -> None:
        """Write the state, anywhere in a run. Raises ModelError when it cannot be written."""
        tensors = {
            **{f"{_NETWORK}{name}": values for name, values in weights_of(network).items()},
            **{f"{_ADAM}{name}": values for name, values in moments_of(adam).items()},
        }
        write_checkpoint(self.path / LAST, tensors, self._card(STATE_KIND, state))

    def save_epoch(self, network: Network, adam: torch.optim.Adam, state: State) -> None:
        """Write all that the end of an epoch changes. Raises ModelError when it cannot be written."""
        self.save(network, adam, state)
        if state.history[-1].best:
            write_checkpoint(self.path / BEST, weights_of(network), self._card(KIND, state))
        self._write_losses(state.history)

    def _check_unused(self) -> None:
        if (self.path / BEST).exists():
            raise ModelError(
                f"{self.path} holds a {BEST} but no {LAST} to go on from",
                remedy="name another folder, or move that checkpoint elsewhere",
            )

    def _check_same(self, found: Mapping[str, Any]) -> None:
        # Options that came after the run began were at their defaults then.
        begun_with = {**Options(variant=self.options.variant).trajectory(), **found["options"]}
        ours = self.options.trajectory()
        differing = sorted(name for name in begun_with if begun_with[name] != ours.get(name))
        if differing:
            raise ModelError(
                f"{self.path} holds a training run with other options ({', '.join(differing)})",
                remedy="name another folder, or give the options that it was begun with",
            )
        if found.get("recordings_sha256", self.fingerprint) != self.fingerprint:
            raise ModelError(
                f"{self.path} holds a training run on other recordings",
                remedy="name another folder, or the data sets that it was begun with, in their order",
            )

    def _check_best(self, state: State) -> None:
        _, card = read_checkpoint(self.path / BEST, kind=KIND)
        found = json.loads(json.dumps(dict(card.training)))
        if found.get("state", {}).get("best_step") != state.best_step:
            raise ModelError(
                f"{self.path / BEST} is not the best network of the run in {LAST}",
                remedy="put the run's own back, or train in another folder",
            )

    def _card(self, kind: str, state: State) -> Card:
        training = {
            "options": self.options.trajectory(),
            "data": self.data,
            "recordings_sha256": self.fingerprint,
            "state": _as_json(state),
            "versions": {
                "mixeval": mixeval.__version__,
                "torch": torch.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
            "hardware": self.hardware,
        }
        return Card(
            kind=kind,
            architecture=self.options.architecture.model_dump(mode="json"),
            input_lufs=self.options.input_lufs,
            training=json.loads(json.dumps(training)),
        )

    def _write_losses(self, history: Sequence[Epoch]) -> None:
        title = f"Wave-U-Net, {self.options.variant}"
        try:
            with draft_in(self.path) as draft:
                with draft.open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, list(asdict(history[0])), lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(asdict(line) for line in history)
                publish(draft, self.path / LOSSES)
            with draft_in(self.path) as draft:
                draft.write_bytes(losses_as_svg(history, title=title))
                publish(draft, self.path / PLOT)
        except OSError as error:
            raise ModelError(
                f"{self.path} cannot be written ({error.strerror or error})",
                remedy="free space or allow writing there, and go on with the training",
            ) from error


def hardware_of(device: torch.device, ranks: int) -> str:
    """Name what a run runs on."""
    if device.type == "cuda":
        name = str(torch.cuda.get_device_name(device))
    else:
        name = f"CPU, {torch.get_num_threads()} of {os.cpu_count()} cores"
    return name if ranks == 1 else f"{ranks} x {name}"


def _under(prefix: str, tensors: Tensors) -> dict[str, Any]:
    return {name.removeprefix(prefix): values for name, values in tensors.items() if name.startswith(prefix)}


def _weights_in(path: Path) -> str | None:
    try:
        return read_checkpoint(path, kind=KIND)[1].weights_sha256
    except ModelError:
        return None


def _as_json(state: State) -> dict[str, Any]:
    # JSON has no infinity.
    return {**asdict(state), "best_loss": state.best_loss if math.isfinite(state.best_loss) else None}


def _state_of(found: Mapping[str, Any]) -> State:
    best_loss = math.inf if found["best_loss"] is None else found["best_loss"]
    history = tuple(Epoch(**line) for line in found["history"])
    return State(**{**found, "best_loss": best_loss, "history": history})
