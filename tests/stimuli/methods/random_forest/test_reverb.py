"""Judges: ISO 3382-1's T30 (backward integration after Schroeder), octave filters, and properties.

A room's reverberation time is the mean over positions and octaves; here each side has to keep to it by itself.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import butter, sosfiltfilt

from mixeval.errors import AudioError
from mixeval_stimuli.methods.random_forest.reverb import (
    COMB_SECONDS,
    RIGHT_SECONDS,
    Reverb,
    loop,
    reverberate,
)

RATES = pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
TIMES = pytest.mark.parametrize("rt60", [0.4, 0.7, 1.2, 2.5])
COLOURS = [(0.0, 0.55), (0.2, 0.4), (0.7, 0.7)]


def reverb(**changes):
    settings = {
        "rt60_seconds": 1.0,
        "damping": 0.4,
        "diffusion": 0.55,
        "pre_delay_seconds": 0.02,
        "high_pass_hz": 150.0,
    }
    return Reverb(**(settings | changes))


def impulse_response(rate, settings, seconds=None):
    click = np.zeros(round((1.3 * settings.rt60_seconds + 0.2 if seconds is None else seconds) * rate))
    click[0] = 1.0
    return reverberate(click, rate, settings)


def octave(response, hertz, rate):
    band = butter(3, (hertz / 2**0.5, hertz * 2**0.5), "bandpass", fs=rate, output="sos")
    return sosfiltfilt(band, response)


def decay_curve_db(response):
    energy = np.cumsum(np.square(response[::-1]))[::-1]
    return 10 * np.log10(energy / energy[0] + 1e-30)


def t30(response, rate):
    curve = decay_curve_db(response)
    start, end = np.flatnonzero(curve <= -5)[0], np.flatnonzero(curve <= -35)[0]
    slope, _ = np.polyfit(np.arange(start, end) / rate, curve[start:end], 1)
    return -60 / slope


@RATES
@TIMES
def test_the_measured_reverberation_time_is_the_one_asked_for(rt60, rate):
    for damping, diffusion in COLOURS:
        response = impulse_response(rate, reverb(rt60_seconds=rt60, damping=damping, diffusion=diffusion))
        for side in response:
            measured = np.mean([t30(octave(side, hertz, rate), rate) for hertz in (500, 1000)])
            assert measured == pytest.approx(rt60, rel=0.05), (damping, diffusion)


@RATES
@TIMES
def test_undamped_it_holds_for_the_whole_band(rt60, rate):
    for side in impulse_response(rate, reverb(rt60_seconds=rt60, damping=0.0)):
        assert t30(side, rate) == pytest.approx(rt60, rel=0.05)


@pytest.mark.parametrize("damping", [0.2, 0.5])
def test_damping_shortens_8_khz_by_its_share(damping):
    # The octave reaches down to 5.7 kHz, which dies later than 8 kHz: up to 15 % too long, never too short.
    for side in impulse_response(44_100, reverb(damping=damping)):
        measured = t30(octave(side, 8000, 44_100), 44_100)
        assert (1 - damping) * 0.98 <= measured <= (1 - damping) * 1.15


@RATES
@pytest.mark.parametrize("pre_delay", [0.0, 0.01749, 0.035])
def test_the_first_reflection_comes_exactly_after_the_pre_delay(pre_delay, rate):
    response = impulse_response(rate, reverb(pre_delay_seconds=pre_delay), seconds=0.3)

    for side in response:
        assert np.flatnonzero(side)[0] == round(pre_delay * rate)


@RATES
@TIMES
def test_the_tail_differs_between_the_sides(rt60, rate):
    for damping, diffusion in COLOURS:
        response = impulse_response(rate, reverb(rt60_seconds=rt60, damping=damping, diffusion=diffusion))
        tail = slice(round(0.05 * rate), None)
        assert abs(np.corrcoef(response[:, tail])[0, 1]) < 0.2
        for hertz in (250, 500, 1000, 2000, 4000):
            assert abs(np.corrcoef(octave(response, hertz, rate)[:, tail])[0, 1]) < 0.3, hertz


def test_both_sides_are_equally_loud():
    left, right = np.square(impulse_response(44_100, reverb())).sum(axis=1)

    assert 10 * np.log10(left / right) == pytest.approx(0.0, abs=0.5)


@TIMES
def test_the_tail_falls_along_a_straight_line(rt60):
    rate = 44_100
    for side in impulse_response(rate, reverb(rt60_seconds=rt60, damping=0.0)):
        frames = np.square(side[round(0.05 * rate) :])
        length = round(rt60 / 10 * rate)
        levels = 10 * np.log10(frames[: length * 9].reshape(9, length).sum(axis=1))
        # 6 dB each, give or take the beating of the combs: never back up, never a hole.
        assert np.diff(levels).max() < -2.0
        assert np.diff(levels).min() > -10.0
        curve = decay_curve_db(side)
        fitted = slice(np.flatnonzero(curve <= -5)[0], np.flatnonzero(curve <= -35)[0])
        assert np.corrcoef(np.arange(curve.size)[fitted], curve[fitted])[0, 1] < -0.995


@given(
    rate=st.sampled_from([22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000]),
    rt60=st.floats(0.3, 10.0),
    damping=st.floats(0.0, 0.7),
    comb=st.sampled_from(COMB_SECONDS),
)
def test_no_loop_gains_at_any_frequency(rate, rt60, damping, comb):
    delay = round((comb + RIGHT_SECONDS) * rate)
    gain, pole = loop(delay, rate, reverb(rt60_seconds=rt60, damping=damping))

    # A one-pole low-pass has its largest gain at 0 Hz, where it is 1.
    assert 0.0 < gain < 1.0
    assert 0.0 <= pole < 1.0


@pytest.mark.parametrize(
    "minutes", [0.2, pytest.param(10, marks=pytest.mark.slow)], ids=["12 seconds", "10 minutes"]
)
def test_noise_at_full_scale_never_builds_up(minutes):
    rate = 22_050
    noise = np.random.default_rng(7).uniform(-1.0, 1.0, round(minutes * 60 * rate))

    wet = reverberate(noise, rate, reverb(rt60_seconds=2.5, damping=0.7, diffusion=0.7))

    rms = np.sqrt(np.square(wet[:, : wet.shape[1] // 4 * 4]).reshape(2, 4, -1).mean(axis=2))
    assert np.isfinite(wet).all()
    assert rms[:, 3] == pytest.approx(rms[:, 1], rel=0.1)
    assert np.abs(wet).max() < 8 * rms.max()


def test_a_reverb_is_linear_and_does_not_change_with_time():
    random = np.random.default_rng(3)
    one, two = random.standard_normal((2, 20_000))
    later = np.concatenate([np.zeros(777), one])[:20_000]

    def wet(signal):
        return reverberate(signal, 44_100, reverb())

    np.testing.assert_allclose(wet(one - 2 * two), wet(one) - 2 * wet(two), atol=1e-9)
    np.testing.assert_allclose(wet(later)[:, 777:], wet(one)[:, :-777], atol=1e-9)


def test_a_comb_is_the_plain_recursion():
    from mixeval_stimuli.methods.random_forest.reverb import _comb

    signal = np.random.default_rng(4).standard_normal(1000)
    expected, low = np.zeros(1000), 0.0
    for n, x in enumerate(signal):
        expected[n] = x
        if n >= 37:
            low = 0.6 * low + 0.4 * expected[n - 37]
            expected[n] += 0.9 * low

    np.testing.assert_allclose(_comb(signal, 37, 0.9, 0.6), expected, atol=1e-12)


@pytest.mark.parametrize("frames", [0, 1, 100, 882, 883])
def test_what_is_shorter_than_the_pre_delay_has_no_reverb_yet(frames):
    wet = reverberate(np.ones(frames), 44_100, reverb(pre_delay_seconds=0.02))

    assert wet.shape == (2, frames)
    assert wet.any() == (frames > 882)


@pytest.mark.parametrize(
    "change",
    [
        {"rt60_seconds": 0.0},
        {"rt60_seconds": float("nan")},
        {"damping": 0.9},
        {"diffusion": 1.0},
        {"pre_delay_seconds": -0.01},
        {"high_pass_hz": 0.0},
    ],
)
def test_settings_out_of_range_are_refused(change):
    with pytest.raises(AudioError, match=next(iter(change))):
        reverb(**change)


def test_a_rate_that_cannot_hold_the_damping_is_refused():
    with pytest.raises(AudioError, match="16000 Hz"):
        reverberate(np.ones(10), 16_000, reverb())
