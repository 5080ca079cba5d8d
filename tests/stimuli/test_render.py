import errno
import importlib
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from mixeval.audio import read_audio
from mixeval.errors import DatasetError, RenderError, StudyError
from mixeval.manifest import file_sha256, read_manifest
from mixeval_stimuli.cache import InputHashes
from mixeval_stimuli.loudness import integrated_loudness, true_peak
from mixeval_stimuli.methods.registry import METHODS
from mixeval_stimuli.recordings import Recording
from mixeval_stimuli.render import render_recordings, render_study

RATE = 44_100


def render(small, **options):
    """Render in this process unless told otherwise."""
    options.setdefault("workers", 1)
    return render_recordings(small.study, small.recordings, small.folder, **options)


def flac_files(small):
    return {path.name: path.read_bytes() for path in (small.folder / "stimuli").glob("*.flac")}


def test_every_stimulus_is_24_bit_stereo_at_the_target_measured_on_the_file(small_study):
    report = render(small_study)

    assert (report.mixed, report.rendered, report.reused, report.lowered) == (6, 6, 0, ())
    manifest = read_manifest(small_study.folder)
    assert manifest == report.manifest
    assert [(s.item, s.condition) for s in manifest.stimuli] == [
        (item, condition) for item in ("loop 1", "loop 2") for condition in ("reference", "network", "anchor")
    ]
    for stimulus in manifest.stimuli:
        path = small_study.folder / "stimuli" / stimulus.file
        heard = read_audio(path)
        assert integrated_loudness(heard) == pytest.approx(-28.0, abs=0.1)
        assert stimulus.loudness_lufs == pytest.approx(integrated_loudness(heard), abs=1e-3)
        assert stimulus.true_peak_dbtp == pytest.approx(true_peak(heard), abs=1e-3)
        assert (heard.channels, heard.frames, heard.sample_rate) == (2, stimulus.frames, RATE)
        assert soundfile.info(path).subtype == "PCM_24"
        assert stimulus.file == f"{file_sha256(path)[:32]}.flac"
        assert stimulus.sha256 == file_sha256(path)


def test_a_stimulus_is_its_mix_times_its_gain(small_study):
    report = render(small_study)

    stimulus = report.manifest.stimuli[0]
    mix, _ = soundfile.read(small_study.folder / stimulus.inputs[0].file)
    heard, _ = soundfile.read(small_study.folder / "stimuli" / stimulus.file)
    np.testing.assert_allclose(heard, mix * 10 ** (stimulus.gain_db / 20), atol=2**-22)


def test_the_manifest_says_what_each_stimulus_was_made_from_and_how(small_study):
    manifest = render(small_study).manifest

    anchor = manifest.stimuli[2]
    human = small_study.recordings[0].mixes["human"]
    assert (anchor.method, anchor.method_version) == ("anchor", "1")
    assert [(i.file, i.sha256) for i in anchor.inputs] == [("mixes/loop 1_human.wav", file_sha256(human))]
    assert anchor.parameters == {"cutoff_hz": 3500, "filter": "bs1534", "of": "human"}
    assert {item.item: item.facts for item in manifest.items} == {
        "loop 1": {"drummer": "0"},
        "loop 2": {"drummer": "1"},
    }
    assert (manifest.target_lufs, manifest.sample_rate) == (-28.0, RATE)
    assert {"mixeval", "numpy", "scipy", "soundfile", "libsndfile", "pyloudnorm"} <= set(manifest.tools)


def test_a_second_run_makes_nothing_and_changes_no_byte(small_study):
    render(small_study)
    before = {path: path.stat().st_mtime_ns for path in (small_study.folder / "stimuli").glob("*.flac")}
    manifest = (small_study.folder / "stimuli" / "manifest.json").read_bytes()

    report = render(small_study)

    assert (report.mixed, report.rendered, report.reused) == (0, 0, 6)
    assert (small_study.folder / "stimuli" / "manifest.json").read_bytes() == manifest
    assert {
        path: path.stat().st_mtime_ns for path in (small_study.folder / "stimuli").glob("*.flac")
    } == before


@pytest.mark.parametrize("workers", [2, 3])
def test_a_render_from_nothing_gives_the_same_bytes_again_with_any_number_of_workers(small_study, workers):
    render(small_study)
    before = flac_files(small_study)
    manifest = (small_study.folder / "stimuli" / "manifest.json").read_bytes()
    shutil.rmtree(small_study.folder / "stimuli")

    render(small_study, workers=workers)

    assert flac_files(small_study) == before
    assert (small_study.folder / "stimuli" / "manifest.json").read_bytes() == manifest


def test_a_replaced_input_renders_its_own_stimuli_and_keeps_the_old_files(small_study):
    render(small_study)
    before = flac_files(small_study)
    small_study.rewrite("loop 2", "network", seed=99, level=0.03, channels=1)

    report = render(small_study)

    assert (report.mixed, report.rendered, report.reused) == (1, 1, 5)
    assert before.items() < flac_files(small_study).items()


def test_a_new_target_changes_gains_only_and_mixes_nothing_again(small_study):
    render(small_study)

    report = render(small_study.with_target(-23.0))

    assert (report.mixed, report.rendered) == (0, 6)
    assert all(s.loudness_lufs == pytest.approx(-23.0, abs=0.1) for s in report.manifest.stimuli)


def test_a_deleted_or_damaged_file_is_rendered_again(small_study):
    stimuli = render(small_study).manifest.stimuli
    before = flac_files(small_study)
    (small_study.folder / "stimuli" / stimuli[0].file).unlink()
    (small_study.folder / "stimuli" / stimuli[1].file).write_bytes(b"fLaC")

    report = render(small_study)

    assert (report.mixed, report.rendered) == (0, 2)
    assert flac_files(small_study) == before


def test_a_true_peak_lowers_the_whole_item_and_says_so_everywhere(small_study):
    # A click 24 dB above its surroundings: at -28 LUFS it would pass -1 dBTP.
    small_study.rewrite("loop 1", "network", seed=10, level=0.03, channels=1, crest=60.0)

    report = render(small_study)

    (lowered,) = report.lowered
    first, second = (report.manifest.of_item(item) for item in ("loop 1", "loop 2"))
    assert (lowered.item, lowered.condition, lowered.from_lufs) == ("loop 1", "network", -28.0)
    assert lowered.to_lufs < -28.0
    assert {s.target_lufs for s in first} == {lowered.to_lufs}
    assert all(s.loudness_lufs == pytest.approx(lowered.to_lufs, abs=0.1) for s in first)
    assert max(s.true_peak_dbtp for s in first) == pytest.approx(-1.0, abs=0.02)
    assert all('for the whole item, where the true peak of "network"' in s.notes[0] for s in first)
    assert {s.target_lufs for s in second} == {-28.0}
    assert not any(s.notes for s in second)


def test_a_few_milliseconds_too_many_are_cut_and_noted(small_study):
    small_study.rewrite("loop 1", "network", seconds=1.005, channels=1)

    report = render(small_study)

    assert {s.frames for s in report.manifest.of_item("loop 1")} == {RATE}
    assert "its last 220 samples were cut" in report.manifest.of_item("loop 1")[1].notes[0]


def test_what_cannot_be_rendered_is_told_at_once_while_the_rest_is_rendered(small_study):
    old = render(small_study).manifest
    small_study.rewrite("loop 1", "human", seed=50)
    small_study.rewrite("loop 2", "human", seed=51)
    small_study.rewrite("loop 1", "network", level=0.0)
    silent_and_missing = replace(
        small_study,
        recordings=(
            small_study.recordings[0],
            small_study.recordings[1],
            Recording("loop 3", mixes={"human": small_study.recordings[0].mixes["human"]}),
        ),
    )

    with pytest.raises(RenderError) as refusal:
        render(silent_and_missing)

    lines = str(refusal.value).splitlines()
    assert lines[0].startswith('loop 3, network: recording "loop 3" has no mix "network"; name one')
    assert lines[1].startswith("loop 1, network: the audio is silent, it has no loudness; ")
    assert lines[2] == (
        "3 of 9 stimuli are rendered, the manifest is as it was; "
        "mend these and render again, what is done is kept."
    )
    assert read_manifest(small_study.folder) == old


def test_one_failure_is_one_line(small_study):
    small_study.rewrite("loop 2", "network", channels=6)

    with pytest.raises(RenderError) as refusal:
        render(small_study)

    assert str(refusal.value) == (
        "loop 2, network: the audio has 6 channels where mono or stereo is needed; mix it down to two channels."
    )
    assert not (small_study.folder / "stimuli" / "manifest.json").exists()


def test_a_fault_that_many_mixes_share_is_told_once(small_study):
    first = small_study.recordings[0]
    for seed in range(2):
        small_study.rewrite(f"loop {seed + 1}", "network", level=0.0)
        small_study.rewrite(f"loop {seed + 1}", "human", level=0.0)
    many = replace(small_study, recordings=[replace(first, item=f"take {number}") for number in range(1, 7)])

    with pytest.raises(RenderError) as refusal:
        render(many)

    told, summary = str(refusal.value).splitlines()
    assert told.startswith("take 1, ")
    assert "; and 15 more: the audio is silent, it has no loudness; " in told
    assert summary.startswith("0 of 18 stimuli are rendered")


def test_mixes_of_different_length_fail_their_item_with_both_lengths(small_study):
    small_study.rewrite("loop 2", "network", seconds=1.1, channels=1)

    with pytest.raises(RenderError, match=r'loop 2: its mixes differ in length \("reference" 44100 samples'):
        render(small_study)


def test_a_wrong_option_is_refused_before_anything_is_rendered(small_study):
    wrong = small_study.with_text(lambda text: text.replace('of = "human"', 'off = "human"'))

    with pytest.raises(StudyError, match=r"options\.off is not a key"):
        render(wrong)

    assert not (small_study.folder / "stimuli").exists()


def test_a_folder_that_cannot_be_written_is_refused(small_study):
    (small_study.folder / "stimuli").write_text("a file in the way", encoding="utf-8")

    with pytest.raises(StudyError, match=r"stimuli cannot be written \(.*\); give yourself write permission"):
        render(small_study)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_study_without_write_permission_is_refused(small_study):
    small_study.folder.chmod(0o555)
    try:
        with pytest.raises(StudyError, match="Permission denied"):
            render(small_study)
    finally:
        small_study.folder.chmod(0o755)


def test_a_disk_that_is_full_at_the_end_leaves_the_old_manifest(small_study, monkeypatch):
    old = render(small_study).manifest
    small_study.rewrite("loop 1", "network", seed=97, channels=1)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("mixeval_stimuli.render.write_manifest", full)
        with pytest.raises(StudyError, match="No space left on device"):
            render(small_study)

    assert read_manifest(small_study.folder) == old
    assert render(small_study).rendered == 0


def test_a_disk_that_is_full_on_the_way_ends_the_render_in_one_sentence(small_study, small_files):
    with small_files(100_000), pytest.raises(StudyError) as told:
        render(small_study)

    assert str(told.value).count("\n") == 0
    assert "cannot be written (File too large); give yourself write permission and room" in str(told.value)
    assert not list((small_study.folder / "stimuli").rglob("*.flac"))
    assert render(small_study).rendered == 6


@pytest.mark.parametrize("pattern", ["*.flac", "cache/*.wav", "cache/*.json"])
def test_a_folder_where_a_file_should_be_is_refused_or_passed_over_and_never_a_traceback(
    small_study, pattern
):
    render(small_study)
    for file in (small_study.folder / "stimuli").glob(pattern):
        file.unlink()
        file.mkdir()

    with pytest.raises(StudyError, match=r"stimuli.* cannot be written \(.*directory"):
        render(small_study)


def test_a_data_set_that_may_not_be_looked_into_is_named(small_study, monkeypatch):
    def closed(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", "takes/one")

    monkeypatch.setattr("mixeval_stimuli.render.open_dataset", closed)

    with pytest.raises(DatasetError, match=r"takes/one cannot be opened \(Permission denied\)"):
        render_study(small_study.study, small_study.folder, workers=1)


def test_an_executor_that_broke_fails_each_stimulus_and_no_traceback(small_study):
    executor = ThreadPoolExecutor(1)
    executor.shutdown()

    with pytest.raises(RenderError, match="0 of 6 stimuli are rendered"):
        render(small_study, executor=executor)


def test_a_mix_that_came_clipped_is_noted(small_study):
    time = np.arange(RATE) / RATE
    clipped = np.clip(3.0 * np.sin(2 * np.pi * 50 * time), -1.0, 32767 / 32768)
    soundfile.write(small_study.recordings[0].mixes["network"], clipped, RATE, subtype="PCM_16")

    report = render(small_study)

    assert "loop 1, network: it came clipped, it stays at full scale in 100 places" in report.notes


def test_any_executor_will_do_and_stays_open(small_study):
    with ThreadPoolExecutor(2) as executor:
        report = render(small_study, executor=executor)
        assert executor.submit(abs, -1).result() == 1

    assert report.rendered == 6


def test_progress_counts_two_steps_for_each_stimulus(small_study):
    steps = []

    render(small_study, progress=steps.append)

    assert [step.done for step in steps] == list(range(1, 13))
    assert {step.total for step in steps} == {12}
    assert sorted(step.item for step in steps if step.item_finished) == ["loop 1", "loop 2"]


class Watched(ThreadPoolExecutor):
    """One worker that tells when it was given a job, and how many it had by then."""

    def __init__(self, events):
        super().__init__(1)
        self._events = events
        self._out = []

    def submit(self, fn, /, *args, **kwargs):
        self._events.append("job")
        future = super().submit(fn, *args, **kwargs)
        self._out = [future, *(other for other in self._out if not other.done())]
        self.most = max(getattr(self, "most", 0), len(self._out))
        return future


def test_work_begins_while_inputs_are_still_to_be_read_and_few_jobs_are_out_at_a_time(
    small_study, monkeypatch
):
    events = []
    read = InputHashes.sha256
    monkeypatch.setattr(InputHashes, "sha256", lambda *arguments: events.append("read") or read(*arguments))
    recordings = tuple(
        Recording(f"take {number}", mixes=small_study.recordings[0].mixes) for number in range(20)
    )

    with Watched(events) as executor:
        report = render(replace(small_study, recordings=recordings), executor=executor, workers=2)

    assert len(report.manifest.stimuli) == 60
    assert events[:2] == ["read", "job"]
    assert executor.most <= 4


def test_an_item_is_finished_before_later_ones_are_begun(small_study):
    steps = []
    for number in range(3, 9):
        for source in ("human", "network"):
            small_study.rewrite(f"loop {number}", source, seed=number)

    render_study(small_study.study, small_study.folder, workers=1, progress=steps.append)

    first = next(number for number, step in enumerate(steps) if step.item_finished)
    assert {step.item for step in steps[first:]} >= {f"loop {number}" for number in range(4, 9)}
    assert {step.total for step in steps} == {8 * 3 * 2}


def test_a_mix_that_several_conditions_share_fails_for_each_of_them(small_study):
    hidden = '[[stimuli.conditions]]\nid = "hidden"\nmethod = "files"\noptions = { source = "network" }\n'
    small_study.rewrite("loop 2", "network", level=0.0)

    with pytest.raises(RenderError) as refusal:
        render(small_study.with_text(lambda text: text + hidden))

    assert str(refusal.value).startswith("loop 2, network; loop 2, hidden: ")


def test_steps_of_what_cannot_be_planned_leave_the_total(small_study):
    steps = []
    incomplete = replace(small_study, recordings=(Recording("loop 0"), *small_study.recordings))

    with pytest.raises(RenderError, match="6 of 9 stimuli are rendered"):
        render(incomplete, progress=steps.append)

    assert (steps[-1].done, steps[-1].total) == (12, 12)


def test_a_newer_library_that_rendered_nothing_makes_no_new_version(small_study, monkeypatch):
    before = render(small_study).manifest
    monkeypatch.setattr("mixeval_stimuli.tools.version", lambda _: "99.0")

    assert render(small_study).manifest == before

    small_study.rewrite("loop 2", "network", seed=98, channels=1)
    assert render(small_study).manifest.tools["numpy"] == "99.0"


def test_drafts_of_killed_runs_are_removed_once_nobody_can_be_writing_them(small_study):
    render(small_study)
    cache = small_study.folder / "stimuli" / "cache"
    old, new = cache / ".draft-old", cache / ".draft-new"
    for draft in (old, new):
        draft.write_bytes(b"half a file")
    os.utime(old, (1_000_000, 1_000_000))

    render(small_study)

    assert not old.exists()
    assert new.exists()


def test_a_method_that_fails_in_its_own_way_names_its_stimulus(small_study, monkeypatch):
    def crash(_self, recording):
        if recording.item == "loop 1":
            raise KeyError("tempo")

    monkeypatch.setattr("mixeval_stimuli.methods.anchor.Anchor.mix", crash)

    with pytest.raises(RenderError) as refusal:
        render(small_study)

    assert "loop 1, anchor: it failed (KeyError: 'tempo')" in str(refusal.value)


POISON = """
import os
from mixeval_stimuli.methods.files import Files

class Poison(Files):
    def mix(self, recording):
        if recording.item == "loop 1":
            os._exit(9)
        return super().mix(recording)
"""


def test_a_mix_that_kills_its_worker_is_named_and_the_others_are_rendered(small_study, tmp_path, monkeypatch):
    (tmp_path / "poisonous_method.py").write_text(POISON, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    poison = importlib.import_module("poisonous_method").Poison
    monkeypatch.setitem(METHODS, "poison", poison)
    poisoned = small_study.with_text(
        lambda text: text.replace('id = "network"\nmethod = "files"', 'id = "network"\nmethod = "poison"')
    )

    with pytest.raises(RenderError) as refusal:
        render(poisoned, workers=2)

    assert str(refusal.value).startswith("loop 1, network: its worker process died 2 times")
    assert len(flac_files(small_study)) == 3


def test_equal_mixes_are_made_once(small_study):
    hidden = '[[stimuli.conditions]]\nid = "hidden"\nmethod = "files"\noptions = { source = "human" }\n'

    report = render(small_study.with_text(lambda text: text + hidden))

    assert (report.mixed, len(report.manifest.stimuli)) == (6, 8)
    reference, *_, again = report.manifest.of_item("loop 1")
    assert reference.file == again.file


def test_the_manifest_is_json_that_any_program_reads(small_study):
    render(small_study)

    read = json.loads((small_study.folder / "stimuli" / "manifest.json").read_text(encoding="utf-8"))

    assert read["schema"] == 1
    assert {
        "item",
        "condition",
        "file",
        "sha256",
        "frames",
        "channels",
        "loudness_lufs",
        "true_peak_dbtp",
    } <= set(read["stimuli"][0])


def test_a_coded_mix_beside_uncoded_ones_is_noted_since_decoders_delay(small_study):
    first, second = small_study.recordings
    wav = first.mixes["network"]
    samples, rate = soundfile.read(wav)
    coded = wav.with_suffix(".ogg")
    soundfile.write(coded, samples, rate, format="OGG", subtype="VORBIS")
    mixed = replace(first, mixes={**first.mixes, "network": coded})

    report = render(replace(small_study, recordings=(mixed, second)))

    assert [note.split(":")[0] for note in report.notes] == ["loop 1, network"]
    assert "may start up to 50 ms late" in report.notes[0]


def test_mixes_that_are_all_coded_alike_are_not_noted(small_study):
    recordings = []
    for recording in small_study.recordings:
        coded = {}
        for name, wav in recording.mixes.items():
            samples, rate = soundfile.read(wav)
            coded[name] = wav.with_suffix(".ogg")
            soundfile.write(coded[name], samples, rate, format="OGG", subtype="VORBIS")
        recordings.append(replace(recording, mixes=coded))

    assert render(replace(small_study, recordings=tuple(recordings))).notes == ()
