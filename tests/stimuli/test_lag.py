"""Judges: signals that were delayed by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval.audio import Audio
from mixeval.errors import AudioError
from mixeval_stimuli.lag import find_lag, lag_note

RATE = 44_100


def noise(frames=20_000, seed=0):
    return Audio(np.random.default_rng(seed).standard_normal((2, frames)).astype(np.float32), RATE)


def late(audio, lag, gain=1.0):
    return Audio(np.roll(audio.samples, lag, axis=1) * np.float32(gain), audio.sample_rate)


@settings(max_examples=20, deadline=None)
@given(st.integers(-4410, 4410), st.sampled_from([1.0, 0.01, -1.0]))
def test_the_lag_of_a_delayed_copy_is_found_at_any_level_and_polarity(lag, gain):
    found = find_lag(late(noise(), lag, gain), noise())
    assert found.lag_samples == lag
    assert np.sign(found.correlation) == np.sign(gain)
    assert found.sure


def test_one_channel_mix_and_other_lengths_do_not_matter():
    longer = Audio(np.pad(noise().samples, ((0, 0), (1105, 800))), RATE)
    assert find_lag(longer, noise()).lag_samples == 1105


def test_unlike_signals_have_no_sure_lag():
    assert not find_lag(noise(seed=1), noise(seed=2)).sure
    assert lag_note(find_lag(noise(seed=1), noise(seed=2)), RATE) is None


def test_silence_has_no_lag():
    silence = Audio(np.zeros((2, 20_000), dtype=np.float32), RATE)
    assert not find_lag(silence, noise()).sure


def test_two_rates_are_refused():
    with pytest.raises(AudioError, match="differ in their sample rate"):
        find_lag(Audio(noise().samples, 48_000), noise())


@pytest.mark.parametrize(
    ("lag", "gain", "words"),
    [
        (0, 1.0, None),
        (441, 1.0, "taken 441 samples (10.0 ms) later; L1"),
        (-441, 1.0, "taken 441 samples (10.0 ms) earlier; L1"),
        (441, -1.0, "(10.0 ms) later, with its polarity inverted; L1"),
        (0, -1.0, "it has its polarity inverted"),
    ],
)
def test_a_delay_is_told_in_words(lag, gain, words):
    said = lag_note(find_lag(late(noise(), lag, gain), noise()), RATE)
    assert said is None if words is None else words in said
