"""Judges: a signal that was delayed by a known number of samples, and real mixes whose MP3 delay is known."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from mixeval.audio import Audio, read_audio
from mixeval_stimuli.delay import delay_seconds

RATE = 44_100


def bursts(seed, seconds=2.0, channels=1):
    time = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).standard_normal((channels, time.size))
    return (0.1 * np.exp(-8.0 * (time % 0.25)) * noise).astype(np.float32)


def audio(samples):
    return Audio(np.atleast_2d(samples).astype(np.float32), RATE)


@pytest.mark.parametrize("samples", [-8000, -200, -45, 1, 100, 1105, 4096, 8800])
def test_a_delay_is_found_to_the_sample_whatever_its_sign(samples):
    dry = bursts(1)
    moved = np.roll(dry, samples, axis=1)

    assert delay_seconds(audio(moved), audio(dry)) == pytest.approx(samples / RATE)


def test_polarity_tone_balance_and_company_do_not_matter():
    first, second = bursts(1)[0], bursts(2)[0]
    filtered = sosfilt(butter(2, 3500, output="sos", fs=RATE), -2.0 * first + 0.3 * second)
    late = np.roll(filtered, 441)

    assert delay_seconds(audio(late), audio(first + second)) == pytest.approx(0.01, abs=0.0005)


def test_a_late_part_does_not_make_the_whole_late():
    # A far microphone, or a reverb's first reflections, beside what is in time.
    dry = bursts(1)

    assert delay_seconds(audio(dry + 0.9 * np.roll(dry, 500, axis=1)), audio(dry)) == 0.0


@pytest.mark.parametrize("seed", range(8))
def test_unrelated_sounds_have_no_delay(seed):
    assert delay_seconds(audio(bursts(seed)), audio(bursts(100 + seed))) is None


def test_silence_has_no_delay():
    assert delay_seconds(audio(np.zeros(RATE)), audio(bursts(1))) is None
    assert delay_seconds(audio(bursts(1)), audio(np.zeros(RATE))) is None


def test_long_mixes_are_judged_by_the_stretch_around_their_loudest_moment():
    quiet = np.concatenate([np.zeros(30 * RATE), bursts(3)[0]])

    assert delay_seconds(audio(np.roll(quiet, 300)), audio(quiet)) == pytest.approx(300 / RATE)


@pytest.mark.skipif(
    "MIXEVAL_DEV_DATA" not in os.environ, reason="MIXEVAL_DEV_DATA names no folder of recordings"
)
def test_real_mixes_of_one_recording_are_in_time_and_their_mp3s_are_late_by_the_decoders_1105_samples():
    data = Path(os.environ["MIXEVAL_DEV_DATA"])
    stems = [read_audio(path).samples[0] for path in sorted((data / "enst-excerpt" / "stems").glob("*.wav"))]
    total = audio(np.sum(stems, axis=0))

    for path in (data / "enst-excerpt" / "reference").glob("*.wav"):
        assert delay_seconds(read_audio(path), total) == pytest.approx(0.0, abs=1e-4)
    coded = list((data / "paper-stimuli").glob("066_*.mp3"))
    assert len(coded) == 7
    for path in coded:
        assert delay_seconds(read_audio(path), total) == pytest.approx(1105 / RATE, abs=1e-4)
