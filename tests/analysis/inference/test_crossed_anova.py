"""Judges: published worked examples, R's lme4, least squares written out, a simulation of a true null hypothesis."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mixeval_analysis.inference.crossed_anova import (
    MeanSquare,
    MeanSquares,
    against,
    f_test,
    mean_squares,
    min_f,
    quasi_f,
    satterthwaite,
    variance_components,
)
from mixeval_analysis.inference.grid import Grid
from mixeval_analysis.inference.repeated_measures import helmert
from mixeval_analysis.sources.tidy_csv import read_tidy_csv

DONCASTER_AND_DAVEY = """
4.5924 -0.5488 6.1605 2.3374  5.1873 3.3579 6.3092 3.2831
7.3809 9.2085 13.1147 15.2654  12.4188 14.3951 8.5986 3.4945
21.3220 25.0426 22.6600 24.1283  16.5927 10.2129 9.8934 10.0203
"""
"""Doncaster and Davey, Analysis of Variance and Covariance (Cambridge 2007), data set of model 7.2: a line for each level
of A, then B, then C."""


def test_mean_squares_are_those_of_a_published_example():
    a_b_c = np.array(DONCASTER_AND_DAVEY.split(), dtype=float).reshape(3, 2, 4)
    found = mean_squares(np.moveaxis(a_b_c, 0, 2) @ helmert(3))
    assert (found.s.df, found.ps.df, found.is_.df, found.pis.df) == (2, 2, 6, 6)
    assert found.s.value == pytest.approx(372.68, abs=0.005)
    assert found.ps.value == pytest.approx(93.18, abs=0.006)
    assert found.is_.value == pytest.approx(5.51, abs=0.006)
    assert found.pis.value == pytest.approx(11.92, abs=0.006)
    # Model 7.2(iii), A fixed, B and C random, prints the quasi-F that takes MS_PIS away below: 4.29, p = 0.214.
    below = found.ps.value + found.is_.value - found.pis.value
    df = below**2 / (found.ps.value**2 / 2 + found.is_.value**2 / 6 + found.pis.value**2 / 6)
    printed = f_test(found.s, MeanSquare(below, df))
    assert printed.f == pytest.approx(4.29, abs=0.006)
    assert float(printed.p) == pytest.approx(0.214, abs=0.0006)


def test_quasi_f_is_that_of_a_published_example():
    # Montgomery, Design and Analysis of Experiments, pressure drop of a valve: gas temperature fixed, operators and
    # gauges random. F = (511.68 + 13.84) / (202.00 + 34.47) = 2.22 with 2.11 and 7.88 degrees of freedom.
    found = quasi_f(
        MeanSquares(
            s=MeanSquare(511.68, 2),
            ps=MeanSquare(202.00, 6),
            is_=MeanSquare(34.47, 4),
            pis=MeanSquare(13.84, 12),
        )
    )
    assert (round(found.f, 2), round(found.df1, 2), round(found.df2, 2)) == (2.22, 2.11, 7.88)
    assert float(found.p) == pytest.approx(0.17, abs=0.005)


def test_mean_squares_are_those_of_least_squares():
    cells = np.random.default_rng(4).normal(50, 20, (5, 4, 3))
    found = mean_squares(cells @ helmert(3))
    slow = _by_least_squares(cells)
    for ours, effect in ((found.s, "C"), (found.ps, "CP"), (found.is_, "CI"), (found.pis, "CIP")):
        assert (ours.value, ours.df) == pytest.approx(slow[effect], rel=1e-9)


def test_variances_are_those_whose_expected_mean_squares_are_the_mean_squares():
    p, i, k = 5, 4, 3
    cells = np.random.default_rng(6).normal(50, 20, (p, i, k))
    slow = {effect: value for effect, (value, _) in _by_least_squares(cells).items()}
    found = variance_components(cells)
    rest, pi = found["residual"], found["participant x item"]
    pc, ic = found["condition x participant"], found["condition x item"]
    assert rest == pytest.approx(slow["CIP"])
    assert rest + k * pi == pytest.approx(slow["IP"])
    assert rest + i * pc == pytest.approx(slow["CP"])
    assert rest + p * ic == pytest.approx(slow["CI"])
    assert rest + k * pi + i * pc + i * k * found["participant"] == pytest.approx(slow["P"])
    assert rest + k * pi + p * ic + p * k * found["item"] == pytest.approx(slow["I"])


@pytest.mark.parametrize("name", ["sim_paper_pattern", "s4_drc"])
def test_pooled_mean_squares_are_r_s_mixed_model_without_effects_of_conditions(dev_data, name):
    # rating ~ condition + (1|participant) + (1|item) + (1|participant:item) has neither condition x participant nor
    # condition x item: its residual pools them, and participant x item too, whose variance it puts at 0.
    folder = dev_data / "ratings"
    judge = pd.read_csv(folder / "expected" / f"{name}__lmer.csv").iloc[0]
    cells = Grid.of(read_tidy_csv(folder / f"{name}.csv")).cells
    p, i, k = cells.shape
    found = mean_squares(cells @ helmert(k))
    over = mean_squares(cells.mean(axis=2, keepdims=True) * np.sqrt(k))
    pooled = [found.ps, found.is_, found.pis, over.pis]
    df = sum(part.df for part in pooled)
    rest = sum(part.value * part.df for part in pooled) / df
    assert judge["dendf"] == pytest.approx(df, rel=1e-4)
    assert judge["F"] == pytest.approx(found.s.value / rest, rel=1e-5)
    assert judge["var_resid"] == pytest.approx(rest, rel=1e-5)
    # An optimiser's, as near as it comes.
    assert judge["var_participant"] == pytest.approx((over.ps.value - rest) / (i * k), abs=1e-4 * rest)
    assert judge["var_item"] == pytest.approx((over.is_.value - rest) / (p * k), abs=1e-4 * rest)


def test_min_f_is_made_of_f1_and_f2_and_never_above_quasi_f():
    random = np.random.default_rng(9)
    for _ in range(20):
        found = mean_squares(random.normal(0, 1, (6, 5, 4)) @ helmert(4))
        f1, f2 = against(found.s, found.ps).f, against(found.s, found.is_).f
        least = min_f(found)
        assert least.f == pytest.approx(f1 * f2 / (f1 + f2))
        # Clark (1973): (F1 + F2)^2 / (F1^2 / n2 + F2^2 / n1).
        assert least.df2 == pytest.approx((f1 + f2) ** 2 / (f1**2 / found.is_.df + f2**2 / found.ps.df))
        assert least.f <= quasi_f(found).f


def test_equal_ratings_have_nothing_to_be_measured_by():
    found = mean_squares(np.full((4, 3, 5), 61.7) @ helmert(5))
    assert quasi_f(found) is None
    assert against(found.s, found.ps) is None
    assert satterthwaite(found.ps, found.is_).value == 0
    assert set(variance_components(np.full((4, 3, 5), 61.7)).values()) == {0.0}


def test_one_item_has_no_second_to_generalise_to():
    cells = np.random.default_rng(1).normal(50, 9, (8, 1, 3))
    found = mean_squares(cells @ helmert(3))
    assert (found.is_, found.pis, quasi_f(found), min_f(found)) == (None, None, None, None)
    assert against(found.s, found.ps).df2 == 14


SIMULATED = {
    # Standard deviations: participant, item, participant x condition, item x condition, residual.
    "residual only": (0, 0, 0, 0, 12),
    "and participant, item": (10, 5, 0, 0, 12),
    "and participant x condition": (10, 5, 6, 0, 12),
    "and item x condition": (10, 5, 0, 4, 12),
    "both": (10, 5, 6, 4, 12),
}


@pytest.mark.slow
@pytest.mark.parametrize("effects", list(SIMULATED))
def test_no_difference_is_found_by_quasi_f_as_rarely_as_promised(effects):
    """Of 20 participants, 6 items and 7 conditions that do not differ, at a nominal level of 0.05."""
    random = np.random.default_rng(list(SIMULATED).index(effects))
    rejected = dict.fromkeys(("F1", "F2", "quasi_F", "pair", "kruskal_wallis"), 0)
    times = 1000
    for _ in range(times):
        cells = _drawn(random, (20, 6, 7), SIMULATED[effects])
        found = mean_squares(cells @ helmert(7))
        pair = mean_squares((cells[:, :, :1] - cells[:, :, 1:2]) / np.sqrt(2))
        p = {
            "F1": float(against(found.s, found.ps).p),
            "F2": float(against(found.s, found.is_).p),
            "quasi_F": float(quasi_f(found).p),
            "pair": float(quasi_f(pair).p),
            "kruskal_wallis": stats.kruskal(*cells.reshape(-1, 7).T).pvalue,
        }
        for test in rejected:
            rejected[test] += p[test] < 0.05
    # Three standard errors above 0.05.
    most = 0.05 + 3 * np.sqrt(0.05 * 0.95 / times)
    assert rejected["quasi_F"] / times < most
    assert rejected["pair"] / times < most
    if "participant x condition" in effects or effects == "both":
        assert rejected["F2"] / times > 0.10
    if "item x condition" in effects or effects == "both":
        assert rejected["F1"] / times > 0.25
        assert rejected["kruskal_wallis"] / times > 0.20


def _drawn(random, shape, sds):
    n, m, k = shape
    shapes = [(n, 1, 1), (1, m, 1), (n, 1, k), (1, m, k), (n, m, k)]
    return sum(random.normal(0, sd, own) for sd, own in zip(sds, shapes, strict=True))


def _by_least_squares(cells):
    """Return mean squares and degrees of freedom by fitting dummy variables, one effect after another."""
    p, i, k = cells.shape
    codes = np.indices(cells.shape).reshape(3, -1)
    own = {"P": np.eye(p)[codes[0]], "I": np.eye(i)[codes[1]], "C": np.eye(k)[codes[2]]}
    design, found = np.ones((cells.size, 1)), {}
    rest = _residual(design, cells.ravel())
    for size in (1, 2, 3):
        for effect in itertools.combinations("CIP", size):
            columns = own[effect[0]]
            for name in effect[1:]:
                columns = (columns[:, :, None] * own[name][:, None, :]).reshape(cells.size, -1)
            before = np.linalg.matrix_rank(design)
            design = np.column_stack([design, columns])
            now = _residual(design, cells.ravel())
            df = np.linalg.matrix_rank(design) - before
            found["".join(effect)] = ((rest - now) / df, df)
            rest = now
    return found


def _residual(design, values):
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return float(((values - fitted) ** 2).sum())
