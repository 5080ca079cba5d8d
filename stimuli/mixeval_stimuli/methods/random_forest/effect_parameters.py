"""Effect parameters: what the random-forest baseline sets its compressor and reverb to, and why.

The paper (section 2.2) says which measure of the audio decides each parameter: the compressor's threshold is the RMS
level, its ratio follows from the crest factor, its times from a beat tracker and a tail-decay follower; tempo sets
reverberation time, diffusion and, with the Haas limit, pre-delay; transientness sets the reverb's gain and damping. It
gives no formulae. Those here are our design, each within the range that mixing engineers use.
"""

import math
from typing import Literal

import numpy as np

Style = Literal["tuned", "as_published"]

KNEE_DB = 6.0
"""Soft enough that no stroke is heard to cross the threshold."""

LARGEST_REDUCTION_DB = 8.0

HAAS_SECONDS = 0.035
"""Up to here a reflection fuses with the sound before it (H. Haas, doctoral thesis, Göttingen 1949; English in JAES
20(2), 1972); later it is heard as an echo."""


def threshold_dbfs(rms_dbfs: float) -> float:
    """Set the threshold to the RMS level in dBFS of the active frames (paper)."""
    return rms_dbfs


def ratio(crest_db: float) -> float:
    """Set the ratio, 1.2 to 1.7, so that the highest peak is held by G decibels (the dependence on crest: paper).

    G = (C - 4) / 2 with the crest factor C in decibels (6 at least), 8 dB at most: more is heard as pumping. As
    the threshold lies C below the highest peak, the ratio that does it is C / (C - G).
    """
    crest_db = max(crest_db, 6.0)
    held_db = min((crest_db - 4.0) / 2.0, LARGEST_REDUCTION_DB)
    return crest_db / (crest_db - held_db)


def attack_seconds(rise_seconds: float, beat_seconds: float) -> float:
    """Set the attack, 3 to 30 ms and at most a 64th note: the median rise time (the dependence: paper).

    The gain follows a stroke's own onset: faster would distort it, slower would let its peak stand.
    """
    return min(float(np.clip(rise_seconds, 0.003, 0.030)), beat_seconds / 16.0)


def look_ahead_seconds(attack_seconds: float) -> float:
    """Set the look-ahead, 3 to 5 ms: as long as the attack, so that the gain is there with the peak (our addition).

    So short a dip before a stroke is masked by the stroke itself (E. Zwicker and H. Fastl, "Psychoacoustics",
    chapter 4, on premasking).
    """
    return min(attack_seconds, 0.005)


def release_seconds(decay_seconds: float, beat_seconds: float) -> float:
    """Set the release, 40 to 400 ms and at most half a beat: decay by 20 dB over ln 10 (the dependence: paper).

    That is the time constant of the tail itself: the gain comes back as the drum dies, and before the next
    off-beat, so that it does not pump.
    """
    return float(np.clip(decay_seconds / math.log(10.0), 0.040, min(0.400, beat_seconds / 2.0)))


def rt60_seconds(beat_seconds: float, style: Style) -> float:
    """Set the reverberation time, 0.4 to 2.5 s, in beats (the dependence on tempo: paper).

    "tuned": two beats, so that a stroke has died away by the next backbeat: 1 s at 120 beats a minute.
    "as_published": three, which fits the tails of the paper's published wet mixes (1.6 to 2.0 s) best.
    """
    beats = 2.0 if style == "tuned" else 3.0
    return float(np.clip(beats * beat_seconds, 0.4, 2.5))


def diffusion(bpm: float) -> float:
    """Set the all-pass gain, 0.4 to 0.7: 0.4 + 0.3 (bpm - 60) / 120 (the dependence: paper).

    Fast strokes overlap in the tail and need denser reflections not to be heard as a rattle.
    """
    return float(np.clip(0.4 + 0.3 * (bpm - 60.0) / 120.0, 0.4, 0.7))


def pre_delay_seconds(beat_seconds: float) -> float:
    """Set the pre-delay, 17.5 to 35 ms: the longest of T/2, T/4, T/8 ... within the Haas limit (paper: both).

    A binary subdivision of the beat T falls on the groove's own grid.
    """
    return float(beat_seconds / 2.0 ** math.ceil(math.log2(beat_seconds / HAAS_SECONDS)))


def damping(transientness: float) -> float:
    """Set the damping, 0.2 to 0.7: 0.2 + 0.5 times transientness (the dependence: paper).

    The share by which 8 kHz dies sooner than mid frequencies: the sharper the strokes, the less may hiss.
    """
    return 0.2 + 0.5 * transientness


def wet_level_lu(transientness: float, style: Style) -> float:
    """Set the reverb's loudness relative to the dry sound in LU (the dependence on transientness: paper).

    "tuned": -6 - 8 times transientness, -6 to -14 LU. "as_published": 0 LU: on the paper's website the random
    forest's wet mixes hold about as much reverb as dry sound (measured: between -3.6 and +3.1 dB).
    """
    return -6.0 - 8.0 * transientness if style == "tuned" else 0.0


def high_pass_hz(style: Style) -> float:
    """Set the corner below which nothing is sent to the reverb (our addition).

    "tuned": 150 Hz, so that the bass drum does not rumble on. "as_published": 20 Hz, which only keeps 0 Hz out.
    """
    return 150.0 if style == "tuned" else 20.0
