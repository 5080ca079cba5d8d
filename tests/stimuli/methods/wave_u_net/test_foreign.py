"""Judges: PyTorch's own torch.save, and files that would do harm if they could."""

import io
import os
import pickle
import sys
import zipfile

import numpy as np
import pytest
import torch

from mixeval.errors import ModelError
from mixeval.manifest import file_sha256
from mixeval_stimuli.methods.wave_u_net.architecture import Architecture
from mixeval_stimuli.methods.wave_u_net.foreign import fit, imported_card, read_foreign, wanted_shapes
from mixeval_stimuli.methods.wave_u_net.weights import weights_of

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process by its memory")


class Payload:
    """Runs a command when a pickle of it is opened carelessly."""

    def __init__(self, marker):
        self.command = f"touch {marker}"

    def __reduce__(self):
        return (os.system, (self.command,))


def refusal(path, **asked):
    with pytest.raises(ModelError) as refused:
        read_foreign(path, **asked)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600
    return str(refused.value)


def arrays(network):
    return {name: values.copy() for name, values in weights_of(network).items()}


def assert_same(found, network):
    assert list(found) == list(weights_of(network))
    for name, values in weights_of(network).items():
        np.testing.assert_array_equal(found[name], values)


def test_a_state_dict_comes_in_as_it_was_saved(tmp_path, make_network):
    network = make_network()
    torch.save(network.state_dict(), tmp_path / "network.pt")

    found = read_foreign(tmp_path / "network.pt")

    assert_same(fit(found, network.architecture, source="network.pt"), network)


def test_a_training_state_of_another_program_comes_in(tmp_path, make_network):
    """Nested, below a prefix, with an optimiser's moments, integers, 16 bits and words beside."""
    network = make_network()
    adam = torch.optim.Adam(network.parameters())
    for weights in network.parameters():
        weights.grad = torch.ones_like(weights)
    adam.step()
    state = {
        "state_dict": {f"module.{name}": values.bfloat16() for name, values in network.state_dict().items()},
        "optimizer": adam.state_dict(),
        "epoch": 12,
        "name": "ours",
        "counts": torch.arange(3),
    }
    torch.save(state, tmp_path / "last.ckpt")

    found = fit(read_foreign(tmp_path / "last.ckpt"), network.architecture, source="last.ckpt")

    assert all(values.dtype == np.float32 for values in found.values())
    for name, values in network.state_dict().items():
        np.testing.assert_array_equal(found[name], values.bfloat16().float().numpy())


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_payload_in_a_pickle_does_not_run(tmp_path, make_network, depth):
    marker = tmp_path / "ran"
    state = Payload(marker)
    for _ in range(depth):
        state = {"state_dict": state, **make_network().state_dict()}
    torch.save(state, tmp_path / "evil.pt")

    said = refusal(tmp_path / "evil.pt")

    assert "is a pickle that asks for" in said
    assert "system" in said
    assert not marker.exists()


def test_a_bare_pickle_with_a_payload_does_not_run(tmp_path):
    marker = tmp_path / "ran"
    (tmp_path / "evil.pt").write_bytes(pickle.dumps(Payload(marker)))

    refusal(tmp_path / "evil.pt")

    assert not marker.exists()


def test_arrays_with_a_payload_do_not_run(tmp_path):
    marker = tmp_path / "ran"
    np.savez(tmp_path / "evil.npz", weight=np.array([Payload(marker)], dtype=object))

    assert "cannot be opened as tensors alone" in refusal(tmp_path / "evil.npz")
    assert not marker.exists()


def test_a_whole_network_object_is_refused_with_what_to_save_instead(tmp_path, make_network):
    torch.save(make_network(), tmp_path / "network.pt")

    said = refusal(tmp_path / "network.pt")

    assert "mixeval_stimuli.methods.wave_u_net.network.Network" in said
    assert "torch.save(network.state_dict(), FILE)" in said


@pytest.mark.parametrize(
    ("name", "data"),
    [("file.pt", b""), ("file.pt", b"PK\3\4"), ("file.pt", b"not a pickle"), ("file.npz", bytes(1000))],
)
def test_what_holds_no_tensors_says_so(tmp_path, data, name):
    (tmp_path / name).write_bytes(data)

    assert "cannot be opened as tensors alone" in refusal(tmp_path / name)


def test_a_file_without_a_network_lists_what_was_wanted_and_found(tmp_path, make_network):
    torch.save({"loss": 0.5, "gains": torch.ones(8)}, tmp_path / "gains.pt")

    with pytest.raises(ModelError) as refused:
        fit(read_foreign(tmp_path / "gains.pt"), make_network().architecture, source="gains.pt")

    assert "gains.pt holds no network of this architecture: wanted are down.0.weight (4, 3, 7), " in str(
        refused.value
    )
    assert "; found are gains (8,); correct --architecture" in str(refused.value)


@LINUX
def test_a_file_that_unpacks_to_more_than_memory_is_stopped(tmp_path):
    """A few bytes that say they are a gigabyte, compressed."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (2**28,)})
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as bomb,
        bomb.open("weight.npy", "w") as entry,
    ):
        entry.write(header.getvalue())
        for _ in range(2**10):
            entry.write(bytes(2**20))
    assert (tmp_path / "bomb.npz").stat().st_size < 2e6

    said = refusal(tmp_path / "bomb.npz", max_bytes=2**24)

    assert "cannot be opened as tensors alone" in said


def test_a_tensor_that_steps_on_the_spot_takes_no_memory(tmp_path):
    torch.save({"weight": torch.zeros(1).expand(2**40)}, tmp_path / "bomb.pt")
    assert (tmp_path / "bomb.pt").stat().st_size < 10_000

    assert "its tensors are larger than any checkpoint" in refusal(tmp_path / "bomb.pt")


def test_a_file_that_takes_too_long_is_given_up(tmp_path, make_network):
    torch.save(make_network().state_dict(), tmp_path / "network.pt")

    assert "was not open after 0.05 seconds" in refusal(tmp_path / "network.pt", timeout_seconds=0.05)


def test_a_file_that_is_too_large_is_not_opened(tmp_path):
    with (tmp_path / "large.pt").open("wb") as file:
        file.truncate(2**30 + 1)

    assert "bytes and may have" in refusal(tmp_path / "large.pt")


def test_a_missing_file_and_a_folder_say_so(tmp_path):
    assert "is missing" in refusal(tmp_path / "none.pt")
    assert "no regular file" in refusal(tmp_path)


def test_tensorflows_arrays_come_in_with_their_kernels_turned(tmp_path, make_network):
    """As `np.savez(path, **{v.name: value})` writes them: names with slashes, kernels (taps, inputs, outputs)."""
    network = make_network()
    named = {}
    for index, layer in enumerate([*network.down, network.bottleneck, *network.up, network.output]):
        name = "separator/conv1d" + (f"_{index}" if index else "")
        named[f"{name}/kernel:0"] = layer.weight.detach().numpy().transpose(2, 1, 0)
        named[f"{name}/bias:0"] = layer.bias.detach().numpy()
    np.savez(tmp_path / "theirs.npz", **named, step=np.array(1000))

    found = read_foreign(tmp_path / "theirs.npz")

    assert_same(fit(found, network.architecture, source="theirs.npz", layout="tensorflow"), network)
    with pytest.raises(ModelError, match="no network of this architecture"):
        fit(found, network.architecture, source="theirs.npz")


def test_layers_with_other_names_are_known_by_their_shapes(make_network):
    network = make_network()
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in weights_of(network)))
    others = {
        f"net.block{len(layers) - layers.index(layer)}.{leaf}": weights_of(network)[f"{layer}.{leaf}"]
        for layer in reversed(layers)
        for leaf in ("bias", "weight")
    }

    assert_same(fit(others, network.architecture, source="here"), network)


def test_names_count_before_shapes_and_renaming_before_both(make_network):
    network = make_network()
    theirs = {
        name.replace("down.", "model.encoder.").replace("up.", "model.decoder."): values
        for name, values in arrays(network).items()
    }

    found = fit(
        theirs,
        network.architecture,
        source="here",
        renames=[("model", ""), ("encoder", "down"), ("decoder", "up")],
    )

    assert_same(found, network)


def test_two_networks_in_one_file_are_not_chosen_between(make_network):
    network, average = make_network(seed=1), make_network(seed=2)
    both = {
        **{f"model.{name}": values for name, values in arrays(network).items()},
        **{f"average.{name}": values for name, values in arrays(average).items()},
    }

    with pytest.raises(ModelError, match="holds more than one network of this architecture"):
        fit(both, network.architecture, source="here")


def test_a_part_is_chosen_by_renaming_the_other_away(make_network):
    network, average = make_network(seed=1), make_network(seed=2)
    both = {
        **{f"model.{name}": values for name, values in arrays(network).items()},
        **{f"average.{name}": values for name, values in arrays(average).items()},
    }

    found = fit(both, network.architecture, source="here", renames=[("average.output", "average.unused")])

    assert_same(found, network)


@pytest.mark.parametrize("extra", ["down.3.weight", "up.3.bias", "output.scale"])
def test_a_network_with_more_layers_is_another_one(make_network, extra):
    network = make_network()

    with pytest.raises(ModelError, match="no network of this architecture"):
        fit(arrays(network) | {extra: np.zeros(3, dtype=np.float32)}, network.architecture, source="here")


def test_layers_of_one_shape_are_not_guessed_apart():
    # The first layer and the last but one are both (1, 3, 1): nothing but their names tells them apart.
    architecture = Architecture(
        levels=1, filters=1, down_kernel=1, up_kernel=1, inputs=("a", "b", "c"), outputs=2
    )
    wanted = wanted_shapes(architecture)
    assert wanted["down.0.weight"] == wanted["up.0.weight"]
    theirs = {f"block_{name}": np.zeros(shape, dtype=np.float32) for name, shape in wanted.items()}

    with pytest.raises(ModelError, match="no network of this architecture"):
        fit(theirs, architecture, source="here")


def test_renaming_two_tensors_to_one_name_is_refused(make_network):
    with pytest.raises(
        ModelError, match=r'has two tensors "down\.0\.weight" once they are renamed; correct --rename'
    ):
        fit(
            arrays(make_network()) | {"a.weight": np.zeros(3, dtype=np.float32)},
            make_network().architecture,
            source="here",
            renames=[("a", "down.0")],
        )


def test_the_card_says_what_was_imported(tmp_path, make_network):
    torch.save(make_network().state_dict(), tmp_path / "network.pt")

    card = imported_card(
        tmp_path / "network.pt", make_network().architecture, input_lufs=-26.0, version="1.0"
    )

    assert card.imported == {
        "file": "network.pt",
        "sha256": file_sha256(tmp_path / "network.pt"),
        "mixeval": "1.0",
    }
    assert card.input_lufs == -26.0
