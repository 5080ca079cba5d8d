"""Analysis of variance of what the same participants said of every condition, one set of contrasts at a time.

An effect is a set of orthonormal contrasts of conditions, shape (conditions, d). What a participant's ratings say of
it are d numbers, and an effect's error is how they differ between participants.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mixeval_analysis.inference.probability import Probability, f_tail
from mixeval_analysis.inference.signed_rank import DECIMALS
from mixeval_analysis.ratings import Ratings, Values


@dataclass(frozen=True)
class WithinEffect:
    """An F test within participants.

    `p_corrected` has both degrees of freedom multiplied by Greenhouse and Geisser's epsilon, which allows for
    differences that vary unequally. `partial_eta2` is SS / (SS + its error), `generalised_eta2` SS / (SS + all that
    differs between and within participants) (Olejnik and Algina 2003, doi:10.1037/1082-989X.8.4.434).
    """

    f: float
    df1: int
    df2: int
    p: Probability
    epsilon: float
    p_corrected: Probability
    partial_eta2: float
    generalised_eta2: float


def participant_means(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return each participant's mean over the items of each condition, rounded so that equal means tie.

    The index is participants by name; with several names in `by`, columns have as many levels.
    """
    means = rows.groupby(["participant", *by])["rating"].mean().unstack(list(by))
    return means.sort_index().round(DECIMALS)


def means_by_condition(ratings: Ratings) -> pd.DataFrame:
    """Return participants' means, (participants, conditions) in the order of tables, NaN where one is missing."""
    return pd.DataFrame(ratings.means("participant").round(DECIMALS), columns=list(ratings.labels))


def helmert(k: int) -> Values:
    """Return k - 1 orthonormal contrasts of k things, shape (k, k - 1)."""
    contrasts = np.zeros((k, k - 1))
    for column in range(k - 1):
        contrasts[: column + 1, column] = 1.0
        contrasts[column + 1, column] = -(column + 1.0)
    return np.asarray(contrasts / np.sqrt((contrasts**2).sum(axis=0)))


def crossed_contrasts(sizes: Sequence[int], tested: Sequence[int]) -> Values:
    """Return the contrasts of an effect in a full crossing of factors with `sizes` levels, the last running fastest.

    `tested` are the places of the effect's factors: one of a main effect, two of an interaction of two.
    """
    contrasts = np.ones((1, 1))
    for place, size in enumerate(sizes):
        own = helmert(size) if place in tested else np.full((size, 1), 1 / math.sqrt(size))
        contrasts = np.kron(contrasts, own)
    return contrasts


def within_effect(values: Values, contrasts: Values) -> WithinEffect | None:
    """Test an effect on complete `values`, shape (participants, conditions).

    None where there are fewer than two participants, or where all say exactly the same of it.
    """
    n, d = len(values), contrasts.shape[1]
    if n < 2:
        return None
    said = values @ contrasts
    mean = said.mean(axis=0)
    effect, deviations = n * float((mean**2).sum()), said - mean
    error = float((deviations**2).sum())
    if error <= _negligible(values):
        return None
    df1, df2 = d, d * (n - 1)
    f = (effect / df1) / (error / df2)
    # The same sums from either side: the smaller matrix is multiplied.
    products = deviations.T @ deviations if d <= n else deviations @ deviations.T
    epsilon = min(1.0, error**2 / (d * float((products**2).sum())))
    everything = float(((values - values.mean(axis=0)) ** 2).sum())
    return WithinEffect(
        f=f,
        df1=df1,
        df2=df2,
        p=f_tail(f, df1, df2),
        epsilon=epsilon,
        p_corrected=f_tail(f, df1 * epsilon, df2 * epsilon),
        partial_eta2=effect / (effect + error),
        generalised_eta2=effect / (effect + everything),
    )


def _negligible(values: Values) -> float:
    """Return a sum of squares that is nothing but rounding."""
    return values.size * (1e-10 * max(1.0, float(np.abs(values).max()))) ** 2
