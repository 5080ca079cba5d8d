"""Reverb: an algorithmic room whose reverberation time, colour and width are asked for in physical units.

Parallel combs behind series all-passes (M. R. Schroeder, "Natural Sounding Artificial Reverberation", JAES 10(3),
1962), a low-pass in each comb's loop (J. A. Moorer, "About This Reverberation Business", Computer Music Journal
3(2), 1979), with the delays of Freeverb (Jezar at Dreampoint, 2000; public domain). The loop filters are set so that
every comb dies equally fast at every frequency (J.-M. Jot and A. Chaigne, "Digital Delay Networks for Designing
Artificial Reverberators", AES 90th Convention, 1991, preprint 3030).

`rt60_seconds` is the mid-frequency reverberation time of ISO 3382-1:2009: from the decay between -5 and -35 dB
(T30), mean of the octaves at 500 Hz and 1 kHz.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, lfilter, sosfilt

from mixeval.errors import AudioError

Signal = npt.NDArray[np.float64]

COMB_SECONDS = tuple(n / 44_100 for n in (1116, 1188, 1277, 1356, 1422, 1491, 1557, 1617))
LEFT_SECONDS, RIGHT_SECONDS = 8 / 44_100, 28 / 44_100
"""How much longer all combs of a side are. Freeverb has 0 and 23 samples; with these its beating combs come within
3 % of the reverberation time asked for on either side, instead of 7 %."""

ALL_PASS_SECONDS = tuple(n / 44_100 for n in (278, 221, 171, 113))
"""Half of Freeverb's, so that even at 240 beats a minute they die sooner than the combs."""

LEFT_SIGNS = (1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0)
RIGHT_SIGNS = (1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, -1.0)
"""Polarities with which combs are summed. They are orthogonal, which keeps the sides apart at low frequencies too,
where the spread is too short to, and sum to nothing, so that combs do not pile up at 0 Hz."""

MID_HZ = 500.0 * 2.0**0.5
"""Between the octaves at 500 Hz and 1 kHz: here `rt60_seconds` holds exactly."""

HIGH_HZ = 8000.0
"""Where `damping` holds exactly."""

LOWEST_SAMPLE_RATE = 22_050
"""Below it HIGH_HZ comes too near to half the rate for one pole to damp it."""

_RANGES = {
    "rt60_seconds": (0.3, 10.0),
    "damping": (0.0, 0.7),
    "diffusion": (0.0, 0.8),
    "pre_delay_seconds": (0.0, 1.0),
    "high_pass_hz": (1.0, 5000.0),
}


@dataclass(frozen=True)
class Reverb:
    """What decides a reverb.

    `damping` is the share by which the reverberation time at 8 kHz is shorter than at mid frequencies, `diffusion`
    the gain of the all-passes, `high_pass_hz` the corner of a second-order Butterworth before the reverb.
    Raises AudioError for values out of range.
    """

    rt60_seconds: float
    damping: float
    diffusion: float
    pre_delay_seconds: float
    high_pass_hz: float

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise AudioError(
                    f"a reverb cannot have {name} = {value:g}, it must be within {low:g} to {high:g}",
                    remedy="choose a value within that range",
                )


def reverberate(signal: Signal, sample_rate: int, reverb: Reverb) -> Signal:
    """Give the reverb alone, (2, samples), of a mono signal (samples,); what rings on after its end is cut off.

    The first reflection reaches both sides after `pre_delay_seconds`, rounded to a sample.
    Raises AudioError for a sample rate below LOWEST_SAMPLE_RATE.
    """
    if sample_rate < LOWEST_SAMPLE_RATE:
        raise AudioError(
            f"a reverb at {sample_rate} Hz cannot damp {HIGH_HZ:.0f} Hz",
            remedy=f"use audio of at least {LOWEST_SAMPLE_RATE} Hz",
        )
    wet = np.zeros((2, signal.size))
    start = round(reverb.pre_delay_seconds * sample_rate)
    if start >= signal.size:
        return wet
    feed = _high_passed(signal[: signal.size - start], sample_rate, reverb.high_pass_hz)
    if reverb.diffusion > 0.0:
        for seconds in ALL_PASS_SECONDS:
            feed = _all_pass(feed, round(seconds * sample_rate), reverb.diffusion)
    for side, signs, extra in ((wet[0], LEFT_SIGNS, LEFT_SECONDS), (wet[1], RIGHT_SIGNS, RIGHT_SECONDS)):
        shortest = round((COMB_SECONDS[0] + extra) * sample_rate)
        for sign, seconds in zip(signs, COMB_SECONDS, strict=True):
            delay = round((seconds + extra) * sample_rate)
            gain, pole = loop(delay, sample_rate, reverb)
            # Each comb is tapped before its delay, less what the shortest has: no gap between pre-delay and reflections.
            first = start + delay - shortest
            if first < signal.size:
                side[first:] += sign * _comb(feed, delay, gain, pole)[: signal.size - first]
    return wet


def loop(delay: int, sample_rate: int, reverb: Reverb) -> tuple[float, float]:
    """Find gain and pole of a comb's loop filter g (1 - p) / (1 - p z^-1) for a delay in samples.

    Once around, a sound must lose 60 dB times delay over reverberation time: at MID_HZ and at HIGH_HZ exactly. The
    ratio of both losses gives the pole (a quadratic), the first the gain.
    """
    mid_loss = 10.0 ** (-3.0 * delay / (sample_rate * reverb.rt60_seconds))
    high_loss = mid_loss ** (1.0 / (1.0 - reverb.damping))
    ratio = (high_loss / mid_loss) ** 2
    mid, high = (np.cos(2.0 * np.pi * hertz / sample_rate) for hertz in (MID_HZ, HIGH_HZ))
    a, b = 1.0 - ratio, mid - ratio * high
    pole = float((b - np.sqrt(max(b * b - a * a, 0.0))) / a) if a > 0.0 else 0.0
    at_mid = (1.0 - pole) / np.sqrt(1.0 - 2.0 * pole * mid + pole * pole)
    return float(mid_loss / at_mid), pole


def _high_passed(signal: Signal, sample_rate: int, corner_hz: float) -> Signal:
    return np.asarray(
        sosfilt(butter(2, corner_hz, "highpass", output="sos", fs=sample_rate), signal), dtype=np.float64
    )


def _all_pass(signal: Signal, delay: int, gain: float) -> Signal:
    """Filter by (z^-M - g) / (1 - g z^-M): its columns of every M-th sample are one-pole filters each."""
    rows = np.pad(signal, (0, -signal.size % delay)).reshape(-1, delay)
    return np.asarray(
        lfilter([-gain, 1.0], [1.0, -gain], rows, axis=0).ravel()[: signal.size], dtype=np.float64
    )


def _comb(signal: Signal, delay: int, gain: float, pole: float) -> Signal:
    """Filter by y[n] = x[n] + (low-passed y)[n - delay], a block of the comb's own delay at a time."""
    rows = np.pad(signal, (0, -signal.size % delay)).reshape(-1, delay)
    numerator, denominator = [gain * (1.0 - pole)], [1.0, -pole]
    state = np.zeros(1)
    for block in range(1, rows.shape[0]):
        fed_back, state = lfilter(numerator, denominator, rows[block - 1], zi=state)
        rows[block] += fed_back
    return rows.ravel()[: signal.size]
