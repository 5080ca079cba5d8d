"""Proportions of choices, with the limits within which the true ones lie."""

import math
from dataclasses import dataclass

from scipy.special import betaincinv

from mixeval_analysis.inference.probability import Probability, binomial_tail

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval of a proportion."""

    low: float
    high: float


def clopper_pearson(successes: int, n: int) -> Interval:
    """Return the exact interval (Clopper and Pearson, Biometrika 26, 1934), as R's `binom.test`.

    It holds the true proportion in at least 95 % of studies, whatever that is; for few trials in more.

    >>> clopper_pearson(5, 5)
    Interval(low=0.4781762498950185, high=1.0)
    """
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, 0.025))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 0.975))
    return Interval(low, high)


def wilson(successes: int, n: int) -> Interval:
    """Return Wilson's score interval (JASA 22, 1927) without continuity correction: near 95 % on average."""
    p, z2 = successes / n, Z_95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return Interval(low, high)


def two_sided_half(successes: int, n: int) -> Probability:
    """Return the exact two-sided p of `successes` in n trials against 1/2, as R's `binom.test`."""
    return _capped(binomial_tail(max(successes, n - successes), n))


def above_half(successes: int, n: int) -> Probability:
    """Return the exact one-sided p: how often guessing gives as many successes or more."""
    return binomial_tail(successes, n)


def _capped(tail: Probability) -> Probability:
    # At 1/2 the distribution is symmetric, so that both tails are one taken twice.
    return Probability(0.0, 1.0) if tail.value > 0.5 else tail.times(2)
