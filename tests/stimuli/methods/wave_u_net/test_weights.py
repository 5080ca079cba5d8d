"""Judges: the network that was saved, and files that say one thing and hold another."""

import numpy as np
import pytest
import torch

from mixeval.errors import ModelError
from mixeval_stimuli.checkpoints import Card, write_checkpoint
from mixeval_stimuli.methods.wave_u_net.architecture import Architecture, shapes
from mixeval_stimuli.methods.wave_u_net.network import Network
from mixeval_stimuli.methods.wave_u_net.weights import KIND, load_network, put_weights, weights_of


def saved(path, network, *, tensors=None, **architecture):
    fields = network.architecture.model_dump(mode="json") | architecture
    write_checkpoint(path, tensors or weights_of(network), Card(kind=KIND, architecture=fields))
    return path


@pytest.fixture
def predicted(noise):
    def by(network):
        stems = noise(3, shapes(network.architecture, 200).input_frames)
        with torch.inference_mode():
            return network(torch.from_numpy(stems)[None]).numpy()

    return by


def test_a_network_comes_back_exactly(tmp_path, make_network, predicted):
    network = make_network()

    loaded, card = load_network(saved(tmp_path / "model.safetensors", network))

    assert loaded.architecture == network.architecture
    assert card.kind == KIND
    np.testing.assert_array_equal(predicted(loaded), predicted(network))


def test_weights_of_16_bits_are_32_in_memory(tmp_path, make_network, predicted):
    network = make_network()
    halves = {name: values.astype(np.float16) for name, values in weights_of(network).items()}

    loaded, _ = load_network(saved(tmp_path / "half.safetensors", network, tensors=halves))

    assert {values.dtype for values in loaded.state_dict().values()} == {torch.float32}
    for name, values in weights_of(loaded).items():
        np.testing.assert_array_equal(values, halves[name].astype(np.float32))
    # 11 bits of mantissa: about -66 dB for each weight.
    error = np.linalg.norm(predicted(loaded) - predicted(network)) / np.linalg.norm(predicted(network))
    assert 20 * np.log10(error) < -60


def test_a_loaded_network_can_be_trained_on(tmp_path, make_network):
    loaded, _ = load_network(saved(tmp_path / "model.safetensors", make_network()))

    loaded(torch.ones(1, 3, shapes(loaded.architecture, 8).input_frames)).sum().backward()

    assert all(values.grad is not None for values in loaded.parameters())


def test_a_file_is_read_again_only_when_it_changed(tmp_path, make_network):
    path = saved(tmp_path / "model.safetensors", make_network(seed=1))
    first, _ = load_network(path)
    assert load_network(path)[0] is first

    saved(path, make_network(Architecture(levels=2, filters=4, inputs=("kick",)), seed=2))

    assert load_network(path)[0].architecture.levels == 2


def test_the_weights_of_another_architecture_are_named_with_their_shapes(tmp_path, make_network):
    path = saved(tmp_path / "model.safetensors", make_network(), filters=5)

    with pytest.raises(ModelError) as refused:
        load_network(path)

    assert str(refused.value) == (
        f"{path} holds the weights of another architecture (down.0.weight is (4, 3, 7) where (5, 3, 7) belongs; "
        "down.0.bias is (4,) where (5,) belongs; down.1.weight is (8, 4, 7) where (10, 5, 7) belongs and 12 more); "
        "use the checkpoint with the architecture that it was trained with."
    )


@pytest.mark.parametrize(
    ("levels", "said"),
    [(4, "down.3.weight is missing"), (2, "down.2.bias is left over; down.2.weight is left over")],
)
def test_layers_that_lack_or_are_too_many_are_named(tmp_path, make_network, levels, said):
    path = saved(tmp_path / "model.safetensors", make_network(), levels=levels)

    with pytest.raises(ModelError, match="another architecture") as refused:
        load_network(path)
    assert said in str(refused.value)


def test_an_architecture_of_any_size_takes_no_memory_before_it_is_refused(tmp_path, make_network):
    """32 levels of 256 filters would be hundreds of gigabytes; the file is 3 kB."""
    path = saved(
        tmp_path / "model.safetensors", make_network(), levels=16, filters=256, down_kernel=127, up_kernel=127
    )

    with pytest.raises(ModelError, match="holds the weights of another architecture"):
        load_network(path)


@pytest.mark.parametrize(
    "wrong", [{"levels": 0}, {"down_kernel": 4}, {"inputs": []}, {"layers": 3}, {"filters": "4"}]
)
def test_an_architecture_that_cannot_be_is_refused(tmp_path, make_network, wrong):
    path = saved(tmp_path / "model.safetensors", make_network(), **wrong)

    with pytest.raises(ModelError, match="names an architecture that is none"):
        load_network(path)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(ModelError, match="is missing"):
        load_network(tmp_path / "none.safetensors")


def test_an_optimiser_keeps_its_hold_on_a_network_that_gets_weights(make_network):
    network = make_network(seed=1)
    held = list(network.parameters())

    put_weights(network, weights_of(make_network(seed=2)), source="here")

    assert all(before is after for before, after in zip(held, network.parameters(), strict=True))
    for name, values in weights_of(make_network(seed=2)).items():
        np.testing.assert_array_equal(weights_of(network)[name], values)


def test_loading_draws_no_random_numbers(tmp_path, make_network):
    path = saved(tmp_path / "model.safetensors", make_network())
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)

    load_network(path)

    assert torch.equal(torch.rand(3), expected)


def test_a_network_knows_its_architecture(make_network):
    assert Network().architecture == Architecture()
    assert make_network().architecture.inputs == ("kick", "snare", "overhead_L")
