"""The judges are linearity, least squares, BS.1770's true peak, and what was measured on ENST-Drums' own mix."""

import numpy as np
import pytest

from mixeval.audio import Audio
from mixeval_stimuli.datasets.kit.desk import BUS_LUFS, dry_mix, limit, wet_mix
from mixeval_stimuli.datasets.kit.samples import SAMPLE_RATE
from mixeval_stimuli.datasets.kit.setups import SETUPS
from mixeval_stimuli.loudness import integrated_loudness, true_peak

FIRST = SETUPS[0]


@pytest.fixture(scope="module")
def stems():
    """Three seconds of bursts at each microphone, at other times in each."""
    rng = np.random.default_rng(0)
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    return {
        stem: (0.2 * np.exp(-12.0 * ((time - 0.07 * index) % 0.5)) * rng.standard_normal(time.size)).astype(
            np.float32
        )
        for index, stem in enumerate(FIRST.stems)
    }


@pytest.fixture(scope="module")
def rooms(stems):
    mono = sum(stems.values())
    return np.stack([np.roll(mono, 500), np.roll(mono, 700)]).astype(np.float32)


def wet(stems, rooms):
    return wet_mix(stems, rooms, FIRST, np.random.default_rng(0))


def test_the_dry_mix_is_linear(stems):
    halves = {name: np.float32(0.5) * stem for name, stem in stems.items()}
    assert dry_mix(halves, FIRST) == pytest.approx(0.5 * dry_mix(stems, FIRST), abs=1e-6)
    one_by_one = [
        dry_mix({other: stem if other == name else np.zeros_like(stem) for other in stems}, FIRST)
        for name, stem in stems.items()
    ]
    assert sum(one_by_one) == pytest.approx(dry_mix(stems, FIRST), abs=1e-5)


@pytest.mark.parametrize("setup", SETUPS, ids=lambda setup: setup.drummer)
def test_drums_are_gains_and_constant_power_pans_and_overheads_hard(setup):
    impulse = np.zeros(4096, dtype=np.float32)
    impulse[10] = 1.0
    for name in setup.stems:
        mix = dry_mix({other: impulse if other == name else 0.0 * impulse for other in setup.stems}, setup)
        left, right = mix.astype(np.float64)
        if name.startswith("overhead"):
            near, far = (left, right) if name == "overhead_L" else (right, left)
            assert np.abs(near).max() > 0.5
            assert np.abs(far).max() < 1e-12
        elif name != "hi-hat":
            assert left[10] ** 2 + right[10] ** 2 == pytest.approx(
                10 ** (setup.faders[name].gain_db / 10), rel=1e-4
            )
            assert not left[11:].any()
            assert not left[:10].any()


def response_db(name, hertz, reference):
    impulse = np.zeros(2**16, dtype=np.float32)
    impulse[0] = 1.0
    left, right = dry_mix(
        {other: impulse if other == name else 0.0 * impulse for other in FIRST.stems}, FIRST
    )
    spectrum = np.abs(np.fft.rfft(left if left.any() else right))
    bins = np.round(np.array([*hertz, reference]) * 2**16 / SAMPLE_RATE).astype(int)
    level = 20 * np.log10(spectrum[bins])
    return level[:-1] - level[-1]


def test_the_cymbals_equalisers_are_those_measured_on_enst_drums():
    measured = response_db("overhead_L", (500, 2500, 6300, 10_000, 20_000), 100)
    assert measured == pytest.approx([0.0, 1.4, 5.2, 7.8, 10.8], abs=0.3)
    measured = response_db("hi-hat", (63, 20_000), 1000)
    assert measured == pytest.approx([-10.0, 6.8], abs=0.8)


def test_the_wet_mix_is_loud_below_its_ceiling_and_in_time(stems, rooms):
    mix = wet(stems, rooms)
    assert true_peak(Audio(mix, SAMPLE_RATE)) < -1.0
    assert integrated_loudness(Audio(mix, SAMPLE_RATE)) == pytest.approx(BUS_LUFS, abs=1.5)
    assert mix.shape == dry_mix(stems, FIRST).shape
    spectra = [np.fft.rfft(side.sum(axis=0), 2**19) for side in (mix, dry_mix(stems, FIRST))]
    correlation = np.fft.irfft(spectra[0] * np.conj(spectra[1]))
    assert int(np.argmax(correlation)) in {0, 1, 2**19 - 1}


def test_how_much_the_bus_is_compressed_does_not_hang_on_the_level_of_the_take(stems, rooms):
    quiet = wet({name: np.float32(0.25) * stem for name, stem in stems.items()}, np.float32(0.25) * rooms)
    assert quiet == pytest.approx(wet(stems, rooms), abs=2e-4)


def test_the_limiter_leaves_alone_what_is_below_its_ceiling():
    quiet = (0.5 * np.random.default_rng(0).uniform(-1, 1, (2, 10_000))).astype(np.float32)
    assert (limit(quiet) == quiet).all()


@pytest.mark.parametrize("gain", [1.5, 4.0, 20.0])
def test_the_limiter_holds_any_peak_between_samples_too_and_moves_nothing(gain):
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    # A quarter of the sample rate at 45 degrees: its peaks lie 3 dB above its samples (BS.1770 annex 2).
    tone = np.sin(2 * np.pi * (SAMPLE_RATE / 4) * time + np.pi / 4) * np.hanning(time.size) ** 4
    clicks = np.zeros_like(tone)
    clicks[[5000, 30_000]] = 1.0
    mix = (gain * np.stack([tone, clicks])).astype(np.float32)
    held = limit(mix)
    assert true_peak(Audio(held, SAMPLE_RATE)) <= -1.0
    assert list(np.flatnonzero(np.abs(held[1]) > 0.5)) == [5000, 30_000]
    assert (np.sign(held) == np.sign(mix)).all()
