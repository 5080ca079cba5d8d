from itertools import combinations

import numpy as np
import pytest

from mixeval_stimuli.datasets.kit.grooves import COMPLEXITIES, STYLES, TEMPI
from mixeval_stimuli.datasets.kit.performance import VELOCITIES, play
from mixeval_stimuli.datasets.kit.plan import SOLOS, Take
from mixeval_stimuli.datasets.kit.setups import SETUPS


def phrase(style="rock", complexity="simple", tempo="medium", seconds=20.0):
    return Take("1", 1, "phrase", "train", seconds, style=style, complexity=complexity, tempo=tempo)


def played(take, seed=0, setup=SETUPS[0]):
    return play(take, setup, np.random.default_rng(seed))


@pytest.mark.parametrize("style", STYLES)
def test_a_groove_is_one_bar_of_letters_that_somebody_can_play(style):
    voices = {"hat", "foot", *SETUPS[0].instruments}
    for complexity in COMPLEXITIES:
        groove = STYLES[style].grooves[complexity]
        assert set(groove) <= voices
        (steps,) = {len(letters) for letters in groove.values()}
        assert steps in {12, 16}
        assert set("".join(groove.values())) <= {*VELOCITIES, "."}


def test_there_are_many_styles_and_no_two_grooves_are_the_same():
    assert len(STYLES) >= 12
    grooves = [tuple(sorted(bar.items())) for style in STYLES.values() for bar in style.grooves.values()]
    assert all(a != b for a, b in combinations(grooves, 2))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("tempo", TEMPI)
def test_every_groove_is_played_in_time_and_rings_out(style, tempo):
    for setup, complexity in zip(SETUPS, COMPLEXITIES, strict=True):
        strokes, bpm = played(phrase(style, complexity, tempo), setup=setup)
        times = [stroke.seconds for stroke in strokes]
        assert times == sorted(times)
        assert times[0] >= 0.0
        assert 16.0 < times[-1] < 19.0
        assert bpm == pytest.approx(STYLES[style].bpm[TEMPI.index(tempo)], rel=0.051)
        assert {stroke.voice for stroke in strokes} <= set(setup.instruments)
        assert all(0.0 < stroke.velocity <= 1.0 for stroke in strokes)


def test_the_backbeat_of_a_simple_rock_beat_comes_every_other_beat():
    strokes, bpm = played(phrase(seconds=12.0))
    beat = 60.0 / bpm
    snares = [stroke.seconds for stroke in strokes if stroke.voice == "snare"][:3]
    assert np.diff(snares) == pytest.approx([2 * beat] * 2, abs=0.03)


def test_time_and_strength_are_a_humans():
    strokes, bpm = played(phrase(seconds=30.0))
    hats = [stroke for stroke in strokes if stroke.voice == "hat"]
    gaps = np.diff([stroke.seconds for stroke in hats])
    regular = gaps[np.abs(gaps - 30.0 / bpm) < 0.05]
    assert 0.001 < np.std(regular) < 0.02
    assert len({stroke.velocity for stroke in hats}) > 10


def test_swing_delays_every_second_sixteenth():
    def share_of_the_beat(style, letter_place):
        strokes, bpm = played(phrase(style, "medium", seconds=20.0))
        kicks = [stroke.seconds for stroke in strokes if stroke.voice == "kick"]
        return (kicks[letter_place] - kicks[0]) * bpm / 60.0

    # Rock's second kick is the third sixteenth, straight; hip-hop's is the fourth, late by its swing.
    assert share_of_the_beat("rock", 1) == pytest.approx(0.5, abs=0.04)
    assert share_of_the_beat("hip-hop", 1) == pytest.approx((3 + STYLES["hip-hop"].swing) / 4, abs=0.04)


@pytest.mark.parametrize("style", SOLOS)
def test_solos_are_improvised_and_fit(style):
    take = Take("2", 1, "solo", "train", 15.0, style=style)
    strokes, _ = played(take)
    assert strokes[-1].seconds < 14.0
    assert len(strokes) > 20
    assert played(take)[0] == strokes
    assert played(take, seed=1)[0] != strokes


def test_hits_rise_and_ring():
    strokes, _ = played(Take("1", 1, "hits", "train", 12.0, voice="ride", strokes=6))
    assert len(strokes) == 6
    assert strokes[-1].velocity > strokes[0].velocity + 0.4
    assert min(np.diff([stroke.seconds for stroke in strokes])) > 1.0
