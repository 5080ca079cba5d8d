"""The judges: signals whose strokes, rises and decays are known because they were made so."""

import numpy as np
import pytest

from mixeval_stimuli.methods.random_forest.strokes import find_strokes

RATE = 44_100


def struck(places, *, seconds=4.0, tone_hz=180.0, decay_20db=0.15, attack=0.0, noise=0.0):
    """Tones that rise linearly and decay exponentially."""
    signal = noise * np.random.default_rng(0).standard_normal(round(seconds * RATE))
    for place in places:
        start = round(place * RATE)
        time = np.arange(len(signal) - start) / RATE
        level = np.where(time < attack, time / max(attack, 1e-9), 10.0 ** (-(time - attack) / decay_20db))
        signal[start:] += level * np.sin(2.0 * np.pi * tone_hz * time + np.pi / 2)
    return signal.astype(np.float32)


def test_each_stroke_is_found_where_it_begins():
    places = [0.0, 0.5, 0.75, 1.5, 2.9]

    strokes = find_strokes(struck(places), RATE)

    assert strokes.onset == pytest.approx(places, abs=0.003)


@pytest.mark.parametrize("decay", [0.03, 0.1, 0.4])
@pytest.mark.parametrize("tone_hz", [60.0, 180.0, 3000.0])
def test_an_exponential_decay_falls_20_db_when_its_formula_says(decay, tone_hz):
    strokes = find_strokes(struck([0.2, 1.2, 2.2], tone_hz=tone_hz, decay_20db=decay), RATE)

    # A tone has its last peak up to half a period before.
    assert strokes.decay == pytest.approx([decay] * 3, abs=0.003 + 0.5 / tone_hz)


def test_a_linear_attack_rises_from_10_to_90_percent_in_four_fifths_of_it():
    strokes = find_strokes(struck([0.5, 1.5], tone_hz=4000.0, attack=0.03, decay_20db=0.2), RATE)

    assert strokes.rise == pytest.approx([0.024, 0.024], abs=0.002)


def test_a_decay_that_the_next_stroke_cuts_off_is_not_measured():
    strokes = find_strokes(struck([0.5, 0.7, 1.5], decay_20db=0.5, seconds=4.0), RATE)

    assert np.isnan(strokes.decay[0])
    assert strokes.decay[2] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("factor", [1e-3, 0.1, 100.0])
def test_how_loud_it_is_makes_no_difference(factor):
    quiet = struck([0.1, 1.0, 2.0], noise=1e-3)

    strokes, louder = find_strokes(quiet, RATE), find_strokes(np.float32(factor) * quiet, RATE)

    for name in ("onset", "rise", "decay"):
        assert getattr(louder, name) == pytest.approx(getattr(strokes, name), abs=0.0011, nan_ok=True)


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros(RATE, dtype=np.float32),
        np.zeros(0, dtype=np.float32),
        np.zeros(10, dtype=np.float32),
    ],
)
def test_silence_has_no_strokes(signal):
    strokes = find_strokes(signal, RATE)

    assert strokes.onset.size == strokes.rise.size == strokes.decay.size == 0


def test_what_goes_on_evenly_begins_once():
    random = np.random.default_rng(0).standard_normal(4 * RATE).astype(np.float32)
    tone = np.sin(2.0 * np.pi * 50.0 * np.arange(4 * RATE) / RATE).astype(np.float32)

    assert find_strokes(random, RATE).onset.tolist() == [0.0]
    assert find_strokes(tone, RATE).onset.tolist() == [0.0]
