"""The mixing desk: a scripted engineer's dry and wet stereo mixes of the stems."""

from collections.abc import Mapping

import numpy as np

from mixeval.audio import Samples
from mixeval_stimuli.datasets.outboard import (
    Fader,
    bell,
    compress,
    filtered,
    high_pass,
    reverb,
    shelf,
    summed,
)

WET_OVER_DRY_DB = 15.0
"""How much louder the wet mix is than the dry one, which is as quiet as ENST-Drums' (about -40 LUFS)."""

LIMIT = 0.9
"""Where the safety limiter holds the wet mix, in full scale."""

REVERB_T60_SECONDS = 0.9
REVERB_DB = -12.0
"""Level of the reverb relative to the dry mix that feeds it."""

REVERB_PREDELAY_SECONDS = 0.012


def dry_mix(stems: Mapping[str, Samples], faders: Mapping[str, Fader]) -> Samples:
    """Mix with gain and constant-power pan alone, but for a gentle shelf on the cymbal microphones.

    Stems have shape (samples,), the mix (2, samples), sample-aligned with them.
    """
    return summed({name: _cymbal_eq(name, stem) for name, stem in stems.items()}, faders)


def wet_mix(stems: Mapping[str, Samples], faders: Mapping[str, Fader], rng: np.random.Generator) -> Samples:
    """Mix with an equaliser on each stem, reverb, a 3:1 bus compressor and a safety limiter.

    Stems have shape (samples,), the mix (2, samples), sample-aligned with them.
    """
    equalised = {name: _wet_eq(name, _cymbal_eq(name, stem)) for name, stem in stems.items()}
    mix = summed(equalised, faders)
    target_rms = 10.0 ** (WET_OVER_DRY_DB / 20.0) * np.sqrt(np.mean(np.square(mix)))
    mix = mix + reverb(
        mix,
        rng,
        t60_seconds=REVERB_T60_SECONDS,
        level_db=REVERB_DB,
        predelay_seconds=REVERB_PREDELAY_SECONDS,
    )
    threshold = max(float(np.sqrt(np.mean(np.square(mix)))), 1e-6) * 6.0
    mix = compress(mix, threshold=threshold, ratio=3.0, attack_seconds=0.010, release_seconds=0.120)
    return _limit(mix * np.float32(target_rms / max(float(np.sqrt(np.mean(np.square(mix)))), 1e-9)))


def _cymbal_eq(name: str, stem: Samples) -> Samples:
    # ENST-Drums' engineer lifted the overheads' air and took the drums' lows out of the hi-hat's microphone.
    if name in {"overhead_L", "overhead_R"}:
        return filtered(stem, shelf(hertz=7000.0, gain_db=4.0))
    if name == "hi-hat":
        return filtered(stem, high_pass(hertz=100.0))
    return stem


def _wet_eq(name: str, stem: Samples) -> Samples:
    if name == "kick":
        return filtered(
            stem,
            np.vstack([bell(hertz=60.0, gain_db=4.0, q=1.0), bell(hertz=350.0, gain_db=-4.0, q=1.2)]),
        )
    if name == "snare":
        return filtered(stem, bell(hertz=5000.0, gain_db=3.0, q=0.8))
    return stem


def _limit(mix: Samples) -> Samples:
    """Bend what rises above 80 % of LIMIT so that nothing passes LIMIT."""
    knee = np.float32(0.8 * LIMIT)
    size = np.abs(mix)
    held = np.minimum(size, knee) + (LIMIT - knee) * np.tanh(np.maximum(size - knee, 0.0) / (LIMIT - knee))
    return (np.sign(mix) * held).astype(np.float32)
