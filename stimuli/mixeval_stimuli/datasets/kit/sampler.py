"""The sampler: from strokes to what each microphone hears.

Every stroke is one hit of the kit with all its microphones, scaled by one gain: bleed, delays and room are the hit's
own. Strength chooses among the hits that a subset may use: one of the nearest three that was not struck last, and a
gain of at most 6 dB brings it to the strength that was asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.signal

from mixeval.audio import Samples
from mixeval_stimuli.datasets.kit.performance import Stroke
from mixeval_stimuli.datasets.kit.samples import MICS, SAMPLE_RATE, Hit, SampleKit
from mixeval_stimuli.datasets.kit.setups import Setup

NEIGHBOURS = 3
REACH = 0.3
"""How much farther than the nearest hit another may lie and still be chosen, as a share of all ranks."""

MOST_GAIN_DB = 6.0
TAIL_DB = -80.0
"""What of a hit lies below this, relative to its loudest microphone's peak, is cut."""

CHOKE_SECONDS = 0.03
_FADE_SECONDS = 0.01
_CHOKING = frozenset({"hat", "hat_open", "foot"})

_RANK_EXPONENT = 1.5
"""Hits crowd at the hard end: a ghost note at a quarter of the strength is an eighth up the ranks."""


@dataclass(frozen=True)
class Struck:
    """A stroke with the hit that sounds for it, the gain it gets, and the sample at which it is choked, if any."""

    start: int
    instrument: str
    n: int
    gain_db: float
    choked_at: int | None = None


def choose_hits(
    strokes: Sequence[Stroke],
    setup: Setup,
    hits: Mapping[str, tuple[Hit, ...]],
    allowed: Mapping[str, tuple[int, ...]],
    rng: np.random.Generator,
) -> list[Struck]:
    """Choose a hit for each stroke (in order of time) among those `allowed` of its instrument."""
    last: dict[str, int] = {}
    closings = [round(stroke.seconds * SAMPLE_RATE) for stroke in strokes if stroke.voice in _CHOKING]
    struck = []
    for stroke in strokes:
        instrument = str(rng.choice(setup.instruments[stroke.voice]))
        hit, gain_db = _nearest(
            hits[instrument], allowed[instrument], stroke.velocity, last.get(instrument), rng
        )
        last[instrument] = hit.n
        start = round(stroke.seconds * SAMPLE_RATE)
        choked_at = None
        if stroke.voice == "hat_open":
            choked_at = next((frame for frame in closings if frame > start), None)
        struck.append(Struck(start, instrument, hit.n, gain_db, choked_at))
    return struck


def record(struck: Sequence[Struck], sounds: "Sounds", frames: int) -> Samples:
    """Let every microphone hear the hits; the result has shape (mics, frames) in the order of MICS."""
    heard = np.zeros((len(MICS), frames), dtype=np.float32)
    for hit in struck:
        sound = sounds.of(hit.instrument, hit.n)
        length = min(sound.shape[1], frames - hit.start)
        if hit.choked_at is not None:
            closing = round(CHOKE_SECONDS * SAMPLE_RATE)
            length = min(length, hit.choked_at - hit.start + closing)
        if length <= 0:
            continue
        part = np.float32(10.0 ** (hit.gain_db / 20.0)) * sound[:, :length]
        if hit.choked_at is not None:
            part *= np.clip(
                1.0 - (np.arange(length) - (hit.choked_at - hit.start)) / closing, 0.0, 1.0
            ).astype(np.float32)
        heard[:, hit.start : hit.start + length] += part
    return heard


class Sounds:
    """The hits of one setup as its microphones hear them: tuned, trimmed, and read when first struck."""

    def __init__(self, kit: SampleKit, setup: Setup) -> None:
        self._kit = kit
        self._setup = setup
        self._sounds: dict[tuple[str, int], Samples] = {}

    def of(self, instrument: str, n: int) -> Samples:
        """Give a hit of shape (mics, samples) in the order of MICS."""
        if (instrument, n) not in self._sounds:
            samples = _without_tail(self._kit.read(instrument, n))
            up, down = self._setup.speed.get(instrument, (1, 1))
            if up != down:
                # Played up/down times faster: down samples for every up that were recorded.
                samples = scipy.signal.resample_poly(samples, down, up, axis=1).astype(np.float32)
            balance_db = self._setup.balance_db.get(instrument, 0.0)
            trims = [10.0 ** ((self._setup.trim_db[mic] + balance_db) / 20.0) for mic in MICS]
            self._sounds[instrument, n] = samples * np.array(trims, dtype=np.float32)[:, np.newaxis]
        return self._sounds[instrument, n]


def _nearest(
    hits: Sequence[Hit],
    allowed: Sequence[int],
    velocity: float,
    last: int | None,
    rng: np.random.Generator,
) -> tuple[Hit, float]:
    rank = velocity**_RANK_EXPONENT * (len(hits) - 1)
    wanted_db = float(np.interp(rank, np.arange(len(hits)), sorted(hit.level_db for hit in hits)))
    pool = sorted(
        ((abs(index - rank), index) for index, hit in enumerate(hits) if hit.n in allowed),
    )[:NEIGHBOURS]
    farthest = pool[0][0] + REACH * len(hits)
    near = [index for distance, index in pool if distance <= farthest]
    choices = [index for index in near if hits[index].n != last] or near
    hit = hits[int(rng.choice(choices))]
    return hit, float(np.clip(wanted_db - hit.level_db, -MOST_GAIN_DB, MOST_GAIN_DB))


def _without_tail(samples: Samples) -> Samples:
    """Cut what is no longer heard, and fade the end, so that no hit ends in a click."""
    loudest = np.max(np.abs(samples), axis=0)
    above = np.flatnonzero(loudest > np.max(loudest) * 10.0 ** (TAIL_DB / 20.0))
    kept = np.array(samples[:, : int(above[-1]) + 1 if above.size else samples.shape[1]])
    fade = min(kept.shape[1], round(_FADE_SECONDS * SAMPLE_RATE))
    kept[:, kept.shape[1] - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return kept
