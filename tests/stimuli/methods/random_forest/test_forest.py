"""The judge of what a forest predicts is scikit-learn, whose forest it was."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixeval.errors import ModelError
from mixeval_stimuli.methods.random_forest.forest import LEAF, MAX_DEPTH, Forest
from mixeval_stimuli.training.random_forest import forest_of

COLUMNS = 12


def data(rows, *, seed=0, missing=0.3):
    """Rows of features with holes, one column that is never there, and three outputs that hang on all of it."""
    random = np.random.default_rng(seed)
    features = random.standard_normal((rows, COLUMNS)).astype(np.float32)
    features[:, 3] = np.rint(features[:, 3])  # ties
    targets = np.stack(
        [features[:, 0] * 2, np.sin(features[:, 1]) + features[:, 3], features[:, 4] ** 2], axis=1
    )
    features[random.random(features.shape) < missing] = np.nan
    features[:, 7] = np.nan
    targets += np.isnan(features[:, [5]])  # that something is missing says something
    return features, targets.astype(np.float64)


@pytest.fixture(scope="module")
def grown():
    """A forest of scikit-learn's, and the same as plain arrays."""
    from sklearn.ensemble import RandomForestRegressor

    model = RandomForestRegressor(60, max_features=0.5, random_state=0).fit(*data(120))
    return model, forest_of(model)


def small():
    """One tree: is column 2 at most 0.5 (missing: yes)? If not, is column 0 at most 1 (missing: no)?"""
    return Forest(
        starts=np.array([0, 5], dtype=np.int32),
        feature=np.array([2, LEAF, 0, LEAF, LEAF], dtype=np.int16),
        threshold=np.array([0.5, 0, 1, 0, 0], dtype=np.float32),
        missing_left=np.array([True, False, False, False, False]),
        link=np.array([2, 0, 4, 1, 2], dtype=np.int32),
        values=np.array([[10.0], [20.0], [30.0]]),
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([0, 0, 0.5], 10.0),
        ([0, 0, np.nan], 10.0),
        ([1.0, 0, 0.6], 20.0),
        ([1.1, 0, 0.6], 30.0),
        ([np.nan, 0, 0.6], 30.0),
    ],
)
def test_a_row_goes_where_its_values_and_its_holes_lead(row, expected):
    assert small().predict(np.array([row])).tolist() == [[expected]]


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.9, 1.0])
def test_it_predicts_as_scikit_learn_does_holes_or_not(grown, missing):
    model, forest = grown
    rows, _ = data(200, seed=1, missing=missing)

    assert np.array_equal(forest.leaves(rows) - forest.starts[:-1], model.apply(rows))
    assert np.abs(forest.predict(rows) - model.set_params(n_jobs=1).predict(rows)).max() <= 1e-12


@given(st.lists(st.floats(width=32, allow_infinity=False), min_size=COLUMNS, max_size=COLUMNS))
@settings(max_examples=60, deadline=None)
def test_any_row_of_numbers_falls_into_scikit_learns_leaves(grown, row):
    model, forest = grown
    rows = np.array([row], dtype=np.float32)

    assert np.array_equal(forest.leaves(rows) - forest.starts[:-1], model.apply(rows))


def test_values_on_and_beside_a_threshold_fall_on_scikit_learns_side(grown):
    # Thresholds are rounded to float32 here and are float64 there: where that matters, it would show.
    model, forest = grown
    inner = np.flatnonzero(forest.feature != LEAF)
    inner = inner[forest.threshold[inner] < 1e30]
    for node in inner[:: len(inner) // 60]:
        threshold = forest.threshold[node]
        rows = np.zeros((3, COLUMNS), dtype=np.float32)
        rows[:, forest.feature[node]] = [
            np.nextafter(threshold, np.float32(-np.inf)),
            threshold,
            np.nextafter(threshold, np.float32(np.inf)),
        ]
        assert np.array_equal(forest.leaves(rows) - forest.starts[:-1], model.apply(rows))


def test_a_split_off_of_missing_values_alone_needs_no_infinity(grown):
    model, forest = grown

    assert any(np.isinf(tree.tree_.threshold).any() for tree in model.estimators_)
    assert np.isfinite(forest.threshold).all()


def test_a_forest_from_scikit_learn_is_sound(grown):
    grown[1].check(columns=COLUMNS)


def test_a_row_that_is_too_short_or_infinite_is_refused(grown):
    with pytest.raises(ModelError, match="asks for"):
        grown[1].predict(np.zeros((1, 3)))
    with pytest.raises(ModelError, match="infinite"):
        grown[1].predict(np.full((1, COLUMNS), np.inf))


def with_entry(name, index, value):
    def change(forest):
        array = getattr(forest, name).copy()
        array[index] = value
        return replace(forest, **{name: array})

    return change


def deep(levels):
    """A tree that goes down on its left: each inner node's right child is a leaf."""
    nodes = 2 * levels + 1
    link = np.zeros(nodes, dtype=np.int32)
    link[:levels] = nodes - 1 - np.arange(levels)
    return Forest(
        starts=np.array([0, nodes], dtype=np.int32),
        feature=np.where(np.arange(nodes) < levels, 0, LEAF).astype(np.int16),
        threshold=np.zeros(nodes, dtype=np.float32),
        missing_left=np.zeros(nodes, dtype=np.bool_),
        link=link,
        values=np.ones((1, 1)),
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (with_entry("link", 2, 0), "before it or outside its tree"),
        (with_entry("link", 2, 2), "before it or outside its tree"),
        (with_entry("link", 2, -1), "before it or outside its tree"),
        (with_entry("link", 0, 5), "before it or outside its tree"),
        (with_entry("link", 0, 2**31 - 1), "before it or outside its tree"),
        (with_entry("link", 0, 3), "no parent"),
        (lambda f: replace(f, feature=np.array([2, 0, LEAF, LEAF, LEAF], dtype=np.int16),
                           link=np.array([2, 3, 0, 1, 2], dtype=np.int32)), "two parents"),
        (with_entry("link", 1, 3), "a value that is not there"),
        (with_entry("link", 1, -1), "a value that is not there"),
        (with_entry("feature", 0, 3), "not one of the 3"),
        (with_entry("feature", 0, -2), "not one of the 3"),
        (with_entry("feature", 0, LEAF), "no parent"),
        (with_entry("feature", 4, 1), "before it or outside its tree"),
        (with_entry("threshold", 0, np.nan), '"threshold" holds numbers that are not finite'),
        (with_entry("threshold", 0, np.inf), '"threshold" holds numbers that are not finite'),
        (with_entry("values", 0, np.nan), '"values" holds numbers that are not finite'),
        (with_entry("starts", 0, 1), "do not follow one another"),
        (with_entry("starts", 1, 4), "do not follow one another"),
        (lambda f: replace(f, starts=np.array([0, 3, 2, 5], dtype=np.int32)), "do not follow one another"),
        (lambda f: replace(f, starts=np.array([0], dtype=np.int32)), "it has 0 trees"),
        (lambda f: replace(f, starts=np.zeros(20_000, dtype=np.int32)), "it has 19999 trees"),
        (lambda f: replace(f, starts=np.zeros(0, dtype=np.int32)), "it has -1 trees"),
        (lambda f: replace(f, threshold=f.threshold[:-1]), '"threshold" has 4 entries for 5 nodes'),
        (lambda f: replace(f, link=f.link[:-1]), '"link" has 4 entries for 5 nodes'),
        (lambda f: replace(f, missing_left=f.missing_left[:0]), '"missing_left" has 0 entries'),
        (lambda f: replace(f, feature=f.feature[:0]), "it has 0 nodes"),
        (lambda f: replace(f, values=f.values[:0]), '"values" has the shape'),
        (lambda _: deep(MAX_DEPTH + 1), "deeper than 1000 levels"),
    ],
)  # fmt: skip
def test_each_fault_of_a_forest_is_named(change, problem):
    small().check(columns=3)

    with pytest.raises(ModelError) as refusal:
        change(small()).check(columns=3)

    assert problem in refusal.value.problem


def test_a_deep_forest_is_sound_as_long_as_it_can_be_walked():
    forest = deep(MAX_DEPTH)

    forest.check(columns=1)

    assert forest.predict(np.array([[-1.0], [1.0]])).tolist() == [[1.0], [1.0]]


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_passes_the_check_can_be_walked(drawn):
    size = drawn.draw(st.integers(1, 9))
    feature = drawn.draw(st.lists(st.integers(-1, 2), min_size=size, max_size=size))
    link = drawn.draw(st.lists(st.integers(-1, size), min_size=size, max_size=size))
    forest = Forest(
        starts=np.array([0, size], dtype=np.int32),
        feature=np.array(feature, dtype=np.int16),
        threshold=np.zeros(size, dtype=np.float32),
        missing_left=np.zeros(size, dtype=np.bool_),
        link=np.array(link, dtype=np.int32),
        values=np.arange(3.0)[:, np.newaxis],
    )
    try:
        forest.check(columns=3)
    except ModelError:
        return
    rows = np.random.default_rng(0).standard_normal((20, 3))
    assert set(forest.predict(rows)[:, 0]) <= {0.0, 1.0, 2.0}
