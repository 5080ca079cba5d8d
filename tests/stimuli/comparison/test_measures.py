"""Judges: the crest factors and correlations of known waves, and the manifest."""

import math

import numpy as np
import pytest

from mixeval.audio import Audio
from mixeval_stimuli.comparison.measure_tables import MEASURES, means_table, measures_table
from mixeval_stimuli.comparison.measures import crest_db, measure_study, stereo_correlation
from mixeval_stimuli.executors import local_executor

RATE = 44_100
TIME = np.arange(RATE) / RATE
SINE, COSINE = np.sin(2 * np.pi * 441 * TIME), np.cos(2 * np.pi * 441 * TIME)


def stereo(left, right):
    return Audio(np.stack([left, right]).astype(np.float32), RATE)


@pytest.mark.parametrize(
    ("wave", "expected"),
    [(SINE, 10 * math.log10(2)), (np.sign(SINE + 1e-9), 0.0), (2 * (441 * TIME % 1) - 1, 10 * math.log10(3))],
    ids=["sine", "square", "sawtooth"],
)
def test_known_waves_have_their_crest_factors(wave, expected):
    assert crest_db(stereo(wave, wave)) == pytest.approx(expected, abs=0.1)
    assert crest_db(stereo(wave, 0 * wave)) == pytest.approx(expected + 10 * math.log10(2), abs=0.1)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(SINE, SINE, 1.0), (SINE, -0.2 * SINE, -1.0), (SINE, COSINE, 0.0), (SINE, SINE + COSINE, 0.5**0.5)],
    ids=["mono", "inverted", "unrelated", "between"],
)
def test_known_pairs_have_their_correlations(left, right, expected):
    assert stereo_correlation(stereo(left, right)) == pytest.approx(expected, abs=1e-6)
    assert stereo_correlation(stereo(left, 0 * right)) is None


@pytest.fixture
def rows(finished):
    done = []
    with local_executor(1) as executor:
        measured = measure_study(
            finished, ["loop 1", "loop 2"], executor, progress=lambda *what: done.append(what)
        )
    assert done == [(row.item, row.condition) for row in measured]
    return measured


def test_each_mix_is_measured_as_the_manifest_says_it_was_rendered(finished, rows):
    assert len(rows) == 6
    for row in rows:
        stimulus = finished.stimulus(row.item, row.condition)
        assert row.character.loudness_lufs == pytest.approx(stimulus.loudness_lufs, abs=1e-4)
        assert row.character.true_peak_dbtp == pytest.approx(stimulus.true_peak_dbtp, abs=1e-4)


def test_a_reference_has_no_distance_and_mono_is_fully_correlated(rows):
    by_condition = {row.condition: row for row in rows if row.item == "loop 1"}
    assert by_condition["reference"].distance is None
    assert by_condition["network"].character.stereo_correlation == pytest.approx(1.0)
    assert by_condition["anchor"].distance.sdr_db < 10


def test_the_tables_have_a_row_for_each_mix_and_the_means_of_each_condition(finished, rows):
    measures = measures_table(rows, finished.labels)
    means = means_table(rows, finished.labels)
    assert list(measures.frame.columns) == ["item", "condition", "compare_to", *MEASURES]
    assert list(means.frame.columns) == [
        "condition", "compare_to", "items", *(name for name in MEASURES if name != "lag_samples"),
    ]  # fmt: skip
    assert means.frame["items"].tolist() == [2, 2, 2]
    of_network = [row.distance.l1 for row in rows if row.condition == "network"]
    assert means.frame["l1"].tolist()[1] == pytest.approx(sum(of_network) / 2)
    assert means.frame["l1"].tolist()[0] is None
    assert measures.cells()[0][2] == ""
