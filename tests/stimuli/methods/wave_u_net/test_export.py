"""Judges: NumPy's own rounding to 16 bits, and the energy of a difference that is known."""

import numpy as np
import pytest
import torch

from mixeval.errors import ModelError
from mixeval_stimuli.checkpoints import Card, read_checkpoint, write_checkpoint
from mixeval_stimuli.methods.wave_u_net.architecture import Architecture
from mixeval_stimuli.methods.wave_u_net.export import error_db, export_checkpoint
from mixeval_stimuli.methods.wave_u_net.weights import KIND, weights_of


@pytest.fixture
def best(tmp_path, make_network):
    def saved(network=None):
        network = network or make_network()
        card = Card(
            kind=KIND,
            architecture=network.architecture.model_dump(mode="json"),
            input_lufs=-26.0,
            training={"state": {"step": 400}},
            notes={"credit": "nobody"},
        )
        write_checkpoint(tmp_path / "best.safetensors", weights_of(network), card)
        return tmp_path / "best.safetensors"

    return saved


def test_half_is_numpys_half_with_the_card_carried_over(tmp_path, best, make_network):
    path = best()

    exported = export_checkpoint(
        path,
        tmp_path / "half.safetensors",
        half=True,
        notes={"data": "synthetic"},
        evaluation={"sdr_db": 15.5},
    )

    tensors, card = read_checkpoint(tmp_path / "half.safetensors", kind=KIND)
    for name, values in weights_of(make_network()).items():
        assert tensors[name].dtype == np.float16
        np.testing.assert_array_equal(tensors[name], values.astype(np.float16))
    assert card == exported.card
    assert card.notes == {"credit": "nobody", "data": "synthetic"}
    assert card.evaluation == {"sdr_db": 15.5}
    assert (card.training, card.input_lufs) == ({"state": {"step": 400}}, -26.0)
    assert exported.file_bytes == (tmp_path / "half.safetensors").stat().st_size
    assert -90 < exported.error_db < -60


def test_the_papers_network_takes_12_megabytes_and_its_mix_stays_within_60_decibels(
    tmp_path, best, make_network
):
    exported = export_checkpoint(best(make_network(Architecture())), tmp_path / "half.safetensors", half=True)

    assert exported.file_bytes < 12.5e6
    assert exported.error_db < -60


def test_without_half_the_weights_stay_as_they_are(tmp_path, best, make_network):
    exported = export_checkpoint(best(), tmp_path / "same.safetensors")

    assert exported.error_db == -np.inf
    tensors, _ = read_checkpoint(tmp_path / "same.safetensors")
    np.testing.assert_array_equal(tensors["up.0.weight"], weights_of(make_network())["up.0.weight"])


def test_a_weight_beyond_16_bits_is_refused_by_name(tmp_path, best, make_network):
    network = make_network()
    with torch.no_grad():
        network.down[1].weight[0, 0, 0] = 70_000.0

    with pytest.raises(
        ModelError, match=r'"down\.1\.weight" pass 65504, the largest 16-bit float; export it without'
    ):
        export_checkpoint(best(network), tmp_path / "half.safetensors", half=True)
    assert not (tmp_path / "half.safetensors").exists()


def test_a_training_state_is_no_network_to_export(tmp_path, make_network):
    card = Card(kind="wave-u-net training state", architecture={})
    write_checkpoint(tmp_path / "last.safetensors", weights_of(make_network()), card)

    with pytest.raises(ModelError, match='holds a model of kind "wave-u-net training state"'):
        export_checkpoint(tmp_path / "last.safetensors", tmp_path / "out.safetensors")


@pytest.mark.parametrize("decibels", [-20.0, -60.0])
def test_the_error_is_the_energy_of_the_difference(make_network, decibels):
    network, louder = make_network(), make_network()
    with torch.no_grad():
        for weights in (louder.output.weight, louder.output.bias):
            weights.mul_(1.0 + 10.0 ** (decibels / 20.0))

    assert error_db(louder, network) == pytest.approx(decibels, abs=0.01)
