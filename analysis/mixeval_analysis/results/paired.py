"""Wilcoxon signed-rank tests of all pairs on participants' means: the same people rated both."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.inference.bootstrap import mean_limits, replicates_of
from mixeval_analysis.inference.pairs import Pair, pair_differences, pair_notes, pairs_of
from mixeval_analysis.inference.probability import holm
from mixeval_analysis.inference.signed_rank import DECIMALS, hodges_lehmann, signed_rank
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.tables import Table

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
    pairs = pairs_of(ratings.labels)
    differences = pair_differences(ratings.means("participant")).round(DECIMALS)
    limits = mean_limits(differences, ratings.seed)
    rows: list[dict[str, Any]] = []
    problems: list[tuple[Pair, str]] = []
    for (a, b), column, (low, high) in zip(pairs, differences.T, limits, strict=True):
        own = column[~np.isnan(column)]
        row: dict[str, Any] = {"a": a, "b": b, "n": len(own), **dict.fromkeys(_UNDEFINED)}
        if len(own):
            row |= _described(own) | _tested(own)
        row |= {"mean_diff_ci95_lo": low, "mean_diff_ci95_hi": high}
        problems += [((a, b), problem) for problem in _problems(row)]
        rows.append(row)
    for row, p in zip(rows, holm([row["p_exact"] for row in rows]), strict=True):
        row["p_exact_holm"] = p
    return Table(
        name="wilcoxon",
        title="Wilcoxon signed-rank tests of all pairs",
        frame=frame_of(rows),
        method=(
            "Two-sided. Exact p: conditional on the differences' sizes, midranks where they tie, zeros dropped; "
            f"Holm over all m = {count_of(len(rows), 'pair')}. Asymptotic p: normal, corrected for ties and continuity, "
            "not for the number of pairs. 95 % intervals of the mean difference by percentile bootstrap over "
            f"participants (B = {replicates_of(ratings.participants)}, seed {ratings.seed}), of Hodges and Lehmann's by the exact test."
        ),
        level=f"Means of {count_of(ratings.participants, 'participant')} over items.",
        labels=ratings.labels,
        notes=(*pair_notes(problems, ratings.labels), *_few(ratings, len(rows))),
        simulated=ratings.simulated,
    )


def _problems(row: Mapping[str, Any]) -> list[str]:
    """Say why cells of a pair are empty."""
    n = row["n"]
    if n == 0:
        return ["nobody rated both"]
    problems = []
    if row["p_exact"] is None:
        problems.append("participants' means are equal, so there is nothing to test")
    if n == 1:
        problems.append("one participant gives no intervals")
    elif row["hl_ci95_lo"] is None:
        problems.append(f"{n} participants are too few for limits of Hodges and Lehmann's difference")
    return problems


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


def _described(differences: Values) -> dict[str, object]:
    middle, low, high = hodges_lehmann(differences)
    return {
        "mean_diff": float(differences.mean()),
        "hodges_lehmann": middle,
        "hl_ci95_lo": low,
        "hl_ci95_hi": high,
        "paired_superiority": float((differences > 0).mean() + (differences == 0).mean() / 2),
    }


def _few(ratings: Ratings, pairs: int) -> tuple[str, ...]:
    least = pairs * 2.0 ** (1 - ratings.participants)
    if least < 0.05:
        return ()
    panel, tests = count_of(ratings.participants, "participant"), count_of(pairs, "pair")
    return (f"With {panel} and {tests}, no difference however clear can have a p (Holm) below 0.05.",)
