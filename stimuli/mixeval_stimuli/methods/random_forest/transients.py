"""Transients: how sharp strokes are, how fast they rise and how fast they die away."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]

FRAME_SECONDS = 2048 / 44_100
ACTIVE_RANGE_DB = 50.0
"""A frame is active when it is at most this far below the loudest."""

DEFAULT_RISE_SECONDS = 0.01
DEFAULT_DECAY_SECONDS = 0.2
"""What is used where no stroke could be measured."""

LEVEL_DROP_DB = 20.0
_LEAST_DROP_DB = 6.0

_STEP_SECONDS = 0.0005
_BEFORE_SECONDS, _AFTER_SECONDS = 0.02, 0.06
"""Where around an onset its peak is looked for."""

_LONGEST_RISE_SECONDS = 0.1


@dataclass(frozen=True)
class Strokes:
    """Medians over the strokes that could be measured; None where there are none.

    `rise_seconds` is from 10 to 90 % of a stroke's peak, `decay_seconds` from the peak until LEVEL_DROP_DB below.
    """

    rise_seconds: float | None
    decay_seconds: float | None


def active_rms(samples: Signal, sample_rate: int) -> float:
    """Measure the RMS over both channels of what is played, silence between and around it left out.

    Samples have shape (channels, samples). Frames of 46 ms count when their power is within ACTIVE_RANGE_DB of
    the highest, so adding silence changes nothing and the measure scales with the audio.
    """
    power = np.square(samples).mean(axis=0)
    length = min(round(FRAME_SECONDS * sample_rate), power.size)
    if length == 0:
        return 0.0
    starts = np.arange(0, power.size, length)
    lengths = np.diff(np.append(starts, power.size))
    energies = np.add.reduceat(power, starts)
    powers = energies / lengths
    active = powers > powers.max() * 10.0 ** (-ACTIVE_RANGE_DB / 10.0)
    return float(np.sqrt(energies[active].sum() / lengths[active].sum())) if active.any() else 0.0


def crest_db(samples: Signal, sample_rate: int) -> float:
    """Measure the crest factor in decibels: the highest sample of any channel over the active RMS; 0 for silence."""
    rms = active_rms(samples, sample_rate)
    return float(20.0 * np.log10(np.abs(samples).max() / rms)) if rms > 0.0 else 0.0


def transientness(crest: float) -> float:
    """Map the crest factor in decibels to 0 (brushes, rolls) to 1 (single hard strokes).

    (C - 8) / 16, within 0 to 1: drum mixes lie between 8 and 24 dB.
    """
    return float(np.clip((crest - 8.0) / 16.0, 0.0, 1.0))


def measure_strokes(signal: Signal, sample_rate: int, onsets_seconds: Signal) -> Strokes:
    """Measure rise and decay of the strokes that begin at `onsets_seconds` in a mono signal (samples,).

    The tail-decay follower is the envelope made monotone: what is still to come before the next stroke is no
    louder. A tail that the next stroke cuts off before it has fallen 20 dB is continued with its own slope, if it
    fell 6 dB at least.
    """
    step = max(1, round(_STEP_SECONDS * sample_rate))
    blocks = signal[: signal.size // step * step].reshape(-1, step)
    if blocks.shape[0] == 0 or onsets_seconds.size == 0:
        return Strokes(None, None)
    envelope = np.abs(blocks).max(axis=1)
    seconds = step / sample_rate
    starts = np.maximum(np.round((onsets_seconds - _BEFORE_SECONDS) / seconds), 0).astype(int)
    ends = np.append(starts[1:], envelope.size)
    search = round((_BEFORE_SECONDS + _AFTER_SECONDS) / seconds)
    rises: list[float] = []
    decays: list[float] = []
    for start, end in zip(starts, ends, strict=True):
        near = envelope[start : min(start + search, end)]
        if near.size == 0 or near.max() <= 0.0:
            continue
        peak = start + int(near.argmax())
        rise = _rise(envelope[max(0, peak - round(_LONGEST_RISE_SECONDS / seconds)) : peak + 1])
        if rise is not None:
            rises.append(rise * seconds)
        decay = _decay(envelope[peak:end])
        if decay is not None:
            decays.append(decay * seconds)
    return Strokes(
        float(np.median(rises)) if rises else None,
        float(np.median(decays)) if decays else None,
    )


def _rise(envelope: Signal) -> float | None:
    """Count steps from 10 to 90 % of the last value, which is the peak; None when it never was below 10 %."""
    low = np.flatnonzero(envelope < 0.1 * envelope[-1])
    if low.size == 0:
        return None
    high = np.flatnonzero(envelope[low[-1] :] >= 0.9 * envelope[-1])
    # The step that crosses both limits at once rose in less than a step: half of one is the best guess.
    return max(0.5, float(high[0] - 1))


def _decay(envelope: Signal) -> float | None:
    """Count steps until the follower is LEVEL_DROP_DB below the first value, which is the peak."""
    follower = np.maximum.accumulate(envelope[::-1])[::-1]
    below = np.flatnonzero(follower <= follower[0] * 10.0 ** (-LEVEL_DROP_DB / 20.0))
    if below.size:
        return float(below[0])
    drop_db = 20.0 * np.log10(follower[0] / follower[-1])
    return float(envelope.size * LEVEL_DROP_DB / drop_db) if drop_db >= _LEAST_DROP_DB else None
