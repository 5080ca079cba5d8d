import io

import numpy as np
import pytest
import scipy.signal
import soundfile

from mixeval.errors import SimulationError
from mixeval_webapp.simulate.hearing import Ears, measure

RATE = 44100
RANDOM = np.random.default_rng(3)
HITS = np.exp(-(np.arange(2 * RATE) % (RATE // 2)) / 2000)[:, None]
BRIGHT = 0.2 * RANDOM.standard_normal((2 * RATE, 2)).clip(-4, 4) * HITS


def flac(samples):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(samples, -1, 1), RATE, format="FLAC", subtype="PCM_24")
    return buffer.getvalue()


def test_bandwidth_is_where_a_low_pass_ends():
    sos = scipy.signal.butter(12, 3500, fs=RATE, output="sos")
    dull = measure(flac(scipy.signal.sosfilt(sos, BRIGHT, axis=0)))
    # White noise below 3.5 kHz holds 95 % of its energy below 0.95 * 3.5 kHz.
    assert 2**dull.bandwidth_octaves == pytest.approx(0.95 * 3500, rel=0.05)


def test_mono_has_no_width_and_noise_of_independent_channels_has_one():
    assert measure(flac(np.repeat(BRIGHT[:, :1], 2, axis=1))).width == pytest.approx(0, abs=1e-6)
    assert measure(flac(BRIGHT)).width == pytest.approx(1, abs=0.05)


def test_dull_and_washed_out_mixes_are_liked_less_than_a_lively_one():
    sos = scipy.signal.butter(4, 3500, fs=RATE, output="sos")
    wash = 0.05 * RANDOM.standard_normal((2 * RATE, 2))
    files = {
        "lively": flac(BRIGHT),
        "louder hits": flac(1.1 * BRIGHT),
        "dull": flac(scipy.signal.sosfilt(sos, BRIGHT, axis=0)),
        "washed out": flac(BRIGHT + wash),
    }
    means = {token: opinion.mean for token, opinion in Ears().judge(files).items()}
    assert max(means["dull"], means["washed out"]) < min(means["lively"], means["louder hits"])


def test_opinions_follow_the_sound_not_the_token():
    files = {"a": flac(BRIGHT), "b": flac(0.5 * BRIGHT)}
    ears = Ears()
    there = ears.judge(files)
    assert ears.judge({"c": files["b"], "d": files["a"]}) == {"c": there["b"], "d": there["a"]}


def test_silence_is_measured_without_a_warning():
    assert np.isfinite(measure(flac(np.zeros((RATE, 2)))).crest_db)


def test_what_is_no_audio_is_refused():
    with pytest.raises(SimulationError, match="cannot be decoded"):
        measure(b"<html>")
