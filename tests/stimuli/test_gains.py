"""The judges: mixes made with known gains, filters applied in the time domain, and figures measured on real drums."""

import json

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from mixeval.audio import Audio, read_audio
from mixeval.errors import AudioError
from mixeval_stimuli.datasets import synthetic
from mixeval_stimuli.gains import BANDS_HZ, _gains_by_band, estimate_gains, mix_of, oracle_gains
from mixeval_stimuli.recordings import read_stems

RATE = 44_100


@pytest.fixture(scope="module")
def stems(synthetic_tree):
    """Three seconds of eight microphones that hear one another."""
    recordings = synthetic.load(synthetic_tree.path, **synthetic_tree.parameters)
    return read_stems(next(r for r in recordings if r.facts["drummer"] == "3"))


@pytest.fixture(scope="module")
def gains(stems):
    """-20 to 0 dB, anywhere from left to right, the second stem with inverted polarity."""
    random = np.random.default_rng(0)
    level = 10.0 ** (random.uniform(-20.0, 0.0, len(stems)) / 20.0)
    place = random.uniform(0.1, 0.9, len(stems)) * np.pi / 2
    level[1] *= -1.0
    return level[:, np.newaxis] * np.stack([np.cos(place), np.sin(place)], axis=1)


def error_db(found, true):
    return np.abs(20.0 * np.log10(found / true)).max()


def in_16_bits(audio):
    peak = np.abs(audio.samples).max()
    return Audio(np.rint(audio.samples / peak * 32767).astype(np.float32) / 32768, audio.sample_rate), peak


@pytest.mark.parametrize("estimate", [estimate_gains, oracle_gains])
def test_gains_and_panning_come_back_to_a_thousandth_of_a_decibel(stems, gains, estimate):
    fit = estimate(stems, mix_of(stems, gains))

    assert fit.stems == tuple(stems)
    assert error_db(fit.gains, gains) < 1e-3
    assert fit.r2 == pytest.approx([1.0, 1.0], abs=1e-6)


@pytest.mark.parametrize("estimate", [estimate_gains, oracle_gains])
def test_a_mix_of_16_bits_is_enough(stems, gains, estimate):
    mix, peak = in_16_bits(mix_of(stems, gains))

    fit = estimate(stems, mix)

    assert error_db(fit.gains, gains / peak * 32767 / 32768) < 1e-3
    assert fit.r2 == pytest.approx([1.0, 1.0], abs=1e-6)


def test_polarity_is_kept(stems, gains):
    fit = estimate_gains(stems, mix_of(stems, gains))

    assert np.array_equal(np.sign(fit.gains), np.sign(gains))


def test_a_stem_that_is_hard_on_one_side_is_silent_on_the_other(stems, gains):
    hard = gains.copy()
    hard[2] = 0.5, 0.0

    fit = estimate_gains(stems, mix_of(stems, hard))

    assert fit.gains[2] == pytest.approx([0.5, 0.0], abs=1e-4)
    assert fit.gains[2, 1] == 0.0


def test_a_silent_stem_has_no_gain_and_disturbs_none(stems, gains):
    quiet = 10.0 ** (-85.0 / 20.0) * np.random.default_rng(1).standard_normal(stems["kick"].frames)
    with_silent = {**stems, "tom_3": Audio(quiet.astype(np.float32)[np.newaxis], RATE)}
    tom_3 = list(stems).index("tom_3")
    without = np.arange(len(stems)) != tom_3
    mix = mix_of(with_silent, np.where(without[:, np.newaxis], gains, 0.0))

    fit = estimate_gains(with_silent, mix)

    assert fit.gains[tom_3].tolist() == [0.0, 0.0]
    assert error_db(fit.gains[without], gains[without]) < 1e-3


def test_two_equal_stems_share_their_gain(stems, gains):
    doubled = {**stems, "copy": stems["kick"]}

    fit = estimate_gains(doubled, mix_of(stems, gains))

    kick = list(stems).index("kick")
    assert fit.gains[kick] + fit.gains[-1] == pytest.approx(gains[kick], rel=1e-3)
    assert fit.gains[kick] == pytest.approx(fit.gains[-1], rel=1e-3)


def test_an_equaliser_on_one_stem_leaves_the_gains_of_the_median_band(stems, gains):
    shelved = dict(stems)
    high = sosfilt(butter(2, 5000.0, "highpass", fs=RATE, output="sos"), stems["overhead_L"].samples)
    shelved["overhead_L"] = Audio((stems["overhead_L"].samples + 2.0 * high).astype(np.float32), RATE)
    mix = mix_of(shelved, gains)

    robust, plain = estimate_gains(stems, mix), oracle_gains(stems, mix)

    others = [name != "overhead_L" for name in stems]
    assert error_db(robust.gains[others], gains[others]) < 0.1
    assert error_db(robust.gains[others], gains[others]) < 0.2 * error_db(plain.gains[others], gains[others])


def test_no_other_gains_are_closer_than_the_oracles(stems, gains):
    random = np.random.default_rng(2)
    target = mix_of(stems, gains).samples + 0.01 * random.standard_normal((2, stems["kick"].frames))
    target = Audio(target.astype(np.float32), RATE)
    fit = oracle_gains(stems, target)

    def squared_error(tried):
        return float(np.sum(np.square(target.samples.astype(np.float64) - mix_of(stems, tried).samples)))

    least = squared_error(fit.gains)
    assert np.all(estimate_gains(stems, target).r2 <= fit.r2 + 1e-9)
    for _ in range(10):
        assert squared_error(fit.gains * random.uniform(0.99, 1.01, fit.gains.shape)) > least


def test_each_band_is_fitted_as_its_filter_would_have_it(stems, gains):
    # The second implementation: the filters run over the samples, and least squares over what comes out.
    signals = np.concatenate([stem.samples for stem in stems.values()]).astype(np.float64)[:5]
    random = np.random.default_rng(3)
    coloured = sosfilt(butter(1, 2000.0, fs=RATE, output="sos"), signals) * 0.5 + signals
    target = gains[:5].T @ coloured + 0.01 * random.standard_normal((2, signals.shape[1]))
    padded = np.pad(signals, ((0, 0), (0, RATE // 2))), np.pad(target, ((0, 0), (0, RATE // 2)))

    fitted = _gains_by_band(signals, target, RATE)

    assert len(fitted) == len(BANDS_HZ) == 24
    for index in (0, 8, 15, 23):
        edges = [BANDS_HZ[index] * 2.0 ** (half / 6) for half in (-1, 1)]
        band = butter(3, edges, "bandpass", fs=RATE, output="sos")
        filtered, wanted = (sosfilt(band, rows, axis=1) for rows in padded)
        expected = np.linalg.lstsq(filtered.T, wanted.T)[0]
        assert fitted[index] == pytest.approx(expected, rel=2e-3, abs=2e-4)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda _stems, mix: ({}, mix), "no stems"),
        (lambda stems, mix: (stems, Audio(mix.samples[:, :-1], RATE)), "has 1 x"),
        (lambda stems, mix: (stems, Audio(mix.samples, 48_000)), "at 48000 Hz"),
        (lambda stems, mix: (stems, Audio(mix.samples * 0, RATE)), "the mix is silent"),
        (
            lambda stems, mix: ({n: Audio(s.samples * 0, RATE) for n, s in stems.items()}, mix),
            "every stem is below -80 dBFS",
        ),
    ],
)
def test_what_has_no_gains_is_refused(stems, gains, change, problem):
    with pytest.raises(AudioError) as refusal:
        estimate_gains(*change(stems, mix_of(stems, gains)))

    assert problem in refusal.value.problem


STEMS_066 = ("hihat", "kick", "overheadL", "overheadR", "snare", "tom1", "tom2")


def test_the_real_excerpt_has_the_gains_that_were_measured_on_it(real_data):
    # Judge: figures from another program, before this one was written; transfer functions over frequency for
    # the plateau, where the equaliser of the engineer is flat.
    measured = json.loads((real_data / "multitrack_066.json").read_text(encoding="utf-8"))["dry_mix"]
    folder = real_data / "enst-excerpt"
    stems = {name: read_audio(folder / "stems" / f"{name}.wav") for name in STEMS_066}
    mix = read_audio(folder / "reference" / "dry.wav")

    robust, plain = estimate_gains(stems, mix), oracle_gains(stems, mix)

    assert plain.r2 == pytest.approx(measured["full_band_LS_R2"], abs=1e-4)
    assert robust.r2 == pytest.approx(measured["third_octave_median_R2"], abs=1e-3)
    for side, channel in enumerate("LR"):
        for index in range(len(STEMS_066)):
            third_octaves = measured[f"third_octave_median_gain_dB_{channel}"][index]
            plateau = measured[f"mimo_plateau_gain_dB_{channel}"][index]
            gain = robust.gains[index, side]
            if third_octaves < -50.0:
                assert gain == 0.0
            else:
                assert 20.0 * np.log10(gain) == pytest.approx(third_octaves, abs=0.2)
            if plateau is not None and plateau > -40.0:
                assert 20.0 * np.log10(gain) == pytest.approx(plateau, abs=1.0)
            assert 20.0 * np.log10(abs(plain.gains[index, side])) == pytest.approx(
                measured[f"full_band_LS_gain_dB_{channel}"][index], abs=0.02
            )
