"""Judges: an uninterrupted run, bit for bit; plain gains by NumPy; the losses of the checkpoint measured anew."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

from mixeval.errors import AudioError, DatasetError, ModelError
from mixeval_stimuli.checkpoints import read_checkpoint
from mixeval_stimuli.methods.wave_u_net.framing import predict
from mixeval_stimuli.methods.wave_u_net.weights import load_network
from mixeval_stimuli.training import run_folder
from mixeval_stimuli.training.corpus import open_corpus
from mixeval_stimuli.training.processes import Processes
from mixeval_stimuli.training.run import train
from mixeval_stimuli.training.run_folder import BEST, LAST, LOSSES, PLOT, STATE_KIND

INPUTS = ("hi-hat", "kick", "snare")


class Killed(BaseException):
    """What nobody catches, as nobody catches SIGKILL."""


@pytest.fixture
def trained(tiny_corpus, tiny_options):
    """Train in a folder with changed options."""

    def run(folder, *, corpus=tiny_corpus, watched=None, **options):
        return train(
            corpus.training,
            corpus.validation,
            tiny_options(**options),
            folder,
            data=dict(corpus.description),
            **(watched or {}),
        )

    return run


@pytest.fixture
def validating_to(monkeypatch):
    """Let validations find these losses, one after the other."""

    def find(*losses):
        found = iter(losses)
        monkeypatch.setattr("mixeval_stimuli.training.run._Run._validation_loss", lambda *_: next(found))

    return find


def contents(folder):
    """Give weights, moments and losses: all that a run is, but for when it ran."""
    tensors, card = read_checkpoint(folder / LAST, kind=STATE_KIND)
    best, _ = read_checkpoint(folder / BEST, kind="wave-u-net")
    state = dict(card.training["state"])
    history = [{**line, "minutes": None} for line in state.pop("history")]
    return tensors, best, {**state, "minutes": None}, history


def assert_same(folder, other):
    for found, expected in zip(contents(folder)[:2], contents(other)[:2], strict=True):
        assert found.keys() == expected.keys()
        for name in expected:
            assert np.array_equal(found[name], expected[name]), name
    assert contents(folder)[2:] == contents(other)[2:]


def stop_after(steps):
    """Ask for a stop once so many steps were done."""
    done = []
    return {"stepped": lambda *_: done.append(1), "stop": lambda: len(done) + 1 >= steps}


def test_a_run_leaves_a_checkpoint_its_state_its_losses_and_their_plot(trained, tmp_path):
    told = []
    state = trained(tmp_path, watched={"progress": told.append})
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([BEST, LAST, LOSSES, PLOT])
    assert state.step == 15
    assert told == list(state.history)
    with (tmp_path / LOSSES).open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == [
        "epoch",
        "step",
        "round",
        "learning_rate",
        "training_loss",
        "validation_loss",
        "best",
        "minutes",
    ]
    assert [float(line["validation_loss"]) for line in lines] == [line.validation_loss for line in told]
    assert (tmp_path / PLOT).read_text(encoding="utf-8").startswith("<?xml")


def test_a_card_says_what_the_network_is_and_how_it_came_about(trained, tmp_path, tiny_tree):
    state = trained(tmp_path, input_lufs=-20.0)
    _, card = load_network(tmp_path / BEST)
    assert card.architecture["levels"] == 3
    assert card.input_lufs == -20.0
    assert card.training["options"]["batch_size"] == 4
    assert card.training["data"]["datasets"] == [tiny_tree.folder.name]
    assert card.training["state"]["best_loss"] == state.best_loss
    assert set(card.training["versions"]) == {"mixeval", "torch", "numpy", "python"}
    assert "CPU" in card.training["hardware"]
    assert len(card.training["recordings_sha256"]) == 64


def test_the_best_network_is_kept_though_later_ones_are_worse(trained, tmp_path, validating_to):
    validating_to(0.5, 0.3, 0.4, 0.6)
    state = trained(tmp_path, max_steps=8, steps_per_epoch=2)
    assert [line.best for line in state.history] == [True, True, False, False]
    assert (state.best_loss, state.best_step) == (0.3, 4)
    _, best, found, _ = contents(tmp_path)
    assert found["best_step"] == 4

    validating_to(0.5, 0.3)
    trained(tmp_path / "straight", max_steps=4, steps_per_epoch=2)
    last, *_ = contents(tmp_path / "straight")
    for name, weights in best.items():
        assert np.array_equal(weights, last[f"network.{name}"]), name


def test_the_validation_loss_is_that_of_the_mixes_that_the_checkpoint_makes(trained, tiny_corpus, tmp_path):
    state = trained(tmp_path)
    network, _ = load_network(tmp_path / BEST)
    (track,) = tiny_corpus.validation
    stems = np.stack([soundfile.read(path, dtype="float32")[0] for path in track.stems])
    mix = soundfile.read(track.mix, dtype="float32")[0].T * 10 ** (track.mix_gain_db / 20)
    predicted = predict(network, stems, framing="authors", output_frames=2000)
    # Validation drops the tail that does not fill a frame; 39690 samples are 19 frames of 2005 and some.
    whole = 19 * 2005
    assert np.mean(np.abs(predicted - mix)[:, :whole]) == pytest.approx(state.best_loss, rel=1e-4)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_tiny_network_soon_mixes_better_than_any_one_gain_for_all(trained, tmp_path, tiny_tree, precision):
    state = trained(tmp_path, learning_rates=(0.01,), max_steps=90, steps_per_epoch=90, precision=precision)
    assert state.best_loss < 0.7 * loss_of_best_common_gain(tiny_tree, number=3)


def loss_of_best_common_gain(tree, number):
    """Find how close the plain sum comes to a mix with the gain that suits it best, which none would know."""
    total = sum(tree.read(name, number)[0] for name in INPUTS)
    mix = tree.read("dry_mix", number)
    mix = mix / np.max(np.abs(mix))
    return min(np.mean(np.abs(gain * total - mix)) for gain in np.linspace(0, 4, 401))


def test_a_start_by_least_squares_is_near_the_mix_at_once(trained, tmp_path):
    options = {"max_steps": 1, "steps_per_epoch": 1, "learning_rates": (1e-6,)}
    noise = trained(tmp_path / "noise", **options)
    fitted = trained(tmp_path / "fitted", initialisation="least_squares", **options)
    # The mixes are filters of three samples, so only their different peaks are left to learn.
    assert fitted.best_loss < 0.2 * noise.best_loss


def test_two_runs_are_the_same(trained, tmp_path):
    for name in ("one", "two"):
        trained(tmp_path / name)
    assert_same(tmp_path / "one", tmp_path / "two")


@pytest.mark.parametrize("steps", [1, 3, 5, 7])
def test_a_run_that_was_stopped_after_any_step_goes_on_to_the_same_end(trained, tmp_path, steps):
    augmented = {"gain_range_db": 6.0, "stem_dropout": 0.2}
    trained(tmp_path / "straight", **augmented)
    stopped = trained(tmp_path / "stopped", watched=stop_after(steps), **augmented)
    assert stopped.step == steps
    finished = trained(tmp_path / "stopped", **augmented)
    assert finished.step == 15
    assert_same(tmp_path / "stopped", tmp_path / "straight")


def test_a_run_that_was_stopped_while_validating_goes_on_to_the_same_end(trained, tmp_path):
    trained(tmp_path / "straight")
    asked = []

    def stop():
        asked.append(1)
        return len(asked) == 5 + 2  # in the second frame of the first validation

    stopped = trained(tmp_path / "stopped", watched={"stop": stop})
    assert (stopped.step, stopped.epoch_steps, stopped.history) == (5, 5, ())
    trained(tmp_path / "stopped")
    assert_same(tmp_path / "stopped", tmp_path / "straight")


def test_a_run_that_reached_its_steps_goes_on_when_it_may_do_more(trained, tmp_path):
    trained(tmp_path / "straight", max_steps=20)
    trained(tmp_path / "longer", max_steps=10)
    assert trained(tmp_path / "longer", max_steps=20).step == 20
    assert_same(tmp_path / "longer", tmp_path / "straight")


def test_a_run_that_is_over_is_left_alone(trained, tmp_path):
    trained(tmp_path)
    before = (tmp_path / LAST).read_bytes(), (tmp_path / BEST).read_bytes()
    assert trained(tmp_path).step == 15
    assert ((tmp_path / LAST).read_bytes(), (tmp_path / BEST).read_bytes()) == before


def test_long_epochs_are_saved_on_the_way(trained, tmp_path):
    def killed(state, _loss):
        if state.step == 4:
            raise Killed

    with pytest.raises(Killed):
        trained(tmp_path / "killed", watched={"stepped": killed, "save_minutes": 0.0})
    _, card = read_checkpoint(tmp_path / "killed" / LAST, kind=STATE_KIND)
    assert card.training["state"]["step"] == 3
    trained(tmp_path / "killed")
    trained(tmp_path / "straight")
    assert_same(tmp_path / "killed", tmp_path / "straight")


@pytest.mark.parametrize("file", [LAST, BEST, LOSSES, PLOT])
def test_a_kill_between_the_files_of_an_epoch_does_not_matter(trained, tmp_path, monkeypatch, file):
    def publish(draft, path):
        if path.name == file:
            raise Killed
        draft.replace(path)

    with monkeypatch.context() as patch:
        patch.setattr(run_folder, "publish", publish)
        patch.setattr("mixeval_stimuli.checkpoints.publish", publish)
        with pytest.raises(Killed):
            trained(tmp_path / "killed")
    assert not (tmp_path / "killed" / file).exists()
    # What was written is in agreement as soon as the run goes on, even if it is stopped again at once.
    trained(tmp_path / "killed", watched=stop_after(1))
    if file != LAST:
        assert {path.name for path in (tmp_path / "killed").iterdir()} == {BEST, LAST, LOSSES, PLOT}
    trained(tmp_path / "killed")
    trained(tmp_path / "straight")
    assert_same(tmp_path / "killed", tmp_path / "straight")


def test_a_round_goes_on_from_the_latest_weights_with_its_moments(trained, tmp_path, validating_to):
    # Rounds of one rate are the same as one long round: nothing begins anew, and nothing goes back to the best.
    validating_to(0.1, *[0.2] * 4)
    trained(tmp_path / "one", patience=99, max_steps=10, steps_per_epoch=2)
    validating_to(0.1, *[0.2] * 4)
    two = trained(tmp_path / "two", learning_rates=(1e-3, 1e-3), patience=2, max_steps=10, steps_per_epoch=2)
    assert [line.round for line in two.history] == [1, 1, 1, 2, 2]
    last_one, last_two = contents(tmp_path / "one")[0], contents(tmp_path / "two")[0]
    for name, values in last_one.items():
        assert np.array_equal(values, last_two[name]), name


def test_minutes_end_a_run_within_an_epoch(trained, tmp_path):
    state = trained(tmp_path, steps_per_epoch=100_000, max_steps=None, max_minutes=0.01)
    assert len(state.history) == 1
    assert 0 < state.step < 100_000
    assert (tmp_path / BEST).exists()


def test_the_stft_loss_is_added_in_training_and_validation(trained, tmp_path):
    plain = trained(tmp_path / "l1", output_frames=2500)
    weighed = trained(tmp_path / "both", output_frames=2500, stft_weight=1.0)
    for one, other in zip(plain.history, weighed.history, strict=True):
        assert other.training_loss > one.training_loss + 0.1
        assert other.validation_loss > one.validation_loss + 0.1


def test_frames_too_short_for_the_stft_loss_are_refused_before_anything_is_done(trained, tmp_path):
    with pytest.raises(ModelError, match="takes frames of 2048 samples or more, these have 2005"):
        trained(tmp_path, stft_weight=1.0)


def test_a_folder_with_another_run_is_refused_and_kept(trained, tmp_path):
    trained(tmp_path)
    with pytest.raises(ModelError, match=r"a training run with other options \(batch_size, seed\)"):
        trained(tmp_path, batch_size=2, seed=1)
    assert trained(tmp_path).step == 15


def test_a_run_does_not_go_on_with_other_recordings(trained, tmp_path, tiny_corpus):
    trained(tmp_path)
    fewer = replace(tiny_corpus, training=tiny_corpus.training[:2])
    with pytest.raises(ModelError, match="holds a training run on other recordings"):
        trained(tmp_path, corpus=fewer, max_steps=20)


def test_a_run_begun_before_an_option_existed_goes_on(trained, tmp_path):
    trained(tmp_path / "straight", max_steps=20)
    trained(tmp_path / "old")
    tensors, card = read_checkpoint(tmp_path / "old" / LAST, kind=STATE_KIND)
    training = dict(card.training)
    later = {"gain_range_db", "stem_dropout", "stft_weight"}
    training["options"] = {name: value for name, value in training["options"].items() if name not in later}
    training["state"] = {
        name: value for name, value in training["state"].items() if not name.startswith("epoch_")
    }
    del training["recordings_sha256"]
    run_folder.write_checkpoint(
        tmp_path / "old" / LAST, tensors, card.model_copy(update={"training": training})
    )
    trained(tmp_path / "old", max_steps=20)
    assert_same(tmp_path / "old", tmp_path / "straight")


def test_a_damaged_state_is_refused_by_name(trained, tmp_path):
    trained(tmp_path)
    tensors, card = read_checkpoint(tmp_path / LAST, kind=STATE_KIND)
    del tensors["adam.0.exp_avg"]
    run_folder.write_checkpoint(tmp_path / LAST, tensors, card)
    with pytest.raises(ModelError, match=r"last.safetensors holds a state that this version"):
        trained(tmp_path)


def test_the_checkpoint_of_another_run_is_not_taken_for_the_best_of_this(trained, tmp_path, validating_to):
    validating_to(0.1, 0.2, 0.2)
    trained(tmp_path)
    tensors, card = read_checkpoint(tmp_path / BEST, kind="wave-u-net")
    training = {**card.training, "state": {**card.training["state"], "best_step": 1}}
    run_folder.write_checkpoint(tmp_path / BEST, tensors, card.model_copy(update={"training": training}))
    with pytest.raises(ModelError, match=r"best.safetensors is not the best network of the run"):
        trained(tmp_path)
    (tmp_path / BEST).unlink()
    with pytest.raises(ModelError, match=r"best.safetensors is missing"):
        trained(tmp_path)


def test_a_folder_that_holds_somebody_elses_checkpoint_is_refused(trained, tmp_path):
    trained(tmp_path)
    (tmp_path / LAST).unlink()
    with pytest.raises(ModelError, match=r"holds a best.safetensors but no last.safetensors"):
        trained(tmp_path)


def test_a_loss_that_is_no_number_ends_the_run_and_leaves_the_last_state(trained, tmp_path, monkeypatch):
    trained(tmp_path, max_steps=5)
    before = (tmp_path / LAST).read_bytes()

    def broken(*_, **__):
        return torch.full((), float("nan"), requires_grad=True)

    monkeypatch.setattr("mixeval_stimuli.training.losses.distance", broken)
    with pytest.raises(ModelError, match="no longer a finite number"):
        trained(tmp_path)
    assert (tmp_path / LAST).read_bytes() == before


def test_without_recordings_to_validate_with_nothing_is_begun(trained, tmp_path, tiny_corpus):
    with pytest.raises(DatasetError, match="no recording to validate with"):
        trained(tmp_path, corpus=replace(tiny_corpus, validation=[]))


def test_more_processes_than_snippets_are_refused(trained, tmp_path):
    with pytest.raises(ModelError, match="a batch of 4 cannot be shared by 5 processes"):
        trained(tmp_path, watched={"processes": Processes(0, 5)})


def test_a_file_that_goes_during_training_is_named(trained, tmp_path, make_tree, tiny_options):
    tree = make_tree(tmp_path / "tree")
    corpus = open_corpus([tree.folder], tiny_options())
    tree.path("kick").unlink()
    with pytest.raises(AudioError, match=r"kick.001_.*can no longer be read"):
        trained(tmp_path / "run", corpus=corpus)


def test_a_full_disk_is_told_and_leaves_the_last_state(trained, tmp_path, small_files):
    trained(tmp_path, max_steps=5)
    before = (tmp_path / LAST).read_bytes()
    with small_files(10_000), pytest.raises(ModelError, match="cannot be written"):
        trained(tmp_path)
    assert (tmp_path / LAST).read_bytes() == before
    assert not list(tmp_path.glob(".draft*"))
