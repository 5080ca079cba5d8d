"""Sums by block: a block is what belongs together, such as the ratings of one participant."""

import numpy as np

from mixeval_analysis.ratings import Codes, Values


def sums_of(blocks: Codes, values: Values, number: int) -> Values:
    """Return the sums of `values` by block, shape (number,); blocks are numbered from 0."""
    return np.bincount(blocks, weights=values, minlength=number).astype(np.float64)
