"""Probabilities that survive underflow: a p of a large study is small, never zero."""

import math
from dataclasses import dataclass

from scipy.special import gammaincc, gammaln, log_ndtr

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
