import json

import pytest

from mixeval.errors import ManifestError
from mixeval.manifest import Item, Manifest, Stimulus, parse_manifest, read_manifest, write_manifest
from mixeval.study import parse_study
from mixeval.versions import Version


def stimulus(item="loop", condition="anchor", **changes):
    values = {
        "item": item,
        "condition": condition,
        "file": f"{item}{condition}.flac",
        "sha256": "0" * 64,
        "frames": 44100,
        "channels": 2,
        "sample_rate": 44100,
        "loudness_lufs": -28.0,
        "target_lufs": -28.0,
        "true_peak_dbtp": -9.5,
        "gain_db": 3.25,
        "method": "anchor",
        "method_version": "1",
        "inputs": (),
        "parameters": {"cutoff_hz": 3500.0},
    }
    return Stimulus(**(values | changes))


def manifest(*stimuli):
    items = tuple(Item(item=name) for name in dict.fromkeys(s.item for s in stimuli))
    return Manifest(
        target_lufs=-28.0, sample_rate=44100, tools={"mixeval": "1"}, items=items, stimuli=stimuli
    )


STUDY = parse_study(
    """
study = { title = "T" }
[stimuli]
dataset = { kind = "files", path = ".", pattern = "{item}_{source}.wav" }
conditions = [{ id = "anchor", method = "files" }, { id = "reference", method = "files" }]
"""
)


def test_a_manifest_comes_back_from_disk_as_it_was_written(tmp_path):
    written = manifest(stimulus(), stimulus(condition="reference"))
    path = write_manifest(tmp_path, written)
    assert read_manifest(tmp_path) == written
    assert json.loads(path.read_text())["schema"] == 1
    assert [file.name for file in path.parent.iterdir()] == ["manifest.json"]


def test_equal_manifests_have_equal_bytes(tmp_path):
    path = write_manifest(tmp_path, manifest(stimulus()))
    first = path.read_bytes()
    write_manifest(tmp_path, read_manifest(tmp_path))
    assert path.read_bytes() == first


def test_a_missing_manifest_says_which_command_makes_it(tmp_path):
    with pytest.raises(ManifestError, match=r"has no stimuli yet.*run `mixeval render"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(schema=2),
        lambda document: document.update(colour="blue"),
        lambda document: document["stimuli"][0].pop("sha256"),
        lambda document: document["stimuli"][0].update(sha256="abc"),
        lambda document: document["stimuli"][0].update(channels=1),
        lambda document: document["stimuli"].pop(),
        lambda document: document["stimuli"][0].update(frames=1),
        lambda document: document["stimuli"].append(document["stimuli"][0]),
    ],
)
def test_a_manifest_that_is_not_whole_is_refused(change):
    document = json.loads(
        manifest(stimulus("a"), stimulus("b"), stimulus("a", "c"), stimulus("b", "c")).to_json()
    )
    change(document)
    with pytest.raises(ManifestError, match="render the study again"):
        parse_manifest(json.dumps(document))


def test_a_version_changes_with_the_words_and_with_the_sound():
    cells = (stimulus(), stimulus(condition="reference"))
    first = Version(STUDY, manifest(*cells))
    reworded = Version(
        STUDY.model_copy(update={"study": STUDY.study.model_copy(update={"title": "U"})}), first.manifest
    )
    replaced = Version(STUDY, manifest(stimulus(sha256="1" * 64), cells[1]))
    assert len({first.id, reworded.id, replaced.id}) == 3
    assert first.stimuli_id == reworded.stimuli_id != replaced.stimuli_id


def test_the_order_of_items_and_conditions_does_not_change_what_can_be_heard():
    cells = (stimulus(), stimulus(condition="reference"))
    assert (
        Version(STUDY, manifest(*cells)).stimuli_id == Version(STUDY, manifest(*reversed(cells))).stimuli_id
    )
