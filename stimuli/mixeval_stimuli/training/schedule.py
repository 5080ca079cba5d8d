"""The schedule of a training run: learning rates, epochs, rounds, patience and the end, as pure functions of its state.

As the authors' code has it: an epoch is a number of steps with a look at the validation loss behind it; a round ends
when so many epochs in a row brought no new lowest loss; the next goes on from the latest weights and moments, not
from the best, with the next learning rate, its patience whole again and the lowest loss still to be beaten.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Literal

from mixeval_stimuli.training.options import Options

Ending = Literal["patience", "steps", "minutes"]


@dataclass(frozen=True)
class Epoch:
    """One line of losses.csv: losses of `epoch`, which ended with `step` steps done, in `round` 1, 2, ..."""

    epoch: int
    step: int
    round: int
    learning_rate: float
    training_loss: float
    validation_loss: float
    best: bool
    """Whether no earlier epoch had so low a validation loss."""
    minutes: float
    """Since the run began, without the time that it stood still."""


@dataclass(frozen=True)
class State:
    """How far a run is, beside its weights and moments."""

    step: int = 0
    """Steps done."""
    round: int = 0
    best_loss: float = math.inf
    best_step: int = 0
    epochs_since_best: int = 0
    minutes: float = 0.0
    epoch_steps: int = 0
    """Steps done since the last epoch ended."""
    epoch_loss: float = 0.0
    """Sum of their losses."""
    history: tuple[Epoch, ...] = field(default=(), repr=False)


def ending(options: Options, state: State) -> Ending | None:
    """Say what ends the run in this state, if anything does."""
    if state.round >= len(options.learning_rates):
        return "patience"
    if options.max_steps is not None and state.step >= options.max_steps:
        return "steps"
    if options.max_minutes is not None and state.minutes >= options.max_minutes:
        return "minutes"
    return None


def is_over(options: Options, state: State) -> bool:
    """Say whether nothing is left to do: an epoch that was stopped before its validation is finished first."""
    return not state.epoch_steps and ending(options, state) is not None


def steps_of_epoch(options: Options, state: State) -> range:
    """List the steps that are left of the epoch."""
    end = state.step - state.epoch_steps + options.steps_per_epoch
    return range(state.step, end if options.max_steps is None else min(end, options.max_steps))


def learning_rate(options: Options, state: State) -> float:
    """Give the learning rate of the step that comes next."""
    rate = options.learning_rates[state.round]
    if options.halve_every is not None:
        rate *= 0.5 ** (state.step // options.halve_every)
    return rate * min(1.0, (state.step + 1) / options.warm_up) if options.warm_up else rate


def after_step(state: State, *, loss: float, minutes: float) -> State:
    """Count a step of this training loss."""
    return replace(
        state,
        step=state.step + 1,
        minutes=minutes,
        epoch_steps=state.epoch_steps + 1,
        epoch_loss=state.epoch_loss + loss,
    )


def after_epoch(options: Options, state: State, *, validation_loss: float, minutes: float) -> State:
    """Count an epoch of this validation loss, and go to the next round where patience is at its end."""
    best = validation_loss < state.best_loss
    line = Epoch(
        epoch=len(state.history) + 1,
        step=state.step,
        round=state.round + 1,
        learning_rate=learning_rate(options, replace(state, step=state.step - 1)),
        training_loss=state.epoch_loss / state.epoch_steps,
        validation_loss=validation_loss,
        best=best,
        minutes=round(minutes, 3),
    )
    epochs_since_best = 0 if best else state.epochs_since_best + 1
    impatient = epochs_since_best >= options.patience
    return replace(
        state,
        round=state.round + impatient,
        best_loss=min(validation_loss, state.best_loss),
        best_step=state.step if best else state.best_step,
        epochs_since_best=0 if impatient else epochs_since_best,
        minutes=minutes,
        epoch_steps=0,
        epoch_loss=0.0,
        history=(*state.history, line),
    )
