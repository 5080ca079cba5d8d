import numpy as np
import pytest

from mixeval.audio import Audio
from mixeval_stimuli.clipping import clipped_places, clipping_notes

SINE = np.sin(2 * np.pi * 100 * np.arange(4410) / 44_100)


def sixteen_bit(samples):
    codes = np.clip(np.round(np.asarray(samples) * 32768), -32768, 32767)
    return Audio((np.atleast_2d(codes) / 32768).astype(np.float32), 44_100)


def test_a_sine_pushed_into_16_bits_is_clipped_twice_a_period():
    # Ten periods, each with a flat top and a flat bottom.
    assert clipped_places(sixteen_bit(1.5 * SINE)) == 20
    assert clipping_notes(sixteen_bit(1.5 * SINE)) == (
        "it came clipped, it stays at full scale in 20 places",
    )


@pytest.mark.parametrize("gain", [0.5, 0.9])
def test_a_sine_with_room_is_not(gain):
    assert clipped_places(sixteen_bit(gain * SINE)) == 0
    assert clipping_notes(sixteen_bit(gain * SINE)) == ()


def test_a_peak_that_touches_full_scale_for_two_samples_is_not():
    assert clipped_places(sixteen_bit([0.0, 1.0, 1.0, 0.0])) == 0


def test_float_audio_beyond_full_scale_is_loud_and_not_clipped():
    assert clipped_places(Audio((3.0 * SINE[np.newaxis]).astype(np.float32), 44_100)) == 0


def test_coarse_steps_beyond_full_scale_are_no_clipping():
    # A mixer that brings a quiet 16-bit recording to a high level repeats its steps.
    steps = np.repeat(np.round(3.0 * SINE * 8) / 8, 3)

    assert clipped_places(Audio(steps[np.newaxis][:, np.abs(steps) > 1.0].astype(np.float32), 44_100)) == 0


def test_a_clip_that_starts_clipped_counts():
    assert clipped_places(sixteen_bit([1.0, 1.0, 1.0, 0.0])) == 1
