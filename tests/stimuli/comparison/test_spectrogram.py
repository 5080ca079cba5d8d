"""Judges: tones and noise of known power."""

import numpy as np
import pytest

from mixeval.audio import Audio
from mixeval_stimuli.comparison.spectrogram import hertz, mel, spectrogram

RATE = 44_100
TIME = np.arange(2 * RATE) / RATE


def of(samples, rate=RATE):
    return Audio(np.atleast_2d(samples).astype(np.float32), rate)


@pytest.mark.parametrize("frequency_hz", [100.0, 1000.0, 9000.0])
@pytest.mark.parametrize("fft_size", [512, 2048])
def test_a_tone_stands_in_its_band(frequency_hz, fft_size):
    found = spectrogram(
        of(np.sin(2 * np.pi * frequency_hz * TIME)), start=0, stop=2 * RATE, fft_size=fft_size
    )
    loudest_mel = (np.argmax(found.level_db[:, 200]) + 0.5) / 160 * mel(found.top_hz)
    assert abs(float(hertz(loudest_mel)) - frequency_hz) < max(RATE / fft_size, 0.1 * frequency_hz)


def test_white_noise_has_its_power_per_hertz_in_every_band():
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, 2 * RATE))
    found = spectrogram(of(noise), start=0, stop=2 * RATE, fft_size=2048)
    expected = 10 * np.log10(0.1**2 / (RATE / 2))
    assert 10 * np.log10(np.mean(10 ** (found.level_db[5:, 10:-10] / 10))) == pytest.approx(expected, abs=0.3)


def test_opposite_polarities_do_not_cancel():
    tone = np.sin(2 * np.pi * 1000 * TIME)
    one, two = (
        spectrogram(of([tone, sign * tone]), start=0, stop=RATE, fft_size=1024).level_db for sign in (1, -1)
    )
    assert np.allclose(one, two)


def test_a_click_stands_in_its_column():
    click = np.zeros(RATE)
    click[RATE // 2] = 1.0
    for fft_size in (512, 2048):
        found = spectrogram(of(click), start=0, stop=RATE, fft_size=fft_size, columns=480)
        assert abs(int(np.argmax(found.level_db[100])) - 240) <= 2


def test_beyond_its_ends_audio_is_silent():
    found = spectrogram(of(np.ones(RATE)), start=-RATE, stop=3 * RATE, fft_size=512, columns=40)
    assert found.level_db.shape == (160, 40)
    assert (found.level_db[:, :8] == -200).all()
    assert (found.level_db[:, -15:] == -200).all()


def test_a_low_rate_ends_the_axis_at_half_of_it():
    assert spectrogram(of(np.zeros(16_000), 16_000), start=0, stop=16_000, fft_size=512).top_hz == 8000
