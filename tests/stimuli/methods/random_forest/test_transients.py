"""Judge: strokes made with a known rise and decay."""

import numpy as np
import pytest

from mixeval_stimuli.methods.random_forest.transients import (
    Strokes,
    active_rms,
    crest_db,
    measure_strokes,
    transientness,
)

TIMES = np.arange(0.3, 5.0, 0.6)


def strokes(rate, *, rise, decay, apart=0.6):
    """Make 2 kHz strokes that rise linearly in `rise` seconds and then fall 20 dB in `decay` seconds."""
    times = np.arange(0.3, 5.0, apart)
    clock = np.arange(round(5.3 * rate)) / rate
    signal = np.zeros_like(clock)
    for time in times:
        since = clock - time
        up = np.clip(since / rise, 0, 1)
        signal += up * 10 ** (-np.maximum(since - rise, 0) / decay) * (since > 0) * (since < apart - 0.01)
    return signal * np.sin(2 * np.pi * 2000 * clock), times


@pytest.mark.parametrize("rate", [22_050, 44_100, 96_000])
@pytest.mark.parametrize(("rise", "decay"), [(0.004, 0.08), (0.01, 0.2), (0.03, 0.35)])
def test_rise_and_decay_are_measured(rise, decay, rate):
    signal, times = strokes(rate, rise=rise, decay=decay)

    measured = measure_strokes(signal, rate, times)

    assert measured.rise_seconds == pytest.approx(0.8 * rise, abs=0.0012)
    assert measured.decay_seconds == pytest.approx(decay, rel=0.05)


def test_a_tail_that_the_next_stroke_cuts_off_is_continued():
    signal, times = strokes(44_100, rise=0.005, decay=0.4, apart=0.25)

    assert measure_strokes(signal, 44_100, times).decay_seconds == pytest.approx(0.4, rel=0.1)


@pytest.mark.parametrize("signal", [np.zeros(0), np.zeros(44_100), np.ones(44_100)])
def test_what_has_no_strokes_has_no_measures(signal):
    assert measure_strokes(signal, 44_100, np.zeros(0)) == Strokes(None, None)
    assert measure_strokes(signal, 44_100, np.array([0.5])) == Strokes(None, None)


def test_a_sines_crest_is_3_decibels():
    sine = np.sin(2 * np.pi * 1000 * np.arange(44_100) / 44_100)[np.newaxis]

    assert crest_db(sine, 44_100) == pytest.approx(3.01, abs=0.05)


def test_silence_around_the_music_changes_neither_level_nor_crest():
    signal = strokes(44_100, rise=0.005, decay=0.1)[0][np.newaxis]
    quiet = np.concatenate([signal, np.zeros((1, 10 * 44_100))], axis=1)

    assert active_rms(quiet, 44_100) == pytest.approx(active_rms(signal, 44_100), rel=1e-2)
    assert crest_db(quiet, 44_100) == pytest.approx(crest_db(signal, 44_100), abs=0.1)


def test_silence_has_no_crest():
    assert crest_db(np.zeros((2, 1000)), 44_100) == 0.0


@pytest.mark.parametrize(("crest", "expected"), [(3, 0), (8, 0), (16, 0.5), (24, 1), (40, 1)])
def test_transientness_is_the_crest_between_8_and_24_decibels(crest, expected):
    assert transientness(crest) == expected
