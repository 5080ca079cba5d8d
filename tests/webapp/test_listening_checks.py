"""The sounds of the checks, judged by spectra and levels that are worked out here in other ways than there."""

import numpy as np
import pytest
from scipy import signal

from mixeval_webapp.listening_checks import SAMPLE_RATE, antiphase, huggins, intervals_of, one_side

LEVEL = -28.0
MIDDLE = slice(round(0.15 * SAMPLE_RATE), round(0.85 * SAMPLE_RATE))
"""Of an interval, clear of its ramps."""


def rms_dbfs(samples):
    return 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)))


def interaural_phase(interval):
    """Phase between the ears at each frequency, by Welch's cross spectrum: (hertz, radians)."""
    hertz, cross = signal.csd(interval[0], interval[1], fs=SAMPLE_RATE, nperseg=8192)
    return hertz, np.abs(np.angle(cross))


@pytest.mark.parametrize("target", [1, 2, 3])
def test_only_the_target_noise_turns_the_phase_between_the_ears_and_only_around_600_hertz(target):
    for number, interval in enumerate(intervals_of(huggins(target, seed=4, rms_dbfs=LEVEL)), start=1):
        hertz, phase = interaural_phase(interval)
        inside = np.abs(hertz - 600) < 0.045 * 600
        outside = (np.abs(hertz - 600) > 0.09 * 600) & (hertz > 20) & (hertz < 20_000)
        assert inside.sum() >= 9
        expected = np.pi if number == target else 0.0
        np.testing.assert_allclose(phase[inside], expected, atol=0.1)
        np.testing.assert_allclose(phase[outside], 0.0, atol=0.1)


@pytest.mark.parametrize("ear", [0, 1])
def test_in_the_target_noise_either_ear_alone_has_plain_noise(ear):
    inside_power = nearby_power = 0.0
    for seed in range(40):
        target = intervals_of(huggins(1, seed=seed, rms_dbfs=LEVEL))[0][ear].astype(np.float64)
        hertz, spectrum = signal.welch(target, fs=SAMPLE_RATE, nperseg=8192)
        inside = np.abs(hertz - 600) <= 0.06 * 600
        inside_power += spectrum[inside].mean()
        nearby_power += spectrum[(np.abs(hertz - 600) < 0.5 * 600) & ~inside].mean()
    # 40 seconds of a band 72 Hz wide: chance alone moves its power by about 0.1 dB.
    assert abs(10 * np.log10(inside_power / nearby_power)) < 0.4


def test_over_one_loudspeaker_the_band_of_the_target_noise_is_missing():
    target = intervals_of(huggins(2, seed=1, rms_dbfs=LEVEL))[1].astype(np.float64)
    hertz, of_sum = signal.welch(target.sum(axis=0), fs=SAMPLE_RATE, nperseg=8192)
    inside = np.abs(hertz - 600) < 0.045 * 600
    nearby = (np.abs(hertz - 600) > 100) & (np.abs(hertz - 600) < 300)
    assert 10 * np.log10(of_sum[inside].mean() / of_sum[nearby].mean()) < -15


def test_noises_are_white_gaussian_equally_loud_and_new_with_each_seed():
    sound = huggins(3, seed=5, rms_dbfs=LEVEL)
    for interval in intervals_of(sound):
        for ear in interval[:, MIDDLE]:
            assert rms_dbfs(ear) == pytest.approx(LEVEL, abs=0.15)
            standard = ear.astype(np.float64) / ear.std()
            assert np.mean(standard**4) == pytest.approx(3.0, abs=0.15)  # of a Gaussian
            _, spectrum = signal.welch(standard, fs=SAMPLE_RATE, nperseg=256)
            assert np.ptp(10 * np.log10(spectrum[2:-2])) < 4.5
    first, second, _ = (interval[0] for interval in intervals_of(sound))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02
    assert not np.array_equal(sound, huggins(3, seed=6, rms_dbfs=LEVEL))
    assert np.array_equal(sound, huggins(3, seed=5, rms_dbfs=LEVEL))


@pytest.mark.parametrize(("quiet", "opposed"), [(1, 2), (2, 3), (3, 1)])
def test_one_tone_is_6_decibels_below_and_another_cancels_over_one_loudspeaker(quiet, opposed):
    intervals = intervals_of(antiphase(quiet, opposed, rms_dbfs=LEVEL))
    for number, interval in enumerate(intervals, start=1):
        for ear in interval[:, MIDDLE]:
            assert rms_dbfs(ear) == pytest.approx(LEVEL - 6 * (number == quiet), abs=0.01)
            spectrum = np.abs(np.fft.rfft(ear * np.hanning(ear.size)))
            assert np.argmax(spectrum) * SAMPLE_RATE / ear.size == pytest.approx(200, abs=1.0)
        together = interval.sum(axis=0)
        if number == opposed:
            assert not together.any()
        else:
            assert rms_dbfs(together[MIDDLE]) == pytest.approx(rms_dbfs(interval[0, MIDDLE]) + 6.02, abs=0.01)


def test_over_loudspeakers_the_opposed_tone_is_the_quietest_and_over_headphones_the_quiet_one():
    for quiet, opposed in ((1, 3), (2, 1), (3, 2)):
        intervals = intervals_of(antiphase(quiet, opposed, rms_dbfs=LEVEL))
        in_the_air = [float(np.sum(interval.sum(axis=0) ** 2)) for interval in intervals]
        in_each_ear = [float(np.sum(interval**2)) for interval in intervals]
        assert (1 + np.argmin(in_the_air), 1 + np.argmin(in_each_ear)) == (opposed, quiet)


@pytest.mark.parametrize(("side", "silent"), [("left", 1), ("right", 0)])
def test_a_side_is_the_only_one_that_sounds(side, silent):
    sound = one_side(side, rms_dbfs=LEVEL)
    assert not sound[silent].any()
    loud = sound[1 - silent][np.abs(sound[1 - silent]) > 0]
    assert rms_dbfs(loud) == pytest.approx(LEVEL, abs=0.5)


@pytest.mark.parametrize(
    "sound",
    [
        huggins(1, seed=0, rms_dbfs=-20.0),
        antiphase(1, 2, rms_dbfs=-20.0),
        one_side("left", rms_dbfs=-20.0),
    ],
    ids=["huggins", "antiphase", "one_side"],
)
def test_every_sound_is_stereo_float32_below_full_scale_and_starts_and_ends_in_silence(sound):
    assert (sound.dtype, sound.shape[0]) == (np.float32, 2)
    assert np.abs(sound).max() < 1.0
    assert np.abs(sound[:, [0, -1]]).max() < 0.001
    # No click: at its ends a sound moves less than in its midst.
    ends = np.abs(np.diff(sound, axis=1))[:, [0, -1]].max()
    assert ends < 0.01 * max(np.abs(np.diff(sound, axis=1)).max(), 1e-9) + 1e-4
