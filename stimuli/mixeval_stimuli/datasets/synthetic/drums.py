"""Single hits: vibrating membranes and plates, as the microphone in front of them hears them.

A hit is a sum of modes (decaying sines, whose pitch falls as the membrane slackens) and of noise (snare wires, stick,
the dense partials of a cymbal), the noise with a level and a decay for each octave. Levels are energies in dB: ten
times the logarithm of the sum of squared samples of one stroke at velocity 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.fft
import scipy.signal

from mixeval.audio import Samples

SAMPLE_RATE = 44_100

OCTAVES_HZ = (31.5, 63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)

VARIANTS = 3
"""Different hits of each drum: no two strokes of a drummer are the same."""

_BRIGHTENING_HZ = 1500.0
"""Above this a harder stroke gains more than below."""


@dataclass(frozen=True)
class Mode:
    """One mode of vibration: frequency, energy at velocity 1, time to decay by 60 dB."""

    hertz: float
    energy_db: float
    t60_seconds: float


@dataclass(frozen=True)
class Drum:
    """How one drum sounds to its own microphone.

    `noise_db` and `noise_t60_seconds` have one entry for each of OCTAVES_HZ; a level of -120 is none. `bend` is the
    relative rise of pitch at the stroke, which falls with `bend_seconds`. `attack_seconds` is the rise of the noise.
    `partials` counts the inharmonic partials that stand out of a cymbal's noise.
    """

    modes: tuple[Mode, ...] = ()
    bend: float = 0.0
    bend_seconds: float = 0.02
    noise_db: tuple[float, ...] = (-120.0,) * 10
    noise_t60_seconds: tuple[float, ...] = (0.1,) * 10
    attack_seconds: float = 0.0005
    partials: int = 0
    seconds: float = 1.0


@dataclass(frozen=True, eq=False)
class Hit:
    """One recorded hit in two layers of shape (samples,): what a soft stroke has, and what a hard one adds."""

    body: Samples
    brilliance: Samples

    def at(self, velocity: float) -> Samples:
        """Strike with `velocity` (0 to 1): level follows it, brightness more than proportionally."""
        body, brilliance = np.float32(velocity**1.6), np.float32(velocity**2.3)
        return body * self.body + brilliance * self.brilliance


def strike(drum: Drum, rng: np.random.Generator) -> Hit:
    """Make one hit of `drum`; another call gives another of the same drum."""
    length = scipy.fft.next_fast_len(round(drum.seconds * SAMPLE_RATE), real=True)
    time = np.arange(length, dtype=np.float32) / np.float32(SAMPLE_RATE)
    body = _modes(drum, time, rng)
    low, high = _noise(drum, time, rng)
    fade = np.minimum(1.0, (length - np.arange(length)) / (0.05 * SAMPLE_RATE)).astype(np.float32)
    return Hit((body + low) * fade, high * fade)


def strike_all(kit: Mapping[str, Drum], rng: np.random.Generator) -> Mapping[str, tuple[Hit, ...]]:
    """Make VARIANTS hits of every drum of a kit."""
    return {name: tuple(strike(drum, rng) for _ in range(VARIANTS)) for name, drum in kit.items()}


def _modes(drum: Drum, time: Samples, rng: np.random.Generator) -> Samples:
    total = np.zeros_like(time)
    bend = drum.bend * drum.bend_seconds * (1.0 - np.exp(-time / drum.bend_seconds))
    for mode in drum.modes:
        # Where the stick meets the head decides how strongly each mode is driven.
        energy_db = mode.energy_db + rng.normal(0.0, 1.0)
        decay = np.log(1000.0) / mode.t60_seconds
        envelope = np.exp(-decay * time) * np.minimum(1.0, time / (0.5 / mode.hertz))
        tone = envelope * np.sin(2.0 * np.pi * mode.hertz * (time + bend), dtype=np.float32)
        total += _with_energy(tone.astype(np.float32), energy_db)
    return total


def _noise(drum: Drum, time: Samples, rng: np.random.Generator) -> tuple[Samples, Samples]:
    low, high = np.zeros_like(time), np.zeros_like(time)
    if max(drum.noise_db) <= -120.0:
        return low, high
    length = len(time)
    spectrum = scipy.fft.rfft(rng.standard_normal(length, dtype=np.float32))
    hertz = scipy.fft.rfftfreq(length, 1.0 / SAMPLE_RATE).astype(np.float32)
    if drum.partials:
        spectrum += _partials(drum.partials, hertz, float(np.sqrt(length)), rng)
    octave = np.log2(np.maximum(hertz, 1.0) / np.float32(OCTAVES_HZ[0]))
    rise = np.minimum(1.0, time / np.float32(drum.attack_seconds))
    for index, (energy_db, t60_seconds) in enumerate(zip(drum.noise_db, drum.noise_t60_seconds, strict=True)):
        if energy_db <= -120.0:
            continue
        # Raised cosines that sum to one over neighbouring octaves, so that no band has an edge.
        mask = np.cos(0.5 * np.pi * np.clip(octave - index, -1.0, 1.0))
        first, last = np.searchsorted(octave, (index - 1, index + 1))
        band = np.zeros_like(spectrum)
        band[first:last] = spectrum[first:last] * mask[first:last]
        noise = (
            scipy.fft.irfft(band, length) * rise * np.exp(np.float32(-np.log(1000.0) / t60_seconds) * time)
        )
        target = high if OCTAVES_HZ[index] > _BRIGHTENING_HZ else low
        target += _with_energy(noise.astype(np.float32), energy_db)
    # The sudden start of short noise spreads below its octave, where no drum sounds.
    lowest_hertz = 0.5 * OCTAVES_HZ[[level > -120.0 for level in drum.noise_db].index(True)]
    highpass = scipy.signal.butter(2, lowest_hertz, "highpass", fs=SAMPLE_RATE, output="sos")
    return scipy.signal.sosfilt(highpass, low).astype(np.float32), high


def _partials(count: int, hertz: Samples, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Make the spectrum of `count` log-spaced random partials, 6 dB to 18 dB above noise of `scale`."""
    spectrum = np.zeros(len(hertz), dtype=np.complex64)
    places = np.exp(rng.uniform(np.log(300.0), np.log(15_000.0), count))
    width = hertz[1] - hertz[0]
    # A partial is one bin; its strength grows with the bin's share of the band's noise power.
    strength = scale * np.sqrt(len(hertz) / count) * 10.0 ** (rng.uniform(-12.0, 0.0, count) / 20.0)
    spectrum[np.minimum((places / width).astype(int), len(hertz) - 1)] = strength * np.exp(
        2j * np.pi * rng.uniform(size=count)
    )
    return spectrum


def _with_energy(signal: Samples, energy_db: float) -> Samples:
    energy = float(np.dot(signal, signal))
    return signal * np.float32(np.sqrt(10.0 ** (energy_db / 10.0) / max(energy, 1e-12)))


def softened(
    drum: Drum, *, attack_seconds: float, octaves_db: tuple[float, ...], modes_db: float = 0.0
) -> Drum:
    """Strike `drum` with something softer than a stick: slower attack, octaves and modes raised or lowered."""
    return replace(
        drum,
        attack_seconds=attack_seconds,
        modes=tuple(replace(mode, energy_db=mode.energy_db + modes_db) for mode in drum.modes),
        noise_db=tuple(
            level + change if level > -120.0 else level
            for level, change in zip(drum.noise_db, octaves_db, strict=True)
        ),
    )
