"""Judges: strokes that were placed by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval.audio import Audio
from mixeval_stimuli.comparison.transient import strongest_onset

RATE = 44_100


def strokes(*times_and_levels, seconds=3.0, seed=0):
    random = np.random.default_rng(seed)
    samples = 1e-4 * random.standard_normal((2, round(seconds * RATE)))
    for time, level in times_and_levels:
        start = round(time * RATE)
        decay = np.exp(-np.arange(samples.shape[1] - start) / (0.02 * RATE))
        samples[:, start:] += level * decay * random.standard_normal((2, decay.size))
    return Audio(samples.astype(np.float32), RATE)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 2.8), st.sampled_from([0.5, 0.01]))
def test_a_single_stroke_is_found_to_2_milliseconds_at_any_level(time, level):
    assert strongest_onset(strokes((time, level))) == pytest.approx(time, abs=0.002)


def test_a_weaker_stroke_that_stands_alone_is_better_than_the_strongest_of_a_roll():
    roll = [(1.0 + 0.04 * number, 0.5) for number in range(8)]
    assert strongest_onset(strokes((0.5, 0.3), *roll)) == pytest.approx(0.5, abs=0.002)


def test_among_strokes_that_stand_alone_the_strongest_is_chosen():
    assert strongest_onset(strokes((0.5, 0.2), (1.5, 0.4), (2.2, 0.3))) == pytest.approx(1.5, abs=0.002)


def test_a_stroke_whose_picture_would_reach_over_an_end_comes_second():
    assert strongest_onset(strokes((0.005, 0.5), (1.0, 0.2), (2.95, 0.5))) == pytest.approx(1.0, abs=0.002)


@pytest.mark.parametrize("seconds", [0.003, 0.05, 0.5])
def test_short_and_silent_audio_has_a_moment_too(seconds):
    silence = Audio(np.zeros((2, round(seconds * RATE)), dtype=np.float32), RATE)
    assert strongest_onset(silence) == 0.0
    assert 0.0 <= strongest_onset(strokes(seconds=seconds)) < seconds
