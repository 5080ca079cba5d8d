"""Stems as a method sees them together: their plain sum, and the level that it has."""

from collections.abc import Iterable

import numpy as np

from mixeval.audio import Audio
from mixeval.errors import AudioError
from mixeval_stimuli.loudness import gain_to_loudness


def plain_sum(stems: Iterable[Audio]) -> Audio:
    """Add stems (1, samples) of one length and rate up at unity gain, in double precision."""
    first, *others = stems
    total = first.samples.astype(np.float64)
    # One after the other: side by side, ten minutes of eight stems would take a gigabyte more.
    for stem in others:
        total += stem.samples
    return Audio(total.astype(np.float32), first.sample_rate)


def common_gain_db(stems: Iterable[Audio], target_lufs: float) -> float:
    """Find the one gain in decibels, for all stems, that brings their plain sum to a loudness.

    A trained model knows the level of the recordings that it was trained on; this makes its answer the same at
    any level of the recording. Stems whose sum has no loudness, such as silence, are left as they are: 0 dB.
    """
    try:
        return gain_to_loudness(plain_sum(stems), target_lufs)
    except AudioError:
        return 0.0
