"""A recording session: one performance on one kit, by all microphones, with the engineer's mixes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mixeval.audio import Samples
from mixeval.seeds import generator
from mixeval_stimuli.datasets.enst import stems_of
from mixeval_stimuli.datasets.synthetic.desk import dry_mix, wet_mix
from mixeval_stimuli.datasets.synthetic.drums import SAMPLE_RATE, Hit, strike_all
from mixeval_stimuli.datasets.synthetic.kits import Kit, played_with
from mixeval_stimuli.datasets.synthetic.patterns import Stroke, play
from mixeval_stimuli.datasets.synthetic.room import record

_SOURCE_OF = {"hat_closed": "hat", "hat_open": "hat", "hat_foot": "hat"}
"""The thing in the room that sounds, where it is not named like the stroke."""

_SYMPATHETIC: Mapping[str, tuple[tuple[str, float], ...]] = {
    "kick": (("snare", -30.0),),
    "tom_1": (("snare", -30.0), ("kick", -30.0)),
    "tom_2": (("snare", -30.0), ("kick", -26.0)),
    "tom_3": (("snare", -30.0), ("kick", -26.0)),
    "snare": (("kick", -31.0), ("tom_1", -34.0), ("tom_2", -34.0)),
}
"""What else begins to sound when a drum is struck, and how much softer (dB): wires buzz, heads ring along."""


@dataclass(frozen=True)
class Take:
    """What one recording of the data set is."""

    number: int
    style: str
    complexity: str
    tempo: str
    sticks: str

    @property
    def file(self) -> str:
        return f"{self.number:03d}_phrase_{self.style}_{self.complexity}_{self.tempo}_{self.sticks}.wav"


@dataclass(frozen=True, eq=False)
class Multitrack:
    """Stems of shape (samples,) and mixes of shape (2, samples), all of one length at SAMPLE_RATE."""

    stems: Mapping[str, Samples]
    mixes: Mapping[str, Samples]


Hits = Mapping[str, Sequence[Hit]]
"""The hits of a kit by the name of the stroke that makes them."""


def hits_of(kit: Kit, sticks: str, *, seed: int) -> Hits:
    """Make the hits of a drummer's kit under `sticks`; all takes with the same sticks share them."""
    return strike_all(played_with(kit, sticks), generator(seed, "hits", kit.drummer, sticks))


def hold(kit: Kit, hits: Hits, take: Take, *, seed: int, seconds: float) -> Multitrack:
    """Play, record and mix one take."""
    rng = generator(seed, "take", kit.drummer, take.number)
    strokes = play(
        take.style,
        complexity=take.complexity,
        tempo=take.tempo,
        toms=kit.toms,
        seconds=seconds,
        rng=rng,
    )
    sources = _sources(strokes, hits, round(seconds * SAMPLE_RATE), rng)
    # The room and its microphones are a drummer's, the same in every take; only the hiss is a take's own.
    stems = record(
        sources,
        stems_of(kit.drummer),
        kit.microphone_gain_db,
        room=generator(seed, "room", kit.drummer),
        hiss=rng,
    )
    mixes = {
        "dry": dry_mix(stems, kit.faders),
        "wet": wet_mix(stems, kit.faders, generator(seed, "reverb")),
    }
    return Multitrack(stems, mixes)


def _sources(
    strokes: Sequence[Stroke], hits: Hits, frames: int, rng: np.random.Generator
) -> Mapping[str, Samples]:
    """Lay the hits of all strokes into one signal for each thing that sounds, of shape (samples,)."""
    sources = {
        _SOURCE_OF.get(stroke.drum, stroke.drum): np.zeros(frames, dtype=np.float32) for stroke in strokes
    }
    hat_frames = [round(stroke.seconds * SAMPLE_RATE) for stroke in strokes if stroke.drum.startswith("hat")]
    for stroke in strokes:
        start = round(stroke.seconds * SAMPLE_RATE)
        sound = _any(hits[stroke.drum], rng).at(stroke.velocity)
        if stroke.drum == "hat_open":
            later = [frame for frame in hat_frames if frame > start]
            sound = _choked(sound, later[0] - start) if later else sound
        _add(sources[_SOURCE_OF.get(stroke.drum, stroke.drum)], sound, start)
        for other, level_db in _SYMPATHETIC.get(stroke.drum, ()):
            if other in sources:
                gain = np.float32(10.0 ** (level_db / 20.0))
                _add(sources[other], gain * _any(hits[other], rng).at(stroke.velocity), start)
    return sources


def _any(variants: Sequence[Hit], rng: np.random.Generator) -> Hit:
    return variants[int(rng.integers(len(variants)))]


def _choked(sound: Samples, frames: int) -> Samples:
    """Close an open hi-hat `frames` after it was struck."""
    closing = round(0.03 * SAMPLE_RATE)
    return sound[: frames + closing] * np.clip(
        1.0 - (np.arange(min(len(sound), frames + closing)) - frames) / closing, 0.0, 1.0
    ).astype(np.float32)


def _add(signal: Samples, sound: Samples, start: int) -> None:
    end = min(len(signal), start + len(sound))
    if end > start:
        signal[start:end] += sound[: end - start]
