"""The page's own audio graph, rendered by Chromium and by Firefox in an OfflineAudioContext and measured here.

The judge is a second model of what should be heard: the mixes looped by numpy, under gains drawn as straight
lines of 10 ms.
"""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.browser

# Published mixes of one recording, and a multitrack's two references; where a folder with them is at hand.
REAL = {
    "paper-stimuli": "paper-stimuli/050_phrase_afro_simple_slow_sticks_*.mp3",
    "paper-stimuli, reggae": "paper-stimuli/078_phrase_reggae_simple_slow_sticks_*.mp3",
    "enst-excerpt": "enst-excerpt/reference/*.wav",
}

RATE = 44100
QUANTUM = 128
LEAD_SECONDS = 0.01
FADE_FRAMES = 441
FLOAT32 = 1e-6


def all_of(mixes):
    return [["add", token] for token in mixes]


def frame_of(quantum):
    """First frame of a change that is asked for in this quantum."""
    return quantum * QUANTUM + int(np.ceil(LEAD_SECONDS * RATE))


def expected(mixes, plays, frames):
    """Model what is heard when `plays`, (quantum, token or None), happen one after the other."""
    return sum(gain * looped for gain, looped in faded(mixes, plays, frames))


def faded(mixes, plays, frames):
    """Yield each mix's gain and its looped signal, both (frames,)."""
    start = frame_of(plays[0][0])
    time = np.arange(frames)
    for token, mix in mixes.items():
        points, gain = [(0, 0.0)], 0.0
        for quantum, played in plays:
            at = frame_of(quantum)
            now = np.interp(at, *zip(*points, strict=True))
            points = [(t, g) for t, g in points if t < at] + [(at, now)]
            gain = float(played == token)
            points.append((at + FADE_FRAMES, gain))
        looped = np.where(time >= start, mix[(time - start) % len(mix)], 0.0)
        yield np.interp(time, *zip(*points, strict=True)), looped


def drum_mixes(source):
    """Return mono mixes of one recording by their letters: seven made here, or real ones."""
    if source == "made here":
        mixes = list(balances_of_a_drum_loop())
    else:
        folder = os.environ.get("MIXEVAL_DEV_DATA")
        files = sorted(Path(folder).glob(REAL[source])) if folder else []
        if not files:
            pytest.skip("MIXEVAL_DEV_DATA names no folder with these recordings")
        mixes = [
            soundfile.read(file, frames=6 * RATE, dtype="float32", always_2d=True)[0][:, 0] for file in files
        ]
    return dict(zip("abcdefg", mixes, strict=False))


def balances_of_a_drum_loop():
    generator = np.random.default_rng(9)
    seconds = np.arange(4 * RATE) / RATE
    beat, half = seconds % 0.5, (seconds + 0.25) % 0.5
    kick = np.sin(2 * np.pi * 55 * beat) * np.exp(-beat * 14)
    snare = generator.standard_normal(len(seconds)) * np.exp(-half * 25)
    hat = np.diff(generator.standard_normal(len(seconds) + 1)) * np.exp(-(seconds % 0.125) * 60)
    for _ in range(7):
        mix = generator.uniform(0.2, 1.5, size=3) @ np.stack([kick, 0.4 * snare, 0.15 * hat])
        yield (0.3 * mix / np.abs(mix).max()).astype(np.float32)


def sines():
    """Return two smooth mixes of one length, so different that a cut between them is a loud click."""
    seconds = np.arange(RATE // 2) / RATE
    return {
        "a": (0.5 * np.sin(2 * np.pi * 60 * seconds)).astype(np.float32),
        "b": (0.5 * np.cos(2 * np.pi * 60 * seconds + 2.5)).astype(np.float32),
    }


def random_plays(seed, tokens, count):
    generator = np.random.default_rng(seed)
    quantum, plays, last = 0, [], None
    for _ in range(count):
        token = generator.choice([other for other in tokens if other != last])
        plays.append((quantum, str(token)))
        last = token
        # From within one fade (3.4 quanta) to far apart.
        quantum += int(generator.choice([1, 2, 3, 5, 40]))
    return plays, quantum


def test_switches_also_within_fades_sound_as_the_straight_lines_say(render):
    mixes = sines() | {"c": np.random.default_rng(1).uniform(-0.5, 0.5, RATE // 2).astype(np.float32)}
    for seed in range(3):
        plays, quanta = random_plays(seed, "abc", 60)
        frames = (quanta + 20) * QUANTUM
        steps = [(quantum, [["play", token]]) for quantum, token in plays]
        steps[0] = (0, [*all_of(mixes), ["play", plays[0][1]]])
        heard = render(mixes, steps, frames).samples
        assert np.abs(heard - expected(mixes, plays, frames)).max() < FLOAT32


def test_a_switch_jumps_no_further_than_the_mixes_themselves(render, record_testsuite_property):
    mixes = sines()
    plays = [(0, "a")] + [
        (quantum, "ab"[number % 2]) for number, quantum in enumerate(range(40, 1200, 37), 1)
    ]
    frames = 1300 * QUANTUM
    steps = [(quantum, [["play", token]]) for quantum, token in plays]
    steps[0] = (0, [*all_of(mixes), ["play", "a"]])
    heard = render(mixes, steps, frames).samples
    largest = np.abs(np.diff(heard)).max()
    own = max(np.abs(np.diff(np.append(mix, mix[0]))).max() for mix in mixes.values())
    # While gains move by 1/441 a sample, a mix may add that part of how far the two lie apart.
    bound = own + np.abs(mixes["a"] - mixes["b"]).max() / FADE_FRAMES
    start = frame_of(0)
    cut = max(
        abs(
            mixes["a"][(frame_of(quantum) - start) % len(mixes["a"])]
            - mixes["b"][(frame_of(quantum) - start - 1) % len(mixes["b"])]
        )
        for quantum, _ in plays[1:]
    )
    for name, value in {"largest": largest, "of the mixes": own, "bound": bound, "of a cut": cut}.items():
        record_testsuite_property(f"jump between samples, {name}", float(value))
    assert largest <= bound + FLOAT32
    assert cut > 20 * bound


@pytest.mark.parametrize("source", ["made here", *REAL])
def test_between_mixes_of_one_recording_no_switch_jumps_above_the_faded_signals(
    render, source, record_testsuite_property
):
    mixes = drum_mixes(source)
    plays, quanta = random_plays(11, "".join(mixes), 60)
    frames = (quanta + 20) * QUANTUM
    steps = [(quantum, [["play", token]]) for quantum, token in plays]
    steps[0] = (0, [*all_of(mixes), ["play", plays[0][1]]])
    heard = render(mixes, steps, frames).samples
    signals = list(faded(mixes, plays, frames))
    assert np.abs(heard - sum(gain * looped for gain, looped in signals)).max() < FLOAT32
    # At every sample: what the mixes move by themselves under their gains, and 1/441 of how far apart any two lie.
    own = sum(np.maximum(gain[1:], gain[:-1]) * np.abs(np.diff(looped)) for gain, looped in signals)
    apart = np.ptp([looped for _, looped in signals], axis=0)
    jumps = np.abs(np.diff(heard))
    # The first fade comes out of silence.
    steady = np.arange(1, frames) > frame_of(0) + FADE_FRAMES
    assert np.all((jumps <= own + np.maximum(apart[1:], apart[:-1]) / FADE_FRAMES + FLOAT32)[steady])
    within = [slice(frame_of(quantum), frame_of(quantum) + FADE_FRAMES) for quantum, _ in plays[1:]]
    of_mixes = max(np.abs(np.diff(looped[steady.nonzero()[0]])).max() for _, looped in signals)
    figures = {
        "largest within a fade": max(jumps[fade].max() for fade in within),
        "largest of the mixes themselves": of_mixes,
    }
    assert figures["largest within a fade"] <= of_mixes + apart.max() / FADE_FRAMES
    for name, value in figures.items():
        record_testsuite_property(f"jump between samples, {source}, {name}", float(value))


def test_between_identical_mixes_a_switch_cannot_be_heard_at_all(render):
    mix = np.random.default_rng(2).uniform(-0.5, 0.5, 10_007).astype(np.float32)
    mixes = {"a": mix, "b": mix, "c": mix}
    plays, quanta = random_plays(5, "abc", 80)
    frames = (quanta + 20) * QUANTUM
    steps = [(quantum, [["play", token]]) for quantum, token in plays]
    steps[0] = (0, [*all_of(mixes), ["play", plays[0][1]]])
    heard = render(mixes, steps, frames).samples
    steady = frame_of(0) + FADE_FRAMES
    unbroken = mix[(np.arange(frames) - frame_of(0)) % len(mix)]
    assert np.abs(heard - unbroken)[steady:].max() < FLOAT32


@pytest.mark.parametrize("length", [1001, 44099, 30_011])
def test_after_many_passes_all_mixes_are_on_the_same_sample(render, length):
    mix = np.zeros(length, np.float32)
    mix[17] = 1.0
    mixes = dict.fromkeys("abcdefg", mix)
    frames = 20 * RATE // QUANTUM * QUANTUM
    steps = [(0, [*all_of(mixes), ["play", "a"]])]
    steps += [
        (quantum, [["play", "abcdefg"[number % 7]]])
        for number, quantum in enumerate(range(50, frames // QUANTUM, 331), 1)
    ]
    heard = render(mixes, steps, frames).samples
    beats = np.flatnonzero(np.abs(heard) > 1e-4)
    first = frame_of(0) + 17
    later = beats[beats > frame_of(0) + FADE_FRAMES]
    assert len(later) >= frames // length - 2
    assert np.all((later - first) % length == 0)
    assert np.allclose(heard[later], 1.0, atol=1e-6)


def test_a_mix_that_loads_late_joins_on_the_same_sample_unheard(render):
    mix = np.random.default_rng(3).uniform(-0.5, 0.5, 20_011).astype(np.float32)
    mixes = {"a": mix, "late": mix}
    frames = 800 * QUANTUM
    steps = [(0, [["add", "a"], ["play", "a"]]), (391, [["add", "late"], ["play", "late"]])]
    heard = render(mixes, steps, frames).samples
    unbroken = mix[(np.arange(frames) - frame_of(0)) % len(mix)]
    assert np.abs(heard - unbroken)[frame_of(0) + FADE_FRAMES :].max() < FLOAT32


def test_a_pause_fades_keeps_its_place_and_goes_on_from_there(render):
    mix = sines()["a"]
    frames = 700 * QUANTUM
    steps = [(0, [["add", "a"], ["play", "a"]]), (200, [["pause"]]), (400, [["play", "a"]])]
    heard = render({"a": mix}, steps, frames).samples
    paused, resumed = frame_of(200), frame_of(400)
    assert np.all(heard[paused + FADE_FRAMES : resumed] == 0)
    assert np.abs(np.diff(heard)).max() <= np.abs(np.diff(mix)).max() + 0.5 / FADE_FRAMES + FLOAT32
    place = paused - frame_of(0) + np.arange(5000)
    assert np.allclose(
        heard[resumed + FADE_FRAMES :][:4000], mix[(place[FADE_FRAMES:][:4000]) % len(mix)], atol=FLOAT32
    )


def test_a_stop_goes_back_to_the_beginning(render):
    mix = sines()["a"]
    steps = [(0, [["add", "a"], ["play", "a"]]), (200, [["stop"]]), (400, [["play", "a"]])]
    heard = render({"a": mix}, steps, 700 * QUANTUM).samples
    resumed = frame_of(400)
    assert np.allclose(heard[resumed + FADE_FRAMES :][:4000], mix[FADE_FRAMES:][:4000], atol=FLOAT32)


def test_a_change_of_volume_has_no_step(render):
    mix = np.full(5000, 0.5, np.float32)
    steps = [(0, [["add", "a"], ["play", "a"]]), (100, [["setVolume", -40]]), (106, [["setVolume", -6]])]
    heard = render({"a": mix}, steps, 300 * QUANTUM).samples
    assert np.abs(np.diff(heard)).max() < 0.5 / FADE_FRAMES * 1.01
    assert heard[-1] == pytest.approx(0.5 * 10 ** (-6 / 20), rel=1e-5)


def test_listening_time_is_what_the_clock_played(render):
    mixes = sines()
    steps = [(0, [*all_of(mixes), ["play", "a"]]), (300, [["play", "b"]]), (500, [["pause"]])]
    heard = render(mixes, steps, 900 * QUANTUM).heard
    assert heard == pytest.approx({"a": 300 * QUANTUM / RATE, "b": 200 * QUANTUM / RATE}, abs=1e-3)
