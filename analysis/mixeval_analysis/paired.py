"""Wilcoxon signed-rank tests of all pairs on participants' means: the same people rated both."""

import itertools
from typing import Any

import numpy as np

from mixeval.seeds import generator
from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.probability import holm
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.signed_rank import DECIMALS, hodges_lehmann, signed_rank
from mixeval_analysis.tables import Table

REPLICATES = 10_000
_MOST_FOR_WALSH = 2000
"""Participants up to whom all averages of two differences are formed."""
_CELLS_PER_BLOCK = 4_000_000

_UNDEFINED = (
    "n_nonzero",
    "V_a",
    "p_exact",
    "p_exact_holm",
    "p_asymptotic",
    "rank_biserial",
    "mean_diff",
    "mean_diff_ci95_lo",
    "mean_diff_ci95_hi",
    "hodges_lehmann",
    "hl_ci95_lo",
    "hl_ci95_hi",
    "paired_superiority",
)


def wilcoxon(ratings: Ratings) -> Table:
    """Test each pair of conditions on the differences of participants' means, a minus b.

    `V_a` is R's V; `p_exact` its exact conditional p with midranks, zeros dropped, and Holm's correction;
    `p_asymptotic` R's `wilcox.test(exact=FALSE)`. `mean_diff` has a percentile bootstrap over participants;
    `hodges_lehmann` is the median of the averages of any two differences, with the exact test's limits.
    `paired_superiority` is the share of participants whose mean for a is the higher, ties counting half.
    """
    means = ratings.rows.groupby(["participant", "condition"])["rating"].mean().unstack("condition")
    means = means.sort_index().reindex(columns=list(ratings.labels))
    rows: list[dict[str, Any]] = []
    notes = []
    for a, b in itertools.combinations(ratings.labels, 2):
        differences = np.asarray((means[a] - means[b]).dropna().round(DECIMALS), dtype=np.float64)
        row: dict[str, Any] = {"a": a, "b": b, "n": len(differences), **dict.fromkeys(_UNDEFINED)}
        both = f"{ratings.labels[a]} and {ratings.labels[b]}"
        if not len(differences):
            notes.append(f"{both}: nobody rated both.")
        else:
            row |= _described(differences, ratings.seed, (a, b)) | _tested(differences)
            if row["p_exact"] is None:
                notes.append(f"{both}: participants' means are equal, so there is nothing to test.")
        rows.append(row)
    for row, p in zip(rows, holm([row["p_exact"] for row in rows]), strict=True):
        row["p_exact_holm"] = p
    return Table(
        name="wilcoxon",
        title="Wilcoxon signed-rank tests of all pairs",
        frame=frame_of(rows),
        method=(
            "Two-sided, exact with midranks, zeros dropped; Holm over "
            f"{count_of(len(rows), 'pair')}; 95 % intervals of the mean difference by bootstrap over participants "
            f"(B = {REPLICATES}, seed {ratings.seed}), of Hodges and Lehmann's by the exact test."
        ),
        level=f"Means of {count_of(ratings.participants, 'participant')} over items.",
        labels=ratings.labels,
        notes=(*notes, *_few(ratings, len(rows))),
        simulated=ratings.simulated,
    )


def _tested(differences: Values) -> dict[str, object]:
    result = signed_rank(differences)
    if result is None:
        return {"n_nonzero": 0}
    return {
        "n_nonzero": result.n_nonzero,
        "V_a": result.v,
        "p_exact": result.p_exact,
        "p_asymptotic": result.p_asymptotic,
        "rank_biserial": result.rank_biserial,
    }


def _described(differences: Values, seed: int, pair: tuple[str, str]) -> dict[str, object]:
    described: dict[str, object] = {
        "mean_diff": float(differences.mean()),
        "paired_superiority": float((differences > 0).mean() + (differences == 0).mean() / 2),
    }
    if len(differences) > 1:
        low, high = _bootstrap(differences, seed, pair)
        described |= {"mean_diff_ci95_lo": low, "mean_diff_ci95_hi": high}
    if len(differences) <= _MOST_FOR_WALSH:
        middle, low_or_none, high_or_none = hodges_lehmann(differences)
        described |= {"hodges_lehmann": middle, "hl_ci95_lo": low_or_none, "hl_ci95_hi": high_or_none}
    return described


def _bootstrap(differences: Values, seed: int, pair: tuple[str, str]) -> tuple[float, float]:
    n = len(differences)
    random = generator(seed, "bootstrap", "difference", *pair)
    block = max(1, _CELLS_PER_BLOCK // n)
    means = [
        random.multinomial(n, np.full(n, 1 / n), size=min(block, REPLICATES - start)) @ differences / n
        for start in range(0, REPLICATES, block)
    ]
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975])
    return float(low), float(high)


def _few(ratings: Ratings, pairs: int) -> tuple[str, ...]:
    least = pairs * 2.0 ** (1 - ratings.participants)
    if least < 0.05:
        return ()
    panel, tests = count_of(ratings.participants, "participant"), count_of(pairs, "pair")
    return (f"With {panel} and {tests}, no difference however clear can have a p (Holm) below 0.05.",)
