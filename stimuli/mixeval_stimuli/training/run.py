"""A training run: epochs of steps, a validation loss after each, rounds of falling learning rates, and a folder.

`last.safetensors` is the whole state after the last epoch and `best.safetensors` the network with the lowest
validation loss; `losses.csv` has a line for each epoch. Each file is written beside and renamed, so a run that was
killed goes on from the last epoch, with the same batches in the same order.
"""

import csv
import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import mixeval
from mixeval.errors import ModelError
from mixeval_stimuli.checkpoints import Card, read_checkpoint, write_checkpoint
from mixeval_stimuli.drafts import draft_in, publish
from mixeval_stimuli.methods.wave_u_net.architecture import Shapes, shapes
from mixeval_stimuli.methods.wave_u_net.network import Network
from mixeval_stimuli.methods.wave_u_net.weights import KIND, put_weights, weights_of
from mixeval_stimuli.training.least_squares import fit_filters, put_filters
from mixeval_stimuli.training.options import Options
from mixeval_stimuli.training.snippets import (
    Batch,
    Track,
    TrainingSnippets,
    read_snippet,
    validation_places,
)

STATE_KIND = "wave-u-net training state"
BEST, LAST, LOSSES = "best.safetensors", "last.safetensors", "losses.csv"

_FIT_SNIPPETS = 400
_READ_AHEAD = 2
_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


@dataclass(frozen=True)
class Epoch:
    """One line of losses.csv."""

    epoch: int
    step: int
    round: int
    learning_rate: float
    training_loss: float
    validation_loss: float
    best: bool
    minutes: float


@dataclass(frozen=True)
class State:
    """How far a run is, beside its weights and moments."""

    step: int = 0
    round: int = 0
    best_loss: float = float("inf")
    best_step: int = 0
    epochs_since_best: int = 0
    minutes: float = 0.0
    history: tuple[Epoch, ...] = field(default=(), repr=False)


def train(
    tracks: Sequence[Track],
    validation: Sequence[Track],
    options: Options,
    folder: Path,
    *,
    data: dict[str, Any] | None = None,
    device: str = "cpu",
    progress: Callable[[Epoch], None] | None = None,
) -> State:
    """Train until the last round's patience is at its end, or the steps or minutes asked for are over.

    `data` describes the recordings in the checkpoint's card. A folder that holds a run of the same options goes
    on with it.

    Raises ModelError when the folder holds another run, or when the loss is no longer finite.
    """
    run = _Run(
        tracks=tracks,
        validation=validation,
        options=options,
        folder=folder,
        data=data or {},
        device=torch.device(device),
        progress=progress,
    )
    return run.execute()


class _Run:
    def __init__(
        self,
        *,
        tracks: Sequence[Track],
        validation: Sequence[Track],
        options: Options,
        folder: Path,
        data: dict[str, Any],
        device: torch.device,
        progress: Callable[[Epoch], None] | None,
    ) -> None:
        self._options = options
        self._folder = folder
        self._data = data
        self._device = device
        self._progress = progress
        self._lengths: Shapes = shapes(options.architecture, options.output_frames)
        self._snippets = TrainingSnippets(tracks, self._lengths, seed=options.seed)
        self._validation = validation_places(validation, self._lengths)
        torch.manual_seed(options.seed)
        self._network = Network(options.architecture)
        self._state = State()
        # TensorFlow's Adam adds its 1e-8 outside the bias correction; the steps differ by less than that.
        self._adam = torch.optim.Adam(self._network.parameters(), lr=options.learning_rates[0])

    def execute(self) -> State:
        if not self._resumed():
            self._initialise()
        self._network.to(self._device)
        began = time.monotonic() - 60.0 * self._state.minutes
        with ThreadPoolExecutor(_READ_AHEAD) as readers:
            while not self._over():
                self._epoch(readers, began)
        return self._state

    def _epoch(self, readers: ThreadPoolExecutor, began: float) -> None:
        options, state = self._options, self._state
        steps = options.steps_per_epoch
        if options.max_steps is not None:
            steps = min(steps, options.max_steps - state.step)
        losses = []
        rate = 0.0
        batches = self._ahead(readers, range(state.step, state.step + steps))
        for step, batch in enumerate(batches, start=state.step):
            rate = _learning_rate(options, state.round, step)
            for group in self._adam.param_groups:
                group["lr"] = rate
            losses.append(self._step(batch))
            if not np.isfinite(losses[-1]):
                raise ModelError(
                    f"the loss is no longer a finite number after {step} steps",
                    remedy="go on from the last epoch with a lower learning rate",
                )
        validation_loss = self._validate()
        best = validation_loss < state.best_loss
        minutes = (time.monotonic() - began) / 60.0
        line = Epoch(
            epoch=len(state.history) + 1,
            step=state.step + steps,
            round=state.round + 1,
            learning_rate=rate,
            training_loss=float(np.mean(losses)),
            validation_loss=validation_loss,
            best=best,
            minutes=round(minutes, 3),
        )
        self._state = replace(
            state,
            step=line.step,
            best_loss=min(validation_loss, state.best_loss),
            best_step=line.step if best else state.best_step,
            epochs_since_best=0 if best else state.epochs_since_best + 1,
            minutes=minutes,
            history=(*state.history, line),
        )
        if self._state.epochs_since_best >= options.patience:
            # The next round goes on from here, not from the best, with Adam's moments, as the authors' did.
            self._state = replace(self._state, round=state.round + 1, epochs_since_best=0)
        self._save(best=best)
        if self._progress is not None:
            self._progress(line)

    def _step(self, batch: Batch) -> float:
        self._network.train()
        self._adam.zero_grad()
        loss = self._loss(batch)
        loss.backward()
        self._adam.step()
        return loss.item()

    def _loss(self, batch: Batch, *, clip: bool = False) -> Tensor:
        stems = torch.from_numpy(batch.stems).to(self._device)
        mixes = torch.from_numpy(batch.mixes).to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._options.precision == "bf16"):
            predicted = self._network(stems)
        predicted = predicted.float()
        if clip:
            predicted = predicted.clamp(-1.0, 1.0)
        loss: Tensor = (predicted - mixes).abs().mean()
        return loss

    def _validate(self) -> float:
        if not self._validation:
            raise ModelError(
                "there is no recording to validate with", remedy="name a data set with a val subset"
            )
        self._network.eval()
        losses = []
        with torch.inference_mode():
            for track, start in self._validation:
                losses.append(self._loss(read_snippet(track, start, self._lengths), clip=True).item())
        return float(np.mean(losses))

    def _ahead(self, readers: ThreadPoolExecutor, steps: range) -> Iterator[Batch]:
        waiting = [
            readers.submit(self._snippets.batch, step, self._options.batch_size)
            for step in steps[:_READ_AHEAD]
        ]
        for step in steps:
            batch = waiting.pop(0).result()
            if step + _READ_AHEAD in steps:
                waiting.append(
                    readers.submit(self._snippets.batch, step + _READ_AHEAD, self._options.batch_size)
                )
            yield batch

    def _over(self) -> bool:
        options, state = self._options, self._state
        return (
            state.round >= len(options.learning_rates)
            or (options.max_steps is not None and state.step >= options.max_steps)
            or (options.max_minutes is not None and state.minutes >= options.max_minutes)
        )

    def _initialise(self) -> None:
        if self._options.initialisation == "least_squares":
            batches = (self._snippets.batch(step, 1) for step in range(_FIT_SNIPPETS))
            put_filters(self._network, fit_filters(batches, self._options.architecture.down_kernel))

    def _resumed(self) -> bool:
        path = self._folder / LAST
        if not path.exists():
            return False
        tensors, card = read_checkpoint(path, kind=STATE_KIND)
        found = json.loads(json.dumps(dict(card.training)))
        if found["options"] != _resumable(self._options):
            raise ModelError(
                f"{self._folder} holds a training run with other options",
                remedy="name another folder, or give the options that it was begun with",
            )
        put_weights(
            self._network,
            {name[8:]: values for name, values in tensors.items() if name.startswith("network.")},
            source=str(path),
        )
        moments = {
            index: {name: torch.from_numpy(tensors[f"adam.{index}.{name}"].copy()) for name in _MOMENTS}
            for index, _ in enumerate(self._network.parameters())
        }
        self._adam.load_state_dict({**self._adam.state_dict(), "state": moments})
        history = tuple(Epoch(**line) for line in found["state"].pop("history"))
        self._state = State(**found["state"], history=history)
        return True

    def _save(self, *, best: bool) -> None:
        weights = weights_of(self._network)
        if best:
            write_checkpoint(self._folder / BEST, weights, self._card(KIND))
        adam = self._adam.state_dict()["state"]
        moments = {
            f"adam.{index}.{name}": np.asarray(values[name].cpu().numpy(), dtype=np.float32)
            for index, values in adam.items()
            for name in _MOMENTS
        }
        state = {**{f"network.{name}": values for name, values in weights.items()}, **moments}
        write_checkpoint(self._folder / LAST, state, self._card(STATE_KIND))
        _write_losses(self._folder / LOSSES, self._state.history)

    def _card(self, kind: str) -> Card:
        training: dict[str, Any] = {
            "options": _resumable(self._options),
            "data": self._data,
            "state": asdict(self._state),
            "versions": {
                "mixeval": mixeval.__version__,
                "torch": torch.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
            "hardware": _hardware(self._device),
        }
        return Card(
            kind=kind,
            architecture=self._options.architecture.model_dump(mode="json"),
            input_lufs=self._options.input_lufs,
            training=json.loads(json.dumps(training)),
        )


def _learning_rate(options: Options, round_: int, step: int) -> float:
    rate = options.learning_rates[round_]
    if options.halve_every is not None:
        rate *= 0.5 ** (step // options.halve_every)
    return rate * min(1.0, (step + 1) / options.warm_up) if options.warm_up else rate


def _resumable(options: Options) -> dict[str, Any]:
    """Give the options but for those that only say when to stop, which a run may be continued with."""
    kept: dict[str, Any] = options.model_dump(mode="json", exclude={"max_steps", "max_minutes"})
    return kept


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"CPU, {torch.get_num_threads()} of {os.cpu_count()} cores"


def _write_losses(path: Path, history: Sequence[Epoch]) -> None:
    with draft_in(path.parent) as draft:
        with draft.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(asdict(history[0])), lineterminator="\n")
            writer.writeheader()
            writer.writerows(asdict(line) for line in history)
        publish(draft, path)
