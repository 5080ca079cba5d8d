"""Judges: the test signals of ITU-R BS.1770 and EBU Tech 3341, and a second meter from the standard's table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from mixeval.audio import Audio
from mixeval.errors import AudioError
from mixeval_stimuli.loudness import (
    Level,
    gain_to_loudness,
    integrated_loudness,
    measure_level,
    true_peak,
    with_gain,
)

RATES = pytest.mark.parametrize("rate", [44_100, 48_000])


def sine(rate, *levels_and_seconds, frequency=1000.0, channels=2):
    """Make a sine whose peak level steps through (dBFS, seconds), phase running on."""
    envelope = np.concatenate(
        [np.full(round(seconds * rate), 10 ** (level / 20)) for level, seconds in levels_and_seconds]
    )
    wave = envelope * np.sin(2 * np.pi * frequency * np.arange(envelope.size) / rate)
    return Audio(np.tile(wave, (channels, 1)).astype(np.float32), rate)


def drums(rate, seconds=8.0, seed=3):
    """Make decaying noise bursts over a quiet floor: gates have something to do."""
    random = np.random.default_rng(seed)
    n = round(seconds * rate)
    time = np.arange(n) / rate
    envelope = np.exp(-9.0 * (time % 0.7)) * 10 ** (-time / seconds) + 1e-4
    return Audio((0.2 * envelope * random.standard_normal((2, n))).astype(np.float32), rate)


def second_meter(audio):
    """Measure by the coefficients that BS.1770-5 annex 1 tables 1 and 2 print for 48 kHz."""
    shelf = (
        [1.53512485958697, -2.69169618940638, 1.19839281085285],
        [1.0, -1.69065929318241, 0.73248077421585],
    )
    high_pass = [1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621]
    weighted = lfilter(*high_pass, lfilter(*shelf, audio.samples.astype(np.float64)))
    starts = range(0, audio.frames - 19_200 + 1, 4_800)
    power = np.array([np.mean(weighted[:, s : s + 19_200] ** 2, axis=1).sum() for s in starts])
    loudness = -0.691 + 10 * np.log10(power)
    kept = power[loudness > -70]
    kept = kept[-0.691 + 10 * np.log10(kept) > -0.691 + 10 * np.log10(kept.mean()) - 10]
    return -0.691 + 10 * np.log10(kept.mean())


@RATES
def test_997_hz_at_full_scale_in_one_channel_reads_minus_3_01(rate):
    one = sine(rate, (0.0, 5.0), frequency=997.0)
    one.samples[1] = 0.0

    assert integrated_loudness(one) == pytest.approx(-3.01, abs=0.01)


@RATES
def test_mono_is_as_loud_as_the_two_equal_channels_it_is_played_from(rate):
    mono = sine(rate, (0.0, 5.0), frequency=997.0, channels=1)

    assert integrated_loudness(mono) == pytest.approx(0.0, abs=0.01)
    assert integrated_loudness(mono) == integrated_loudness(mono.as_stereo())


@RATES
@pytest.mark.parametrize(
    ("steps", "lufs"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
    ids=["case 1", "case 2", "case 3", "case 4", "case 5"],
)
def test_ebu_tech_3341_signals_read_within_a_tenth(rate, steps, lufs):
    assert integrated_loudness(sine(rate, *steps)) == pytest.approx(lufs, abs=0.1)


def test_a_second_meter_agrees_on_programme_with_gates_at_work():
    audio = drums(48_000)

    assert integrated_loudness(audio) == pytest.approx(second_meter(audio), abs=0.005)


@pytest.mark.parametrize("surplus", [1, 1000, 4799])
def test_an_incomplete_last_block_does_not_count(surplus):
    audio = drums(48_000, seconds=4.0)
    longer = Audio(np.pad(audio.samples, ((0, 0), (0, surplus)), mode="reflect"), 48_000)

    assert integrated_loudness(longer) == integrated_loudness(audio)


@RATES
def test_exactly_400_ms_have_a_loudness_and_one_sample_less_has_none(rate):
    block = sine(rate, (-23, 0.4))

    assert integrated_loudness(block) == pytest.approx(-23.0, abs=0.3)
    with pytest.raises(AudioError, match="loudness needs at least 400 ms"):
        integrated_loudness(Audio(block.samples[:, 1:].copy(), rate))


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros((2, 48_000)), "is silent, it has no loudness"),
        (np.full((2, 48_000), np.nan), "not finite"),
        (np.full((2, 48_000), np.inf), "not finite"),
        (1e-6 * np.random.default_rng(0).standard_normal((2, 48_000)), "too quiet to have a loudness"),
        (np.ones((6, 48_000)), "has 6 channels"),
    ],
    ids=["silence", "NaN", "infinity", "all gated", "six channels"],
)
def test_what_has_no_loudness_is_refused_by_name(samples, words):
    with pytest.raises(AudioError, match=words):
        integrated_loudness(Audio(samples.astype(np.float32), 48_000))


@RATES
@pytest.mark.parametrize(
    ("divisor", "phase", "amplitude", "dbtp"),
    [(4, 0, 0.5, -6.0), (4, 45, 0.5, -6.0), (6, 60, 0.5, -6.0), (8, 67.5, 0.5, -6.0), (4, 45, 1.41, 3.0)],
    ids=["case 15", "case 16", "case 17", "case 18", "case 19"],
)
def test_ebu_tech_3341_true_peaks_read_within_its_tolerance(rate, divisor, phase, amplitude, dbtp):
    # Samples of these sines miss their crests by up to 3 dB.
    n = np.arange(rate)
    wave = amplitude * np.sin(2 * np.pi * n / divisor + np.radians(phase))
    # Tech 3341 fades its signals in and out.
    wave *= np.minimum(1.0, np.minimum(n, n[::-1]) / 1000)

    measured = true_peak(Audio(np.tile(wave, (2, 1)).astype(np.float32), rate))

    assert dbtp - 0.4 <= measured <= dbtp + 0.2


def test_a_true_peak_is_never_below_the_highest_sample():
    click = Audio(np.zeros((1, 100), dtype=np.float32), 48_000)
    click.samples[0, 50] = -1.0

    assert true_peak(click) >= 0.0


def test_a_level_predicts_what_the_meter_reads_at_any_gain():
    # A falling tail: with less gain more of it sinks below the absolute gate.
    audio = drums(48_000)
    level = measure_level(audio)

    for gain_db in (-40.0, -20.0, -5.0, 0.0, 12.0):
        measured = integrated_loudness(with_gain(audio, gain_db))
        assert level.loudness_at(gain_db) == pytest.approx(measured, abs=1e-4)
        assert level.true_peak_dbtp + gain_db == pytest.approx(true_peak(with_gain(audio, gain_db)), abs=1e-4)


@given(
    st.lists(st.floats(-120.0, 0.0), min_size=1, max_size=200).filter(lambda blocks: max(blocks) > -69.0),
    st.floats(-60.0, -10.0),
)
def test_the_gain_to_a_target_reaches_it_whatever_the_gates_do(blocks, target_lufs):
    level = Level(tuple(blocks), 0.0)

    assert level.loudness_at(level.gain_to(target_lufs)) == pytest.approx(target_lufs, abs=1e-6)


@pytest.mark.parametrize("recorded_db", [-110.0, -30.0, 0.0, 20.0])
def test_one_gain_brings_audio_to_a_loudness_however_quiet_it_is(recorded_db):
    quiet = with_gain(drums(48_000), recorded_db)

    raised = with_gain(quiet, gain_to_loudness(quiet, -23.0))

    assert integrated_loudness(raised) == pytest.approx(-23.0, abs=0.01)


def test_silence_has_no_gain_to_a_loudness():
    with pytest.raises(AudioError, match="silent"):
        gain_to_loudness(Audio(np.zeros((1, 48_000), dtype=np.float32), 48_000), -23.0)
