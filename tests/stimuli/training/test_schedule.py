"""Judge: the authors' training loop (Training.py of f90/Mix-Wave-U-Net at 43304ef), written out again below."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval_stimuli.training.options import Options
from mixeval_stimuli.training.schedule import (
    State,
    after_epoch,
    after_step,
    ending,
    is_over,
    learning_rate,
    steps_of_epoch,
)


def run(options, validation_losses, state=None):
    """Go through epochs of these validation losses until the run ends, and give its last state."""
    state = state or State()
    for loss in validation_losses:
        if is_over(options, state):
            break
        for _ in steps_of_epoch(options, state):
            state = after_step(state, loss=0.5, minutes=state.minutes + 0.1)
        state = after_epoch(options, state, validation_loss=loss, minutes=state.minutes)
    return state


def authors_loop(validation_losses, *, patience, rates):
    """List learning rate and verdict of each epoch as the authors' code goes through them."""
    losses = iter(validation_losses)
    best_loss, epochs = 10000.0, []
    for rate in rates:
        worse_epochs = 0
        while worse_epochs < patience:
            loss = next(losses, None)
            if loss is None:
                return epochs
            better = loss < best_loss
            epochs.append((rate, better))
            if better:
                worse_epochs, best_loss = 0, loss
            else:
                worse_epochs += 1
    return epochs


@given(
    losses=st.lists(st.floats(0.001, 10.0), min_size=1, max_size=40),
    patience=st.integers(1, 5),
    rates=st.sampled_from([(1e-4,), (1e-4, 1e-5), (1e-3, 1e-4, 1e-5)]),
)
def test_epochs_rounds_and_best_are_those_of_the_authors_loop(losses, patience, rates):
    options = Options(variant="dry", steps_per_epoch=3, patience=patience, learning_rates=rates)
    history = run(options, losses).history
    expected = authors_loop(losses, patience=patience, rates=rates)
    assert [(line.learning_rate, line.best) for line in history] == expected
    assert [line.step for line in history] == [3 * (index + 1) for index in range(len(expected))]
    assert [rates[line.round - 1] for line in history] == [rate for rate, _ in expected]


def test_left_alone_the_schedule_is_the_published_one():
    options = Options(variant="dry")
    assert options.learning_rates == (1e-4, 1e-5)
    assert (options.batch_size, options.steps_per_epoch, options.patience) == (16, 2000, 20)
    state = run(options, [1.0] * 100)
    assert ending(options, state) == "patience"
    # The first epoch is the best one there is; then 20 of each round are not.
    assert [line.learning_rate for line in state.history] == [1e-4] * 21 + [1e-5] * 20


def test_the_second_round_has_to_beat_the_best_of_the_first():
    options = Options(variant="dry", steps_per_epoch=1, patience=2)
    state = run(options, [0.5, 0.6, 0.7, 0.55, 0.4, 0.45, 0.45])
    assert [line.best for line in state.history] == [True, False, False, False, True, False, False]
    assert (state.best_loss, state.best_step) == (0.4, 5)


def test_steps_end_the_run_with_a_last_epoch_that_is_shorter():
    options = Options(variant="dry", steps_per_epoch=4, max_steps=10)
    state = run(options, [0.5] * 9)
    assert [line.step for line in state.history] == [4, 8, 10]
    assert ending(options, state) == "steps"


def test_minutes_end_the_run():
    options = Options(variant="dry", steps_per_epoch=10, max_minutes=2.5)
    state = run(options, [0.5] * 9)
    assert ending(options, state) == "minutes"
    assert len(state.history) == 3


def test_an_epoch_that_was_stopped_is_finished_before_the_run_is_over():
    options = Options(variant="dry", steps_per_epoch=4, max_steps=4)
    state = State()
    for _ in steps_of_epoch(options, state):
        state = after_step(state, loss=1.0, minutes=0.0)
    assert ending(options, state) == "steps"
    assert not is_over(options, state)
    assert list(steps_of_epoch(options, state)) == []
    assert is_over(options, after_epoch(options, state, validation_loss=1.0, minutes=0.0))


def test_the_training_loss_is_the_mean_over_the_epoch_also_after_a_stop():
    options = Options(variant="dry", steps_per_epoch=4)
    state = State()
    for loss in (1.0, 2.0):
        state = after_step(state, loss=loss, minutes=0.0)
    assert list(steps_of_epoch(options, state)) == [2, 3]
    for loss in (4.0, 9.0):
        state = after_step(state, loss=loss, minutes=0.0)
    state = after_epoch(options, state, validation_loss=1.0, minutes=0.0)
    assert state.history[0].training_loss == 4.0
    assert (state.epoch_steps, state.epoch_loss) == (0, 0.0)


def test_the_learning_rate_warms_up_and_halves_where_that_is_asked_for():
    options = Options(variant="dry", learning_rates=(8e-4,), warm_up=4, halve_every=10)
    rates = [learning_rate(options, State(step=step)) for step in (0, 1, 3, 9, 10, 20)]
    assert rates == pytest.approx([2e-4, 4e-4, 8e-4, 8e-4, 4e-4, 2e-4])


def test_a_loss_as_low_as_the_best_is_not_a_new_best():
    options = Options(variant="dry", steps_per_epoch=1)
    state = run(options, [0.5, 0.5])
    assert [line.best for line in state.history] == [True, False]
    assert (state.best_loss, state.best_step) == (0.5, 1)
