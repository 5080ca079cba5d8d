"""Judged by sines, whose value at every instant is known."""

import numpy as np
import pytest

from mixeval.audio import Audio
from mixeval_stimuli.resampling import resample

INNER = slice(4000, -4000)
"""Away from the edges, where the filter reads beyond the signal."""


def sine(sample_rate: int, *, seconds: float = 1.0, hertz: float = 997.0) -> Audio:
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    return Audio(np.sin(2 * np.pi * hertz * time).astype(np.float32)[np.newaxis], sample_rate)


@pytest.mark.parametrize("hertz", [20.0, 997.0, 15_000.0, 19_900.0])
@pytest.mark.parametrize("rates", [(48_000, 44_100), (44_100, 48_000), (96_000, 44_100), (44_100, 96_000)])
def test_a_sine_stays_the_same_sine_without_delay(rates, hertz):
    before, after = rates
    resampled = resample(sine(before, hertz=hertz), after)
    assert resampled.sample_rate == after
    error = (resampled.samples - sine(after, hertz=hertz).samples)[:, INNER]
    assert np.max(np.abs(error)) < 1e-5  # -100 dB


@pytest.mark.parametrize("rates", [(96_000, 44_100), (48_000, 44_100), (88_200, 44_100), (44_100, 22_050)])
def test_what_the_lower_rate_cannot_hold_is_gone_and_does_not_come_back_as_another_tone(rates):
    before, after = rates
    resampled = resample(sine(before, hertz=0.51 * after), after)
    assert np.max(np.abs(resampled.samples[:, INNER])) < 1e-5


def test_audio_of_the_wanted_rate_is_not_touched():
    audio = sine(44_100)
    assert resample(audio, 44_100) is audio
