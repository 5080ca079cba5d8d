"""The mixing desk of the sampled kit: a scripted engineer's dry and wet stereo mixes.

The dry mix is what ENST-Drums' engineer did on the one excerpt that is published: gains, pans and a static equaliser
on the cymbals' microphones, nothing that depends on the music. Measured there: overheads flat below 1 kHz, +1.4 dB at
2.5 kHz, +5.2 at 6.3 kHz, +7.8 at 10 kHz and +10.8 at 20 kHz; hi-hat -10 dB at 63 Hz and +6.8 dB at 20 kHz. A single
zero each for the two shelves, and a first-order high-pass, meet all of these within 0.3 dB.

The wet mix is a plausible one, of no particular engineer: equalisers on the drums, room microphones, bus compression,
reverb, a mastering limiter.
"""

from collections.abc import Mapping

import numpy as np
import scipy.ndimage
import scipy.signal

from mixeval.audio import Audio, Samples
from mixeval_stimuli.datasets.kit.setups import Setup
from mixeval_stimuli.datasets.outboard import (
    SAMPLE_RATE,
    Sections,
    bell,
    compress,
    filtered,
    high_pass,
    reverb,
    summed,
)
from mixeval_stimuli.loudness import integrated_loudness

BUS_LUFS = -20.0
"""Loudness that the bus is brought to before it is compressed and again before it is limited."""

RATIO = 2.5
THRESHOLD = 0.14
"""Of the compressor, in full scale: peaks of a bus at BUS_LUFS rise above it by 10 dB and more."""

REVERB_DB = -14.0
REVERB_PREDELAY_SECONDS = 0.015

CEILING = 10.0 ** (-1.3 / 20.0)
"""Where the limiter holds peaks between samples too, in full scale; what it rounds stays below -1 dBFS."""

_LOOK_AHEAD_SECONDS = 0.0015
_RELEASE_DB_PER_SECOND = 80.0
_OVERSAMPLING = 4

_OVERHEAD_ZERO = 0.561
_HAT_ZERO = 0.373
_HAT_HIGH_PASS_HERTZ = 189.0


def dry_mix(stems: Mapping[str, Samples], setup: Setup) -> Samples:
    """Mix linearly: static equalisers on the cymbals' microphones, gains, constant-power pans.

    Stems have shape (samples,), the mix (2, samples), sample-aligned with them. Twice the stems are twice the mix.
    """
    return summed({name: _cymbal_eq(name, stem) for name, stem in stems.items()}, setup.faders)


def wet_mix(stems: Mapping[str, Samples], rooms: Samples, setup: Setup, rng: np.random.Generator) -> Samples:
    """Mix with equalisers, room microphones, bus compression, reverb and a limiter.

    Stems have shape (samples,), rooms (2, samples), the mix (2, samples), sample-aligned with them. The bus is brought
    to one loudness first, so what the compressor does does not depend on the level of the take.
    """
    equalised = {name: _drum_eq(name, _cymbal_eq(name, stem)) for name, stem in stems.items()}
    bus = summed(equalised, setup.faders) + np.float32(10.0 ** (setup.room_db / 20.0)) * rooms
    bus = compress(
        _at_loudness(bus, BUS_LUFS),
        threshold=THRESHOLD,
        ratio=RATIO,
        attack_seconds=0.012,
        release_seconds=0.140,
    )
    bus = bus + reverb(
        bus,
        rng,
        t60_seconds=setup.reverb_seconds,
        level_db=REVERB_DB,
        predelay_seconds=REVERB_PREDELAY_SECONDS,
    )
    return limit(_at_loudness(bus, BUS_LUFS))


def limit(mix: Samples) -> Samples:
    """Hold peaks, between samples too, below CEILING without latency: the gain looks ahead and falls before a peak."""
    peaks = np.abs(scipy.signal.resample_poly(mix, _OVERSAMPLING, 1, axis=1)).max(axis=0)
    peaks = peaks[: mix.shape[1] * _OVERSAMPLING].reshape(mix.shape[1], _OVERSAMPLING).max(axis=1)
    over_db = 20.0 * np.log10(np.maximum(peaks / CEILING, 1.0))
    if not over_db.any():
        return mix
    window = 2 * round(_LOOK_AHEAD_SECONDS * SAMPLE_RATE) + 1
    # Wide enough for the smoothing below, which then never falls short of the peak that it was made for.
    held_db = scipy.ndimage.maximum_filter1d(over_db, window + 2)
    fall = _RELEASE_DB_PER_SECOND / SAMPLE_RATE * np.arange(len(held_db))
    released_db = np.maximum(np.maximum.accumulate(held_db + fall) - fall, 0.0)
    smooth_db = scipy.ndimage.uniform_filter1d(released_db, window, mode="nearest")
    gain: Samples = np.power(10.0, -smooth_db / 20.0).astype(np.float32)
    return mix * gain


def _at_loudness(mix: Samples, lufs: float) -> Samples:
    gain_db = lufs - integrated_loudness(Audio(mix, SAMPLE_RATE))
    return mix * np.float32(10.0 ** (gain_db / 20.0))


def _cymbal_eq(name: str, stem: Samples) -> Samples:
    if name in {"overhead_L", "overhead_R"}:
        return filtered(stem, _rise(_OVERHEAD_ZERO))
    if name == "hi-hat":
        return filtered(stem, np.vstack([high_pass(hertz=_HAT_HIGH_PASS_HERTZ), _rise(_HAT_ZERO)]))
    return stem


def _drum_eq(name: str, stem: Samples) -> Samples:
    if name == "kick":
        return filtered(
            stem,
            np.vstack(
                [
                    bell(hertz=60.0, gain_db=4.0, q=1.0),
                    bell(hertz=350.0, gain_db=-4.0, q=1.2),
                    bell(hertz=3500.0, gain_db=3.0, q=0.9),
                ]
            ),
        )
    if name == "snare":
        return filtered(
            stem,
            np.vstack([bell(hertz=200.0, gain_db=2.0, q=1.0), bell(hertz=5000.0, gain_db=3.0, q=0.8)]),
        )
    if name.startswith("tom"):
        return filtered(
            stem,
            np.vstack([bell(hertz=400.0, gain_db=-4.0, q=1.0), bell(hertz=4000.0, gain_db=3.0, q=0.8)]),
        )
    return stem


def _rise(zero: float) -> Sections:
    """Make a high shelf of one zero: flat at low frequencies, up by (1 + zero) / (1 - zero) at half the sample rate."""
    return np.array([[1.0 / (1.0 - zero), -zero / (1.0 - zero), 0.0, 1.0, 0.0, 0.0]])
