"""Means of blocks: what each participant, or each item, said of each condition."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from mixeval_analysis.ratings import Ratings, Values

DECIMALS = 10
"""Means that are compared or ranked are rounded to these: in floating point, equal ones would not tie."""


def block_means(ratings: Ratings, *by: str) -> pd.DataFrame:
    """Return mean ratings, shape (blocks, conditions), blocks by name; NaN where a block lacks a condition.

    `by` are the columns that name a block: `participant` gives each participant's means over items.
    """
    means = ratings.rows.groupby([*by, "condition"])["rating"].mean().unstack("condition")
    return means.sort_index().reindex(columns=list(ratings.labels))


def sums_of(blocks: npt.NDArray[np.intp], values: Values, number: int) -> Values:
    """Return the sums of `values` by block, shape (number,); blocks are numbered from 0."""
    return np.asarray(np.bincount(blocks, values, number), dtype=np.float64)
