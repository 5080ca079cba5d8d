"""Clipping: whether a mix was cut off at full scale before it came here.

Alignment makes such a mix quieter and leaves it distorted, so whoever renders it should know.
"""

import numpy as np

from mixeval.audio import Audio

FULL_SCALE = 0.9999
"""Just below the largest 16-bit sample, 32767/32768."""


def clipped_places(audio: Audio) -> int:
    """Count the places where three or more samples of a channel in a row are equal and at full scale.

    Signals touch full scale; only a converter or an export stays there. What passes it, in floating point, was
    not cut off there.
    """
    samples = audio.samples
    levels = np.abs(samples[:, 1:])
    held = (samples[:, 1:] == samples[:, :-1]) & (levels >= FULL_SCALE) & (levels <= 1.0)
    three = held[:, 1:] & held[:, :-1]
    started = three[:, 1:] & ~three[:, :-1]
    return int(started.sum() + three[:, :1].sum())


def clipping_notes(audio: Audio) -> tuple[str, ...]:
    """Say in words whether the audio was clipped."""
    places = clipped_places(audio)
    return (f"it came clipped, it stays at full scale in {places} places",) if places else ()
