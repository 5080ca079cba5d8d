"""Loudness and true peak: how loud a mix is on two ears, by ITU-R BS.1770.

The measured algorithm is that of BS.1770-2 to -5 for mono and stereo: K-weighting, blocks of 400 ms that overlap
by three quarters, an absolute gate at -70 LUFS and a relative gate 10 LU below the ungated level.
"""

from dataclasses import dataclass

import numpy as np
import pyloudnorm
from scipy.signal import resample_poly

from mixeval.audio import Audio
from mixeval.errors import AudioError

SHORTEST_SECONDS = 0.4
"""One gating block: anything shorter has no loudness."""

OVERSAMPLING = 4
"""BS.1770 annex 2 asks for a rate of at least 192 kHz, four times 48 kHz."""

# Below this the absolute gate can decide what is measured, so that a gain would change more than the level.
_GATED_BELOW_LUFS = -60.0
_WELL_ABOVE_THE_GATE_LUFS = -30.0


@dataclass(frozen=True)
class Level:
    """Integrated loudness in LUFS and true peak in dBTP of the same audio."""

    loudness_lufs: float
    true_peak_dbtp: float


def integrated_loudness(audio: Audio) -> float:
    """Measure the integrated loudness of mono or stereo audio in LUFS (BS.1770 annex 1).

    Mono counts as two equal channels, as two ears hear it and as it is played: 3.01 LU more than a file of
    one channel reads in many meters.

    Raises AudioError when the audio is shorter than 400 ms, silent, gated away whole, not finite, or neither
    mono nor stereo.
    """
    stereo = audio.as_stereo()
    _check_measurable(stereo)
    # "DeMan" is the standard's own filter at any rate; the default class reads 0.042 LU low at 997 Hz.
    meter = pyloudnorm.Meter(stereo.sample_rate, filter_class="DeMan")
    loudness = float(meter.integrated_loudness(_whole_blocks(stereo).T.astype(np.float64)))
    if not np.isfinite(loudness):
        raise AudioError(
            "the audio is too quiet to have a loudness, no 400 ms of it reach the gate at -70 LUFS",
            remedy="check that it holds the mix, and raise its level",
        )
    return loudness


def true_peak(audio: Audio) -> float:
    """Measure the true peak over all channels in dBTP, by oversampling four times (BS.1770 annex 2).

    Silence gives minus infinity.
    """
    peak = max(_channel_peak(channel) for channel in audio.samples)
    with np.errstate(divide="ignore"):
        return float(20.0 * np.log10(peak))


def level_for_alignment(audio: Audio) -> Level:
    """Measure loudness so that a gain moves it by exactly that gain, and the true peak.

    A quiet mix is measured raised, well above the absolute gate, and the raise is taken off again: parts of it
    that the gate hides now would count once the mix has its gain. Raises AudioError as integrated_loudness.
    """
    loudness = integrated_loudness(audio)
    if loudness < _GATED_BELOW_LUFS:
        raise_db = _WELL_ABOVE_THE_GATE_LUFS - loudness
        loudness = integrated_loudness(with_gain(audio, raise_db)) - raise_db
    return Level(loudness, true_peak(audio))


def with_gain(audio: Audio, gain_db: float) -> Audio:
    """Give the audio with a gain in decibels, computed in double precision."""
    samples = audio.samples.astype(np.float64) * 10.0 ** (gain_db / 20.0)
    return Audio(samples.astype(np.float32), audio.sample_rate)


def _check_measurable(audio: Audio) -> None:
    if not np.isfinite(audio.samples).all():
        raise AudioError(
            "the audio holds samples that are not finite numbers, it has no loudness",
            remedy="render it again",
        )
    if audio.frames * 10 < audio.sample_rate * 4:
        raise AudioError(
            f"the audio lasts {audio.seconds * 1000:.0f} ms, loudness needs at least {SHORTEST_SECONDS * 1000:.0f} ms",
            remedy="choose a longer excerpt",
        )
    if not audio.samples.any():
        raise AudioError("the audio is silent, it has no loudness", remedy="check that it holds the mix")


def _whole_blocks(audio: Audio) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    # The standard ignores an incomplete last block; the meter would round and measure part of one as a whole.
    steps = (audio.frames * 10 - audio.sample_rate * 4) // audio.sample_rate
    return audio.samples[:, : -(-(4 + steps) * audio.sample_rate // 10)]


def _channel_peak(channel: np.ndarray[tuple[int], np.dtype[np.float32]]) -> float:
    between = resample_poly(channel, OVERSAMPLING, 1)
    return float(max(np.max(np.abs(channel), initial=0.0), np.max(np.abs(between), initial=0.0)))
