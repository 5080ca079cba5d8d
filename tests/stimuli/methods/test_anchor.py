"""Judge: the mask of ITU-R BS.1534-3 section 5.1, on what the method rendered."""

import numpy as np
import pytest
import soundfile

from mixeval.errors import AudioError, DatasetError
from mixeval_stimuli.methods.anchor import Anchor
from mixeval_stimuli.recordings import Recording

RATES = pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
FRAMES = 1 << 16
CENTRE = FRAMES // 2


def recording(folder, rate, *, left=None, right=None):
    """Record one sharp click on each overhead, or what is given."""
    click = np.zeros(FRAMES)
    click[CENTRE] = 0.5
    stems = {}
    for name, samples in (("overhead_L", left), ("overhead_R", right)):
        stems[name] = folder / f"{name}.wav"
        soundfile.write(stems[name], click if samples is None else samples, rate, subtype="FLOAT")
    return Recording("clip", stems=stems, mixes={"dry": stems["overhead_L"]})


def response(samples, rate):
    """Give frequencies in hertz and the response to the click in decibels."""
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float64) / 0.5))
    return np.fft.rfftfreq(FRAMES, 1 / rate), 20 * np.log10(np.maximum(spectrum, 1e-12))


@RATES
@pytest.mark.parametrize(("cutoff_hz", "stop_25_hz", "stop_50_hz"), [(3500, 4000, 4500), (7000, 8000, 9000)])
def test_the_low_pass_meets_the_standards_mask(tmp_path, rate, cutoff_hz, stop_25_hz, stop_50_hz):
    mix = Anchor(cutoff_hz=cutoff_hz).mix(recording(tmp_path, rate)).audio

    for channel in mix.samples:
        hertz, decibels = response(channel, rate)
        assert np.abs(decibels[hertz <= cutoff_hz]).max() <= 0.1
        assert decibels[hertz >= stop_25_hz].max() <= -25.0
        assert decibels[hertz >= stop_50_hz].max() <= -50.0


@RATES
def test_the_low_pass_delays_nothing(tmp_path, rate):
    noise = 0.1 * np.random.default_rng(5).standard_normal(FRAMES)

    mix = Anchor().mix(recording(tmp_path, rate, left=noise, right=noise)).audio

    for channel in mix.samples:
        middle = channel[1000 : FRAMES // 8].astype(np.float64)
        # Slid along the original, the middle of the anchor fits best where it was cut out.
        assert int(np.argmax(np.correlate(noise[: FRAMES // 4], middle, mode="valid"))) == 1000


@pytest.mark.parametrize("cutoff_hz", [3500, 7000])
def test_the_click_comes_back_symmetric_and_in_its_place(tmp_path, cutoff_hz):
    mix = Anchor(cutoff_hz=cutoff_hz).mix(recording(tmp_path, 44_100)).audio
    channel = mix.samples[0]

    assert mix.frames == FRAMES
    assert int(np.argmax(np.abs(channel))) == CENTRE
    np.testing.assert_allclose(channel[CENTRE - 400 : CENTRE], channel[CENTRE + 400 : CENTRE : -1], atol=1e-7)


@pytest.mark.parametrize("design", ["bs1534", "as_published"])
@pytest.mark.parametrize(("silent", "heard"), [("left", 1), ("right", 0)])
def test_each_overhead_is_on_its_own_side_only(tmp_path, silent, heard, design):
    mix = Anchor(filter=design).mix(recording(tmp_path, 44_100, **{silent: np.zeros(FRAMES)})).audio

    assert np.any(mix.samples[heard])
    assert not np.any(mix.samples[1 - heard])


def test_the_published_filter_has_the_slope_that_was_measured_on_the_published_anchors(tmp_path):
    # Overhead to anchor of the published clip 066: -2.2 dB at 2 kHz, -6.3 at 3.5, -14.5 at 7 and -22 at 10.
    mix = Anchor(filter="as_published").mix(recording(tmp_path, 44_100)).audio
    hertz, decibels = response(mix.samples[0], 44_100)

    for frequency, measured in [(2000, -2.2), (3500, -6.3), (7000, -14.5), (10_000, -22.0)]:
        assert decibels[np.argmin(np.abs(hertz - frequency))] == pytest.approx(measured, abs=0.5)


def test_an_anchor_of_a_given_mix_filters_that_mix(tmp_path):
    anchor = Anchor(of="dry")
    clip = recording(tmp_path, 44_100)

    mix = anchor.mix(clip).audio

    assert mix.channels == 1
    assert anchor.sources() == ("dry",)
    assert anchor.inputs(clip) == (clip.mixes["dry"],)
    np.testing.assert_array_equal(mix.samples[0], Anchor().mix(clip).audio.samples[0])


def test_a_recording_without_an_overhead_is_refused_by_name(tmp_path):
    clip = recording(tmp_path, 44_100)
    one = Recording("clip", stems={"overhead_L": clip.stems["overhead_L"]})

    with pytest.raises(DatasetError, match='recording "clip" has no stem "overhead_R"; name one that it has'):
        Anchor().inputs(one)


def test_a_rate_that_ends_below_the_stop_band_is_refused(tmp_path):
    with pytest.raises(AudioError, match="16000 Hz holds nothing to take away above 7000 Hz"):
        Anchor(cutoff_hz=7000).mix(recording(tmp_path, 16_000))
