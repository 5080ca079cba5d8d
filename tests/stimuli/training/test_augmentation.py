"""Judge: properties, and counts against their expectation."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mixeval_stimuli.training.augmentation import augmented


def gains_of(stems, **options):
    return augmented(stems, np.random.default_rng(options.pop("seed")), **options)[:, 0] / stems[:, 0]


@given(seed=st.integers(0, 1000), range_db=st.floats(0.0, 30.0))
def test_every_gain_lies_in_the_range(seed, range_db):
    gains_db = 20 * np.log10(gains_of(np.ones((8, 4), np.float32), seed=seed, gain_range_db=range_db))
    assert np.max(np.abs(gains_db)) <= range_db + 1e-4


def test_gains_are_uniform_in_decibels():
    stems = np.ones((8, 2), np.float32)
    gains_db = np.concatenate(
        [20 * np.log10(gains_of(stems, seed=seed, gain_range_db=12.0)) for seed in range(500)]
    )
    # 4000 values: the mean of a uniform distribution of +-12 has a standard error of 0.11, each decile 0.5 %.
    assert abs(np.mean(gains_db)) < 0.5
    counts, _ = np.histogram(gains_db, bins=10, range=(-12, 12))
    assert np.all(np.abs(counts / len(gains_db) - 0.1) < 0.02)


def test_stems_are_missing_as_often_as_asked_for():
    stems = np.ones((8, 2), np.float32)
    missing = np.mean([gains_of(stems, seed=seed, dropout=0.25) == 0 for seed in range(500)])
    assert abs(missing - 0.25) < 0.03


@given(seed=st.integers(0, 1000), silent=st.sets(st.integers(0, 3), max_size=3))
def test_one_stem_that_sounds_is_always_left(seed, silent):
    stems = np.ones((4, 2), np.float32)
    stems[sorted(silent)] = 0.0
    assert augmented(stems, np.random.default_rng(seed), dropout=0.99).any()


def test_silence_stays_silence():
    assert not augmented(np.zeros((3, 2), np.float32), np.random.default_rng(0), dropout=0.5).any()


def test_the_gains_are_the_same_with_and_without_dropout():
    stems = np.ones((8, 2), np.float32)
    whole = gains_of(stems, seed=4, gain_range_db=6.0)
    some = gains_of(stems, seed=4, gain_range_db=6.0, dropout=0.5)
    assert (some == 0).any()
    assert np.array_equal(some[some > 0], whole[some > 0])


def test_samples_stay_32_bit():
    assert (
        augmented(np.ones((2, 2), np.float32), np.random.default_rng(0), gain_range_db=3).dtype == np.float32
    )
