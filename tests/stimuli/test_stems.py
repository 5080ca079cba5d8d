"""Judged by plain addition and by the meter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval.audio import Audio
from mixeval_stimuli.loudness import integrated_loudness, with_gain
from mixeval_stimuli.stems import common_gain_db, plain_sum

RATE = 48_000


def stems(count: int = 3) -> list[Audio]:
    rng = np.random.default_rng(1)
    return [Audio((0.1 * rng.standard_normal((1, RATE))).astype(np.float32), RATE) for _ in range(count)]


def test_the_plain_sum_adds_every_stem_at_unity_gain():
    one, two, three = stems()
    expected = one.samples + two.samples.astype(np.float64) + three.samples
    assert np.allclose(plain_sum([one, two, three]).samples, expected, atol=1e-7)


def test_the_common_gain_brings_the_sum_to_the_loudness_asked_for():
    gain_db = common_gain_db(stems(), -26.0)
    assert integrated_loudness(with_gain(plain_sum(stems()), gain_db)) == pytest.approx(-26.0, abs=0.01)


@given(st.floats(-80.0, 30.0))
def test_a_louder_recording_gets_as_much_less(level_db):
    louder = [with_gain(stem, level_db) for stem in stems()]
    assert common_gain_db(louder, -26.0) + level_db == pytest.approx(common_gain_db(stems(), -26.0), abs=1e-3)


def test_silent_stems_are_left_as_they_are():
    silence = Audio(np.zeros((1, RATE), dtype=np.float32), RATE)
    assert common_gain_db([silence, silence], -26.0) == 0.0
