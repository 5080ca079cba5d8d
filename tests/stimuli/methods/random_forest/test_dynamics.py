"""Judges: the formulae of Giannoulis, Massberg and Reiss (2012), steady sines, level steps, and their loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval.errors import AudioError
from mixeval_stimuli.methods.random_forest.dynamics import Compressor, compress, release_pole, smooth

RATES = pytest.mark.parametrize("rate", [22_050, 44_100, 96_000])


def compressor(**changes):
    settings = {
        "threshold_dbfs": -30.0,
        "ratio": 4.0,
        "knee_db": 6.0,
        "attack_seconds": 0.01,
        "release_seconds": 0.2,
    }
    return Compressor(**(settings | changes))


def sine(level_dbfs, rate, seconds=1.0):
    """Make a steady 1 kHz sine whose peaks are at `level_dbfs`, in both channels."""
    wave = np.sin(2 * np.pi * 1000.0 * np.arange(round(seconds * rate)) / rate)
    return np.tile(10 ** (level_dbfs / 20) * wave, (2, 1))


def output_dbfs_by_the_book(x, *, threshold=-30.0, ratio=4.0, knee=6.0):
    """Work out the static curve of the paper, case by case."""
    if 2 * (x - threshold) < -knee:
        return x
    if 2 * abs(x - threshold) <= knee:
        return x + (1 / ratio - 1) * (x - threshold + knee / 2) ** 2 / (2 * knee)
    return threshold + (x - threshold) / ratio


@RATES
@pytest.mark.parametrize("level_dbfs", [-50, -34, -33, -32, -31, -30, -29, -28, -27, -24, -18, -12, -6, 0])
def test_steady_sines_come_out_where_the_static_curve_says(level_dbfs, rate):
    steady = compress(sine(level_dbfs, rate), rate, compressor()).samples[:, rate // 2 :]

    level = 10 * np.log10(2 * np.mean(np.square(steady)))
    assert level == pytest.approx(output_dbfs_by_the_book(level_dbfs), abs=0.15)


def test_without_a_knee_the_curve_is_two_straight_lines():
    levels = np.array([-40.0, -30.0, -20.0, 0.0])

    assert compressor(knee_db=0.0).reduction_db(levels) == pytest.approx([0.0, 0.0, 7.5, 22.5])


def test_a_ratio_of_one_changes_nothing():
    noise = np.random.default_rng(1).standard_normal((2, 5000))

    np.testing.assert_array_equal(compress(noise, 44_100, compressor(ratio=1.0)).samples, noise)


def level_step(rate, *, up):
    """Make a level that steps between -60 and -10 dBFS after 1 s; its sign changes at every sample."""
    low, high = np.full(rate, 1e-3), np.full(rate, 10 ** (-10 / 20))
    level = np.concatenate([low, high] if up else [high, low])
    return np.tile(level * (-1.0) ** np.arange(2 * rate), (2, 1))


@RATES
@pytest.mark.parametrize("attack", [0.003, 0.01, 0.03])
def test_the_attack_reaches_63_percent_of_a_step_in_its_time(attack, rate):
    reduction = compress(level_step(rate, up=True), rate, compressor(attack_seconds=attack)).reduction_db

    crossing = np.flatnonzero(reduction >= (1 - np.exp(-1)) * reduction[-1])[0]
    assert (crossing - rate) / rate == pytest.approx(attack, abs=2 / rate)


@RATES
@pytest.mark.parametrize(("attack", "release"), [(0.003, 0.04), (0.01, 0.1), (0.03, 0.04), (0.03, 0.4)])
def test_the_release_gives_63_percent_of_a_step_back_in_its_time(attack, release, rate):
    settings = compressor(attack_seconds=attack, release_seconds=release)
    reduction = compress(level_step(rate, up=False), rate, settings).reduction_db

    crossing = np.flatnonzero(reduction[rate:] <= np.exp(-1) * reduction[rate - 1])[0]
    assert crossing / rate == pytest.approx(release, abs=3 / rate)


def test_look_ahead_moves_the_gain_and_not_the_sound():
    step = level_step(44_100, up=True)
    late = compress(step, 44_100, compressor()).reduction_db
    early = compress(step, 44_100, compressor(look_ahead_seconds=0.005))

    shift = round(0.005 * 44_100)
    np.testing.assert_array_equal(early.reduction_db[:-shift], late[shift:])
    np.testing.assert_allclose(early.samples, step * 10 ** (-early.reduction_db / 20))


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    attack=st.floats(0.0005, 0.03),
    release=st.floats(0.04, 0.5),
    density=st.floats(0.01, 1.0),
)
def test_the_detector_is_the_papers_loop_sample_by_sample(seed, attack, release, density):
    random = np.random.default_rng(seed)
    wanted = 20 * random.random(3000) * (random.random(3000) < density)
    rise, fall = np.exp(-1 / (44_100 * attack)), np.exp(-1 / (44_100 * release_pole(attack, release)))
    held, smoothed, loop = 0.0, 0.0, []
    for x in wanted:
        held = max(x, fall * held + (1 - fall) * x)
        smoothed = rise * smoothed + (1 - rise) * held
        loop.append(smoothed)

    ours = smooth(wanted, 44_100, attack_seconds=attack, release_seconds=release)

    np.testing.assert_allclose(ours, loop, atol=1e-9)


def test_both_channels_get_one_gain_so_the_image_stays():
    random = np.random.default_rng(2)
    noise = random.standard_normal(44_100) * np.exp(-8 * (np.arange(44_100) / 44_100 % 0.25))
    panned = np.stack([noise, -0.25 * noise])

    result = compress(panned, 44_100, compressor())

    np.testing.assert_allclose(result.samples[1], -0.25 * result.samples[0])
    assert result.reduction_db.max() > 10.0


def test_the_louder_channel_decides():
    quiet, loud = sine(-40, 44_100)[0], sine(-10, 44_100)[0]

    linked = compress(np.stack([quiet, loud]), 44_100, compressor()).reduction_db

    np.testing.assert_array_equal(linked, compress(loud[np.newaxis], 44_100, compressor()).reduction_db)


@pytest.mark.parametrize(
    "samples",
    [np.zeros((2, 1000)), np.zeros((2, 0)), np.ones((1, 1))],
    ids=["silence", "nothing", "one sample"],
)
def test_what_is_no_music_comes_back_finite(samples):
    result = compress(samples, 44_100, compressor(look_ahead_seconds=0.005))

    assert result.samples.shape == samples.shape
    assert np.isfinite(result.samples).all()


@pytest.mark.parametrize(
    "change",
    [
        {"ratio": 0.5},
        {"ratio": float("nan")},
        {"knee_db": -1.0},
        {"attack_seconds": 0.0},
        {"attack_seconds": 0.3},
        {"look_ahead_seconds": -0.001},
    ],
)
def test_settings_that_make_no_compressor_are_refused(change):
    with pytest.raises(AudioError):
        compressor(**change)
