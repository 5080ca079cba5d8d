"""The mixing desk: a scripted engineer's dry and wet stereo mixes of the stems."""

from collections.abc import Mapping

import numpy as np
import scipy.signal

from mixeval.audio import Samples
from mixeval_stimuli.datasets.synthetic.drums import SAMPLE_RATE
from mixeval_stimuli.datasets.synthetic.kits import Fader

WET_OVER_DRY_DB = 15.0
"""How much louder the wet mix is than the dry one, which is as quiet as ENST-Drums' (about -40 LUFS)."""

LIMIT = 0.9
"""Where the safety limiter holds the wet mix, in full scale."""

REVERB_T60_SECONDS = 0.9
REVERB_DB = -12.0
"""Level of the reverb relative to the dry mix that feeds it."""

_Sos = np.ndarray


def dry_mix(stems: Mapping[str, Samples], faders: Mapping[str, Fader]) -> Samples:
    """Mix with gain and constant-power pan alone, but for a gentle shelf on the cymbal microphones.

    Stems have shape (samples,), the mix (2, samples), sample-aligned with them.
    """
    return _sum({name: _cymbal_eq(name, stem) for name, stem in stems.items()}, faders)


def wet_mix(stems: Mapping[str, Samples], faders: Mapping[str, Fader], rng: np.random.Generator) -> Samples:
    """Mix with an equaliser on each stem, reverb, a 3:1 bus compressor and a safety limiter.

    Stems have shape (samples,), the mix (2, samples), sample-aligned with them.
    """
    equalised = {name: _wet_eq(name, _cymbal_eq(name, stem)) for name, stem in stems.items()}
    mix = _sum(equalised, faders)
    target_rms = 10.0 ** (WET_OVER_DRY_DB / 20.0) * np.sqrt(np.mean(np.square(mix)))
    mix = _compress(mix + _reverb(mix, rng))
    return _limit(mix * np.float32(target_rms / max(float(np.sqrt(np.mean(np.square(mix)))), 1e-9)))


def panned_gains(fader: Fader) -> tuple[float, float]:
    """Give the linear gains to left and right, constant in power over the pan.

    >>> [round(gain, 3) for gain in panned_gains(Fader(0.0, pan=-1.0))]
    [1.0, 0.0]
    """
    angle = (fader.pan + 1.0) * np.pi / 4.0
    gain = 10.0 ** (fader.gain_db / 20.0)
    return gain * float(np.cos(angle)), gain * abs(float(np.sin(angle))) * (fader.pan > -1.0)


def _sum(stems: Mapping[str, Samples], faders: Mapping[str, Fader]) -> Samples:
    frames = len(next(iter(stems.values())))
    mix = np.zeros((2, frames), dtype=np.float32)
    for name, stem in stems.items():
        for channel, gain in enumerate(panned_gains(faders[name])):
            mix[channel] += np.float32(gain) * stem
    return mix


def _cymbal_eq(name: str, stem: Samples) -> Samples:
    # ENST-Drums' engineer lifted the overheads' air and took the drums' lows out of the hi-hat's microphone.
    if name in {"overhead_L", "overhead_R"}:
        return _filtered(stem, shelf(hertz=7000.0, gain_db=4.0))
    if name == "hi-hat":
        return _filtered(stem, scipy.signal.butter(1, 100.0, "highpass", fs=SAMPLE_RATE, output="sos"))
    return stem


def _wet_eq(name: str, stem: Samples) -> Samples:
    if name == "kick":
        return _filtered(
            stem,
            np.vstack([bell(hertz=60.0, gain_db=4.0, q=1.0), bell(hertz=350.0, gain_db=-4.0, q=1.2)]),
        )
    if name == "snare":
        return _filtered(stem, bell(hertz=5000.0, gain_db=3.0, q=0.8))
    return stem


def _filtered(signal: Samples, sos: _Sos) -> Samples:
    return scipy.signal.sosfilt(sos, signal).astype(np.float32)


def bell(*, hertz: float, gain_db: float, q: float) -> _Sos:
    """Make a peaking equaliser as one second-order section (R. Bristow-Johnson, Audio EQ Cookbook)."""
    amplitude = 10.0 ** (gain_db / 40.0)
    omega = 2.0 * np.pi * hertz / SAMPLE_RATE
    alpha = np.sin(omega) / (2.0 * q)
    return _section(
        (1.0 + alpha * amplitude, -2.0 * np.cos(omega), 1.0 - alpha * amplitude),
        (1.0 + alpha / amplitude, -2.0 * np.cos(omega), 1.0 - alpha / amplitude),
    )


def shelf(*, hertz: float, gain_db: float) -> _Sos:
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


def _section(b: tuple[float, float, float], a: tuple[float, float, float]) -> _Sos:
    return np.array([[*(value / a[0] for value in b), *(value / a[0] for value in a)]])


def _reverb(mix: Samples, rng: np.random.Generator) -> Samples:
    """Convolve both sides with decorrelated decaying noise whose energy is REVERB_DB."""
    frames = round(1.2 * REVERB_T60_SECONDS * SAMPLE_RATE)
    time = np.arange(frames) / SAMPLE_RATE
    lowpass = scipy.signal.butter(1, (150.0, 5000.0), "bandpass", fs=SAMPLE_RATE, output="sos")
    sides = []
    for channel in mix:
        noise = scipy.signal.sosfilt(lowpass, rng.standard_normal(frames))
        response = noise * 10.0 ** (-3.0 * time / REVERB_T60_SECONDS)
        response *= 10.0 ** (REVERB_DB / 20.0) / np.linalg.norm(response)
        delay = np.zeros(round(0.012 * SAMPLE_RATE))
        response = np.concatenate([delay, response]).astype(np.float32)
        sides.append(scipy.signal.oaconvolve(channel, response)[: len(channel)])
    return np.stack(sides).astype(np.float32)


def _compress(mix: Samples) -> Samples:
    """Compress 3:1 above the RMS level, 10 ms attack, 120 ms release, both sides by one gain."""
    hop = 32
    frames = mix.shape[1]
    padded = np.pad(np.abs(mix).max(axis=0), (0, -frames % hop))
    level = padded.reshape(-1, hop).max(axis=1)
    threshold = max(float(np.sqrt(np.mean(np.square(mix)))), 1e-6) * 6.0
    over_db = np.maximum(0.0, 20.0 * np.log10(np.maximum(level, 1e-9) / threshold))
    wanted_db = over_db * (1.0 - 1.0 / 3.0)
    attack = np.exp(-hop / (0.010 * SAMPLE_RATE))
    release = np.exp(-hop / (0.120 * SAMPLE_RATE))
    reduction_db = np.empty_like(wanted_db)
    state = 0.0
    for index, wanted in enumerate(wanted_db.tolist()):
        coefficient = attack if wanted > state else release
        state = coefficient * state + (1.0 - coefficient) * wanted
        reduction_db[index] = state
    gain_db = np.interp(np.arange(frames), np.arange(len(level)) * hop, -reduction_db)
    return mix * (10.0 ** (gain_db / 20.0)).astype(np.float32)


def _limit(mix: Samples) -> Samples:
    """Bend what rises above 80 % of LIMIT so that nothing passes LIMIT."""
    knee = np.float32(0.8 * LIMIT)
    size = np.abs(mix)
    held = np.minimum(size, knee) + (LIMIT - knee) * np.tanh(np.maximum(size - knee, 0.0) / (LIMIT - knee))
    return (np.sign(mix) * held).astype(np.float32)
