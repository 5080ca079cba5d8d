"""A recording session: one take on one setup of the kit, by all microphones, with the engineer's mixes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mixeval.audio import Samples
from mixeval.seeds import generator
from mixeval_stimuli.datasets.kit.desk import dry_mix, wet_mix
from mixeval_stimuli.datasets.kit.performance import play
from mixeval_stimuli.datasets.kit.plan import Take, split_hits
from mixeval_stimuli.datasets.kit.sampler import Sounds, Struck, choose_hits, record
from mixeval_stimuli.datasets.kit.samples import HEARD_BY, MICS, SAMPLE_RATE, SampleKit
from mixeval_stimuli.datasets.kit.setups import Setup

HIGHEST_PEAK = 10.0 ** (-1.0 / 20.0)
"""In full scale: a take that would pass it is turned down whole, with its dry mix."""

FADE_OUT_SECONDS = 0.25
"""Every take ends by a fade, so that no cymbal is cut off."""


@dataclass(frozen=True, eq=False)
class Multitrack:
    """Stems of shape (samples,) and mixes of shape (2, samples), rounded to 16 bits, and how they came about."""

    stems: Mapping[str, Samples]
    mixes: Mapping[str, Samples]
    struck: tuple[Struck, ...]
    bpm: float
    turned_down_db: float


def hold(take: Take, setup: Setup, kit: SampleKit, sounds: Sounds, *, seed: int) -> Multitrack:
    """Play, record and mix one take; it depends on no other."""
    rng = generator(seed, "take", take.drummer, take.number)
    strokes, bpm = play(take, setup, rng)
    struck = choose_hits(strokes, setup, kit.hits, allowed_hits(kit, take.subset, seed=seed), rng)
    heard = record(struck, sounds, round(take.seconds * SAMPLE_RATE))
    fade = min(heard.shape[1], round(FADE_OUT_SECONDS * SAMPLE_RATE))
    heard[:, heard.shape[1] - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    gain = _gain_that_fits({stem: heard[MICS.index(mic)] for stem, mic in setup.stems.items()}, setup)
    heard *= np.float32(gain)
    # The mixes are made from the stems as they are written, so that their relation is exact.
    stems = {stem: rounded(heard[MICS.index(mic)]) for stem, mic in setup.stems.items()}
    rooms = heard[[MICS.index(mic) for mic in setup.room]]
    mixes = {
        "dry": rounded(dry_mix(stems, setup)),
        "wet": rounded(wet_mix(stems, rooms, setup, generator(seed, "reverb", setup.drummer))),
    }
    return Multitrack(stems, mixes, tuple(struck), bpm, -20.0 * float(np.log10(gain)))


def allowed_hits(kit: SampleKit, subset: str, *, seed: int) -> Mapping[str, tuple[int, ...]]:
    """Give the numbers of the hits of each instrument that a subset may use."""
    return {
        instrument: split_hits(instrument, [hit.n for hit in kit.hits[instrument]], seed=seed)[subset]
        for instrument in HEARD_BY
    }


def rounded(samples: Samples) -> Samples:
    """Round to 16 bits, as a file will hold them."""
    result: Samples = (np.clip(np.rint(samples * 32768.0), -32768, 32767) / 32768.0).astype(np.float32)
    return result


def _gain_that_fits(stems: Mapping[str, Samples], setup: Setup) -> float:
    peak = max(float(np.max(np.abs(samples))) for samples in (*stems.values(), dry_mix(stems, setup)))
    return min(1.0, HIGHEST_PEAK / max(peak, 1e-9))
