"""A training run: steps, a look at the validation loss after each epoch of them, and a folder that keeps it all.

Steps follow from the options, the recordings and their own number alone, so that a run that was stopped or killed
goes on from its folder on the trajectory that it would have had (bit for bit on CPUs, with as many threads).
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mixeval.errors import DatasetError, ModelError
from mixeval_stimuli.methods.wave_u_net.architecture import Shapes, shapes
from mixeval_stimuli.methods.wave_u_net.network import Network
from mixeval_stimuli.training import losses
from mixeval_stimuli.training.adam import adam_for, prepare
from mixeval_stimuli.training.least_squares import fit_filters, put_filters
from mixeval_stimuli.training.options import Options
from mixeval_stimuli.training.processes import Processes
from mixeval_stimuli.training.run_folder import RunFolder, hardware_of
from mixeval_stimuli.training.schedule import (
    Epoch,
    State,
    after_epoch,
    after_step,
    ending,
    is_over,
    learning_rate,
    steps_of_epoch,
)
from mixeval_stimuli.training.snippets import (
    Batch,
    TrainingSnippets,
    read_ahead,
    read_snippet,
    share,
    stack,
    validation_places,
)
from mixeval_stimuli.training.tracks import Track, fingerprint

SAVE_MINUTES = 10.0
"""Most work that a kill costs, where epochs are longer."""

_FIT_SNIPPETS = 400
_READERS = 8
_BATCHES_AHEAD = 2


def train(
    tracks: Sequence[Track],
    validation: Sequence[Track],
    options: Options,
    folder: Path,
    *,
    data: dict[str, Any] | None = None,
    device: str = "cpu",
    progress: Callable[[Epoch], None] = lambda _epoch: None,
    stepped: Callable[[State, float], None] = lambda _state, _loss: None,
    stop: Callable[[], bool] = lambda: False,
    processes: Processes | None = None,
    save_minutes: float = SAVE_MINUTES,
) -> State:
    """Train until the last round's patience is at its end, or the steps or minutes asked for are over.

    `data` describes the recordings in the checkpoint's card. A folder that holds a run of the same options and
    recordings goes on with it. `progress` is told of each epoch, `stepped` of each step and its loss; once `stop`
    says so, the run is saved where it is, and its state is given as it is then. Of several `processes` each calls
    this with the same arguments.

    Raises ModelError when the folder holds another run or cannot be written, or when the loss is no longer finite,
    DatasetError when there is nothing to train on or to validate with, and AudioError when a file can no longer be
    read.
    """
    run = _Run(
        tracks=tracks,
        validation=validation,
        options=options,
        folder=folder,
        data=data or {},
        device=torch.device(device),
        processes=processes or Processes(),
        stop=stop,
        save_minutes=save_minutes,
    )
    return run.execute(progress, stepped)


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
        processes: Processes,
        stop: Callable[[], bool],
        save_minutes: float,
    ) -> None:
        if not validation:
            raise DatasetError(
                "there is no recording to validate with", remedy="name a data set with a val subset"
            )
        if options.batch_size < processes.ranks:
            raise ModelError(
                f"a batch of {options.batch_size} cannot be shared by {processes.ranks} processes",
                remedy="start fewer processes or raise batch_size",
            )
        self._options = options
        self._device = device
        self._processes = processes
        self._stop = stop
        self._save_minutes = save_minutes
        self._lengths: Shapes = shapes(options.architecture, options.output_frames)
        if options.stft_weight:
            losses.check_frames(self._lengths.output_frames)
        self._tracks = tracks
        self._snippets = TrainingSnippets(
            tracks,
            self._lengths,
            seed=options.seed,
            gain_range_db=options.gain_range_db,
            stem_dropout=options.stem_dropout,
        )
        self._places = validation_places(validation, self._lengths)
        self._folder = RunFolder(
            folder,
            options,
            data,
            fingerprint(tracks, validation),
            hardware_of(device, processes.ranks),
        )
        torch.manual_seed(options.seed)
        self._network = Network(options.architecture).to(device)
        self._adam = adam_for(self._network)
        self._state = State()

    def execute(self, progress: Callable[[Epoch], None], stepped: Callable[[State, float], None]) -> State:
        self._begin()
        self._model = self._processes.spread(self._network)
        self._began = self._saved = time.monotonic()
        self._began -= 60.0 * self._state.minutes
        with ThreadPoolExecutor(_READERS) as readers:
            while not is_over(self._options, self._state):
                if not (self._steps(readers, stepped) and self._validate(readers)):
                    break
                progress(self._state.history[-1])
        return self._state

    def _begin(self) -> None:
        resumed = self._folder.resume(self._network, self._adam)
        self._check_agreed(resumed)
        if resumed is None:
            self._initialise()
        else:
            self._state = resumed
            if self._processes.first:
                self._folder.repair(self._network, resumed)

    def _check_agreed(self, resumed: State | None) -> None:
        step = float(resumed.step if resumed else 0)
        (total,) = self._processes.sums(step)
        if total != step * self._processes.ranks:
            raise ModelError(
                f"the processes find different runs in {self._folder.path}",
                remedy="give all of them one folder that they share",
            )

    def _initialise(self) -> None:
        # The others get the first process's weights.
        if self._options.initialisation == "least_squares" and self._processes.first:
            plain = TrainingSnippets(self._tracks, self._lengths, seed=self._options.seed)
            batches = (plain.batch(step, 1) for step in range(_FIT_SNIPPETS))
            put_filters(self._network, fit_filters(batches, self._options.architecture.down_kernel))

    def _steps(self, readers: ThreadPoolExecutor, stepped: Callable[[State, float], None]) -> bool:
        """Do the steps that are left of the epoch, and say whether it may go on after them."""
        for batch in self._batches(readers):
            rate = learning_rate(self._options, self._state)
            prepare(self._adam, step=self._state.step, learning_rate=rate)
            loss, minutes, stop = self._agreed(self._step(batch))
            if not math.isfinite(loss):
                raise ModelError(
                    f"the loss is no longer a finite number after {self._state.step} steps",
                    remedy="train anew in another folder with a lower learning rate",
                )
            self._state = after_step(self._state, loss=loss, minutes=minutes)
            stepped(self._state, loss)
            if stop:
                self._save()
                return False
            if ending(self._options, self._state) == "minutes":
                break
            if time.monotonic() - self._saved >= 60.0 * self._save_minutes:
                self._save()
        return True

    def _batches(self, readers: ThreadPoolExecutor) -> Iterator[Batch]:
        size, processes = self._options.batch_size, self._processes
        shares = [
            share(step, size, rank=processes.rank, ranks=processes.ranks)
            for step in steps_of_epoch(self._options, self._state)
        ]
        jobs = (partial(self._snippets.snippet, index) for indices in shares for index in indices)
        snippets = read_ahead(readers, jobs, ahead=_BATCHES_AHEAD * math.ceil(size / processes.ranks))
        for indices in shares:
            yield stack(list(islice(snippets, len(indices))))

    def _step(self, batch: Batch) -> float:
        """Update the network, and give this process's part of the loss of the whole batch."""
        self._network.train()
        self._adam.zero_grad()
        share_of_batch = len(batch.stems) / self._options.batch_size
        loss = self._loss(self._model, batch)
        # Gradients are averaged over processes; a share larger than another has to count more.
        (loss * (share_of_batch * self._processes.ranks)).backward()
        self._adam.step()
        return loss.item() * share_of_batch

    def _validate(self, readers: ThreadPoolExecutor) -> bool:
        """End the epoch, and say whether the run may go on."""
        loss = self._validation_loss(readers)
        if loss is None:
            self._save()
            return False
        if not math.isfinite(loss):
            raise ModelError(
                f"the validation loss is no longer a finite number after {self._state.step} steps",
                remedy="train anew in another folder with a lower learning rate",
            )
        _, minutes, _ = self._agreed(0.0)
        self._state = after_epoch(self._options, self._state, validation_loss=loss, minutes=minutes)
        if self._processes.first:
            self._folder.save_epoch(self._network, self._adam, self._state)
            self._saved = time.monotonic()
        return True

    def _validation_loss(self, readers: ThreadPoolExecutor) -> float | None:
        """Measure the mean loss over the validation frames, clipped as a mix is, or None when stopped."""
        self._network.eval()
        rank, ranks = self._processes.rank, self._processes.ranks
        jobs = (
            partial(read_snippet, track, start, self._lengths) for track, start in self._places[rank::ranks]
        )
        frames = read_ahead(readers, jobs, ahead=_READERS)
        total = 0.0
        with torch.inference_mode():
            for _ in range(0, len(self._places), ranks):
                frame = next(frames, None)
                loss, _, stop = self._agreed(
                    0.0 if frame is None else self._loss(self._network, frame, clip=True).item()
                )
                if stop:
                    return None
                total += loss
        return total / len(self._places)

    def _loss(self, model: nn.Module, batch: Batch, *, clip: bool = False) -> Tensor:
        stems = torch.from_numpy(batch.stems).to(self._device)
        mixes = torch.from_numpy(batch.mixes).to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._options.precision == "bf16"):
            predicted = model(stems)
        predicted = predicted.float()
        if clip:
            predicted = predicted.clamp(-1.0, 1.0)
        return losses.distance(predicted, mixes, stft_weight=self._options.stft_weight)

    def _agreed(self, loss: float) -> tuple[float, float, bool]:
        """Give the sum of a loss over the processes, the first one's minutes, and whether any was told to stop."""
        minutes = (time.monotonic() - self._began) / 60.0
        total, minutes, stops = self._processes.sums(
            loss, minutes if self._processes.first else 0.0, float(self._stop())
        )
        return total, minutes, stops > 0.0

    def _save(self) -> None:
        if self._processes.first:
            self._folder.save(self._network, self._adam, self._state)
        self._saved = time.monotonic()
