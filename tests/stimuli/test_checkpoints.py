"""Judges: the file format's own definition, another reader of it, and damage of every kind."""

import hashlib
import json
import os
import pickle
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mixeval.errors import ModelError
from mixeval_stimuli.checkpoints import MAX_BYTES, Card, read_checkpoint, weights_sha256, write_checkpoint

KIND = "a-network"


def card(**fields):
    return Card(
        kind=KIND, architecture={"levels": 2}, training={"losses": [0.5, 0.25], "by": "Ärger"}, **fields
    )


def weights():
    random = np.random.default_rng(4)
    return {
        "up.weight": random.standard_normal((2, 3, 5)).astype(np.float32),
        "up.bias": random.standard_normal(2).astype(np.float16),
    }


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "model.safetensors"
    write_checkpoint(path, weights(), card())
    return path


def split(path):
    """Take a safetensors file apart as its specification says: header as JSON, and the bytes behind."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def join(path, header, body):
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def with_card(path, change):
    """Write the card anew, as a program would that knows nothing of its hash."""
    header, body = split(path)
    fields = json.loads(header["__metadata__"]["mixeval"])
    fields["card_sha256"] = None
    change(fields)
    header["__metadata__"]["mixeval"] = json.dumps(fields)
    join(path, header, body)


def refusal(path, **asked):
    with pytest.raises(ModelError) as refused:
        read_checkpoint(path, **({"kind": KIND} | asked))
    assert "\n" not in str(refused.value)
    assert refused.value.problem.startswith(str(path))
    return str(refused.value)


def test_weights_and_card_come_back(checkpoint):
    tensors, read = read_checkpoint(checkpoint, kind=KIND)

    assert read.model_dump(exclude={"weights_sha256", "card_sha256"}) == card().model_dump(
        exclude={"weights_sha256", "card_sha256"}
    )
    assert read.weights_sha256 == weights_sha256(weights())
    for name, values in weights().items():
        assert tensors[name].dtype == values.dtype
        np.testing.assert_array_equal(tensors[name], values)


def test_another_reader_of_the_format_finds_the_same_weights(checkpoint):
    found = safetensors.numpy.load_file(checkpoint)

    assert set(found) == set(weights())
    np.testing.assert_array_equal(found["up.weight"], weights()["up.weight"])


def test_equal_checkpoints_are_equal_files(checkpoint, tmp_path):
    again = tmp_path / "again.safetensors"
    write_checkpoint(again, dict(reversed(weights().items())), card())

    assert again.read_bytes() == checkpoint.read_bytes()


def test_the_cards_hash_is_of_its_text_with_zeros_in_the_hashs_place(checkpoint):
    header, _ = split(checkpoint)
    text = header["__metadata__"]["mixeval"]
    stated = json.loads(text)["card_sha256"]

    assert stated == hashlib.sha256(text.replace(stated, "0" * 64).encode()).hexdigest()


def test_a_card_of_the_first_training_runs_without_a_hash_is_read(checkpoint):
    def older(fields):
        for name in ("card_sha256", "imported", "evaluation", "notes"):
            del fields[name]

    with_card(checkpoint, older)

    assert read_checkpoint(checkpoint, kind=KIND)[1].training == {"losses": [0.5, 0.25], "by": "Ärger"}


@given(
    npst.arrays(st.sampled_from([np.float16, np.float32]), npst.array_shapes(max_side=4), elements=st.floats(-10, 10, width=16))
)  # fmt: skip
def test_the_hash_changes_with_names_types_shapes_and_values(values):
    others = [
        {"b": values},
        {"a": values.astype(np.float64)},
        {"a": values[np.newaxis]},
        {"a": values + 1},
        {"a": values, "b": values},
    ]

    assert weights_sha256({"a": np.asfortranarray(values)}) == weights_sha256({"a": values})
    assert len({weights_sha256(each) for each in [{"a": values}, *others]}) == 6


def test_a_missing_file_is_missing(tmp_path):
    assert refusal(tmp_path / "none.safetensors").endswith(
        "is missing; put the model's file there or correct the path."
    )


def test_a_file_cut_off_at_any_byte_is_damaged(checkpoint):
    whole = checkpoint.read_bytes()
    for length in range(len(whole)):
        checkpoint.write_bytes(whole[:length])
        assert "is no checkpoint, or a damaged one" in refusal(checkpoint)


def test_a_file_with_more_bytes_than_it_says_is_damaged(checkpoint):
    checkpoint.write_bytes(checkpoint.read_bytes() + b"\0")

    assert "is no checkpoint, or a damaged one" in refusal(checkpoint)


def test_one_wrong_bit_anywhere_is_noticed(checkpoint):
    whole = checkpoint.read_bytes()
    random = np.random.default_rng(8)
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << int(random.integers(8))
        checkpoint.write_bytes(damaged)
        refusal(checkpoint)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_anything_else_is_no_checkpoint(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "any.safetensors"
    path.write_bytes(data)

    refusal(path)


def test_a_pickle_with_another_name_is_never_opened(tmp_path):
    class Payload:
        def __reduce__(self):
            return (os.system, (f"touch {tmp_path / 'ran'}",))

    path = tmp_path / "model.safetensors"
    path.write_bytes(pickle.dumps(Payload()))

    assert "train import-checkpoint" in refusal(path)
    assert not (tmp_path / "ran").exists()


def test_a_file_without_a_card_belongs_to_nobody_knows_what(tmp_path):
    path = tmp_path / "bare.safetensors"
    safetensors.numpy.save_file(weights(), path)

    assert "without mixeval's card" in refusal(path)


def test_another_kind_of_model_is_refused_by_name(checkpoint):
    assert 'holds a model of kind "a-network" where "wave-u-net" is needed' in refusal(
        checkpoint, kind="wave-u-net"
    )


def test_any_kind_is_read_where_any_will_do(checkpoint):
    assert read_checkpoint(checkpoint)[1].kind == KIND


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_counted_by_name(tmp_path, checkpoint, value):
    spoilt = weights()
    spoilt["up.weight"][1, 2, 3:] = value

    with pytest.raises(ModelError, match=r'2 of the weights "up\.weight" are not finite numbers'):
        write_checkpoint(tmp_path / "new.safetensors", spoilt, card())
    assert not (tmp_path / "new.safetensors").exists()

    header, _ = split(checkpoint)
    stated = json.loads(header["__metadata__"]["mixeval"]) | {"weights_sha256": weights_sha256(spoilt)}
    stated["card_sha256"] = None
    safetensors.numpy.save_file(spoilt, checkpoint, metadata={"mixeval": json.dumps(stated)})
    assert '2 of the weights "up.weight" are not finite numbers' in refusal(checkpoint)


def test_other_weights_than_the_cards_are_noticed(checkpoint):
    header, _ = split(checkpoint)
    others = weights()
    others["up.bias"] += 1
    safetensors.numpy.save_file(others, checkpoint, metadata=header["__metadata__"])

    assert "holds other weights than its card was written for" in refusal(checkpoint)


def test_a_card_that_was_changed_is_noticed(checkpoint):
    header, body = split(checkpoint)
    header["__metadata__"]["mixeval"] = header["__metadata__"]["mixeval"].replace("0.25", "0.05")
    join(checkpoint, header, body)

    assert "has a card that was changed since it was written" in refusal(checkpoint)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda fields: fields.update(format=2), "has a card of format 2, which this version of mixeval does not know; update mixeval"),
        (lambda fields: fields.update(colour="red"), "(colour: Extra inputs are not permitted)"),
        (lambda fields: fields.pop("kind"), "(kind: Field required)"),
        (lambda fields: fields.update(input_lufs="loud"), "input_lufs"),
        (lambda fields: fields.update(weights_sha256="0" * 63), "weights_sha256"),
    ],
)  # fmt: skip
def test_a_card_that_cannot_be_understood_says_where(checkpoint, change, said):
    with_card(checkpoint, change)

    assert said in refusal(checkpoint)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, '{"format": 1e400}', "\ud83d"])
def test_a_card_that_is_no_card_is_refused(checkpoint, text):
    header, body = split(checkpoint)
    header["__metadata__"]["mixeval"] = text
    join(checkpoint, header, body)

    refusal(checkpoint)


def test_a_header_that_is_too_long_is_not_read(tmp_path):
    path = tmp_path / "header.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", 90_000_000))
        file.truncate(90_000_008)

    assert "its first bytes promise more than there is" in refusal(path)


def test_a_file_that_is_too_large_is_not_opened(tmp_path):
    path = tmp_path / "large.safetensors"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # takes no room on the disk

    assert "bytes and may have 1073741824" in refusal(path)


def test_a_type_without_a_place_in_numpy_is_refused_by_name(tmp_path):
    header = {
        "__metadata__": {"mixeval": card().model_dump_json()},
        "up.weight": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]},
    }
    path = tmp_path / "bf16.safetensors"
    join(path, header, b"\0\0\0\0")

    assert 'holds "up.weight" as BF16; save its weights as 16 or 32 bit floats' in refusal(path)


def test_a_folder_is_not_a_checkpoint(tmp_path):
    assert "is a folder or no regular file; name the model's file itself" in refusal(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    assert "no regular file" in refusal(tmp_path / "pipe")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_may_not_be_read_says_so(checkpoint):
    checkpoint.chmod(0)

    assert "cannot be read (Permission denied)" in refusal(checkpoint)


def test_a_file_that_the_system_does_not_give_says_so(checkpoint, monkeypatch):
    def closed(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", closed)

    assert "cannot be read (Permission denied); make it a readable file" in refusal(checkpoint)


def test_a_disk_that_fills_up_leaves_what_was_there(checkpoint, small_files):
    before = checkpoint.read_bytes()
    large = {"weight": np.zeros(100_000, dtype=np.float32)}

    with (
        small_files(10_000),
        pytest.raises(ModelError, match=r"cannot be written \(File too large\); free space"),
    ):
        write_checkpoint(checkpoint, large, card())

    assert checkpoint.read_bytes() == before
    assert list(checkpoint.parent.iterdir()) == [checkpoint]


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ModelError, match=r"cannot be written \((File exists|Not a directory)\)"):
        write_checkpoint(tmp_path / "file" / "model.safetensors", weights(), card())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_told(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(
            ModelError, match=r"cannot be written \(Permission denied\); free space, allow writing"
        ):
            write_checkpoint(tmp_path / "model.safetensors", weights(), card())
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_in_its_place_is_left_alone(tmp_path):
    (tmp_path / "model.safetensors").mkdir()

    with pytest.raises(ModelError, match=r"cannot be written \(Is a directory\)"):
        write_checkpoint(tmp_path / "model.safetensors", weights(), card())

    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask to follow")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_who_may_read_a_checkpoint_follows_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_checkpoint(tmp_path / "model.safetensors", weights(), card())
    finally:
        os.umask(before)

    assert (tmp_path / "model.safetensors").stat().st_mode & 0o777 == mode
