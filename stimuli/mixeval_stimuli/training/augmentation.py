"""Augmentation: stems at other levels, or missing, which the authors name as future work.

Their Wave-U-Net was trained on one level of each microphone and the full set of them. Both changes are of the stems
alone, drawn anew for each snippet; the mix that the network has to reach stays the engineer's.
"""

import numpy as np
import numpy.typing as npt

from mixeval.audio import Samples


def augmented(
    stems: Samples, random: np.random.Generator, *, gain_range_db: float = 0.0, dropout: float = 0.0
) -> Samples:
    """Give stems (inputs, samples) with a random gain each, and with some of them silent.

    Gains are uniform in decibels from -`gain_range_db` to `gain_range_db`. Each stem is dropped with probability
    `dropout`, but one that sounds is always left, since nobody can mix silence. The gains drawn are the same with
    dropout as without.

    >>> augmented(np.ones((2, 3), np.float32), np.random.default_rng(1)).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    inputs = len(stems)
    gains_db = random.uniform(-gain_range_db, gain_range_db, inputs)
    dropped = random.random(inputs) < dropout
    order = random.permutation(inputs)
    gains = np.where(_but_one(dropped, stems, order), 0.0, 10.0 ** (gains_db / 20.0))
    return stems * gains[:, np.newaxis].astype(np.float32)


def _but_one(
    dropped: npt.NDArray[np.bool_], stems: Samples, order: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    sounding = [row for row in order if stems[row].any()]
    if sounding and dropped[sounding].all():
        dropped = dropped.copy()
        dropped[sounding[0]] = False
    return dropped
