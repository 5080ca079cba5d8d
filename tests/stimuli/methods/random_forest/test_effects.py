"""Judges: pyloudnorm, a null test of the parameters, properties, and the paper's own wet mixes.

MIXEVAL_DEV_DATA names a folder with the published mixes, where they are at hand.
"""

import json
import os
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval.audio import Audio, read_audio
from mixeval.errors import AudioError
from mixeval_stimuli.methods.random_forest.dynamics import Compressor, compress
from mixeval_stimuli.methods.random_forest.effects import add_effects
from mixeval_stimuli.methods.random_forest.transients import crest_db

PUBLISHED = Path(os.environ.get("MIXEVAL_DEV_DATA", "absent")) / "paper-stimuli"
STYLES = pytest.mark.parametrize("style", ["tuned", "as_published"])
STYLE_NAMES = ("tuned", "as_published")


def drums(*, rate=44_100, seconds=6.0, bpm=113.0, seed=0, level=0.5):
    """Make a stereo beat of noise bursts and low tones, in float32 (2, samples)."""
    random = np.random.default_rng(seed)
    clock = np.arange(round(seconds * rate)) / rate
    mix = np.zeros((2, clock.size))
    for time in np.arange(0.1, seconds - 0.3, 60 / bpm):
        since = np.maximum(clock - time, 0.0)
        struck = (clock > time) * np.minimum(since / 0.004, 1.0) * random.uniform(0.6, 1.0)
        kick = struck * np.exp(-since / 0.08) * np.sin(2 * np.pi * 70 * since)
        snare = 0.7 * struck * np.exp(-since / 0.04) * random.standard_normal((2, clock.size))
        mix += kick + 0.5 * snare[0] + 0.2 * snare
    return Audio((level * mix / np.abs(mix).max()).astype(np.float32), rate)


def direct_sound(dry, found):
    """Compress again with nothing but the parameters of the manifest."""
    settings = dict(found["compressor"])
    makeup_db, _ = settings.pop("makeup_db"), settings.pop("largest_reduction_db")
    compressed = compress(dry.samples.astype(np.float64), dry.sample_rate, Compressor(**settings))
    return compressed.samples * 10 ** (makeup_db / 20)


def lufs(samples, rate):
    return pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(samples.T.astype(np.float64))


@pytest.mark.parametrize("rate", [22_050, 44_100, 96_000])
@STYLES
def test_make_up_and_wet_level_are_what_the_parameters_say(style, rate):
    dry = drums(rate=rate, seconds=3.0)
    effects = add_effects(dry, style=style)

    direct = direct_sound(dry, effects.parameters)
    reverb = effects.audio.samples - direct

    assert lufs(direct, rate) == pytest.approx(lufs(dry.samples, rate), abs=0.1)
    level = effects.parameters["reverb"]["wet_level_lu"]
    assert lufs(reverb, rate) - lufs(direct, rate) == pytest.approx(level, abs=0.1)


def test_the_reverb_starts_a_pre_delay_after_the_first_sound():
    dry = drums()
    effects = add_effects(dry)

    reverb = effects.audio.samples - direct_sound(dry, effects.parameters)
    first = np.flatnonzero(dry.samples.any(axis=0))[0]

    pre_delay = round(effects.parameters["reverb"]["pre_delay_seconds"] * dry.sample_rate)
    assert np.abs(reverb[:, : first + pre_delay]).max() < 1e-6
    assert np.abs(reverb[:, first + pre_delay : first + pre_delay + 500]).max() > 1e-4


def test_the_tempo_decides_the_times():
    found = add_effects(drums(bpm=113.0)).parameters

    assert found["analysis"]["tempo_bpm"] == pytest.approx(113.0, rel=0.01)
    assert found["reverb"]["rt60_seconds"] == pytest.approx(120 / 113, rel=0.01)
    assert found["reverb"]["pre_delay_seconds"] == pytest.approx(60 / 113 / 16, rel=0.01)


def test_tuned_lowers_peaks_by_a_few_decibels_and_never_pumps():
    dry = drums()
    effects = add_effects(dry)

    before, after = (crest_db(a.samples.astype(np.float64), a.sample_rate) for a in (dry, effects.audio))

    assert 0.5 <= before - after <= 5.0
    assert effects.parameters["compressor"]["largest_reduction_db"] <= 8.0


@STYLES
def test_both_styles_keep_length_and_rate_and_are_stereo(style):
    dry = drums(rate=48_000, seconds=2.0)
    for given_audio in (dry, Audio(dry.samples[:1], 48_000)):
        wet = add_effects(given_audio, style=style).audio
        assert (wet.channels, wet.frames, wet.sample_rate) == (2, dry.frames, 48_000)


def test_the_parameters_are_plain_json():
    for style in STYLE_NAMES:
        found = add_effects(drums(), style=style).parameters
        assert json.loads(json.dumps(found, allow_nan=False)) == found
        assert found["style"] == style


def test_the_same_mix_gives_the_same_wet_mix():
    first, second = (add_effects(drums()) for _ in range(2))

    np.testing.assert_array_equal(first.audio.samples, second.audio.samples)
    assert first.parameters == second.parameters


@settings(max_examples=8, deadline=None)
@given(exponent=st.integers(-12, 8), seed=st.integers(0, 50), style=st.sampled_from(STYLE_NAMES))
def test_a_louder_mix_gives_the_same_wet_mix_as_much_louder(exponent, seed, style):
    dry = drums(seed=seed, seconds=2.5)
    louder = Audio(dry.samples * np.float32(2.0**exponent), dry.sample_rate)

    np.testing.assert_array_equal(
        add_effects(louder, style=style).audio.samples,
        add_effects(dry, style=style).audio.samples * np.float32(2.0**exponent),
    )


@pytest.mark.parametrize("gain_db", [-37.3, -3.1, 5.9])
def test_any_gain_goes_through_to_the_parameters_in_decibels(gain_db):
    dry = drums()
    louder = Audio((dry.samples * 10 ** (gain_db / 20)).astype(np.float32), dry.sample_rate)
    found, shifted = (add_effects(audio).parameters for audio in (dry, louder))

    threshold, ratio = (found["compressor"][name] for name in ("threshold_dbfs", "ratio"))
    assert shifted["compressor"]["threshold_dbfs"] == pytest.approx(threshold + gain_db, abs=1e-3)
    assert shifted["compressor"]["ratio"] == pytest.approx(ratio, rel=1e-4)
    assert shifted["reverb"] == pytest.approx(found["reverb"], rel=1e-4)


NOISE = np.random.default_rng(1).uniform(-1, 1, (2, 44_100))
ODD = {
    "silence": np.zeros((2, 44_100)),
    "nothing at all": np.zeros((2, 0)),
    "one sample": np.ones((1, 1)),
    "2 ms": NOISE[:, :100],
    "300 ms": NOISE[:, :13_000],
    "0 Hz": np.full((2, 100_000), 0.5),
    "0 Hz at full scale": np.ones((1, 100_000)),
    "one click": np.eye(1, 100_000, 50_000),
    "a click at the end": np.eye(1, 100_000, 99_999),
    "full-scale square": np.sign(np.sin(2 * np.pi * 100.5 * np.arange(100_000) / 44_100 + 0.1))[np.newaxis],
    "opposite sides": np.array([[1.0], [-1.0]]) * NOISE[:1],
    "one side silent": np.array([[1.0], [0.0]]) * NOISE,
    "far below 24 bits": 1e-30 * NOISE,
    "far above full scale": 1e6 * NOISE,
}


@STYLES
@pytest.mark.parametrize("samples", ODD.values(), ids=ODD.keys())
def test_what_is_no_music_has_a_defined_answer(samples, style):
    effects = add_effects(Audio(samples.astype(np.float32), 44_100), style=style)

    assert effects.audio.samples.shape == (2, samples.shape[1])
    assert np.isfinite(effects.audio.samples).all()
    assert np.abs(effects.audio.samples).max(initial=0.0) <= 4.0 * np.abs(samples).max(initial=0.0)
    json.dumps(effects.parameters, allow_nan=False)


def test_silence_stays_silence_and_says_so():
    effects = add_effects(Audio(np.zeros((1, 44_100), np.float32), 44_100))

    assert not effects.audio.samples.any()
    assert effects.parameters == {"style": "tuned", "silent": True}


def test_what_cannot_be_measured_takes_defaults_and_says_so():
    found = add_effects(Audio(np.ones((1, 100), np.float32), 44_100)).parameters

    assert found["analysis"]["defaults"] == ["tempo", "rise", "decay"]
    assert found["analysis"]["tempo_bpm"] == 120.0
    assert found["reverb"]["wet_level_lu"] is None


@pytest.mark.parametrize(
    ("samples", "rate", "problem"),
    [
        (np.ones((3, 100)), 44_100, "3 channels"),
        (np.full((2, 100), np.nan), 44_100, "not finite"),
        (np.full((2, 100), np.inf), 44_100, "not finite"),
        (np.ones((2, 1000)), 8_000, "8000 Hz"),
    ],
)
def test_what_cannot_be_mixed_is_refused(samples, rate, problem):
    with pytest.raises(AudioError, match=problem):
        add_effects(Audio(samples.astype(np.float32), rate))


def coherent_over_rest_db(wet, dry):
    """Compare what of a channel is the dry mix at one gain with everything else."""
    same = np.dot(wet, dry) / np.dot(dry, dry) * dry
    return 10 * np.log10(np.sum(np.square(same)) / np.sum(np.square(wet - same)))


@pytest.mark.slow
@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="MIXEVAL_DEV_DATA names no paper-stimuli")
def test_as_published_has_as_much_reverb_as_the_papers_wet_mixes():
    ours, papers = [], []
    for path in sorted(PUBLISHED.glob("*_rf.mp3")):
        dry = read_audio(path)
        paper = read_audio(path.with_name(path.name.replace("_rf.mp3", "_rfwet.mp3")))
        for wet, measures in ((add_effects(dry, style="as_published").audio, ours), (paper, papers)):
            frames = min(wet.frames, dry.frames)
            samples, mono = wet.samples[:, :frames].astype(float), dry.samples[0, :frames].astype(float)
            shares = [coherent_over_rest_db(side, mono) for side in samples]
            measures.append((np.mean(shares), np.corrcoef(samples)[0, 1]))
    (our_share, our_correlation), (share, correlation) = (np.transpose(each) for each in (ours, papers))

    # Measured of theirs: shares of -1.5 to +2.9 dB, correlations of 0.36 to 0.58.
    assert share.mean() == pytest.approx(-0.3, abs=0.3)
    assert np.abs(our_share - share).max() < 2.0
    assert np.abs(our_correlation - correlation).max() < 0.15
