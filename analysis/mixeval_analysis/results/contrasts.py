"""The comparisons that were asked for by name, on participants' means, corrected for no others than these."""

from typing import Any

import numpy as np
import pandas as pd

from mixeval.contrasts import Contrast, parse_contrast
from mixeval.errors import AnalysisError
from mixeval.tables import frame_of
from mixeval_analysis.answers import Answers, count_of
from mixeval_analysis.inference.bootstrap import alone, mean_limits, replicates_of
from mixeval_analysis.inference.probability import holm
from mixeval_analysis.inference.repeated_measures import means_by_condition
from mixeval_analysis.inference.signed_rank import DECIMALS, hodges_lehmann, signed_rank
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.results.describe import few
from mixeval_analysis.results.equivalence import two_one_sided
from mixeval_analysis.tables import Table

_UNDEFINED = (
    "mean_diff",
    "mean_diff_ci95_lo",
    "mean_diff_ci95_hi",
    "hodges_lehmann",
    "hl_ci95_lo",
    "hl_ci95_hi",
    "p_exact",
    "p_exact_holm",
    "rank_biserial",
    "p_tost",
)


def asked(answers: Answers) -> list[Contrast]:
    """Return the contrasts that the settings ask for. Raises AnalysisError for one that these conditions cannot have."""
    return [_parsed(text, answers) for text in answers.settings.contrasts]


def contrasts(ratings: Ratings) -> Table | None:
    """Test each contrast that was asked for on participants' differences, a minus b; None where none was.

    A contrast of levels is, for each participant, the mean of the differences between conditions that are alike in all
    other factors. `p_exact` is that of the exact signed-rank test, `p_tost` the larger p of two one-sided t tests
    against the margin (Schuirmann 1987, doi:10.1007/BF01068419).
    """
    wanted = asked(ratings)
    if not wanted:
        return None
    means = means_by_condition(ratings)
    paired = [_differences(means, contrast) for contrast in wanted]
    differences = np.column_stack([_mean_of_known(pairs) for pairs in paired])
    limits = mean_limits(differences, ratings.seed)
    rows: list[dict[str, Any]] = []
    notes = []
    for contrast, pairs, column, (low, high) in zip(wanted, paired, differences.T, limits, strict=True):
        own = column[~np.isnan(column)]
        row: dict[str, Any] = {
            "contrast": contrast.text,
            "a": contrast.a,
            "b": contrast.b,
            "within": " and ".join(contrast.within) or None,
            "n": len(own),
            **dict.fromkeys(_UNDEFINED),
        }
        if len(own):
            row |= _compared(own, ratings.settings.margin)
            row |= {"mean_diff_ci95_lo": low, "mean_diff_ci95_hi": high}
        rows.append(row)
        notes.extend(_notes(contrast, row, pairs, ratings))
    for row, p in zip(rows, holm([row["p_exact"] for row in rows]), strict=True):
        row["p_exact_holm"] = p
    margin = ratings.settings.margin
    tost = "" if margin is None else f" TOST (paired t) against a margin of {margin:g} points, not corrected."
    return Table(
        name="contrasts",
        title="Comparisons asked for",
        frame=frame_of(rows),
        method=(
            "Two-sided signed-rank tests, exact with midranks, zeros dropped; Holm over "
            f"{count_of(len(rows), 'comparison')}; 95 % intervals of the mean difference by bootstrap over "
            f"participants (B = {replicates_of(ratings.participants)}, seed {ratings.seed}), of Hodges and Lehmann's by the exact test.{tost}"
        ),
        level=f"Differences of means of {count_of(ratings.participants, 'participant')} over items.",
        labels=ratings.labels,
        notes=(*notes, *few(ratings), *alone(ratings.participants)),
        simulated=ratings.simulated,
        # A level may be called like a condition that is labelled otherwise.
        naming=("a", "b") if not any(contrast.within for contrast in wanted) else (),
    )


def _parsed(text: str, answers: Answers) -> Contrast:
    placed = {name: answers.factors[name] for name in answers.labels if name in answers.factors}
    try:
        return parse_contrast(text, answers.conditions, placed)
    except AnalysisError:
        # It may be about conditions that the study has and nobody has rated.
        known = tuple(dict.fromkeys((*answers.labels, *answers.roles, *answers.factors)))
        return parse_contrast(text, known, answers.factors)


def _differences(means: pd.DataFrame, contrast: Contrast) -> Values:
    """Return participants' differences, (participants, pairs of conditions), NaN where one side is missing."""
    sides = [
        [np.asarray(means.reindex(columns=list(side)).mean(axis=1, skipna=False)) for side in pair]
        for pair in contrast.pairs
    ]
    return np.column_stack([a - b for a, b in sides])


def _mean_of_known(pairs: Values) -> Values:
    """Return each participant's mean difference, NaN where there is none; rounded, since equal ones must tie."""
    counts = (~np.isnan(pairs)).sum(axis=1)
    sums = np.nansum(pairs, axis=1)
    means = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return np.asarray(means.round(DECIMALS), dtype=np.float64)


def _compared(differences: Values, margin: float | None) -> dict[str, object]:
    compared: dict[str, object] = {"mean_diff": float(differences.mean())}
    middle, low, high = hodges_lehmann(differences)
    compared |= {"hodges_lehmann": middle, "hl_ci95_lo": low, "hl_ci95_hi": high}
    result = signed_rank(differences)
    if result is not None:
        compared |= {"p_exact": result.p_exact, "rank_biserial": result.rank_biserial}
    if margin is not None:
        compared["p_tost"] = two_one_sided(differences, margin)[0]["p_tost"]
    return compared


def _notes(contrast: Contrast, row: dict[str, Any], pairs: Values, ratings: Ratings) -> list[str]:
    notes = []
    if contrast.unmatched:
        names = ", ".join(ratings.labels.get(name, name) for name in contrast.unmatched)
        notes.append(f"{contrast.text}: without a counterpart, and so not compared: {names}.")
    partly = int((np.isnan(pairs).any(axis=1) & ~np.isnan(pairs).all(axis=1)).sum())
    if partly:
        who = count_of(partly, "participant")
        notes.append(f"{contrast.text}: of {who}, only the pairs that they rated are compared.")
    if not row["n"]:
        notes.append(f"{contrast.text}: nobody rated both.")
    elif row["p_exact"] is None:
        notes.append(f"{contrast.text}: participants' means are equal, so there is nothing to test.")
    if row["n"] and ratings.settings.margin is not None and row["p_tost"] is None:
        notes.append(f"{contrast.text}: equivalence takes two participants whose differences vary.")
    return notes
