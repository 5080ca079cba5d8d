"""Judges: the table in docs/random-forest-effects.md, worked out by hand, and the ranges it gives."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval_stimuli.methods.random_forest import effect_parameters as parameters

BEATS = st.floats(60 / 240, 60 / 40)


@pytest.mark.parametrize(("crest", "expected"), [(0, 1.2), (6, 1.2), (14, 14 / 9), (20, 20 / 12), (28, 1.4)])
def test_the_ratio_holds_the_highest_peak_by_8_decibels_at_most(crest, expected):
    assert parameters.ratio(crest) == pytest.approx(expected)


@given(crest=st.floats(0, 80))
def test_no_peak_is_held_by_more(crest):
    assert (1 - 1 / parameters.ratio(crest)) * crest <= parameters.LARGEST_REDUCTION_DB + 1e-9
    assert 1.1 <= parameters.ratio(crest) <= 1.7


@given(rise=st.floats(0, 1), decay=st.floats(0, 20), beat=BEATS)
def test_attack_and_release_stay_within_their_ranges(rise, decay, beat):
    attack = parameters.attack_seconds(rise, beat)
    release = parameters.release_seconds(decay, beat)

    assert 0.003 <= attack <= min(0.030, beat / 16)
    assert 0.003 <= parameters.look_ahead_seconds(attack) <= min(attack, 0.005)
    assert 0.040 <= release <= min(0.400, beat / 2)
    assert release > attack


def test_the_release_has_the_tails_own_time_constant():
    release = parameters.release_seconds(0.3, 0.5)

    assert 20 * math.log10(math.exp(-0.3 / release)) == pytest.approx(-20)


@pytest.mark.parametrize(
    ("bpm", "two_beats", "three_beats"),
    [(240, 0.5, 0.75), (120, 1.0, 1.5), (78, 1.538, 2.308), (40, 2.5, 2.5)],
)
def test_the_reverberation_time_is_two_beats_or_as_published_three(bpm, two_beats, three_beats):
    assert parameters.rt60_seconds(60 / bpm, "tuned") == pytest.approx(two_beats, abs=1e-3)
    assert parameters.rt60_seconds(60 / bpm, "as_published") == pytest.approx(three_beats, abs=1e-3)


@pytest.mark.parametrize(("bpm", "gain"), [(40, 0.4), (60, 0.4), (120, 0.55), (180, 0.7), (240, 0.7)])
def test_diffusion_grows_with_the_tempo(bpm, gain):
    assert parameters.diffusion(bpm) == pytest.approx(gain)


@pytest.mark.parametrize(("bpm", "milliseconds"), [(120, 31.25), (100, 18.75), (240, 31.25), (40, 23.4375)])
def test_the_pre_delay_is_a_binary_subdivision_of_the_beat(bpm, milliseconds):
    assert 1000 * parameters.pre_delay_seconds(60 / bpm) == pytest.approx(milliseconds)


@given(beat=BEATS)
def test_the_pre_delay_stays_within_the_haas_limit(beat):
    assert parameters.HAAS_SECONDS / 2 <= parameters.pre_delay_seconds(beat) <= parameters.HAAS_SECONDS


@pytest.mark.parametrize(("sharp", "damping", "level"), [(0, 0.2, -6), (0.5, 0.45, -10), (1, 0.7, -14)])
def test_sharp_strokes_get_less_and_darker_reverb(sharp, damping, level):
    assert parameters.damping(sharp) == pytest.approx(damping)
    assert parameters.wet_level_lu(sharp, "tuned") == pytest.approx(level)
    assert parameters.wet_level_lu(sharp, "as_published") == 0.0


def test_the_bass_drum_stays_out_of_the_tuned_reverb():
    assert parameters.high_pass_hz("tuned") == 150.0
    assert parameters.high_pass_hz("as_published") == 20.0


def test_the_threshold_is_the_rms_level():
    assert parameters.threshold_dbfs(-23.4) == -23.4
