"""Whether mixes from elsewhere are told to be out of time, and which."""

import errno

import numpy as np
import pytest
import soundfile

from mixeval.errors import StudyError
from mixeval_stimuli.render import render_recordings

RATE = 44_100


def render(small):
    return render_recordings(small.study, small.recordings, small.folder, workers=1)


def put(small, item, source, *, late=0, of="human"):
    samples, rate = soundfile.read(small.folder / "mixes" / f"{item}_{of}.wav", always_2d=True)
    mono = 0.3 * np.roll(samples.mean(axis=1), late)
    soundfile.write(small.folder / "mixes" / f"{item}_{source}.wav", mono, rate, subtype="FLOAT")


def test_a_mix_from_elsewhere_that_runs_late_is_noted_with_its_milliseconds_and_the_other_mix(small_study):
    put(small_study, "loop 1", "network", late=round(0.025 * RATE))
    put(small_study, "loop 2", "network", late=-221)

    report = render(small_study)

    first, second = report.notes
    assert first.startswith('loop 1, network: it runs 25.0 ms later than "reference"')
    assert second.startswith('loop 2, network: it runs 5.0 ms earlier than "reference"')
    assert report.manifest.of_item("loop 1")[1].notes == (first.partition(": ")[2],)


@pytest.mark.parametrize("late", [0, 40])
def test_mixes_that_are_in_time_to_a_millisecond_have_no_note(small_study, late):
    for item in ("loop 1", "loop 2"):
        put(small_study, item, "network", late=late)

    assert render(small_study).notes == ()


def test_delays_are_looked_for_once(small_study, monkeypatch):
    put(small_study, "loop 1", "network", late=441)
    notes = render(small_study).notes

    def looked_again(*_):
        raise AssertionError

    monkeypatch.setattr("mixeval_stimuli.timing.find_delays", looked_again)

    assert render(small_study).notes == notes
    assert len(notes) == 1


def test_a_mix_that_was_replaced_is_looked_at_again(small_study):
    put(small_study, "loop 1", "network", late=441)
    assert len(render(small_study).notes) == 1
    put(small_study, "loop 1", "network")

    assert render(small_study).notes == ()


def test_a_full_disk_is_told_and_leaves_no_note_on_the_mixes(small_study, monkeypatch):
    put(small_study, "loop 1", "network", late=441)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("mixeval_stimuli.timing.publish", full)

    with pytest.raises(StudyError, match="cannot be written"):
        render(small_study)
    assert not (small_study.folder / "stimuli" / "manifest.json").exists()
