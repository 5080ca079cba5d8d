"""What a scripted engineer works with: faders, equalisers, compressor, reverb."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.signal

from mixeval.audio import Samples

SAMPLE_RATE = 44_100

Sections = npt.NDArray[np.float64]
"""Second-order sections of shape (sections, 6), as SciPy has them."""

_CONTROL_HOP = 32
"""Samples for which a compressor holds one level."""


@dataclass(frozen=True)
class Fader:
    """Where the engineer set a stem in the dry mix: gain, and pan from -1 (left) to 1 (right)."""

    gain_db: float
    pan: float = 0.0


def panned_gains(fader: Fader) -> tuple[float, float]:
    """Give the linear gains to left and right, constant in power over the pan.

    >>> [round(gain, 3) for gain in panned_gains(Fader(0.0, pan=-1.0))]
    [1.0, 0.0]
    """
    angle = (fader.pan + 1.0) * np.pi / 4.0
    gain = 10.0 ** (fader.gain_db / 20.0)
    return gain * float(np.cos(angle)), gain * abs(float(np.sin(angle))) * (fader.pan > -1.0)


def summed(stems: Mapping[str, Samples], faders: Mapping[str, Fader]) -> Samples:
    """Sum stems of shape (samples,) through their faders to a mix of shape (2, samples)."""
    frames = len(next(iter(stems.values())))
    mix = np.zeros((2, frames), dtype=np.float32)
    for name, stem in stems.items():
        for channel, gain in enumerate(panned_gains(faders[name])):
            mix[channel] += np.float32(gain) * stem
    return mix


def filtered(signal: Samples, sections: Sections) -> Samples:
    """Filter a signal of shape (samples,)."""
    return scipy.signal.sosfilt(sections, signal).astype(np.float32)


def bell(*, hertz: float, gain_db: float, q: float) -> Sections:
    """Make a peaking equaliser as one second-order section (R. Bristow-Johnson, Audio EQ Cookbook)."""
    amplitude = 10.0 ** (gain_db / 40.0)
    omega = 2.0 * np.pi * hertz / SAMPLE_RATE
    alpha = np.sin(omega) / (2.0 * q)
    return _section(
        (1.0 + alpha * amplitude, -2.0 * np.cos(omega), 1.0 - alpha * amplitude),
        (1.0 + alpha / amplitude, -2.0 * np.cos(omega), 1.0 - alpha / amplitude),
    )


def shelf(*, hertz: float, gain_db: float) -> Sections:
    """Make a high shelf of slope 1 as one second-order section (Audio EQ Cookbook)."""
    amplitude = 10.0 ** (gain_db / 40.0)
    omega = 2.0 * np.pi * hertz / SAMPLE_RATE
    cosine, root = np.cos(omega), 2.0 * np.sqrt(amplitude) * np.sin(omega) / np.sqrt(2.0)
    plus, minus = amplitude + 1.0, amplitude - 1.0
    return _section(
        (
            amplitude * (plus + minus * cosine + root),
            -2.0 * amplitude * (minus + plus * cosine),
            amplitude * (plus + minus * cosine - root),
        ),
        (plus - minus * cosine + root, 2.0 * (minus - plus * cosine), plus - minus * cosine - root),
    )


def high_pass(*, hertz: float) -> Sections:
    """Make a high-pass of first order."""
    sections: Sections = scipy.signal.butter(1, hertz, "highpass", fs=SAMPLE_RATE, output="sos")
    return sections


def reverb(
    mix: Samples, rng: np.random.Generator, *, t60_seconds: float, level_db: float, predelay_seconds: float
) -> Samples:
    """Convolve both sides with decorrelated decaying noise whose energy is `level_db`.

    The mix has shape (2, samples), and so has what is added to it; the same `rng` gives the same room.
    """
    frames = round(1.2 * t60_seconds * SAMPLE_RATE)
    time = np.arange(frames) / SAMPLE_RATE
    lowpass = scipy.signal.butter(1, (150.0, 5000.0), "bandpass", fs=SAMPLE_RATE, output="sos")
    sides = []
    for channel in mix:
        noise = scipy.signal.sosfilt(lowpass, rng.standard_normal(frames))
        response = noise * 10.0 ** (-3.0 * time / t60_seconds)
        response *= 10.0 ** (level_db / 20.0) / np.sqrt(np.sum(np.square(response)))
        delay = np.zeros(round(predelay_seconds * SAMPLE_RATE))
        response = np.concatenate([delay, response]).astype(np.float32)
        sides.append(scipy.signal.oaconvolve(channel, response)[: len(channel)])
    return np.stack(sides).astype(np.float32)


def compress(
    mix: Samples, *, threshold: float, ratio: float, attack_seconds: float, release_seconds: float
) -> Samples:
    """Compress a mix of shape (2, samples) above a linear `threshold`, both sides by one gain, without latency."""
    frames = mix.shape[1]
    padded = np.pad(np.abs(mix).max(axis=0), (0, -frames % _CONTROL_HOP))
    level = padded.reshape(-1, _CONTROL_HOP).max(axis=1)
    over_db = np.maximum(0.0, 20.0 * np.log10(np.maximum(level, 1e-9) / threshold))
    wanted_db = over_db * (1.0 - 1.0 / ratio)
    attack = np.exp(-_CONTROL_HOP / (attack_seconds * SAMPLE_RATE))
    release = np.exp(-_CONTROL_HOP / (release_seconds * SAMPLE_RATE))
    reduction_db = np.empty_like(wanted_db)
    state = 0.0
    for index, wanted in enumerate(wanted_db.tolist()):
        coefficient = attack if wanted > state else release
        state = coefficient * state + (1.0 - coefficient) * wanted
        reduction_db[index] = state
    gain_db = np.interp(np.arange(frames), np.arange(len(level)) * _CONTROL_HOP, -reduction_db)
    gain: Samples = np.power(10.0, gain_db / 20.0).astype(np.float32)
    return mix * gain


def _section(b: tuple[float, float, float], a: tuple[float, float, float]) -> Sections:
    return np.array([[*(value / a[0] for value in b), *(value / a[0] for value in a)]])
