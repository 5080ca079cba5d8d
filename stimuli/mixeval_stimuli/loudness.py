"""Loudness and true peak: how loud a mix is on two ears, by ITU-R BS.1770.

The measured algorithm is that of BS.1770-2 to -5 for mono and stereo: K-weighting, blocks of 400 ms that overlap
by three quarters, an absolute gate at -70 LUFS and a relative gate 10 LU below the ungated level.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyloudnorm
from scipy.signal import resample_poly

from mixeval.audio import Audio
from mixeval.errors import AudioError

SHORTEST_SECONDS = 0.4
"""One gating block: anything shorter has no loudness."""

OVERSAMPLING = 4
"""BS.1770 annex 2 asks for a rate of at least 192 kHz, four times 48 kHz."""

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0


@dataclass(frozen=True)
class Level:
    """How loud audio is at any gain: the loudness of its 400 ms blocks in LUFS, and its true peak in dBTP.

    A gain of 13 dB does not move integrated loudness by exactly 13 LU: fading tails sink below the absolute
    gate, which moves the relative gate, which decides what else counts (0.06 LU on real drums). The blocks
    move exactly, so the gates are applied to them where they will lie.
    """

    blocks_lufs: tuple[float, ...]
    true_peak_dbtp: float

    def loudness_at(self, gain_db: float) -> float:
        """Give the integrated loudness in LUFS with a gain (BS.1770 equations 5 to 7), -inf if all is gated."""
        blocks = np.asarray(self.blocks_lufs) + gain_db
        above = blocks[blocks > ABSOLUTE_GATE_LUFS]
        if above.size:
            above = above[above > _mean_lufs(above) + RELATIVE_GATE_LU]
        return _mean_lufs(above) if above.size else -np.inf

    def gain_to(self, target_lufs: float) -> float:
        """Find the gain in decibels that brings the audio to a target.

        Each step adds what is missing. More gain lets more quiet blocks count, never fewer, so the steps never
        change direction, and they end since there are only so many blocks.
        """
        gain_db = 0.0
        for _ in range(len(self.blocks_lufs) + 1):
            missing = target_lufs - self.loudness_at(gain_db)
            if abs(missing) < 1e-9:
                break
            gain_db += missing
        return gain_db


def integrated_loudness(audio: Audio) -> float:
    """Measure the integrated loudness of mono or stereo audio in LUFS (BS.1770 annex 1).

    Mono counts as two equal channels, as two ears hear it and as it is played: 3.01 LU more than a file of
    one channel reads in many meters.

    Raises AudioError when the audio is shorter than 400 ms, silent, gated away whole, not finite, or neither
    mono nor stereo.
    """
    loudness, _ = _measure(audio)
    return loudness


def measure_level(audio: Audio) -> Level:
    """Measure what decides the audio's loudness at any gain. Raises AudioError as integrated_loudness."""
    return Level(_blocks(audio), true_peak(audio))


def gain_to_loudness(audio: Audio, target_lufs: float) -> float:
    """Find the gain in decibels that brings the audio to a target, however quiet it is.

    Raises AudioError as integrated_loudness.
    """
    # At full scale first: the gate at -70 LUFS must not decide how quiet a recording may be.
    peak = float(np.max(np.abs(audio.samples), initial=0.0)) or 1.0
    raised = Audio(np.asarray(audio.samples / np.float32(peak)), audio.sample_rate)
    return Level(_blocks(raised), true_peak_dbtp=0.0).gain_to(target_lufs) - 20.0 * float(np.log10(peak))


def true_peak(audio: Audio) -> float:
    """Measure the true peak over all channels in dBTP, by oversampling four times (BS.1770 annex 2).

    Silence gives minus infinity.
    """
    peak = max(_channel_peak(channel) for channel in audio.samples)
    with np.errstate(divide="ignore"):
        return float(20.0 * np.log10(peak))


def with_gain(audio: Audio, gain_db: float) -> Audio:
    """Give the audio with a gain in decibels, computed in double precision."""
    samples = audio.samples.astype(np.float64) * 10.0 ** (gain_db / 20.0)
    return Audio(samples.astype(np.float32), audio.sample_rate)


def _blocks(audio: Audio) -> tuple[float, ...]:
    _, meter = _measure(audio)
    # A silent block has minus infinity, which no gain raises and no JSON holds: it counts at no gain.
    return tuple(float(block) for block in meter.blockwise_loudness if np.isfinite(block))


def _measure(audio: Audio) -> tuple[float, Any]:
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
    return loudness, meter


def _mean_lufs(blocks: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(10.0 * np.log10(np.mean(10.0 ** (blocks / 10.0))))


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
