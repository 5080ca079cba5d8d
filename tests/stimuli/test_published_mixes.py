"""The paper's published mixes, where a copy is at hand: MIXEVAL_DEV_DATA names the folder.

Judge: ffmpeg's ebur128 filter, whose figures for these files are in loudness.csv (printed in tenths of a LU).
"""

import csv
import os
from pathlib import Path

import pytest

from mixeval.audio import read_audio
from mixeval.study import parse_study
from mixeval_stimuli.loudness import integrated_loudness
from mixeval_stimuli.render import render_study

DATA = Path(os.environ.get("MIXEVAL_DEV_DATA", "absent"))
SOURCES = ("target_dry", "target_wet", "dry", "wet", "rf", "rfwet", "oh")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (DATA / "paper-stimuli").is_dir(), reason="MIXEVAL_DEV_DATA names no paper-stimuli"
    ),
]

DATASET = 'dataset = {{ kind = "files", path = "{path}", pattern = "{{item}}_{{source}}.mp3" }}\n'
CONDITION = '[[stimuli.conditions]]\nid = "{source}"\nmethod = "files"\noptions = {{ source = "{source}" }}\n'


def published():
    with (DATA / "loudness.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["clip"], row["mix"]): row for row in csv.DictReader(file)}
    return {key: row for key, row in rows.items() if _path(*key).is_file()}


def test_our_meter_agrees_with_ffmpeg_on_the_files_as_they_are():
    rows = published()

    assert len(rows) == 28
    for key, row in rows.items():
        # ffmpeg measured a mono file as one channel, 3.01 LU below what two ears hear.
        alone = 3.01 if row["channels"] == "1" else 0.0
        measured = integrated_loudness(read_audio(_path(*key)))
        assert measured - alone == pytest.approx(float(row["ffmpeg_ebur128_LUFS"]), abs=0.1)


def test_all_seven_mixes_of_each_clip_come_out_equally_loud(tmp_path):
    text = '[study]\ntitle = "Drum mixes"\n[stimuli]\n' + DATASET.format(path=DATA / "paper-stimuli")
    study = parse_study(text + "".join(CONDITION.format(source=source) for source in SOURCES))

    report = render_study(study, tmp_path, workers=2)

    assert (report.rendered, report.lowered) == (28, ())
    for stimulus in report.manifest.stimuli:
        heard = read_audio(tmp_path / "stimuli" / stimulus.file)
        assert integrated_loudness(heard) == pytest.approx(-28.0, abs=0.1)
        assert stimulus.true_peak_dbtp < -1.0


def _path(clip, mix):
    return DATA / "paper-stimuli" / f"{clip}_{mix}.mp3"
