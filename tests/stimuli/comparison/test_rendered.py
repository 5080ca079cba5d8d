"""Judges: the files, changed by hand."""

import shutil

import pytest

from mixeval.errors import ManifestError, StudyError
from mixeval.manifest import read_manifest
from mixeval_stimuli.comparison.rendered import choose_items, open_rendered, remarks


def rewrite(rendered, change):
    path = rendered.folder / "study.toml"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return open_rendered(rendered.folder)


def file_of(rendered, item, condition):
    return rendered.folder / "stimuli" / rendered.stimulus(item, condition).file


def test_each_stimulus_is_read_as_it_was_rendered(finished):
    audio = finished.audio("loop 1", "network")
    assert (audio.channels, audio.frames) == (2, 44_100)
    assert finished.counterparts == {"reference": None, "network": "reference", "anchor": "reference"}


def test_a_missing_file_is_told(finished):
    file_of(finished, "loop 1", "network").unlink()
    with pytest.raises(ManifestError, match=r"loop 1, network: .*\.flac is missing; run `mixeval render"):
        finished.audio("loop 1", "network")


def test_a_changed_file_is_told(finished):
    shutil.copy(file_of(finished, "loop 2", "network"), file_of(finished, "loop 1", "network"))
    with pytest.raises(ManifestError, match=r"is not the file that was rendered, it has changed since"):
        finished.audio("loop 1", "network")


def test_a_study_that_was_never_rendered_is_told(small_study):
    with pytest.raises(ManifestError, match="has no stimuli yet"):
        open_rendered(small_study.folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace('id = "anchor"', 'id = "low"'), 'lack "low", study.toml has changed'),
        (lambda text: text.replace("-28.0", "-30.0"), "rendered for -28.0 LUFS and study.toml says -30.0"),
        (lambda text: text.replace("[stimuli]", '[stimuli]\nitems = ["loop 3"]'), 'lack "loop 3"'),
    ],
    ids=["condition", "target", "item"],
)
def test_stimuli_of_another_study_are_refused(finished, change, words):
    with pytest.raises(ManifestError, match=words):
        rewrite(finished, change)


def test_an_option_that_changed_since_is_remarked(finished):
    assert remarks(finished) == ()
    changed = rewrite(finished, lambda text: text.replace('{ of = "human" }', '{ of = "network" }'))
    (said,) = remarks(changed)
    assert said.startswith("anchor was rendered by another method or with other options than study.toml now")


def test_what_is_compared_to_nothing_is_remarked(finished):
    alone = rewrite(finished, lambda text: text.replace('role = "reference"', 'role = "system"'))
    assert remarks(alone) == tuple(
        f"{name} is compared to nothing: give it compare_to in study.toml"
        for name in ("reference", "network", "anchor")
    )


def test_items_are_all_or_those_that_are_named_once(finished):
    assert choose_items(finished, []) == ("loop 1", "loop 2")
    assert choose_items(finished, ["loop 2", "loop 2"]) == ("loop 2",)
    with pytest.raises(StudyError, match=r'the study has no item "lop 1"; did you mean "loop 1"'):
        choose_items(finished, ["lop 1"])


def test_reading_changes_nothing(finished):
    before = read_manifest(finished.folder)
    finished.audio("loop 1", "anchor")
    assert read_manifest(finished.folder) == before
