"""The judge is the hit itself, as libsndfile reads it."""

from itertools import pairwise

import numpy as np
import pytest
import soundfile

from mixeval_stimuli.datasets.kit.performance import Stroke
from mixeval_stimuli.datasets.kit.sampler import MOST_GAIN_DB, Sounds, Struck, choose_hits, record
from mixeval_stimuli.datasets.kit.samples import MICS, SAMPLE_RATE
from mixeval_stimuli.datasets.kit.setups import SETUPS

FIRST, SECOND, _ = SETUPS


def files_of(folder, instrument, n):
    return np.stack(
        [
            soundfile.read(folder / "Samples" / instrument / f"{n}-{instrument}-{mic}.flac", dtype="float32")[
                0
            ]
            for mic in MICS
        ]
    )


def trims(setup):
    return 10.0 ** (np.array([[setup.trim_db[mic]] for mic in MICS]) / 20.0)


def test_one_hit_is_its_own_files_at_its_place_with_the_trims_and_nothing_else(kit_folder, small_kit):
    heard = record([Struck(1000, "Snare", 2, -3.0)], Sounds(small_kit, FIRST), 20_000)
    wanted = files_of(kit_folder, "Snare", 2) * trims(FIRST) * 10.0 ** (-3.0 / 20.0)
    # What is cut and faded at the end lies 80 dB below the hit's peak.
    length = wanted.shape[1]
    assert heard[:, 1000 : 1000 + length] == pytest.approx(wanted[:, :length], abs=1e-5)
    assert not heard[:, :1000].any()
    assert not heard[:, 1000 + length :].any()


def test_hits_add_up(small_kit):
    sounds = Sounds(small_kit, FIRST)
    strokes = [Struck(0, "KdrumL", 3, 0.0), Struck(2000, "Snare", 1, 2.0)]
    together = record(strokes, sounds, 15_000)
    alone = sum(record([stroke], sounds, 15_000) for stroke in strokes)
    assert together == pytest.approx(alone, abs=1e-7)


def test_a_hit_at_the_end_is_cut_with_the_recording(small_kit):
    heard = record(
        [Struck(900, "Snare", 2, 0.0), Struck(1200, "Snare", 2, 0.0)], Sounds(small_kit, FIRST), 1000
    )
    assert heard.shape == (len(MICS), 1000)
    assert heard[:, 900:].any()


def test_tuning_shifts_the_pitch_by_the_ratio(small_kit, tones):
    up, down = SECOND.speed["KdrumL"]
    sound = Sounds(small_kit, SECOND).of("KdrumL", 4)[MICS.index("KdrumL")]
    spectrum = np.abs(np.fft.rfft(sound, 2**18))
    pitch = np.fft.rfftfreq(2**18, 1 / SAMPLE_RATE)[np.argmax(spectrum)]
    assert pitch == pytest.approx(tones["KdrumL"] * up / down, rel=0.02)
    assert up / down < 1.0


def test_a_closed_hi_hat_chokes_an_open_one_at_every_microphone(small_kit):
    strokes = [Stroke(0.1, "hat_open", 0.9), Stroke(0.15, "hat", 0.6), Stroke(0.16, "snare", 0.6)]
    allowed = {name: tuple(hit.n for hit in hits) for name, hits in small_kit.hits.items()}
    struck = choose_hits(strokes, FIRST, small_kit.hits, allowed, np.random.default_rng(0))
    assert struck[0].choked_at == struck[1].start
    sounds = Sounds(small_kit, FIRST)
    ringing = record([Struck(struck[0].start, "HihatOpen", 3, 0.0)], sounds, 20_000)
    choked = record([Struck(struck[0].start, "HihatOpen", 3, 0.0, struck[0].choked_at)], sounds, 20_000)
    assert (choked[:, : struck[1].start] == ringing[:, : struck[1].start]).all()
    closed = struck[1].start + round(0.03 * SAMPLE_RATE)
    assert not choked[:, closed:].any()
    assert ringing[:, closed:].any(axis=1).all()


def test_only_hits_of_the_subset_are_struck_and_one_never_twice_in_a_row(small_kit):
    strokes = [Stroke(0.1 * index, "snare", 0.7) for index in range(60)]
    allowed = dict.fromkeys(small_kit.hits, (2, 3, 4))
    struck = choose_hits(strokes, FIRST, small_kit.hits, allowed, np.random.default_rng(0))
    numbers = [hit.n for hit in struck]
    assert set(numbers) <= {2, 3, 4}
    assert len(set(numbers)) > 1
    assert all(first != second for first, second in pairwise(numbers))
    assert all(abs(hit.gain_db) <= MOST_GAIN_DB for hit in struck)


def test_a_harder_stroke_is_a_stronger_hit_and_a_louder_one(small_kit):
    allowed = {name: tuple(hit.n for hit in hits) for name, hits in small_kit.hits.items()}
    levels = {hit.n: hit.level_db for hit in small_kit.hits["Snare"]}

    def level_and_hit(velocity):
        struck = [
            choose_hits(
                [Stroke(0.0, "snare", velocity)], FIRST, small_kit.hits, allowed, np.random.default_rng(seed)
            )[0]
            for seed in range(20)
        ]
        return np.mean([levels[hit.n] + hit.gain_db for hit in struck]), np.mean([hit.n for hit in struck])

    softly, hard = level_and_hit(0.3), level_and_hit(0.95)
    assert hard[0] > softly[0] + 5.0
    assert hard[1] > softly[1]
