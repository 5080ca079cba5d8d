"""Judges: the words of each change, and the files that are written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval.audio import read_audio
from mixeval_stimuli.comparison.perturbation import (
    ALL,
    Perturbation,
    every_swap,
    gains_within,
    likely_swaps,
    perturbations,
    perturbed,
)
from mixeval_stimuli.datasets.enst import STEMS
from mixeval_stimuli.recordings import Recording

RATE = 44_100


@pytest.fixture
def recording(tmp_path):
    import soundfile

    stems = {}
    for level, name in enumerate(("kick", "snare", "all/*?"), start=1):
        stems[name] = tmp_path / f"stem{level}.wav"
        soundfile.write(stems[name], np.full(100, 0.2 * level), RATE, subtype="FLOAT")
    return Recording("take", stems=stems)


def test_by_default_stems_go_18_db_up_and_down_in_steps_of_6():
    assert gains_within() == (-18.0, -12.0, -6.0, 6.0, 12.0, 18.0)


@given(st.floats(0.1, 60.0), st.floats(0.1, 60.0))
def test_gains_are_symmetric_and_stay_within_their_range(range_db, step_db):
    gains = gains_within(range_db, step_db)
    assert gains == tuple(-gain for gain in reversed(gains))
    assert all(0 < abs(gain) <= range_db * (1 + 1e-9) for gain in gains)


def test_each_stem_and_all_of_them_are_changed_in_every_way():
    planned = perturbations(["a", "b"], gains_db=(-6.0, 6.0), swaps=[("a", "b")])
    assert planned == [
        Perturbation("none"),
        *(Perturbation("gain", stem, gain_db=gain) for stem in ("a", "b", ALL) for gain in (-6.0, 6.0)),
        Perturbation("missing", "a"),
        Perturbation("missing", "b"),
        Perturbation("swap", "a", "b"),
    ]


def test_likely_swaps_are_those_that_people_make():
    assert likely_swaps(STEMS) == [
        ("hi-hat", "snare"),
        ("kick", "snare"),
        ("overhead_L", "overhead_R"),
        ("tom_1", "tom_2"),
        ("tom_2", "tom_3"),
    ]
    assert likely_swaps(["vocals", "bass", "other"]) == [("vocals", "bass"), ("bass", "other")]
    assert likely_swaps(["only"]) == []
    assert len(every_swap(STEMS)) == 28


def test_a_gain_makes_float_copies_that_may_pass_full_scale(recording, tmp_path):
    louder = perturbed(recording, Perturbation("gain", "snare", gain_db=18.0), tmp_path)
    assert read_audio(louder.stems["snare"]).samples[0, 0] == pytest.approx(0.4 * 10 ** (18 / 20))
    assert louder.stems["kick"] == recording.stems["kick"]
    both = perturbed(recording, Perturbation("gain", ALL, gain_db=-6.0), tmp_path)
    for name, path in recording.stems.items():
        ratio = read_audio(both.stems[name]).samples / read_audio(path).samples
        assert ratio == pytest.approx(10 ** (-6 / 20))


def test_a_missing_stem_is_absent_and_swapped_stems_keep_their_place(recording, tmp_path):
    assert list(perturbed(recording, Perturbation("missing", "kick"), tmp_path).stems) == ["snare", "all/*?"]
    swapped = perturbed(recording, Perturbation("swap", "kick", "snare"), tmp_path).stems
    assert list(swapped) == list(recording.stems)
    assert (swapped["kick"], swapped["snare"]) == (recording.stems["snare"], recording.stems["kick"])
    assert perturbed(recording, Perturbation("none"), tmp_path) == recording
