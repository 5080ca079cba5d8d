import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.errors import DatasetError
from mixeval.stimuli_section import ItemSelection, KitDataset
from mixeval_stimuli.datasets import enst, kit, open_dataset, select, verify
from mixeval_stimuli.datasets.kit.desk import dry_mix
from mixeval_stimuli.datasets.kit.plan import takes_for
from mixeval_stimuli.datasets.kit.sampler import Sounds
from mixeval_stimuli.datasets.kit.samples import open_kit
from mixeval_stimuli.datasets.kit.session import hold
from mixeval_stimuli.datasets.kit.setups import SETUPS
from mixeval_stimuli.recordings import read_stems

pytestmark = pytest.mark.usefixtures("short_takes")

MINUTES = 0.3


def hashes(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write(folder, kit_folder, *, seed=3, workers=1, **more):
    kit.write_tree(folder, samples=kit_folder, minutes=MINUTES, seed=seed, workers=workers, **more)
    return folder


@pytest.fixture(scope="module")
def tree(tmp_path_factory, kit_folder, request):
    request.getfixturevalue("short_takes")
    return write(tmp_path_factory.mktemp("rendered") / "recordings", kit_folder)


def test_the_same_seed_gives_the_same_bytes_from_one_process_or_two_and_another_seed_others(
    tree, tmp_path, kit_folder
):
    again = write(tmp_path / "again", kit_folder, workers=2)
    assert hashes(again) == hashes(tree)
    other = hashes(write(tmp_path / "other", kit_folder, seed=4))
    assert not set(hashes(tree).values()) & {value for name, value in other.items() if name.endswith(".wav")}


def test_the_tree_has_the_shape_of_enst_drums(tree):
    recordings = enst.load(tree)
    assert verify(recordings).sound
    for recording in recordings:
        assert tuple(recording.stems) == enst.stems_of(recording.facts["drummer"])
        stems = read_stems(recording)
        (frames,) = {stem.frames for stem in stems.values()}
        for path in recording.mixes.values():
            info = soundfile.info(path)
            assert (info.channels, info.frames, info.samplerate, info.subtype) == (
                2,
                frames,
                44_100,
                "PCM_16",
            )


def test_the_subsets_share_no_groove_and_no_hit(tree):
    grooves, hits = defaultdict(set), defaultdict(set)
    for recording in json.loads((tree / "kit.json").read_text())["recordings"]:
        subset = recording["subset"]
        if recording["groove"]:
            grooves[subset].add(recording["groove"])
        hits[subset].update((name, n) for name, ns in recording["hits"].items() for n in ns)
    for first, second in (("train", "val"), ("train", "test"), ("val", "test")):
        assert not grooves[first] & grooves[second]
        assert not hits[first] & hits[second]
    assert set(hits) == set(enst.SUBSETS)


def test_the_papers_choice_of_items_can_be_made(tree):
    choice = ItemSelection.model_validate({"subset": "test", "per_drummer": 2, "not": ("hits",)})
    chosen = select(enst.load(tree), choice, seed=0)
    assert [recording.facts["drummer"] for recording in chosen] == ["1", "1", "2", "2", "3", "3"]


def test_the_tree_says_what_was_skipped_and_keeps_the_kits_licence(tree):
    assert json.loads((tree / "kit.json").read_text())["skipped_hits"] == ["5-HihatOpen"]
    assert (tree / "LICENSE").read_text() == "Somebody's kit, CC BY 4.0\n"


def test_the_dry_mix_of_every_recording_is_the_same_function_of_its_stems_on_disk(tree):
    setups = {setup.drummer: setup for setup in SETUPS}
    for recording in enst.load(tree):
        stems = {name: stem.samples[0] for name, stem in read_stems(recording).items()}
        dry = soundfile.read(recording.mixes["dry"], dtype="float32")[0].T
        # To half a step of 16 bits, and what float32 adds.
        assert dry == pytest.approx(dry_mix(stems, setups[recording.facts["drummer"]]), abs=0.51 / 32768)


def test_a_take_that_would_clip_is_turned_down_whole(small_kit):
    take = next(take for take in takes_for(MINUTES, seed=3) if take.group == "phrase")

    class Louder(Sounds):
        def of(self, instrument, n):
            return np.float32(50.0) * super().of(instrument, n)

    held = hold(take, SETUPS[0], small_kit, Louder(small_kit, SETUPS[0]), seed=3)
    plain = hold(take, SETUPS[0], small_kit, Sounds(small_kit, SETUPS[0]), seed=3)
    assert plain.turned_down_db == 0.0
    assert held.turned_down_db > 3.0
    ratio = 50.0 * 10 ** (-held.turned_down_db / 20)
    assert held.stems["kick"] == pytest.approx(ratio * plain.stems["kick"], abs=0.002)
    assert held.mixes["dry"] == pytest.approx(ratio * plain.mixes["dry"], abs=0.005)
    assert max(np.abs(samples).max() for samples in (*held.stems.values(), held.mixes["dry"])) < 10 ** (
        -0.99 / 20
    )


def test_a_study_that_names_a_kit_gets_it_rendered_on_first_use(tmp_path, kit_folder):
    dataset = KitDataset(kind="kit", samples=str(kit_folder), minutes=MINUTES)
    recordings = open_dataset(dataset, study_folder=tmp_path, seed=3)
    assert {recording.facts["drummer"] for recording in recordings} == {"1", "2", "3"}
    before = hashes(tmp_path / "recordings")
    # The kit itself is not needed any more.
    moved = KitDataset(kind="kit", samples="elsewhere", minutes=MINUTES)
    assert open_dataset(moved, study_folder=tmp_path, seed=3) == recordings
    assert hashes(tmp_path / "recordings") == before
    with pytest.raises(DatasetError, match=r"a rendered kit of other parameters .*seed 3 where 4"):
        open_dataset(dataset, study_folder=tmp_path, seed=4)


def test_a_study_can_use_a_tree_that_was_rendered_before(tree, tmp_path):
    dataset = KitDataset(kind="kit", path=str(tree))
    assert open_dataset(dataset, study_folder=tmp_path / "study", seed=77) == enst.load(tree)


def test_a_path_without_a_tree_says_how_to_get_one(tmp_path):
    with pytest.raises(DatasetError, match=r"holds no rendered kit.*mixeval dataset kit KITFOLDER"):
        open_dataset(KitDataset(kind="kit"), study_folder=tmp_path, seed=0)


def test_a_folder_of_the_users_is_never_written_over(tmp_path, kit_folder):
    (tmp_path / "song.wav").write_bytes(b"mine")
    with pytest.raises(DatasetError, match="something other than a rendered kit"):
        write(tmp_path, kit_folder)
    assert set(hashes(tmp_path)) == {"song.wav"}


def test_an_error_on_the_way_leaves_nothing_behind(tmp_path, kit_folder):
    def stop(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "recordings", kit_folder, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_run_leaves_no_tree_and_the_next_one_clears_up(tmp_path, kit_folder):
    script = (
        "import sys, time; from pathlib import Path; from mixeval_stimuli.datasets import kit\n"
        "if __name__ == '__main__':\n"
        "    kit.write_tree(Path(sys.argv[1]), samples=Path(sys.argv[2]), minutes=60.0, seed=3, "
        "workers=int(sys.argv[3]), progress=lambda done, _: time.sleep(600 if done == 10 else 0))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "recordings"), str(kit_folder), "2"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    while process.poll() is None and not list(tmp_path.glob(".recordings.partial-*/drummer_1/audio/kick/*")):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "recordings").exists()
    write(tmp_path / "recordings", kit_folder)
    assert (tmp_path / "recordings" / "kit.json").exists()


def test_a_muldjordkit_recording_is_balanced_like_enst_drums(real_data):
    """ENST-Drums' excerpt: kick -29, snare -34, hi-hat -36, overheads -39 and -51, toms below -45 LUFS."""
    one_shots = open_kit(real_data / "muldjordkit")
    take = next(take for take in takes_for(45.0, seed=1) if take.file.startswith("025"))
    held = hold(take, SETUPS[0], one_shots, Sounds(one_shots, SETUPS[0]), seed=1)
    rms = {name: 20 * np.log10(np.std(stem)) for name, stem in held.stems.items()}
    assert rms["kick"] > rms["snare"] > rms["tom_1"]
    assert rms["kick"] > rms["overhead_L"] - 3.0
    matrix = np.stack(list(held.stems.values())).T.astype(np.float64)
    dry = held.mixes["dry"].T.astype(np.float64)
    residual = dry - matrix @ np.linalg.lstsq(matrix, dry, rcond=None)[0]
    # The ceiling of any gain method: the cymbals' equaliser keeps it far from exact.
    assert 6.0 < 10 * np.log10(np.sum(dry**2) / np.sum(residual**2)) < 16.0


def test_the_command_renders_a_kit_and_tells_what_it_skipped(tmp_path, kit_folder):
    arguments = [
        "dataset",
        "kit",
        kit_folder,
        tmp_path / "out",
        "--minutes",
        MINUTES,
        "--seed",
        3,
        "--workers",
        1,
    ]
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    skipped, written = result.stdout.splitlines()
    assert skipped == "skipped hits: 5-HihatOpen"
    assert written.startswith(f"{tmp_path / 'out'}: 15 recordings (")
    told = json.loads(CliRunner().invoke(main, [*map(str, arguments), "--json"]).stdout)
    assert told["skipped_hits"] == ["5-HihatOpen"]
    assert sum(told["subsets"].values()) == told["recordings"] == 15
