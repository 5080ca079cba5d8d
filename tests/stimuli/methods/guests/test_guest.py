"""What the host does for every mixer that it did not write."""

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mixeval.audio import Audio, read_audio
from mixeval.errors import AudioError, DatasetError, RenderError
from mixeval_stimuli.methods.guests.guest import Guest, received, total
from mixeval_stimuli.methods.method import Mix
from mixeval_stimuli.recordings import read_stems

RATE = 44_100


class Adder(Guest):
    """Add the stems up, remember what came, and change the sum on request."""

    version = "1"

    def mix_stems(self, stems, sample_rate):
        SEEN.update(stems=stems, sample_rate=sample_rate)
        return Audio(np.sum(list(stems.values()), axis=0, dtype=np.float32)[np.newaxis], sample_rate)


SEEN = {}


def heard(recording):
    return total(read_stems(recording).values())


def changed(recording, change):
    audio = heard(recording)
    return received(Mix(Audio(change(audio.samples).astype(np.float32), audio.sample_rate)), audio)


def test_a_guest_gets_every_stem_as_it_was_recorded(recording):
    mix = Adder().mix(recording)

    assert list(SEEN["stems"]) == list(recording.stems)
    for name, path in recording.stems.items():
        np.testing.assert_array_equal(SEEN["stems"][name], read_audio(path).samples[0])
    np.testing.assert_allclose(mix.audio.samples, heard(recording).samples, atol=1e-6)
    assert (mix.notes, mix.parameters) == ((), {"stems_given": list(recording.stems)})
    assert Adder().inputs(recording) == tuple(recording.stems.values())


def test_stems_that_are_named_come_in_that_order_and_no_others(recording):
    guest = Adder(stems=("snare", "kick"))

    guest.mix(recording)

    assert list(SEEN["stems"]) == ["snare", "kick"]
    assert guest.inputs(recording) == (recording.stems["snare"], recording.stems["kick"])


def test_a_stem_that_is_missing_is_refused_by_name_unless_the_study_says_otherwise(recording):
    with pytest.raises(DatasetError, match=r'"take 1" has no stem "tom".*or say missing = "silence"'):
        Adder(stems=("kick", "tom")).inputs(recording)

    Adder(stems=("tom", "kick"), missing="absent").mix(recording)
    assert list(SEEN["stems"]) == ["kick"]

    Adder(stems=("tom", "kick"), missing="silence").mix(recording)
    assert list(SEEN["stems"]) == ["tom", "kick"]
    assert not SEEN["stems"]["tom"].any()
    assert SEEN["stems"]["tom"].shape == SEEN["stems"]["kick"].shape


def test_a_recording_that_has_none_of_the_stems_is_refused_in_any_case(recording):
    with pytest.raises(DatasetError, match='no stem "tom"'):
        Adder(stems=("tom",), missing="silence").inputs(recording)


@pytest.mark.parametrize("options", [{"missing": "silence"}, {"stems": ("kick", "kick")}])
def test_stems_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match=r"stems"):
        Adder(**options)


@pytest.mark.parametrize("rate", [16_000, 48_000, 96_000])
def test_a_guest_hears_its_own_rate_and_its_mix_comes_back_at_the_recordings(recording, rate):
    mix = Adder(sample_rate=rate).mix(recording)

    frames = heard(recording).frames
    assert SEEN["sample_rate"] == rate
    assert {stem.size for stem in SEEN["stems"].values()} == {-(-frames * rate // RATE)}
    assert (mix.audio.sample_rate, mix.audio.frames, mix.notes) == (RATE, frames, ())
    if rate > RATE:
        # Judge: there and back loses only what is near half the rate, which these bursts have little of.
        difference = mix.audio.samples - heard(recording).samples
        assert np.sqrt(np.mean(difference**2)) < 0.3 * np.sqrt(np.mean(heard(recording).samples ** 2))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(surplus=st.integers(1 - RATE, RATE))
def test_a_mix_has_the_stems_length_and_more_than_10_ms_are_noted(recording, surplus):
    mix = changed(recording, lambda samples: np.pad(samples, ((0, 0), (0, RATE)))[:, : RATE + surplus])

    assert mix.audio.frames == heard(recording).frames
    noted = [note for note in mix.notes if "than its stems and was" in note]
    assert len(noted) == (abs(surplus) > 441)


def test_a_length_note_says_what_was_done(recording):
    longer = changed(recording, lambda samples: np.pad(samples, ((0, 0), (0, 4410))))
    shorter = changed(recording, lambda samples: samples[:, :-4410])

    assert longer.notes == ("it came 100 ms longer than its stems and was cut at its end",)
    assert shorter.notes == ("it came 100 ms shorter than its stems and was filled up with silence",)


def test_a_mix_of_something_else_is_refused_with_both_lengths(recording):
    with pytest.raises(RenderError, match="the mix has 88201 samples and its stems have 44100"):
        changed(recording, lambda samples: np.pad(samples, ((0, 0), (0, 44_101))))


def test_a_late_mix_is_noted_with_its_milliseconds(recording):
    mix = changed(recording, lambda samples: np.roll(samples, 882))

    assert mix.notes == ("it runs 20.0 ms later than its stems, correct that where the mixer is",)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_refused_with_its_place(recording, value):
    def spoiled(samples):
        stereo = np.repeat(samples, 2, axis=0)
        stereo[1, 77] = value
        return stereo

    with pytest.raises(AudioError, match=f"the mix holds {value} at sample 77 of channel 2"):
        changed(recording, spoiled)


@pytest.mark.parametrize(
    ("shape", "problem"), [((1, 0), "holds no samples"), ((6, 44_100), "has 6 channels where mono or stereo")]
)
def test_what_is_no_mix_is_refused(recording, shape, problem):
    with pytest.raises(AudioError, match=problem):
        changed(recording, lambda _: np.zeros(shape))


def test_clipping_at_the_guests_rate_is_noted_before_resampling_rounds_it_off(recording):
    audio = heard(recording)
    time = np.arange(48_000) / 48_000
    clipped = np.clip(3.0 * np.sin(2 * np.pi * 50 * time), -1.0, 1.0).astype(np.float32)

    mix = received(Mix(Audio(clipped[np.newaxis], 48_000)), audio)

    assert mix.notes == ("it came clipped, it stays at full scale in 100 places",)


def test_stems_that_differ_are_refused_with_both_lengths(recording):
    soundfile.write(recording.stems["kick"], np.zeros(100), RATE)

    with pytest.raises(DatasetError, match=r"differ in samples \(kick 100, snare 44100"):
        Adder().mix(recording)
