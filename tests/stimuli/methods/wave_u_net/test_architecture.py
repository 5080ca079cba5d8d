"""Judges: the figures of the authors' code for the paper's network, their own arithmetic in floats, the definition."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mixeval.errors import ModelError
from mixeval_stimuli.methods.wave_u_net.architecture import Architecture, shapes

DOWN = (121829, 60901, 30437, 15205, 7589, 3781, 1877, 925, 449, 211)
UP = (179, 353, 701, 1397, 2789, 5573, 11141, 22277, 44549, 89093)


def as_the_authors_do(output_frames, levels, down_kernel, up_kernel):
    """Give input, output and bottleneck lengths as the authors' get_padding does, in floating point."""
    remaining = float(output_frames)
    for _ in range(levels):
        remaining = (remaining + up_kernel - 1 + 1.0) / 2.0
    bottleneck = math.ceil(remaining)
    assert bottleneck >= 2
    output, input_ = bottleneck, bottleneck + down_kernel - 1
    for _ in range(levels):
        output = 2 * output - 1 - up_kernel + 1
        input_ = 2 * input_ - 1 + down_kernel - 1
    return input_, output, bottleneck


def test_the_papers_network_has_the_lengths_of_its_code():
    paper = shapes(Architecture())

    assert (paper.input_frames, paper.output_frames) == (121843, 89093)
    assert paper.down == DOWN
    assert paper.up == UP
    # (92, 264), where the paper's table prints (119, 264).
    assert (paper.bottleneck, Architecture().filters_at(11)) == (92, 264)
    assert paper.context == 16375


def test_the_original_wave_u_nets_frame_has_its_published_lengths():
    original = shapes(Architecture(), 16384)

    assert (original.input_frames, original.output_frames, original.bottleneck) == (49139, 16389, 21)


odd = st.integers(0, 16).map(lambda half: 2 * half + 1)


@given(output_frames=st.integers(1, 500_000), levels=st.integers(1, 14), down_kernel=odd, up_kernel=odd)
def test_every_network_has_the_lengths_of_the_authors_arithmetic(
    output_frames, levels, down_kernel, up_kernel
):
    architecture = Architecture(levels=levels, down_kernel=down_kernel, up_kernel=up_kernel)
    # Their code wants two samples in the middle and fails otherwise; here the frame grows until it has them.
    two_in_the_middle = max(output_frames, 2 ** (levels + 1) - (2**levels - 1) * up_kernel)

    found = shapes(architecture, output_frames)

    assert (found.input_frames, found.output_frames, found.bottleneck) == as_the_authors_do(
        two_in_the_middle, levels, down_kernel, up_kernel
    )


@given(output_frames=st.integers(1, 500_000), levels=st.integers(1, 14), down_kernel=odd, up_kernel=odd)
def test_lengths_follow_from_each_other_and_every_crop_is_centred(
    output_frames, levels, down_kernel, up_kernel
):
    architecture = Architecture(levels=levels, down_kernel=down_kernel, up_kernel=up_kernel)
    found = shapes(architecture, output_frames)

    frames = found.input_frames
    for convolved in found.down:
        assert convolved == frames - (down_kernel - 1)
        frames = len(range(0, convolved, 2))
    assert found.bottleneck == frames - (down_kernel - 1) >= 2
    frames = found.bottleneck
    for skip, convolved in zip(reversed(found.down), found.up, strict=True):
        upsampled = 2 * frames - 1
        assert upsampled <= skip
        assert (skip - upsampled) % 2 == 0
        assert convolved == upsampled - (up_kernel - 1) >= 1
        frames = convolved
    assert (found.input_frames - frames) % 2 == 0
    assert found.context * 2 == found.input_frames - frames


@given(output_frames=st.integers(1, 500_000), levels=st.integers(1, 14))
def test_a_frame_is_the_shortest_that_holds_what_was_asked_for(output_frames, levels):
    architecture = Architecture(levels=levels)

    found = shapes(architecture, output_frames)

    assert found.output_frames >= output_frames
    assert found.output_frames - architecture.stride < output_frames
    assert (found.output_frames - 5) % architecture.stride == 0


@pytest.mark.parametrize("frames", [0, -1])
def test_a_frame_of_nothing_is_refused(frames):
    with pytest.raises(ModelError, match="holds nothing; ask for one or more"):
        shapes(Architecture(), frames)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"down_kernel": 14}, "odd"),
        ({"up_kernel": 4}, "odd"),
        ({"inputs": ("kick", "kick")}, "once"),
        ({"inputs": ()}, "at least 1"),
        ({"levels": 0}, "greater than or equal to 1"),
        ({"levels": 17}, "less than or equal to 16"),
        ({"layers": 10}, "not permitted"),
    ],
)
def test_an_architecture_that_cannot_be_is_refused(wrong, why):
    with pytest.raises(ValidationError, match=why):
        Architecture(**wrong)
