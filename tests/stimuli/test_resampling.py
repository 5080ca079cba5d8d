"""Judged by a sine, whose value at every instant is known."""

import numpy as np
import pytest

from mixeval.audio import Audio
from mixeval_stimuli.resampling import resample


def sine(sample_rate: int, *, seconds: float = 1.0, hertz: float = 997.0) -> Audio:
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    return Audio(np.sin(2 * np.pi * hertz * time).astype(np.float32)[np.newaxis], sample_rate)


@pytest.mark.parametrize("rates", [(48_000, 44_100), (44_100, 48_000), (96_000, 44_100), (22_050, 44_100)])
def test_a_sine_stays_the_same_sine_without_delay(rates):
    before, after = rates
    resampled = resample(sine(before), after)
    assert resampled.sample_rate == after
    inner = slice(2000, -2000)  # away from the edges, where the filter reads beyond the signal
    assert np.max(np.abs(resampled.samples - sine(after).samples)[:, inner]) < 2e-3


def test_audio_of_the_wanted_rate_is_not_touched():
    audio = sine(44_100)
    assert resample(audio, 44_100) is audio
