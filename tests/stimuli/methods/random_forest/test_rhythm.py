"""Judges: click tracks, and synthetic drums whose tempo is in their pattern.

Clicks faster than 170 a minute may be counted as every second one: bare clicks do not say where the beat is.
"""

import numpy as np
import pytest

from mixeval.seeds import generator
from mixeval_stimuli.datasets.synthetic.kits import KITS
from mixeval_stimuli.datasets.synthetic.patterns import STYLES
from mixeval_stimuli.datasets.synthetic.session import Take, hits_of, hold
from mixeval_stimuli.methods.random_forest.rhythm import (
    FASTEST_BPM,
    SLOWEST_BPM,
    USUAL_BPM,
    estimate_tempo,
    onset_strength,
    onset_times,
)


def clicks(bpm, rate=44_100, seconds=12.0):
    """Make short noise bursts on every beat, the first after 100 ms; give them and their times."""
    times = np.arange(0.1, seconds - 0.1, 60 / bpm)
    signal = np.zeros(round(seconds * rate))
    burst = np.random.default_rng(0).uniform(-1, 1, rate // 50) * np.exp(
        -np.arange(rate // 50) / (0.004 * rate)
    )
    for time in times:
        start = round(time * rate)
        signal[start : start + burst.size] = burst
    return signal, times


@pytest.mark.parametrize("bpm", [60, 72.5, 84, 97, 113, 120, 133, 150, 168, 180, 200])
def test_the_tempo_of_a_click_track_is_found(bpm):
    tempo = estimate_tempo(onset_strength(clicks(bpm)[0], 44_100))

    assert tempo.found
    assert tempo.confidence > 0.5
    allowed = [bpm, bpm / 2] if bpm > 170 else [bpm]
    assert min(abs(tempo.bpm / each - 1) for each in allowed) < 0.01


@pytest.mark.parametrize("rate", [22_050, 48_000, 96_000])
def test_the_tempo_is_the_same_at_any_rate(rate):
    assert estimate_tempo(onset_strength(clicks(113, rate)[0], rate)).bpm == pytest.approx(113, rel=0.01)


@pytest.mark.parametrize("rate", [22_050, 44_100, 96_000])
def test_each_click_is_an_onset_at_its_time(rate):
    signal, times = clicks(113, rate)

    found = onset_times(onset_strength(signal, rate))

    assert found.size == times.size
    assert np.abs(found - times).max() < 0.025


@pytest.mark.parametrize(
    ("style", "tempo"),
    [
        ("shuffle-blues", "slow"),
        ("rock", "medium"),
        ("disco", "fast"),
        ("reggae", "slow"),
        ("funk", "medium"),
        ("waltz", "fast"),
        ("hard-rock", "slow"),
        ("afro", "medium"),
    ],
)
def test_the_tempo_of_drums_is_found(style, tempo):
    kit = KITS[0]
    take = Take(1, style, "simple", tempo, STYLES[style].sticks)
    multitrack = hold(kit, hits_of(kit, take.sticks, seed=1), take, seed=1, seconds=10.0)
    mix = multitrack.mixes["dry"].mean(axis=0).astype(np.float64)
    # The first that a take draws is how far it is from its style's tempo.
    played = STYLES[style].bpm[tempo] * generator(1, "take", kit.drummer, 1).uniform(0.97, 1.03)

    found = estimate_tempo(onset_strength(mix / np.abs(mix).max(), 44_100))

    assert found.found
    assert found.bpm == pytest.approx(played, rel=0.01)


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros(0),
        np.zeros(44_100),
        np.ones(200_000),
        np.random.default_rng(1).uniform(-1, 1, 600_000),
        np.random.default_rng(1).uniform(-1, 1, 44_100),
        np.eye(1, 200_000, 100_000)[0],
        clicks(120)[0][:20_000],
    ],
    ids=["nothing", "silence", "0 Hz", "noise", "short noise", "one click", "short"],
)
def test_where_nothing_repeats_it_is_120_and_says_so(signal):
    tempo = estimate_tempo(onset_strength(signal, 44_100))

    assert (tempo.bpm, tempo.found) == (USUAL_BPM, False)


def test_it_stays_within_its_range():
    for bpm in (20, 30, 300, 480):
        tempo = estimate_tempo(onset_strength(clicks(bpm)[0], 44_100))
        assert SLOWEST_BPM <= tempo.bpm <= FASTEST_BPM
