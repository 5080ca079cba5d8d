"""Judges: effects made exactly, simulation, R's REML estimates (lme4), and each method the other's."""

import csv

import numpy as np
import pandas as pd
import pytest

from mixeval.errors import AnalysisError
from mixeval_analysis.inference.variance_components import (
    Components,
    components_table,
    estimate_components,
    minque0,
)
from mixeval_analysis.load import load
from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.selection import select


def ratings_from(cube):
    """Make ratings of a cube (participants, items, conditions); NaN is a rating that was not given."""
    rows = [
        {"participant": f"P{p:03}", "item": f"i{i:02}", "condition": f"c{c}", "rating": float(value)}
        for (p, i, c), value in np.ndenumerate(cube)
        if not np.isnan(value)
    ]
    labels = {f"c{c}": f"C{c}" for c in range(cube.shape[2])}
    return Ratings(rows=with_defaults(pd.DataFrame(rows)), labels=labels, title="Made", source="made")


def drawn(sd, shape, seed):
    n, i, k = shape
    random = np.random.default_rng(seed)
    return (
        50
        + 10 * np.arange(k)
        + sd.participant * random.normal(size=(n, 1, 1))
        + sd.item * random.normal(size=(1, i, 1))
        + sd.participant_item * random.normal(size=(n, i, 1))
        + sd.participant_condition * random.normal(size=(n, 1, k))
        + sd.item_condition * random.normal(size=(1, i, k))
        + sd.residual * random.normal(size=shape)
    )


def contrasts(n):
    """Return n - 1 orthonormal columns that sum to 0."""
    return np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, 1:]]))[0][:, 1:]


def test_mean_squares_that_are_exactly_as_expected_give_the_variances_back():
    # Each source has sums of squares of df times its expected mean square, spread over orthogonal contrasts.
    n, i, k = 6, 4, 3
    variance = {"p": 9.0, "t": 4.0, "pt": 1.0, "pc": 2.0, "tc": 3.0, "e": 5.0}
    pt, pc, tc = (
        variance["e"] + k * variance["pt"],
        variance["e"] + i * variance["pc"],
        variance["e"] + n * variance["tc"],
    )
    squares = {
        "p": pt + pc - variance["e"] + i * k * variance["p"],
        "t": pt + tc - variance["e"] + n * k * variance["t"],
        "pt": pt,
        "pc": pc,
        "tc": tc,
        "e": variance["e"],
    }
    one = {axis: np.full((size, 1), size**-0.5) for axis, size in (("p", n), ("t", i), ("c", k))}
    own = {"p": contrasts(n), "t": contrasts(i), "c": contrasts(k)}
    cube = np.full((n, i, k), 50.0)
    for name, square in squares.items():
        axes = "ptc" if name == "e" else name
        bases = [own[axis] if axis in axes else one[axis] for axis in "ptc"]
        cells = np.full([basis.shape[1] for basis in bases], np.sqrt(square))
        cube = cube + np.einsum("ap,bq,cr,pqr->abc", *bases, cells)
    found = estimate_components(ratings_from(cube)).components
    expected = Components(*np.sqrt([variance[name] for name in ("p", "t", "pt", "pc", "tc", "e")]))
    assert list(found.as_dict().values()) == pytest.approx(list(expected.as_dict().values()), rel=1e-9)


@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_variances_are_recovered_on_average(missing):
    true = Components(10, 5, 4, 6, 4, 12)
    found = []
    for seed in range(60):
        cube = drawn(true, (12, 6, 4), seed)
        # Whole pages are missing, as in incomplete blocks.
        cube[np.random.default_rng(seed).random(cube.shape[:2]) < missing] = np.nan
        found.append(list(minque0(ratings_from(cube).rows).values()))
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(len(found))
    assert (np.abs(mean - np.square(list(true.as_dict().values()))) < 4 * error).all()


def test_complete_data_give_the_same_by_mean_squares_and_by_quadratic_forms():
    ratings = ratings_from(drawn(Components(10, 5, 4, 6, 4, 12), (7, 5, 3), 1))
    estimate = estimate_components(ratings)
    forms = {name: max(0.0, variance) for name, variance in minque0(ratings.rows).items()}
    assert list(np.square(list(estimate.components.as_dict().values()))) == pytest.approx(
        list(forms.values()), rel=1e-9
    )


def test_the_order_of_rows_changes_nothing_and_a_new_unit_scales_all():
    ratings = ratings_from(drawn(Components(10, 5, 4, 6, 4, 12), (7, 5, 3), 2))
    shuffled = ratings.rows.sample(frac=1, random_state=1)
    assert minque0(shuffled) == pytest.approx(minque0(ratings.rows), rel=1e-9)
    tenfold = ratings.rows.assign(rating=ratings.rows["rating"] * 10 + 3)
    assert minque0(tenfold) == pytest.approx({k: v * 100 for k, v in minque0(ratings.rows).items()}, rel=1e-6)


@pytest.mark.parametrize("name", ["s4_drc", "sim_paper_pattern"])
def test_r_s_reml_without_the_components_that_it_finds_to_be_0_is_the_same(dev_data, name):
    # rating ~ condition + (1|participant) + (1|item) + (1|participant:item): the last is 0 here, and REML of complete
    # data is then the method of moments with all that is left pooled. Judge: lme4, to its optimiser's tolerance (2e-3 where
    # the variance is near 0).
    ratings = select(load(str(dev_data / "ratings" / f"{name}.csv"))).groups[0]
    squares = estimate_components(ratings).squares
    pooled = ("participant_item", "participant_condition", "item_condition", "residual")
    rest = sum(squares[s][0] * squares[s][1] for s in pooled) / sum(squares[s][1] for s in pooled)
    k = len(ratings.labels)
    with (dev_data / "ratings" / "expected" / f"{name}__lmer.csv").open() as file:
        judge = next(csv.DictReader(file))
    assert rest == pytest.approx(float(judge["var_resid"]), rel=1e-5)
    assert (squares["participant"][0] - rest) / (ratings.items * k) == pytest.approx(
        float(judge["var_participant"]), rel=1e-4
    )
    assert (squares["item"][0] - rest) / (ratings.participants * k) == pytest.approx(
        float(judge["var_item"]), rel=2e-3
    )


@pytest.mark.parametrize("name", ["stahl2024_codec", "stahl2024_codec_filtered"])
def test_incomplete_blocks_come_near_r_s_reml(dev_data, name):
    # Not equal: REML weights by what it estimates, MINQUE(0) does not.
    ratings = select(load(str(dev_data / "ratings" / f"{name}.csv"))).groups[0]
    found = minque0(ratings.rows, ("participant", "item", "participant_item", "residual"))
    with (dev_data / "ratings" / "expected" / f"{name}__lmer.csv").open() as file:
        judge = next(csv.DictReader(file))
    assert found["residual"] == pytest.approx(float(judge["var_resid"]), rel=0.01)
    for component in ("participant", "item", "participant_item"):
        assert found[component] ** 0.5 == pytest.approx(float(judge[f"var_{component}"]) ** 0.5, rel=0.15)


def test_a_negative_estimate_becomes_0_with_a_note():
    cube = drawn(Components(participant=10, residual=12), (5, 3, 3), 4)
    estimate = estimate_components(ratings_from(cube))
    zeros = [name for name, sd in estimate.components.as_dict().items() if sd == 0]
    assert zeros
    assert len(estimate.notes) == len(zeros)
    assert all("negative" in note for note in estimate.notes)


def test_one_item_puts_the_residual_where_more_items_do_not_average_it_out():
    estimate = estimate_components(ratings_from(drawn(Components(residual=9), (40, 1, 4), 5)))
    assert estimate.components.residual == 0
    assert estimate.components.participant_condition == pytest.approx(9, rel=0.2)
    assert any("one item" in note for note in estimate.notes)


def test_one_participant_is_refused():
    with pytest.raises(AnalysisError, match="one participant"):
        estimate_components(ratings_from(drawn(Components(residual=9), (1, 3, 3), 6)))


def test_participants_who_share_no_item_are_refused():
    cube = drawn(Components(10, 5, 4, 6, 4, 12), (4, 4, 3), 7)
    cube[~np.eye(4, dtype=bool)] = np.nan
    with pytest.raises(AnalysisError, match="apart"):
        estimate_components(ratings_from(cube))


def test_equal_ratings_vary_by_nothing():
    estimate = estimate_components(ratings_from(np.full((4, 3, 2), 50.0)))
    assert set(estimate.components.as_dict().values()) == {0.0}


def test_the_table_says_how_and_what_is_undefined():
    cube = drawn(Components(10, 5, 4, 6, 4, 12), (8, 4, 3), 8)
    cube[0, 0] = np.nan
    ratings = ratings_from(cube)
    table = components_table(estimate_components(ratings), ratings)
    assert list(table.frame.columns) == ["component", "sd", "mean_square", "df"]
    assert table.frame["mean_square"].isna().all()
    assert "Incomplete data have no mean squares." in table.notes
