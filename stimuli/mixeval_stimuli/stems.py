"""Stems as a method sees them together: their plain sum, and the level that it has."""

from collections.abc import Iterable

import numpy as np

from mixeval.audio import Audio
from mixeval.errors import AudioError
from mixeval_stimuli.loudness import gain_to_loudness


def plain_sum(stems: Iterable[Audio]) -> Audio:
    """Add stems (1, samples) of one length and rate up at unity gain, in double precision."""
    listed = list(stems)
    total = np.stack([stem.samples for stem in listed]).sum(axis=0, dtype=np.float64)
    return Audio(np.asarray(total, dtype=np.float32), listed[0].sample_rate)


def common_gain_db(stems: Iterable[Audio], target_lufs: float) -> float:
    """Find the one gain in decibels, for all stems, that brings their plain sum to a loudness.

    A trained model knows the level of the recordings that it was trained on; this makes its answer the same at
    any level of the recording. Stems whose sum has no loudness, such as silence, are left as they are: 0 dB.
    """
    try:
        return gain_to_loudness(plain_sum(stems), target_lufs)
    except AudioError:
        return 0.0
