"""ABX: whether a difference is heard at all, and how well, as d'."""

import math
from collections.abc import Callable
from typing import Any

from scipy.optimize import brentq
from scipy.special import ndtr

from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.inference.probability import holm
from mixeval_analysis.inference.proportions import above_half, clopper_pearson
from mixeval_analysis.inference.signed_rank import signed_rank
from mixeval_analysis.results.forced_choice import DEPENDENT
from mixeval_analysis.tables import Table
from mixeval_analysis.trials import Trials, right_and_wrong

_LARGEST = 50.0
"""A d' that no proportion below 1 reaches in floating point."""

Rule = Callable[[float], float]


def d_prime(trials: Trials) -> Table:
    """Test for each pair whether X was told more often than by guessing, and say how well as d'.

    p is exact and one-sided against 1/2; d' is that of an unbiased listener (Macmillan and Creelman, Detection
    Theory, 2nd ed. 2005, chapter 9 and table A5.3) who decides by independent observation (`d_io`), the best
    rule where the same two mixes meet again and again, or by differencing (`d_diff`), the more likely one
    where pairs change from trial to trial. Their limits are those of the proportion, transformed.
    """
    rows: list[dict[str, Any]] = []
    notes = []
    for a, b in trials.pairs:
        outcome = trials.identifications(a, b)
        correct, n = int(outcome.first.sum()), outcome.n
        both = f"{trials.labels[a]} and {trials.labels[b]}"
        if correct == n:
            notes.append(f"{both}: every answer was right, so that d' has a lower limit only.")
        elif 2 * correct < n:
            notes.append(f"{both}: fewer than half of the answers were right, which d' = 0 stands for.")
        interval = clopper_pearson(correct, n)
        ranks = signed_rank(outcome.lean)
        rows.append(
            {
                "a": a,
                "b": b,
                "n": n,
                "correct": correct,
                "proportion": correct / n,
                "ci95_lo": interval.low,
                "ci95_hi": interval.high,
                "p": above_half(correct, n),
                "p_holm": None,
                "d_io": d_of(correct / n, independent_observation),
                "d_io_ci95_lo": d_of(interval.low, independent_observation),
                "d_io_ci95_hi": d_of(interval.high, independent_observation),
                "d_diff": d_of(correct / n, differencing),
                "d_diff_ci95_lo": d_of(interval.low, differencing),
                "d_diff_ci95_hi": d_of(interval.high, differencing),
                "participants": len(outcome.first),
                "p_signed_rank": None if ranks is None else ranks.p_greater,
                "p_signed_rank_holm": None,
            }
        )
    for name in ("p", "p_signed_rank"):
        for row, p in zip(rows, holm([row[name] for row in rows]), strict=True):
            row[f"{name}_holm"] = p
    return Table(
        name="d_prime",
        title="Is the difference heard",
        frame=frame_of(rows),
        method=(
            "Exact binomial test against guessing (1/2), one-sided, Holm over "
            f"{count_of(len(rows), 'pair')}; 95 % intervals by Clopper and Pearson; d' of an unbiased listener by "
            "independent observation and by differencing; exact one-sided Wilcoxon signed-rank test of participants."
        ),
        level=f"Single trials of {trials.shape_in_words()}, taken as independent, and participants.",
        labels=trials.labels,
        notes=(*notes, *((DEPENDENT,) if trials.participants < len(trials.rows) else ())),
        simulated=trials.simulated,
    )


def listeners(trials: Trials) -> Table:
    """Say of each participant how many answers were right, over all pairs."""
    rows: list[dict[str, object]] = []
    for participant, own in trials.rows.groupby("participant", sort=True):
        outcome = right_and_wrong(own)
        correct, n = int(outcome.first.sum()), outcome.n
        rows.append(
            {
                "participant": str(participant),
                "n": n,
                "correct": correct,
                "proportion": correct / n,
                "p": above_half(correct, n),
            }
        )
    expected = (
        f"Of {len(rows)} participants who only guess, up to {len(rows) / 20:.2g} are to be expected with a p below 0.05."
        if len(rows) > 1
        else ""
    )
    return Table(
        name="listeners",
        title="Right answers of each participant",
        frame=frame_of(rows),
        method="Exact binomial test against guessing (1/2), one-sided, not corrected.",
        level="Single trials over all pairs and items.",
        labels=trials.labels,
        notes=(expected,) if expected else (),
        simulated=trials.simulated,
    )


def independent_observation(d: float) -> float:
    """Return the proportion of right answers in ABX by independent observation.

    The listener orders A and B, and calls X by which side of their middle it lies on; two errors make it right.
    """
    return _either(d / math.sqrt(2), d / 2)


def differencing(d: float) -> float:
    """Return the proportion of right answers in ABX by differencing.

    The listener takes X for that one of A and B which is nearer to it.
    """
    return _either(d / math.sqrt(2), d / math.sqrt(6))


def d_of(proportion: float, rule: Rule) -> float | None:
    """Return the d' that gives this proportion of right answers: 0 up to 1/2, None at 1, which none gives.

    >>> round(d_of(0.75, differencing), 2)
    2.02
    """
    if proportion <= 0.5:
        return 0.0
    if proportion >= 1.0:
        return None
    return float(brentq(lambda d: rule(d) - proportion, 0.0, _LARGEST, xtol=1e-12, rtol=1e-12))


def _either(z1: float, z2: float) -> float:
    return float(ndtr(z1) * ndtr(z2) + ndtr(-z1) * ndtr(-z2))
