"""The sounds of the listening checks, float32 of shape (2, samples) at 44.1 kHz: pure functions of what they hide.

Levels are RMS in dB relative to full scale (a full-scale square wave has 0 dB), in each channel.
"""

import numpy as np
import numpy.typing as npt

from mixeval.audio import Samples
from mixeval.seeds import generator

SAMPLE_RATE = 44_100
INTERVALS = 3
INTERVAL_SECONDS = 1.0
GAP_SECONDS = 0.5

HUGGINS_HZ = 600.0
HUGGINS_HALF_WIDTH = 0.06
"""Of the band around HUGGINS_HZ, as a part of it."""
HUGGINS_RAMP_SECONDS = 0.03

ANTIPHASE_HZ = 200.0
ANTIPHASE_QUIETER_DB = 6.0
ANTIPHASE_RAMP_SECONDS = 0.1

SIDE_HZ = 500.0
SIDE_PULSES = 3
SIDE_PULSE_SECONDS = 0.25
SIDE_GAP_SECONDS = 0.15
SIDE_RAMP_SECONDS = 0.02

HIGHEST_RMS_DBFS = -20.0
"""Noise has peaks some 14 dB above its RMS."""

Signal = npt.NDArray[np.float64]


def huggins(target: int, *, seed: int, rms_dbfs: float) -> Samples:
    """Make three intervals of noise of which `target` (1 to 3) hides a faint tone for two ears only.

    Two intervals give both ears the same white Gaussian noise. In the target the right ear's noise has its phase
    turned by 180 degrees within 6 % of 600 Hz: over headphones a pitch of 600 Hz is heard, while either ear alone
    has plain noise. After Milne et al., Behav. Res. Methods 53, 2021, 1551-1562 (doi:10.3758/s13428-020-01514-0).

    The noise of an interval is one period of a periodic signal, so that the turn is exact at each frequency of
    its spectrum; ramps of 30 ms, which the paper does not mention, then keep its ends from clicking.
    """
    random = generator(seed, "huggins")
    frames = round(INTERVAL_SECONDS * SAMPLE_RATE)
    frequencies = np.fft.rfftfreq(frames, 1 / SAMPLE_RATE)
    turned = np.abs(frequencies - HUGGINS_HZ) <= HUGGINS_HALF_WIDTH * HUGGINS_HZ
    intervals = []
    for number in range(1, INTERVALS + 1):
        left = random.standard_normal(frames)
        spectrum = np.fft.rfft(left)
        right = np.fft.irfft(np.where(turned, -spectrum, spectrum), frames) if number == target else left
        intervals.append(_at_level(np.stack([left, right]), rms_dbfs) * _ramps(frames, HUGGINS_RAMP_SECONDS))
    return _in_a_row(intervals)


def antiphase(quiet: int, opposed: int, *, rms_dbfs: float) -> Samples:
    """Make three tones of 200 Hz: `quiet` (1 to 3) is 6 dB below the others, `opposed` has its ears in antiphase.

    Over loudspeakers the opposed tone cancels in the air and seems the quietest; over headphones it does not.
    After Woods et al., Atten. Percept. Psychophys. 79, 2017, 2064-2072 (doi:10.3758/s13414-017-1361-2).
    """
    frames = round(INTERVAL_SECONDS * SAMPLE_RATE)
    tone = _tone(ANTIPHASE_HZ, frames, ANTIPHASE_RAMP_SECONDS, rms_dbfs)
    quieter = 10 ** (-ANTIPHASE_QUIETER_DB / 20)
    return _in_a_row(
        [
            np.stack([tone, -tone if number == opposed else tone]) * (quieter if number == quiet else 1.0)
            for number in range(1, INTERVALS + 1)
        ]
    )


def one_side(side: str, *, rms_dbfs: float) -> Samples:
    """Make three pulses of 500 Hz in one channel; `side` is "left" or "right", the other channel is silent."""
    tone = _tone(SIDE_HZ, round(SIDE_PULSE_SECONDS * SAMPLE_RATE), SIDE_RAMP_SECONDS, rms_dbfs)
    gap = np.zeros(round(SIDE_GAP_SECONDS * SAMPLE_RATE))
    pulses = np.concatenate([part for _ in range(SIDE_PULSES) for part in (tone, gap)])
    silent = np.zeros_like(pulses)
    return np.stack([pulses, silent] if side == "left" else [silent, pulses]).astype(np.float32)


def intervals_of(samples: npt.NDArray[np.floating]) -> list[npt.NDArray[np.floating]]:
    """Cut a sound of three intervals (2, samples) into them, each (2, samples)."""
    step = round((INTERVAL_SECONDS + GAP_SECONDS) * SAMPLE_RATE)
    length = round(INTERVAL_SECONDS * SAMPLE_RATE)
    return [samples[:, number * step : number * step + length] for number in range(INTERVALS)]


def _in_a_row(intervals: list[Signal]) -> Samples:
    gap = np.zeros((2, round(GAP_SECONDS * SAMPLE_RATE)))
    parts = [part for interval in intervals for part in (interval, gap)]
    return np.concatenate(parts[:-1], axis=1).astype(np.float32)


def _tone(hertz: float, frames: int, ramp_seconds: float, rms_dbfs: float) -> Signal:
    seconds = np.arange(frames) / SAMPLE_RATE
    sine = np.sin(2 * np.pi * hertz * seconds)
    return _at_level(sine, rms_dbfs) * _ramps(frames, ramp_seconds)


def _at_level(signal: Signal, rms_dbfs: float) -> Signal:
    # The level is that between the ramps.
    return signal * (10 ** (rms_dbfs / 20) / float(np.sqrt(np.mean(signal**2))))


def _ramps(frames: int, seconds: float) -> Signal:
    """Rise and fall as raised cosines of `seconds`."""
    length = round(seconds * SAMPLE_RATE)
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / length)
    return np.concatenate([rise, np.ones(frames - 2 * length), rise[::-1]])
