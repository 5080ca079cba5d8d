"""What the drummers play: styles as step patterns, made into strokes with a human's timing and strength.

A pattern is one bar. Each letter is a step: `X` an accent, `x` a stroke, `g` a ghost note, `o` an open hi-hat, `.` none.
Bars of 16 steps are straight, bars of 12 are in triplets.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

STRENGTHS: Mapping[str, float] = {"X": 0.95, "x": 0.66, "o": 0.75, "g": 0.26}
"""Velocity of each letter, before it is humanised."""

TIMING_JITTER_SECONDS = 0.004
"""Standard deviation of a stroke's time, typical of skilled drummers."""

LEAD_IN_SECONDS = 0.35
RING_OUT_SECONDS = 1.3
"""Every performance ends with an accent that rings out, as the phrases of ENST-Drums do."""


_ENDINGS: Mapping[str, Mapping[str, float]] = {
    "sticks": {"kick": 0.95, "crash": 0.85, "snare": 0.8},
    "mallets": {"kick": 0.95, "crash": 0.95},
    "brushes": {"snare": 0.7, "hat_open": 0.95},
}
"""The last accent and how strong its strokes are."""


@dataclass(frozen=True)
class Stroke:
    """One stroke: when, on what, how hard (velocity, 0 to 1)."""

    seconds: float
    drum: str
    velocity: float


@dataclass(frozen=True)
class Style:
    """One bar for each voice, how many beats it has, its three tempi in beats a minute, and what it is played with."""

    simple: Mapping[str, str]
    complex: Mapping[str, str]
    beats: int
    bpm: Mapping[str, float]
    sticks: str = "sticks"


STYLES: Mapping[str, Style] = {
    "shuffle-blues": Style(
        simple={
            "hat": "x.gx.gx.gx.g",
            "snare": "...X.....X..",
            "kick": "x.....x.....",
        },
        complex={
            "hat": "x.gx.gx.gx.g",
            "snare": "..gX.g..gX.g",
            "kick": "x....gx.x...",
        },
        beats=4,
        bpm={"slow": 78.0, "medium": 104.0, "fast": 138.0},
        sticks="brushes",
    ),
    "rock": Style(
        simple={
            "hat": "X.x.X.x.X.x.X.x.",
            "snare": "....X.......X...",
            "kick": "X.......X.x.....",
        },
        complex={
            "hat": "X.x.X.x.X.x.X.o.",
            "snare": "....X..g.g..X..g",
            "kick": "X..x....X.x..x..",
        },
        beats=4,
        bpm={"slow": 84.0, "medium": 112.0, "fast": 144.0},
    ),
    "disco": Style(
        simple={
            "hat": "x.o.x.o.x.o.x.o.",
            "snare": "....X.......X...",
            "kick": "X...X...X...X...",
        },
        complex={
            "hat": "xxoxxxoxxxoxxxox",
            "snare": "....X..g....X.gg",
            "kick": "X...X...X...X.x.",
        },
        beats=4,
        bpm={"slow": 100.0, "medium": 114.0, "fast": 128.0},
    ),
    "reggae": Style(
        simple={
            "hat": "x.gx.gx.gx.g",
            "snare": "......X.....",
            "kick": "......X.....",
        },
        complex={
            "hat": "x.gX.gx.gX.o",
            "snare": "..g...X..g.g",
            "kick": "......X....x",
        },
        beats=4,
        bpm={"slow": 68.0, "medium": 80.0, "fast": 96.0},
    ),
    "funk": Style(
        simple={
            "hat": "XxxxXxxxXxxxXxxx",
            "snare": "....X..g.g..X...",
            "kick": "X..x......x.....",
        },
        complex={
            "hat": "XxxxXxoxXxxxXxox",
            "snare": ".g..X.gg.g.gX..g",
            "kick": "X..x..x...xx..x.",
        },
        beats=4,
        bpm={"slow": 82.0, "medium": 96.0, "fast": 110.0},
    ),
    "waltz": Style(
        simple={
            "ride": "X...x...x...",
            "foot": "....x...x...",
            "snare": "....g...x...",
            "kick": "x...........",
        },
        complex={
            "ride": "X...x.xxx...",
            "foot": "....x...x...",
            "snare": ".g..x.g.x..g",
            "kick": "x.....g...x.",
        },
        beats=3,
        bpm={"slow": 92.0, "medium": 126.0, "fast": 168.0},
        sticks="brushes",
    ),
    "hard-rock": Style(
        simple={
            "ride": "X...X...X...X...",
            "snare": "....X.......X...",
            "kick": "X.x.....X.x.....",
        },
        complex={
            "ride": "X.x.X.x.X.x.X.x.",
            "snare": "....X.......X..x",
            "kick": "X.xx..x.X.xx..x.",
        },
        beats=4,
        bpm={"slow": 92.0, "medium": 120.0, "fast": 152.0},
    ),
    "afro": Style(
        simple={
            "hat": "x..x..x..x..",
            "tom_2": "X.....x..x..",
            "tom_1": "...x....x..x",
            "kick": "X.....x.....",
        },
        complex={
            "hat": "x.gx.gx.gx.g",
            "tom_2": "X....xx..x.x",
            "tom_1": "..xx....x.x.",
            "snare": ".g..g..g..g.",
            "kick": "X..x..x..x..",
        },
        beats=4,
        bpm={"slow": 88.0, "medium": 108.0, "fast": 132.0},
        sticks="mallets",
    ),
}


def play(
    style: str,
    *,
    complexity: str,
    tempo: str,
    toms: tuple[str, ...],
    seconds: float,
    rng: np.random.Generator,
) -> list[Stroke]:
    """Play bars of `style` until an accent that rings out for the end of `seconds`; strokes in order of time.

    The last bar and, in long performances, every fourth ends with a fill.
    """
    chosen = STYLES[style]
    bars = chosen.complex if complexity == "complex" else chosen.simple
    beat_seconds = 60.0 / (chosen.bpm[tempo] * rng.uniform(0.97, 1.03))
    bar_seconds = chosen.beats * beat_seconds
    playing_seconds = max(seconds - LEAD_IN_SECONDS - RING_OUT_SECONDS, bar_seconds / chosen.beats)
    # The performance ends on a beat, not always on a bar: clips are shorter than songs.
    beats_in_all = max(1, int(playing_seconds / beat_seconds))
    strokes: list[Stroke] = []
    steps = len(next(iter(bars.values())))
    for bar in range(-(-beats_in_all // chosen.beats)):
        start_beat = bar * chosen.beats
        fills = bar % 4 == 3 or start_beat + chosen.beats >= beats_in_all > chosen.beats
        last_beat = min(chosen.beats, beats_in_all - start_beat)
        fill_from = last_beat - 1 if fills else last_beat
        for voice, letters in bars.items():
            for step, letter in enumerate(letters):
                beat = step / steps * chosen.beats
                limit = fill_from if voice in {"snare", "tom_1", "tom_2"} else last_beat
                if letter == "." or beat >= limit:
                    continue
                drum = _drum(voice, letter)
                time = LEAD_IN_SECONDS + (start_beat + beat) * beat_seconds
                strokes.append(_humanised(time, drum, STRENGTHS[letter], rng))
        if fills:
            time = LEAD_IN_SECONDS + (start_beat + fill_from) * beat_seconds
            # With brushes a drummer stays on the snare.
            drums = ("snare",) if chosen.sticks == "brushes" else ("snare", *toms)
            strokes += _fill(time, beat_seconds, 3 if steps == 12 else 4, drums, rng)
    end = LEAD_IN_SECONDS + beats_in_all * beat_seconds
    strokes += [_humanised(end, drum, strength, rng) for drum, strength in _ENDINGS[chosen.sticks].items()]
    return sorted(strokes, key=lambda stroke: stroke.seconds)


def _drum(voice: str, letter: str) -> str:
    if voice == "hat":
        return "hat_open" if letter == "o" else "hat_closed"
    return "hat_foot" if voice == "foot" else voice


def _fill(
    start: float, beat_seconds: float, strokes: int, drums: tuple[str, ...], rng: np.random.Generator
) -> list[Stroke]:
    return [
        _humanised(
            start + index / strokes * beat_seconds,
            drums[min(index, len(drums) - 1)],
            0.4 + 0.45 * index / strokes,
            rng,
        )
        for index in range(strokes)
    ]


def _humanised(seconds: float, drum: str, strength: float, rng: np.random.Generator) -> Stroke:
    velocity = float(np.clip(strength * (1.0 + 0.09 * rng.standard_normal()), 0.08, 1.0))
    return Stroke(max(0.0, seconds + TIMING_JITTER_SECONDS * float(rng.standard_normal())), drum, velocity)
