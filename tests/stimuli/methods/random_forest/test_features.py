"""The judges: signals whose features are known by formula, pyloudnorm, and a second implementation of the cepstrum."""

import math

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval.audio import Audio, read_audio
from mixeval.errors import AudioError
from mixeval_stimuli.datasets import synthetic
from mixeval_stimuli.datasets.enst import STEMS
from mixeval_stimuli.methods.random_forest.features import (
    COLUMNS,
    COMMON_LUFS,
    FRAME,
    SAMPLE_RATE,
    STEM_FEATURES,
    _mfcc,
    _power,
    describe,
    measure_stem,
    mel_filters,
)
from mixeval_stimuli.recordings import read_stems

SECONDS = 4


def sine(hz, amplitude=0.1):
    return (amplitude * np.sin(2.0 * np.pi * hz * np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE)).astype(
        np.float32
    )


def noise(amplitude=0.1, seed=0):
    return (amplitude * np.random.default_rng(seed).standard_normal(SECONDS * SAMPLE_RATE)).astype(np.float32)


def bursts(seed=0, level=0.3, every=0.5):
    time = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    return (level * np.exp(-20.0 * (time % every))).astype(np.float32) * noise(1.0, seed)


def as_stem(samples, rate=SAMPLE_RATE):
    return Audio(samples[np.newaxis], rate)


def of(description, stem, feature):
    return float(description.row[COLUMNS.index(f"{stem}.{feature}")])


@pytest.fixture(scope="module")
def stems(synthetic_tree):
    return read_stems(synthetic.load(synthetic_tree.path, **synthetic_tree.parameters)[0])


@pytest.mark.parametrize("hz", [440.0, 1000.0, 5000.0])
def test_a_sine_has_its_frequency_level_and_crossings(hz):
    measured = measure_stem(sine(hz))

    assert measured["centroid_hz_mean"] == pytest.approx(hz, rel=0.01)
    assert measured["rolloff_85_hz_mean"] == pytest.approx(hz, abs=2 * SAMPLE_RATE / FRAME)
    assert measured["rolloff_95_hz_mean"] == pytest.approx(hz, abs=2 * SAMPLE_RATE / FRAME)
    assert measured["zero_crossings_hz_mean"] == pytest.approx(2.0 * hz, rel=0.03)
    assert measured["rms_db_mean"] == pytest.approx(-23.01, abs=0.05)
    assert measured["rms_p95_db"] == pytest.approx(-23.01, abs=0.1)
    assert measured["rms_range_db"] == pytest.approx(0.0, abs=0.1)
    assert measured["crest_db_mean"] == pytest.approx(3.01, abs=0.1)
    assert measured["peak_dbfs"] == pytest.approx(-20.0, abs=0.05)
    assert measured["flatness_mean"] < 1e-3
    assert measured["flux_mean"] == pytest.approx(0.0, abs=0.01)
    assert measured["active_fraction"] == 1.0


def test_the_power_of_a_sine_is_in_its_octave_alone():
    measured = measure_stem(sine(1000.0))

    assert measured["octave_1000_hz_db_mean"] == pytest.approx(-23.01, abs=0.05)
    for octave in ("250", "500", "2000", "4000"):
        assert measured[f"octave_{octave}_hz_db_mean"] < -70.0


def test_white_noise_has_the_moments_of_an_even_distribution():
    measured = measure_stem(noise())

    # Uniform from 0 to 22.05 kHz; each bin is exponential, whose geometric mean is exp(-Euler's constant).
    nyquist = SAMPLE_RATE / 2
    assert measured["centroid_hz_mean"] == pytest.approx(nyquist / 2, rel=0.01)
    assert measured["spread_hz_mean"] == pytest.approx(nyquist / math.sqrt(12.0), rel=0.01)
    assert measured["skewness_mean"] == pytest.approx(0.0, abs=0.02)
    assert measured["kurtosis_mean"] == pytest.approx(1.8, rel=0.02)
    assert measured["rolloff_85_hz_mean"] == pytest.approx(0.85 * nyquist, rel=0.01)
    assert measured["flatness_mean"] == pytest.approx(math.exp(-np.euler_gamma), rel=0.02)
    assert measured["zero_crossings_hz_mean"] == pytest.approx(nyquist, rel=0.01)
    assert measured["rms_db_mean"] == pytest.approx(-20.0, abs=0.1)
    assert measured["octave_8000_hz_db_mean"] - measured["octave_4000_hz_db_mean"] == pytest.approx(
        3.01, abs=0.2
    )


def test_bins_sum_to_the_mean_square():
    frames = np.stack([sine(1000.0)[:FRAME], noise()[:FRAME]]).astype(np.float64)
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(FRAME) / FRAME)

    summed = _power(frames).sum(axis=1)

    assert summed == pytest.approx(np.mean(np.square(frames * window), axis=1) / np.mean(window**2), rel=1e-9)


def test_the_cepstrum_agrees_with_a_slower_one_written_from_its_formulae():
    frames = np.stack([bursts(seed)[100 : 100 + FRAME] for seed in range(3)]).astype(np.float64)
    power = _power(frames)

    def mel(hz):
        return 2595.0 * math.log10(1.0 + hz / 700.0)

    def hz(mels):
        return 700.0 * (10.0 ** (mels / 2595.0) - 1.0)

    corners = [hz(mel(20.0) + k * (mel(20_000.0) - mel(20.0)) / 41) for k in range(42)]
    for row, spectrum in zip(_mfcc(power), power, strict=True):
        levels = []
        for k in range(40):
            left, centre, right = corners[k : k + 3]
            total = 0.0
            for index, value in enumerate(spectrum):
                at = index * SAMPLE_RATE / FRAME
                if left < at <= centre:
                    total += value * (at - left) / (centre - left)
                elif centre < at < right:
                    total += value * (right - at) / (right - centre)
            levels.append(10.0 * math.log10(total + 1e-12))
        for number in range(1, 14):
            expected = math.sqrt(2.0 / 40) * sum(
                level * math.cos(math.pi * number * (2 * k + 1) / 80) for k, level in enumerate(levels)
            )
            assert row[number - 1] == pytest.approx(expected, abs=1e-6)


def test_mel_filters_overlap_to_one():
    total = mel_filters().sum(axis=0)
    hz = np.arange(FRAME // 2 + 1) * SAMPLE_RATE / FRAME

    inside = (hz > 100.0) & (hz < 18_000.0)
    assert total[inside] == pytest.approx(np.ones(inside.sum()))


def test_flux_is_1_where_everything_is_new():
    signal = np.concatenate([np.zeros(8 * FRAME), sine(2000.0)[: 8 * FRAME]]).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(signal.astype(np.float64), FRAME)[::1024]

    from mixeval_stimuli.methods.random_forest.features import _flux

    flux = _flux(_power(frames))
    assert flux.max() == pytest.approx(1.0)
    assert np.sum(flux > 0.1) <= 3


def test_strokes_of_a_stem_are_counted_and_timed():
    measured = measure_stem(bursts(every=0.5))

    assert measured["onsets_hz"] == pytest.approx(2.0)
    assert measured["decay_seconds"] == pytest.approx(math.log(10.0) / 20.0, rel=0.25)  # of noise
    assert measured["rise_seconds"] < 0.01


def test_loudness_is_pyloudnorms_after_the_common_gain(stems):
    described = describe(stems)
    meter = pyloudnorm.Meter(SAMPLE_RATE, filter_class="DeMan")

    def loudness(samples):
        heard = np.repeat(described.gain * samples.astype(np.float64)[:, np.newaxis], 2, axis=1)
        return meter.integrated_loudness(heard)

    assert loudness(sum(stem.samples[0] for stem in stems.values())) == pytest.approx(COMMON_LUFS, abs=0.01)
    loudest = max(loudness(stem.samples[0]) for stem in stems.values())
    for name in ("kick", "snare", "overhead_L"):
        own = loudness(stems[name].samples[0])
        assert of(described, name, "loudness_lufs") == pytest.approx(own, abs=0.01)
        assert of(described, name, "loudness_below_loudest_lu") == pytest.approx(loudest - own, abs=0.01)
        assert of(described, name, "loudness_below_sum_lu") == pytest.approx(COMMON_LUFS - own, abs=0.01)


def test_correlation_with_the_sum_of_unrelated_stems_is_their_share_of_it():
    described = describe({"kick": as_stem(noise(0.3, 0)), "snare": as_stem(noise(0.1, 1))})

    assert of(described, "kick", "correlation_with_sum") == pytest.approx(3 / math.sqrt(10), abs=0.01)
    assert of(described, "snare", "correlation_with_sum") == pytest.approx(1 / math.sqrt(10), abs=0.01)


def test_columns_say_stem_and_feature_in_one_order():
    assert len(COLUMNS) == len(set(COLUMNS)) == len(STEMS) * len(STEM_FEATURES) == 632
    assert COLUMNS[0] == "hi-hat.rms_db_mean"
    assert COLUMNS[-1] == "tom_3.correlation_with_sum"


def test_a_stem_that_is_missing_or_silent_has_no_features(stems):
    silent = Audio(stems["tom_1"].samples * np.float32(1e-6), SAMPLE_RATE)
    some = {**stems, "tom_1": silent}
    del some["snare"]

    described = describe(some)

    for stem in STEMS:
        values = [of(described, stem, feature) for feature in STEM_FEATURES]
        if stem in {"snare", "tom_1", "tom_3"}:
            assert np.isnan(values).all()
            assert stem not in described.heard
        else:
            assert np.isfinite(values).all()
            assert stem in described.heard


@given(st.floats(-70.0, 30.0))
@settings(max_examples=15, deadline=None)
def test_how_loud_the_whole_was_recorded_changes_no_feature(gain_db):
    recorded = {"kick": as_stem(bursts(0, 0.3)), "snare": as_stem(bursts(1, 0.05, every=0.37))}
    factor = np.float32(10.0 ** (gain_db / 20.0))
    raised = {name: Audio(stem.samples * factor, SAMPLE_RATE) for name, stem in recorded.items()}

    before, after = describe(recorded), describe(raised)

    assert after.heard == before.heard
    assert after.gain * factor == pytest.approx(before.gain, rel=1e-5)
    assert after.row == pytest.approx(before.row, rel=1e-4, abs=1e-4, nan_ok=True)


def test_stems_at_48_khz_have_nearly_the_same_features():
    from scipy.signal import resample_poly

    recorded = {"kick": as_stem(sine(1000.0)), "snare": as_stem(sine(300.0, 0.03))}
    other = {
        name: as_stem(resample_poly(stem.samples[0], 160, 147).astype(np.float32), 48_000)
        for name, stem in recorded.items()
    }

    before, after = describe(recorded), describe(other)

    for feature in ("rms_db_mean", "centroid_hz_mean", "loudness_lufs", "octave_1000_hz_db_mean"):
        assert of(after, "kick", feature) == pytest.approx(of(before, "kick", feature), rel=1e-2)


@pytest.mark.parametrize(
    ("stems", "problem"),
    [
        ({"vocals": as_stem(sine(440.0))}, "no stem has a name that is known"),
        ({"kick": as_stem(0 * sine(440.0))}, "silent"),
        ({"kick": as_stem(sine(440.0)[:4410])}, "lasts 100 ms"),
    ],
)
def test_what_cannot_be_described_is_refused(stems, problem):
    with pytest.raises(AudioError) as refusal:
        describe(stems)

    assert problem in refusal.value.problem


def test_real_drums_have_every_feature(real_data):
    names = {
        "hihat": "hi-hat",
        "kick": "kick",
        "overheadL": "overhead_L",
        "overheadR": "overhead_R",
        "snare": "snare",
        "tom1": "tom_1",
        "tom2": "tom_2",
    }
    folder = real_data / "enst-excerpt" / "stems"

    described = describe({ours: read_audio(folder / f"{file}.wav") for file, ours in names.items()})

    assert set(described.heard) == set(names.values())
    known = [name for name, value in zip(COLUMNS, described.row, strict=True) if np.isfinite(value)]
    assert known == [name for name in COLUMNS if not name.startswith("tom_3.")]
    # Where the drums are: the kick below the snare below the hi-hat.
    assert of(described, "kick", "centroid_hz_mean") < of(described, "snare", "centroid_hz_mean")
    assert of(described, "snare", "centroid_hz_mean") < of(described, "hi-hat", "centroid_hz_mean")
