"""Intraclass correlations of a table in which every judge rated every target (Shrout and Fleiss 1979).

Psychological Bulletin 86, 420-428, doi:10.1037/0033-2909.86.2.420. The letters are the paper's: n targets (here
mixes), k judges (here participants), and the mean squares of targets (BMS), of judges (JMS) and of what is left (EMS).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from scipy.special import fdtri

from mixeval_analysis.ratings import Values

MEASURES = ("icc2_1", "icc2_k", "icc3_1", "icc3_k")
_CONFIDENCE = 0.975
_ROUNDING_ERROR = 1e-12


@dataclass(frozen=True)
class MeanSquares:
    """The analysis of variance of `n` targets and `k` judges."""

    n: int
    k: int
    bms: float
    jms: float
    ems: float


@dataclass(frozen=True)
class Estimate:
    """A measure with its 95 % limits, each None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


def mean_squares(values: Values) -> MeanSquares | None:
    """Analyse `values`, shape (targets, judges); None with fewer than two of either, or where all are equal."""
    n, k = values.shape
    if n < 2 or k < 2:
        return None
    middle = values.mean()
    targets, judges = values.mean(axis=1), values.mean(axis=0)
    rest = values - targets[:, None] - judges + middle
    found = (
        k * float(((targets - middle) ** 2).sum()) / (n - 1),
        n * float(((judges - middle) ** 2).sum()) / (k - 1),
        float((rest**2).sum()) / ((n - 1) * (k - 1)),
    )
    none = n * k * (_ROUNDING_ERROR * float(abs(values).max())) ** 2
    bms, jms, ems = (square if square > none else 0.0 for square in found)
    return MeanSquares(n, k, bms, jms, ems) if bms or jms or ems else None


def intraclass(found: MeanSquares) -> Mapping[str, Estimate]:
    """Return ICC(2,1), ICC(2,k), ICC(3,1) and ICC(3,k) with their limits, by the names in MEASURES.

    Judges are a sample of those who might have judged in the first two, which count their different levels as
    disagreement; in the others only the panel's own consistency counts. A measure of means (k) is not defined
    where judges disagree more than chance would have it.
    """
    n, k, bms, jms, ems = found.n, found.k, found.bms, found.jms, found.ems
    single = (bms - ems) / (bms + (k - 1) * ems + k * (jms - ems) / n)
    low, high = _factors(found, single)
    f = _f(n - 1, (n - 1) * (k - 1)), _f((n - 1) * (k - 1), n - 1)
    certain = ems == 0
    return {
        "icc2_1": Estimate(
            single,
            n * (bms - low * ems) / (low * (k * jms + (k * n - k - n) * ems) + n * bms),
            n * (high * bms - ems) / (k * jms + (k * n - k - n) * ems + n * high * bms),
        ),
        "icc2_k": Estimate(
            _ratio(bms - ems, bms + (jms - ems) / n),
            _ratio(n * (bms - low * ems), low * (jms - ems) + n * bms),
            _ratio(n * (high * bms - ems), jms - ems + n * high * bms),
        ),
        "icc3_1": Estimate(
            _ratio(bms - ems, bms + (k - 1) * ems),
            None if certain else (bms - f[0] * ems) / (bms + (k - 1) * f[0] * ems),
            None if certain else (f[1] * bms - ems) / (f[1] * bms + (k - 1) * ems),
        ),
        "icc3_k": Estimate(
            _ratio(bms - ems, bms),
            None if certain else _ratio(bms - f[0] * ems, bms),
            None if certain else _ratio(f[1] * bms - ems, f[1] * bms),
        ),
    }


def _factors(found: MeanSquares, single: float) -> tuple[float, float]:
    """Return the F of the lower and of the upper limit of ICC(2,1), with Satterthwaite's degrees of freedom."""
    n, k = found.n, found.k
    a = k * single * found.jms
    b = found.ems * (n * (1 + (k - 1) * single) - k * single)
    scale = (n - 1) * a**2 + b**2
    df = (k - 1) * (n - 1) * (a + b) ** 2 / scale if scale else float(k - 1)
    return _f(n - 1, df), _f(df, n - 1)


def _f(df1: float, df2: float) -> float:
    return float(fdtri(df1, df2, _CONFIDENCE))


def _ratio(above: float, below: float) -> float | None:
    return above / below if below > 0 else None
