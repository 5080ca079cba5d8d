"""Files from elsewhere are hostile: each fault is named, and nothing in a file ever runs."""

import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval.errors import ModelError
from mixeval_stimuli.methods.random_forest.forest import LEAF, Forest
from mixeval_stimuli.methods.random_forest.forest_file import (
    MAX_BYTES,
    ForestCard,
    pack,
    read_forest,
    write_forest,
)

ARRAYS = ("starts", "feature", "threshold", "missing_left", "link", "values")


def a_forest(**changes):
    arrays = {
        "starts": np.array([0, 3, 4], dtype=np.int32),
        "feature": np.array([1, LEAF, LEAF, LEAF], dtype=np.int16),
        "threshold": np.array([0.25, 0, 0, 0], dtype=np.float32),
        "missing_left": np.array([True, False, False, False]),
        "link": np.array([2, 0, 1, 1], dtype=np.int32),
        "values": np.array([[1.0, 2.0], [3.0, 4.0]]),
    }
    return Forest(**{**arrays, **changes})


def a_card(**changes):
    card = {
        "features": ("a", "b"),
        "features_version": 1,
        "outputs": ("left", "right"),
        "learnt_from": (5, 5),
        "training": {"seed": 3},
    }
    return ForestCard(**{**card, **changes})


def same(forest, other):
    return all(
        np.array_equal(getattr(forest, name), getattr(other, name))
        and getattr(forest, name).dtype == getattr(other, name).dtype
        for name in ARRAYS
    )


def npy(array, *, allow_pickle=False):
    content = io.BytesIO()
    np.lib.format.write_array(content, array, allow_pickle=allow_pickle)
    return content.getvalue()


def packed(members, *, compression=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def members():
    """What a sound file holds, by name."""
    content, _ = pack(a_forest(), a_card())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def refusal_of(path, content):
    path.write_bytes(content)
    with pytest.raises(ModelError) as refusal:
        read_forest(path)
    assert str(path) in refusal.value.problem
    return refusal.value.problem


def test_a_forest_comes_back_as_it_was(tmp_path):
    path = tmp_path / "models" / "forest.npz"

    written = write_forest(path, a_forest(), a_card())
    forest, card = read_forest(path)

    assert same(forest, a_forest())
    assert card == written
    assert card.model_copy(update={"sha256": "0" * 64}) == a_card()
    assert [file.name for file in path.parent.iterdir()] == ["forest.npz"]


def test_numpy_opens_it_and_needs_no_pickle(tmp_path):
    write_forest(tmp_path / "forest.npz", a_forest(), a_card())

    with np.load(tmp_path / "forest.npz", allow_pickle=False) as arrays:
        assert np.array_equal(arrays["values"], a_forest().values)
        assert json.loads(arrays["card.json"])["outputs"] == ["left", "right"]


def test_the_same_forest_gives_the_same_bytes():
    assert pack(a_forest(), a_card()) == pack(a_forest(), a_card())


def test_an_unsound_forest_is_not_written(tmp_path):
    with pytest.raises(ModelError, match="no sound forest"):
        write_forest(tmp_path / "forest.npz", a_forest(values=np.full((2, 2), np.nan)), a_card())

    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ModelError, match="cannot be written"):
        write_forest(tmp_path / "file" / "forest.npz", a_forest(), a_card())


@pytest.mark.parametrize(
    ("forest", "card", "problem"),
    [
        (a_forest(link=np.array([1, 0, 1, 1], dtype=np.int32)), a_card(), "before it or outside its tree"),
        (a_forest(link=np.array([2, 0, 9, 1], dtype=np.int32)), a_card(), "a value that is not there"),
        (a_forest(feature=np.array([2, -1, -1, -1], dtype=np.int16)), a_card(), "not one of the 2"),
        (a_forest(threshold=np.array([np.nan, 0, 0, 0], dtype=np.float32)), a_card(), "not finite"),
        (a_forest(values=np.ones((2, 3))), a_card(), "leaves have 3 values"),
        (a_forest(), a_card(learnt_from=(5,)), "learnt from 1 numbers"),
        (a_forest(), a_card(outputs=("left",)), "names 1 outputs"),
    ],
)
def test_trees_that_lead_nowhere_are_refused_though_their_hash_is_right(tmp_path, forest, card, problem):
    content, _ = pack(forest, card)

    assert problem in refusal_of(tmp_path / "forest.npz", content)


def with_member(name, data):
    return lambda: packed({**members(), name: data})


def with_card(**changes):
    def changed():
        card = {**json.loads(members()["card.json"]), **changes}
        return packed({**members(), "card.json": json.dumps(card)})

    return changed


def without(name):
    return lambda: packed({key: data for key, data in members().items() if key != name})


def declaring(shape, dtype="<f8"):
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, header)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (lambda: b"", "is no forest, or a damaged one"),
        (lambda: b"not a zip file" * 100, "is no forest, or a damaged one"),
        (lambda: packed(members())[:-30], "is no forest, or a damaged one"),
        (without("link.npy"), "no forest of this version ('link.npy')"),
        (without("card.json"), "no forest of this version ('card.json')"),
        (with_member("more.npy", b""), "no forest of this version ('more.npy')"),
        (with_member("card.json", b"{"), "its card cannot be used"),
        (with_member("card.json", b"\xff\xfe"), "its card cannot be used"),
        (with_member("card.json", b"[" * 100_000), "its card cannot be used"),
        (with_member("card.json", b" " * (2**20 + 1)), "its card is larger"),
        (with_card(format="mixeval random forest 2"), "its card cannot be used (format"),
        (with_card(more=1), "its card cannot be used (more"),
        (with_card(training={"seed": 4}), "changed after it was written"),
        (with_card(features_version=2), "changed after it was written"),
        (with_member("values.npy", npy(np.ones((2, 2)))), "changed after it was written"),
        (with_member("values.npy", npy(np.ones((2, 2), dtype=np.float32))), '"values" is an array float32'),
        (with_member("values.npy", npy(np.ones(4))), '"values" is an array float64 (4,)'),
        (with_member("values.npy", npy(np.asfortranarray(np.ones((2, 2))))), '"values" is an array'),
        (with_member("link.npy", npy(np.zeros((4, 1), dtype=np.int32))), '"link" is an array int32 (4, 1)'),
        (with_member("values.npy", declaring((2**40, 2**40))), "declares the shape"),
        (with_member("values.npy", declaring((-1, -4)) + b"\0" * 32), "declares the shape"),
        (with_member("values.npy", b"\x93NUMPY\x01\x00"), '"values" is no array'),
        (with_member("values.npy", b""), '"values" is no array'),
        (with_member("missing_left.npy", npy(np.zeros(4, dtype=np.bool_))[:-1] + b"\x02"), "neither true nor false"),
        (with_member("values.npy", declaring((True, True)) + b"\0" * 8), "declares the shape"),
        (lambda: packed(members(), compression=zipfile.ZIP_LZMA), "packed in an unusual way"),
        (with_member("values.npy", b"\0" * (MAX_BYTES + 1)), "which no forest needs"),
    ],
)  # fmt: skip
def test_each_fault_of_a_file_is_named(tmp_path, content, problem):
    assert problem in refusal_of(tmp_path / "forest.npz", content())


def test_an_entry_that_expands_to_more_than_it_declares_is_not_unpacked(tmp_path):
    content = packed({**members(), "values.npy": b"\0" * 2**24})
    honest = (2**24).to_bytes(4, "little")
    assert content.count(honest) == 2  # beside the entry, and in the directory at the end

    problem = refusal_of(tmp_path / "forest.npz", content.replace(honest, (160).to_bytes(4, "little")))

    assert "is no forest, or a damaged one" in problem or "values" in problem


def test_a_pickle_is_never_opened(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    objects = np.array([[Trap()]], dtype=object)
    for content in (
        pickle.dumps(Trap()),
        packed({**members(), "values.npy": npy(objects, allow_pickle=True)}),
    ):
        refusal_of(tmp_path / "forest.npz", content)

    assert not (tmp_path / "sprung").exists()


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(ModelError, match="is missing"):
        read_forest(tmp_path / "none.npz")
    with pytest.raises(ModelError, match="no regular file"):
        read_forest(tmp_path)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_file_is_refused_or_the_same_forest(tmp_path_factory, drawn):
    content = bytearray(pack(a_forest(), a_card())[0])
    for _ in range(drawn.draw(st.integers(1, 4))):
        content[drawn.draw(st.integers(0, len(content) - 1))] = drawn.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "forest.npz"
    path.write_bytes(content[: drawn.draw(st.sampled_from([len(content), len(content) // 2]))])

    try:
        forest, _ = read_forest(path)
    except ModelError:
        return
    assert same(forest, a_forest())


def test_a_pipe_and_an_endless_device_are_not_waited_for(tmp_path):
    pipe = tmp_path / "forest.npz"
    os.mkfifo(pipe)

    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(ModelError, match="no regular file"):
            read_forest(path)
