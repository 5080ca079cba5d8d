"""A stretch of the item that loops: rendered by both engines with the page's own player, judged by numpy."""

import numpy as np
import pytest

pytestmark = pytest.mark.browser

RATE = 44100
QUANTUM = 128
LEAD_SECONDS = 0.01
FADE_FRAMES = 441
EDGE_FRAMES = round(0.004 * RATE)
FLOAT32 = 1e-6


def frame_of(quantum):
    return quantum * QUANTUM + int(np.ceil(LEAD_SECONDS * RATE))


def with_edges(piece):
    """Fade a stretch in and out by half a cosine of 4 ms."""
    edge = 0.5 - 0.5 * np.cos(np.pi * (np.arange(EDGE_FRAMES) + 0.5) / EDGE_FRAMES)
    window = np.ones(len(piece))
    window[:EDGE_FRAMES] = edge
    window[-EDGE_FRAMES:] = edge[::-1]
    return piece * window


def noise(seed, frames):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, frames).astype(np.float32)


def rest_of(quanta):
    return (quanta + 100) * QUANTUM


@pytest.mark.parametrize("rate", [44100, 48000])
def test_after_3600_passes_of_a_tenth_of_a_second_all_seven_mixes_are_on_their_sample(
    render, record_testsuite_property, rate
):
    # Neither end is a whole number of samples at either rate, nor is what lies between them.
    region = {"start": 0.123456789, "end": 0.223459999}
    start, frames = round(region["start"] * rate), round(region["end"] * rate) - round(region["start"] * rate)
    assert (region["start"] * rate) % 1 > 0.01
    assert (region["end"] * rate) % 1 > 0.01
    mixes = {}
    for rank, token in enumerate("abcdefg"):
        mix = np.zeros(rate, np.float32)
        # Each in a place of its own, so that all seven can be told apart in one channel.
        mix[start + frames // 3 + 100 * rank] = 0.5 + rank / 16
        mixes[token] = mix
    passes = 3600
    length = (passes * frames + frame_of(0)) // QUANTUM * QUANTUM + 100 * QUANTUM
    steps = [(0, [*(["add", token] for token in mixes), ["setRegion", region], ["play", "a"]])]
    steps += [
        (quantum, [["play", "abcdefg"[number % 7]]])
        for number, quantum in enumerate(range(500, length // QUANTUM, 4999), 1)
    ]
    at, values, told = render.events(mixes, steps, length, rate=rate, tap=True)
    assert told["sources"] == 7
    lead = int(np.ceil(LEAD_SECONDS * rate - 1e-6))
    for rank, token in enumerate("abcdefg"):
        offset = frames // 3 + 100 * rank
        expected = lead + offset + frames * np.arange(passes)
        mine = np.isin(at, expected)
        assert np.array_equal(at[mine][:passes], expected), token
        assert np.allclose(values[mine], 0.5 + rank / 16, atol=FLOAT32)
    # Nothing is anywhere else: no impulse was split between two samples.
    last = lead + frames * passes
    assert np.count_nonzero(at < last) == 7 * passes
    record_testsuite_property(f"loop passes without a sample's slip at {rate} Hz", passes)


def test_a_stretch_sounds_as_cut_out_and_faded_at_its_ends(render):
    mix = noise(1, RATE)
    region = {"start": 0.2500031, "end": 0.4000017}
    start, end = round(region["start"] * RATE), round(region["end"] * RATE)
    piece = with_edges(mix[start:end].astype(float))
    frames = 600 * QUANTUM
    heard = render({"a": mix}, [(0, [["add", "a"], ["setRegion", region], ["play", "a"]])], frames)
    time = np.arange(frames) - frame_of(0)
    expected = piece[time % len(piece)] * np.clip(time / FADE_FRAMES, 0, 1)
    assert np.abs(heard.samples - expected).max() < FLOAT32
    assert heard.told["region"] == pytest.approx({"start": start / RATE, "end": end / RATE}, abs=1e-12)


def test_where_a_loop_comes_round_there_is_no_click(render, record_testsuite_property):
    seconds = np.arange(RATE) / RATE
    # From the crest of a wave to its trough: a hard wrap would jump by the whole height.
    mix = (0.5 * np.cos(2 * np.pi * 50 * seconds)).astype(np.float32)
    region = {"start": 0.2, "end": 0.41}
    heard = render({"a": mix}, [(0, [["add", "a"], ["setRegion", region], ["play", "a"]])], 800 * QUANTUM)
    jump = np.abs(np.diff(heard.samples)).max()
    own = np.abs(np.diff(mix)).max()
    # Half a cosine rises by at most pi/2 of an even ramp.
    bound = own + 0.5 * np.pi / 2 / EDGE_FRAMES
    hard = abs(float(mix[round(0.41 * RATE) - 1]) - float(mix[round(0.2 * RATE)]))
    for name, value in {"largest": jump, "bound": bound, "of a hard wrap": hard}.items():
        record_testsuite_property(f"jump where the loop comes round, {name}", float(value))
    assert jump <= bound
    assert hard > 20 * bound


def test_a_stretch_set_while_a_mix_plays_is_gone_into_without_a_jump(render):
    seconds = np.arange(RATE) / RATE
    mix = (0.5 * np.sin(2 * np.pi * 60 * seconds)).astype(np.float32)
    steps = [
        (0, [["add", "a"], ["play", "a"]]),
        (60, [["setRegion", {"start": 0.5, "end": 0.7}]]),
        (200, [["setRegion", {"start": 0.55, "end": 0.8}]]),
        (300, [["setRegion", None]]),
        (340, [["seek", 0.9]]),
    ]
    heard = render({"a": mix}, steps, 600 * QUANTUM)
    own = np.abs(np.diff(mix)).max()
    # Two places of the same mix are crossfaded, which adds their distance by 1/441 a sample, and edges fade in 176.
    assert np.abs(np.diff(heard.samples)).max() <= own + 1 / FADE_FRAMES + 0.5 * np.pi / 2 / EDGE_FRAMES
    # At the end it plays on from where it was sent.
    time = np.arange(600 * QUANTUM)
    after = time >= frame_of(340) + FADE_FRAMES
    place = round(0.9 * RATE) + time - frame_of(340)
    assert np.abs(heard.samples - mix[place % len(mix)])[after].max() < FLOAT32
    assert heard.heard["a"] == pytest.approx(600 * QUANTUM / RATE - LEAD_SECONDS, abs=1e-3)


def test_a_stretch_around_the_present_place_changes_nothing_but_where_it_comes_round(render):
    mix = noise(2, RATE)
    steps = [(0, [["add", "a"], ["play", "a"]]), (40, [["setRegion", {"start": 0.05, "end": 0.9}]])]
    heard = render({"a": mix}, steps, 250 * QUANTUM)
    time = np.arange(250 * QUANTUM) - frame_of(0)
    steady = time >= FADE_FRAMES
    assert np.abs(heard.samples - mix[time % len(mix)])[steady].max() < FLOAT32


@pytest.mark.parametrize("seek", [0.5, 0.123456])
def test_a_seek_lands_on_its_sample_in_all_mixes(render, seek):
    mix = noise(3, RATE)
    mixes = dict.fromkeys("abcdefg", mix)
    steps = [(0, [*(["add", token] for token in mixes), ["play", "a"]]), (50, [["seek", seek]])]
    steps += [(90 + 10 * number, [["play", "bcdefg"[number]]]) for number in range(6)]
    heard = render(mixes, steps, rest_of(150))
    time = np.arange(rest_of(150))
    place = round(seek * RATE) + time - frame_of(50)
    after = time >= frame_of(50) + FADE_FRAMES
    assert np.abs(heard.samples - mix[place % len(mix)])[after].max() < FLOAT32


def test_switches_within_a_stretch_keep_its_place(render):
    mix = noise(4, RATE)
    mixes = dict.fromkeys("abc", mix)
    region = {"start": 0.3, "end": 0.45}
    piece = with_edges(mix[round(0.3 * RATE) : round(0.45 * RATE)].astype(float))
    steps = [(0, [*(["add", token] for token in mixes), ["setRegion", region], ["play", "a"]])]
    steps += [(quantum, [["play", "bca"[number % 3]]]) for number, quantum in enumerate(range(20, 400, 7))]
    heard = render(mixes, steps, rest_of(400))
    time = np.arange(rest_of(400)) - frame_of(0)
    assert np.abs(heard.samples - piece[time % len(piece)])[time >= FADE_FRAMES].max() < FLOAT32


def test_without_looping_the_item_fades_at_its_end_and_is_over(render):
    length = 20_011
    mix = noise(5, length)
    frames = 300 * QUANTUM
    heard = render({"a": mix}, [(0, [["add", "a"], ["play", "a"]])], frames, options={"loop": False})
    time = np.arange(frames) - frame_of(0)
    gain = np.clip(time / FADE_FRAMES, 0, 1) * np.clip((length - time) / FADE_FRAMES, 0, 1)
    expected = np.where((time >= 0) & (time < length), mix[time.clip(0, length - 1)], 0.0) * gain
    assert np.abs(heard.samples - expected).max() < FLOAT32
    assert heard.told["ended"] == 1
    assert (heard.told["playing"], heard.told["position"]) == (None, 0)
    assert heard.heard["a"] == pytest.approx(length / RATE, abs=1e-6)


def test_without_looping_a_marked_stretch_still_loops(render):
    mix = noise(6, RATE)
    region = {"start": 0.1, "end": 0.25}
    piece = with_edges(mix[round(0.1 * RATE) : round(0.25 * RATE)].astype(float))
    heard = render(
        {"a": mix},
        [(0, [["add", "a"], ["setRegion", region], ["play", "a"]])],
        500 * QUANTUM,
        options={"loop": False},
    )
    time = np.arange(500 * QUANTUM) - frame_of(0)
    assert np.abs(heard.samples - piece[time % len(piece)])[time >= FADE_FRAMES].max() < FLOAT32
    assert heard.told["ended"] == 0
