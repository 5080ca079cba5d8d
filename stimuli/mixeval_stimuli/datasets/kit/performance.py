"""How it is played: strokes in time, with swing, fills, accents, ghost notes, and a drummer's own feel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mixeval_stimuli.datasets.kit.grooves import STYLES, TEMPI, Bar, Style
from mixeval_stimuli.datasets.kit.plan import Take
from mixeval_stimuli.datasets.kit.setups import Feel, Setup

VELOCITIES = {"X": 0.93, "x": 0.66, "o": 0.75, "g": 0.25}
"""Strength of each letter, from 0 to 1, before a drummer makes it his own."""

LEAD_IN_SECONDS = 0.25
RING_OUT_SECONDS = 2.0

_TEMPO_SPREAD = 0.05
_TOUCH = {"foot": 0.8, "crash": 0.65}
"""A crash that is ridden is struck with less than the arm."""

_DRIFT_SECONDS = 0.0015
_HAND_VOICES = frozenset({"snare", "tom_1", "tom_2", "floor"})
_CYMBALS = frozenset({"hat", "ride", "bell", "crash"})


@dataclass(frozen=True)
class Stroke:
    """One stroke: when, on what voice, how hard (velocity, 0 to 1)."""

    seconds: float
    voice: str
    velocity: float


def play(take: Take, setup: Setup, rng: np.random.Generator) -> tuple[list[Stroke], float]:
    """Play a take; give its strokes in order of time, and its tempo in beats a minute."""
    if take.group == "hits":
        strokes, bpm = _hits(take, rng), 0.0
    elif take.group == "solo":
        strokes, bpm = _solo(take, setup.feel, rng)
    else:
        strokes, bpm = _phrase(take, setup.feel, rng)
    return sorted(strokes, key=lambda stroke: stroke.seconds), bpm


def _hits(take: Take, rng: np.random.Generator) -> list[Stroke]:
    """Strike one voice from soft to hard, and let each stroke ring."""
    gap = (take.seconds - LEAD_IN_SECONDS) / take.strokes
    rises = np.linspace(0.2, 1.0, take.strokes)
    return [
        Stroke(
            LEAD_IN_SECONDS + index * gap + float(rng.uniform(0.0, 0.1 * gap)),
            take.voice,
            float(np.clip(rise + rng.normal(0.0, 0.06), 0.1, 1.0)),
        )
        for index, rise in enumerate(rises)
    ]


def _phrase(take: Take, feel: Feel, rng: np.random.Generator) -> tuple[list[Stroke], float]:
    style = STYLES[take.style]
    bpm = style.bpm[TEMPI.index(take.tempo)] * float(rng.uniform(1.0 - _TEMPO_SPREAD, 1.0 + _TEMPO_SPREAD))
    beat = 60.0 / bpm
    beats = max(style.beats, int((take.seconds - LEAD_IN_SECONDS - RING_OUT_SECONDS) / beat))
    bars = -(-beats // style.beats)
    section = int(rng.choice([4, 4, 8]))
    groove = style.grooves[take.complexity]
    time = _Time(beat, feel, rng)
    strokes: list[Stroke] = []
    lifted = groove
    for bar in range(bars):
        first_beat = bar * style.beats
        last_beat = min(beats - first_beat, style.beats)
        if bar % section == 0:
            lifted = _section_groove(groove, rng) if bar else groove
            if bar and rng.random() < feel.crash_chance:
                strokes.append(time.stroke(first_beat, "crash", 0.7))
        ends = (bar + 1) % section == 0 or bar == bars - 1
        fill_beats = int(rng.choice([0, 1, 1, 2])) if ends and last_beat > 1 else 0
        fill_from = last_beat - min(fill_beats, last_beat - 1)
        strokes += _bar(lifted, style, _Span(first_beat, last_beat, fill_from), time, rng)
        if fill_from < last_beat:
            steps = 3 if _steps(groove) % style.beats == 0 and _steps(groove) // style.beats == 3 else 4
            strokes += _fill(first_beat + fill_from, first_beat + last_beat, steps, time, rng)
    strokes += [time.stroke(beats, "kick", 0.9), time.stroke(beats, "crash", 0.7)]
    if rng.random() < 0.4:
        strokes.append(time.stroke(beats, "snare", 0.8))
    return strokes, bpm


def _steps(groove: Bar) -> int:
    return len(next(iter(groove.values())))


def _section_groove(groove: Bar, rng: np.random.Generator) -> Bar:
    """Let the right hand move from the hi-hat to the ride or back, or open the hi-hat, for a section."""
    lifted = dict(groove)
    choice = rng.random()
    if "hat" in groove and "ride" not in groove and choice < 0.3:
        lifted["ride"] = lifted.pop("hat").replace("o", "x")
    elif "ride" in groove and "hat" not in groove and "foot" not in groove and choice < 0.3:
        lifted["hat"] = lifted.pop("ride")
    elif "hat" in groove and choice > 0.9:
        lifted["hat"] = groove["hat"].replace("X", "o")
    return lifted


@dataclass(frozen=True)
class _Span:
    """Beats that a bar is played in: from the first to the last, and from where on a fill takes the hands."""

    first: int
    last: int
    fill_from: int


def _bar(groove: Bar, style: Style, span: _Span, time: "_Time", rng: np.random.Generator) -> Iterator[Stroke]:
    for voice, letters in groove.items():
        for step, letter in enumerate(letters):
            position = float(step)
            if len(letters) == 16 and step % 2:
                position += style.swing
            beat = position / len(letters) * style.beats
            limit = span.fill_from if voice in _HAND_VOICES | _CYMBALS else span.last
            if letter == "." or beat >= limit:
                continue
            if letter == "g" and rng.random() > time.feel.ghost_chance:
                continue
            struck = "hat_open" if voice == "hat" and letter == "o" else voice
            velocity = VELOCITIES[letter] * _TOUCH.get(voice, 1.0)
            # Even strokes lean on the beat.
            if letter == "x" and voice in _CYMBALS and step % 4:
                velocity *= 0.88
            yield time.stroke(span.first + beat, struck, velocity)


def _fill(first: int, last: int, steps: int, time: "_Time", rng: np.random.Generator) -> Iterator[Stroke]:
    """Fill the beats from `first` to `last`: down the toms, a snare roll, broken between hands and kick, or sparse."""
    count = (last - first) * steps
    kind = str(rng.choice(["down", "down", "roll", "broken", "sparse"]))
    path: Sequence[str] = ("snare", "tom_1", "tom_2", "floor")
    for index in range(count):
        rise = 0.55 + 0.35 * index / count
        if kind == "down":
            voice = path[min(3, index * 4 // count)]
        elif kind == "roll":
            voice = "snare"
            rise = 0.3 + 0.6 * index / count
        elif kind == "broken":
            voice = str(rng.choice(["snare", "tom_1", "floor", "kick"]))
        else:
            voice = str(rng.choice(["snare", "tom_2", "floor"]))
            if rng.random() < 0.5:
                continue
        accent = 0.12 if index % steps == 0 else 0.0
        yield time.stroke(first + index / steps, voice, rise + accent)


def _solo(take: Take, feel: Feel, rng: np.random.Generator) -> tuple[list[Stroke], float]:
    """Improvise: cells of a beat or two over a pulse, each with its own subdivision, voices and shape."""
    voices = {
        "toms": ("tom_1", "tom_2", "floor", "floor", "kick"),
        "fusion": ("snare", "snare", "tom_1", "floor", "kick", "hat", "hat_open"),
        "jazz": ("snare", "snare", "ride", "ride", "tom_1", "floor", "kick"),
        "rock": ("snare", "snare", "tom_1", "tom_2", "floor", "kick", "crash"),
        "metal": ("kick", "kick", "snare", "tom_1", "floor", "crash"),
        "samba": ("snare", "snare", "snare", "floor", "kick"),
    }[take.style]
    bpm = float(rng.uniform(84.0, 138.0))
    beat = 60.0 / bpm
    beats = max(4, int((take.seconds - LEAD_IN_SECONDS - RING_OUT_SECONDS) / beat))
    time = _Time(beat, feel, rng)
    strokes: list[Stroke] = []
    position = 0
    while position < beats:
        length = min(int(rng.choice([1, 1, 2, 2, 4])), beats - position)
        steps = int(rng.choice([2, 3, 4, 4, 6]))
        pair = [str(voice) for voice in rng.choice(voices, size=int(rng.integers(1, 4)))]
        start, end = rng.uniform(0.3, 0.9, 2)
        rests = float(rng.choice([0.0, 0.1, 0.35]))
        for index in range(length * steps):
            if rng.random() < rests:
                continue
            shape = start + (end - start) * index / (length * steps)
            accent = 0.15 if index % steps == 0 else 0.0
            voice = pair[index % len(pair)]
            # Nobody rolls on a crash.
            if voice == "crash" and index % steps:
                voice = "snare"
            strokes.append(time.stroke(position + index / steps, voice, shape + accent))
        if take.style in {"jazz", "samba"}:
            strokes += [time.stroke(position + b, "foot", 0.45) for b in range(length) if (position + b) % 2]
        position += length
    strokes += [time.stroke(beats, "kick", 0.9), time.stroke(beats, "crash", 0.7)]
    return strokes, bpm


class _Time:
    """A drummer's clock: beats to seconds, with drift, jitter, and voices that come early or late."""

    def __init__(self, beat_seconds: float, feel: Feel, rng: np.random.Generator) -> None:
        self._beat_seconds = beat_seconds
        self.feel = feel
        self._rng = rng
        # The pulse wanders like a slow random walk that is pulled back to the tempo.
        steps = rng.normal(0.0, _DRIFT_SECONDS, 512)
        drift = np.zeros(512)
        for index in range(1, 512):
            drift[index] = 0.95 * drift[index - 1] + steps[index]
        self._drift = drift

    def stroke(self, beat: float, voice: str, velocity: float) -> Stroke:
        feel = self.feel
        late = feel.snare_late_seconds if voice == "snare" else 0.0
        late = feel.hat_late_seconds if voice in {"hat", "hat_open", "ride"} else late
        seconds = (
            LEAD_IN_SECONDS
            + beat * self._beat_seconds
            + float(np.interp(beat, np.arange(512), self._drift))
            + late
            + feel.jitter_seconds * float(self._rng.normal())
        )
        strength = velocity * (1.0 + feel.velocity_spread * float(self._rng.normal()))
        return Stroke(max(0.0, seconds), voice, float(np.clip(strength, 0.06, 1.0)))
