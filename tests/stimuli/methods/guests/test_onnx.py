"""ONNX files, made by the onnx library, with gains whose mix NumPy computes."""

import os
import sys

import numpy as np
import pytest

from mixeval.audio import read_audio
from mixeval.errors import AudioError, DatasetError, ModelError
from mixeval_stimuli.methods.guests import onnx as method
from mixeval_stimuli.methods.guests.onnx import Onnx

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

GAINS = np.array([[0.5, 0.2], [0.1, 0.9]], dtype=np.float32)


def write_network(
    path, *, gains=GAINS, rank=3, stems=2, length="samples", kind="FLOAT", weights=None, nodes=None
):
    """Write a network that mixes stems by gains (channels, stems): a convolution, or a product of matrices."""
    helper, types = onnx.helper, onnx.TensorProto
    channels = len(gains)
    if rank == 3:
        weight = onnx.numpy_helper.from_array(gains[:, :, np.newaxis], "gains")
        node = helper.make_node("Conv", ["stems", "gains"], ["mix"])
        shapes = [1, stems, length], [1, channels, "samples"]
    else:
        weight = onnx.numpy_helper.from_array(gains, "gains")
        node = helper.make_node("MatMul", ["gains", "stems"], ["mix"])
        shapes = [stems, length], [channels, "samples"]
    if weights is not None:
        onnx.external_data_helper.set_external_data(weight, location=weights)
        weight.ClearField("raw_data")
    graph = helper.make_graph(
        nodes or [node],
        "mixer",
        [helper.make_tensor_value_info("stems", getattr(types, kind), shapes[0])],
        [helper.make_tensor_value_info("mix", getattr(types, kind), shapes[1])],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture
def network(multitrack):
    """Make the method of a network that is written with what is given."""

    def made(*, stems=("kick", "snare"), options=None, **written):
        write_network(multitrack.folder / "models" / "net.onnx", **written)
        return Onnx(model="models/net.onnx", stems=stems, **(options or {})).beside(multitrack.folder)

    return made


def stems_of(recording, *names):
    return np.concatenate([read_audio(recording.stems[name]).samples for name in names])


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("gains", [GAINS, GAINS[:1]], ids=["stereo", "mono"])
def test_a_network_mixes_the_stems_in_the_declared_order(network, recording, rank, gains):
    mix = network(rank=rank, gains=gains).mix(recording)

    np.testing.assert_allclose(mix.audio.samples, gains @ stems_of(recording, "kick", "snare"), atol=1e-6)
    turned = network(rank=rank, gains=gains, stems=("snare", "kick")).mix(recording)
    np.testing.assert_allclose(turned.audio.samples, gains @ stems_of(recording, "snare", "kick"), atol=1e-6)


def test_the_same_file_gives_the_same_bytes(network, recording):
    made = network()
    first = made.mix(recording).audio.samples.tobytes()
    method._session.cache_clear()

    assert made.mix(recording).audio.samples.tobytes() == first


def test_the_file_is_an_input_and_a_replaced_one_is_never_mistaken_for_the_old(
    network, recording, multitrack
):
    made = network()
    before = made.mix(recording).audio.samples
    write_network(multitrack.folder / "models" / "net.onnx", gains=2 * GAINS)

    assert made.inputs(recording)[-1] == multitrack.folder / "models" / "net.onnx"
    np.testing.assert_allclose(made.mix(recording).audio.samples, 2 * before, rtol=1e-6)


def test_a_network_of_another_rate_gets_that_and_its_mix_comes_back_at_the_recordings(network, recording):
    mix = network(options={"sample_rate": 48_000}).mix(recording)

    assert (mix.audio.sample_rate, mix.audio.frames) == (44_100, 44_100)


def test_a_missing_stem_is_silence_where_the_study_says_so(network, recording):
    with pytest.raises(DatasetError, match='no stem "tom"'):
        network(stems=("tom", "snare")).inputs(recording)

    mix = network(stems=("tom", "snare"), options={"missing": "silence"}).mix(recording)

    np.testing.assert_allclose(mix.audio.samples, GAINS[:, 1:] @ stems_of(recording, "snare"), atol=1e-6)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({"stems": 3, "gains": np.ones((2, 3), dtype=np.float32)}, "takes 3 stems and the study names 2"),
        ({"length": 88200}, "takes exactly 88200 samples and the recording has 44100"),
        ({"kind": "DOUBLE", "rank": 2, "gains": GAINS.astype(np.float64)}, "tensor(double)"),
        ({"gains": np.ones((3, 2), dtype=np.float32)}, "not (3, 44100)"),
        ({"stems": "any", "gains": np.ones((2, 5), dtype=np.float32)}, "fails on stems of shape (2, 44100)"),
    ],
)
def test_a_network_of_another_shape_is_refused_with_both(network, recording, written, problem):
    made = network()
    write_network(made.path(made.model), **written)

    with pytest.raises(ModelError) as told:
        made.mix(recording)

    assert problem in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"PK\x03\x04 a zip", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_network_is_refused_and_no_pickle_is_opened(network, recording, content, monkeypatch):
    import pickle

    monkeypatch.setattr(pickle, "loads", None)
    monkeypatch.setattr(pickle, "load", None)
    made = network()
    made.path(made.model).write_bytes(content)

    with pytest.raises(
        ModelError, match=r"net\.onnx is no ONNX network that can be run \(.*\); export it again"
    ):
        made.mix(recording)


def test_a_truncated_network_is_refused(network, recording):
    made = network()
    path = made.path(made.model)
    path.write_bytes(path.read_bytes()[:60])

    with pytest.raises(ModelError, match="is no ONNX network"):
        made.mix(recording)


@pytest.mark.parametrize("place", ["weights.bin", "../weights.bin", "{absolute}"])
def test_weights_in_another_file_are_refused_wherever_that_is(
    network, recording, multitrack, monkeypatch, place
):
    # Beside the network, in the folder above and in the folder where the command runs: none is read.
    absolute = multitrack.folder / "weights.bin"
    for path in (absolute, multitrack.folder / "models" / "weights.bin"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(GAINS.tobytes())
    monkeypatch.chdir(multitrack.folder)
    made = network(weights=place.format(absolute=absolute))

    with pytest.raises(
        ModelError, match=r"keeps its weights in another file; export it with its weights inside"
    ):
        made.mix(recording)


def test_weights_that_are_not_numbers_are_refused_with_the_first_sample(network, recording):
    with pytest.raises(AudioError, match="the mix holds nan at sample 0 of channel 1"):
        network(gains=np.full((2, 2), np.nan, dtype=np.float32)).mix(recording)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(network, recording):
    made = network()
    os.truncate(made.path(made.model), method.MAX_BYTES + 1)

    with pytest.raises(ModelError, match=r"net\.onnx has 1073741825 bytes and may have 1073741824"):
        made.mix(recording)


def test_without_the_extra_the_sentence_says_which(network, recording, monkeypatch):
    made = network()
    method._session.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(ModelError, match=r"needs onnxruntime, .*pip install 'mixeval\[onnx\]'"):
        made.mix(recording)


def test_no_stem_of_a_fixed_order_can_be_absent():
    with pytest.raises(ValueError, match="missing"):
        Onnx(model="net.onnx", stems=("kick",), missing="absent")


def test_a_network_that_never_ends_is_ended(network, recording):
    helper, types = onnx.helper, onnx.TensorProto
    turn = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["still"]),
            helper.make_node("Neg", ["before"], ["after"]),
        ],
        "turn",
        [
            helper.make_tensor_value_info("turns", types.INT64, []),
            helper.make_tensor_value_info("go", types.BOOL, []),
            helper.make_tensor_value_info("before", types.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("still", types.BOOL, []),
            helper.make_tensor_value_info("after", types.FLOAT, None),
        ],
    )
    nodes = [
        helper.make_node(
            "Constant", [], ["most"], value=helper.make_tensor("most", types.INT64, [], [2**62])
        ),
        helper.make_node(
            "Constant", [], ["start"], value=helper.make_tensor("start", types.BOOL, [], [True])
        ),
        helper.make_node("Loop", ["most", "start", "stems"], ["mix"], body=turn),
    ]

    with pytest.raises(ModelError, match=r"net\.onnx did not end within 0\.2 seconds"):
        network(nodes=nodes, options={"timeout_seconds": 0.2}).mix(recording)
