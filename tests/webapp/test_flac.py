import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval.errors import AudioError
from mixeval_webapp import flac


def encode(samples, subtype="PCM_24", **tags):
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", 44100, samples.shape[1], subtype=subtype, format="FLAC") as file:
        for name, value in tags.items():
            setattr(file, name, value)
        file.write(samples)
    return buffer.getvalue()


NOISE = 0.3 * np.random.default_rng(1).uniform(-1, 1, (3000, 2))
TONE = 0.3 * np.sin(np.arange(6000).reshape(3000, 2) / 40)
FILE = encode(NOISE)


def decode(data):
    return soundfile.read(io.BytesIO(data), dtype="int32")[0]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 5000))
def test_padding_brings_a_file_to_any_size_and_leaves_every_sample_as_it_was(more):
    file = flac.parse(FILE)
    size = flac.blinded_size([file]) + more
    blinded = flac.blind(file, size)
    assert len(blinded) == size
    assert np.array_equal(decode(blinded), decode(FILE))


@settings(deadline=None)
@given(st.integers(4, 3 * (2**24 + 3) + 10))
def test_padding_blocks_fill_exactly_what_is_asked_with_lengths_of_24_bits(size):
    joined = b"".join(flac._padding_blocks(size)) if size < 10_000 else None
    lengths = [len(block) for block in flac._padding_blocks(size)]
    assert sum(lengths) == size
    assert all(4 <= length <= 4 + 2**24 - 1 for length in lengths)
    if joined is not None:
        assert int.from_bytes(joined[1:4], "big") == lengths[0] - 4


@pytest.mark.parametrize("beyond", [-1, 0, 1, 2, 3, 4, 5])
def test_padding_beyond_one_block_is_split_and_still_decodes(beyond):
    file = flac.parse(FILE)
    size = flac.blinded_size([file]) + flac.LONGEST_BLOCK_BYTES + beyond
    blinded = flac.blind(file, size)
    assert len(blinded) == size
    assert np.array_equal(decode(blinded), decode(FILE))


def test_the_files_of_a_page_get_one_size_and_differ_in_their_frames_only():
    files = [flac.parse(encode(NOISE)), flac.parse(encode(TONE)), flac.parse(encode(0 * NOISE))]
    size = flac.blinded_size(files)
    blinded = [flac.blind(file, size) for file in files]
    assert {len(data) for data in blinded} == {size}
    assert len({data[:42] for data in blinded}) == 1
    for data, samples in zip(blinded, (NOISE, TONE, 0 * NOISE), strict=True):
        assert np.array_equal(decode(data), decode(encode(samples)))


def test_tags_hash_and_frame_sizes_do_not_pass():
    tagged = encode(NOISE, title="random forest", artist="wet")
    assert b"random forest" in tagged
    blinded = flac.blind(flac.parse(tagged), len(tagged) + 100)
    assert b"random forest" not in blinded
    assert b"reference" not in blinded  # the encoder's own name, "reference libFLAC"
    info = flac.parse(blinded).stream_info
    assert info[4:10] == bytes(6)
    assert info[18:] == bytes(16)


def test_bit_depth_and_length_belong_to_the_format_that_a_page_shares():
    formats = {
        flac.parse(encode(samples, subtype)).format
        for samples, subtype in ((NOISE, "PCM_24"), (NOISE, "PCM_16"), (NOISE[:2000], "PCM_24"))
    }
    assert len(formats) == 3
    assert flac.parse(encode(TONE)).format in formats


@pytest.mark.parametrize("data", [b"", b"RIFF", b"fLaC", FILE[:20], FILE[:60]])
def test_what_is_no_whole_flac_file_is_refused(data):
    with pytest.raises(AudioError):
        flac.parse(data)


def test_a_file_that_does_not_fit_is_refused():
    file = flac.parse(FILE)
    with pytest.raises(AudioError, match="do not fit"):
        flac.blind(file, flac.blinded_size([file]) - 1)
