from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixeval.errors import RenderError
from mixeval_stimuli.alignment import align
from mixeval_stimuli.loudness import Level


@dataclass(frozen=True)
class MixOnPaper:
    level: Level
    frames: int = 441_000
    sample_rate: int = 44_100


def steady(loudness_lufs, true_peak_dbtp, **shape):
    return MixOnPaper(Level((loudness_lufs,) * 50, true_peak_dbtp), **shape)


def test_mixes_with_headroom_get_the_studys_target():
    alignment = align({"reference": steady(-20, -1), "anchor": steady(-25, -0.4)}, target_lufs=-28.0)

    assert (alignment.target_lufs, alignment.lowered_for) == (-28.0, None)
    assert (alignment.frames, alignment.sample_rate) == (441_000, 44_100)


def test_one_peaky_mix_lowers_the_whole_items_target():
    # At -28 LUFS the anchor would peak at +1.75 dBTP: 2.75 dB too high.
    alignment = align({"reference": steady(-20, -1), "anchor": steady(-30.15, -0.4)}, target_lufs=-28.0)

    assert alignment.target_lufs == pytest.approx(-30.75, abs=0.011)
    assert alignment.lowered_for == "anchor"


@given(
    st.dictionaries(st.sampled_from("abcdefg"), st.tuples(st.floats(-60, -5), st.floats(0, 40)), min_size=1),
    st.floats(-40.0, -14.0),
)
def test_no_mix_passes_the_ceiling_and_no_target_is_lower_than_it_must(mixes, target_lufs):
    mixes = {name: steady(lufs, lufs + crest) for name, (lufs, crest) in mixes.items()}

    alignment = align(mixes, target_lufs=target_lufs)

    peaks = [mix.level.true_peak_dbtp + mix.level.gain_to(alignment.target_lufs) for mix in mixes.values()]
    assert max(peaks) <= -1.0 + 1e-6
    assert alignment.target_lufs == target_lufs or max(peaks) >= -1.0 - 0.0101


def test_mixes_that_differ_by_up_to_10_ms_end_with_the_shortest():
    alignment = align(
        {"a": steady(-20, -1, frames=44_100), "b": steady(-20, -1, frames=44_541)}, target_lufs=-28
    )

    assert alignment.frames == 44_100


def test_mixes_that_differ_by_more_are_refused_with_both_lengths():
    mixes = {"wav": steady(-20, -1, frames=608_580), "mp3": steady(-20, -1, frames=610_560)}

    with pytest.raises(RenderError, match=r'"wav" 608580 samples, "mp3" 610560 samples'):
        align(mixes, target_lufs=-28.0)


def test_mixes_of_two_rates_are_refused_with_both_rates():
    mixes = {"a": steady(-20, -1), "b": steady(-20, -1, sample_rate=48_000)}

    with pytest.raises(RenderError, match=r'"a" 44100 Hz, "b" 48000 Hz'):
        align(mixes, target_lufs=-28.0)
