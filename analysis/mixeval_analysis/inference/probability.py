"""Probabilities that survive underflow: a p of a large study is small, never zero."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaln, gammaincc, gammaln, log1p, log_ndtr, logsumexp, stdtr, xlogy

SMALLEST_PRINTED = 1e-300


@dataclass(frozen=True)
class Probability:
    """A probability by its natural logarithm, with its value where a float can hold it."""

    ln: float
    value: float

    def __float__(self) -> float:
        return self.value

    def times(self, m: int) -> "Probability":
        """Return Bonferroni's correction for m tests, capped at 1."""
        return Probability(min(0.0, self.ln + math.log(m)), min(1.0, self.value * m))

    def exact(self) -> str:
        """Write every digit, as a CSV cell; below what a float holds, a decimal made from the logarithm."""
        if self.value >= SMALLEST_PRINTED:
            return repr(self.value)
        log10 = self.ln / math.log(10)
        exponent = math.floor(log10)
        return f"{10 ** (log10 - exponent):.6f}e{exponent}"

    def text(self) -> str:
        """Write three digits for readers, and `< 1e-300` where there is nothing left to compare."""
        return f"{self.value:.3g}" if self.value >= SMALLEST_PRINTED else f"< {SMALLEST_PRINTED:g}"


def of_value(p: float) -> Probability:
    """Make a probability from a p above zero."""
    return Probability(math.log(p), float(p))


def of_log(ln: float) -> Probability:
    """Make a probability from its natural logarithm."""
    return Probability(ln, math.exp(ln))


def holm(found: Sequence[Probability | None]) -> list[Probability | None]:
    """Return Holm's (1979) adjusted p of a family of tests, each in its place; None where nothing was tested.

    The i-th smallest of m is multiplied by m - i + 1, and none is smaller than the one before it.

    >>> [round(float(p), 3) for p in holm([of_value(0.01), of_value(0.04), of_value(0.03)])]
    [0.03, 0.06, 0.06]
    """
    tested = [index for index, p in enumerate(found) if p is not None]
    adjusted: list[Probability | None] = [None] * len(found)
    before: Probability | None = None
    for place, index in enumerate(sorted(tested, key=lambda index: _ln(found[index]))):
        p = found[index]
        if p is None:
            continue
        corrected = p.times(len(tested) - place)
        before = corrected if before is None or corrected.ln > before.ln else before
        adjusted[index] = before
    return adjusted


def two_sided_normal(z: float) -> Probability:
    """Return P(|Z| >= |z|) of a standard normal Z."""
    ln = min(0.0, math.log(2.0) + float(log_ndtr(-abs(z))))
    return Probability(ln, math.exp(ln))


def chi_squared_tail(statistic: float, df: int) -> Probability:
    """Return P(X >= statistic) of a chi-squared X with df degrees of freedom."""
    a, x = df / 2, statistic / 2
    value = float(gammaincc(a, x))
    if value >= SMALLEST_PRINTED:
        return Probability(math.log(value), value)
    return Probability(_ln_upper_gamma_ratio(a, x), value)


def binomial_tail(successes: int, n: int) -> Probability:
    """Return P(X >= successes) of a binomial X of n trials at 1/2."""
    if successes <= 0:
        return Probability(0.0, 1.0)
    value = float(betainc(successes, n - successes + 1, 0.5))
    if value >= SMALLEST_PRINTED:
        return Probability(math.log(value), value)
    k = np.arange(successes, n + 1)
    terms = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) - n * math.log(2.0)
    return of_log(float(logsumexp(terms)))


def f_tail(statistic: float, df1: float, df2: float) -> Probability:
    """Return P(F >= statistic) of an F with df1 and df2 degrees of freedom."""
    a, b = df2 / 2, df1 / 2
    x = df2 / (df2 + df1 * statistic)
    value = float(betainc(a, b, x))
    if value >= SMALLEST_PRINTED:
        return Probability(math.log(value), value)
    # x^a (1 - x)^b / (a B(a, b)) times a continued fraction that is 1 + O(x) where x is this small
    # (DLMF 8.17.22, to its second term).
    ln = float(xlogy(a, x) + b * log1p(-x) - math.log(a) - betaln(a, b))
    return of_log(ln + math.log1p(x * (a + b) / (a + 1)))


def t_tail(statistic: float, df: float) -> Probability:
    """Return P(T >= statistic) of Student's T with df degrees of freedom."""
    value = float(stdtr(df, -statistic))
    if value >= SMALLEST_PRINTED:
        return Probability(math.log(value), value)
    return of_log(f_tail(statistic**2, 1, df).ln - math.log(2.0))


def _ln(p: Probability | None) -> float:
    return 0.0 if p is None else p.ln


def _ln_upper_gamma_ratio(a: float, x: float) -> float:
    """Return ln Q(a, x) for x far above a, by Legendre's continued fraction (DLMF 8.9.2), Lentz's way."""
    b = x + 1 - a
    c, d = 1e300, 1 / b
    fraction = d
    for i in range(1, 10_000):
        numerator = -i * (i - a)
        b += 2
        d = 1 / (numerator * d + b)
        c = b + numerator / c
        fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return float(a * math.log(x) - x - gammaln(a) + math.log(fraction))
