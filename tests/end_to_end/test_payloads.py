"""Judge: the file that the payload would make. It is there when the payload ran."""

import os
import pickle

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from mixeval.cli import main

joblib = pytest.importorskip("joblib")

STUDY = """
[study]
title = "Somebody sent us a model"
[stimuli]
dataset = {{ kind = "folder", path = "takes", stems = {{ kick = "kick.wav" }} }}
[[stimuli.conditions]]
id = "first"
method = "{method}"
options = {{ variant = "dry", checkpoint = "{file}" }}
"""


class _Payload:
    def __init__(self, marker):
        self._marker = marker

    def __reduce__(self):
        return (os.system, (f"touch '{self._marker}'",))


@pytest.fixture
def marker(tmp_path):
    return tmp_path / "ran"


def _files(folder, marker):
    joblib.dump({"forest": _Payload(marker)}, folder / "evil.joblib")
    joblib.dump([_Payload(marker)], folder / "packed.joblib", compress=3)
    (folder / "evil.pkl").write_bytes(pickle.dumps(_Payload(marker)))
    # The names of our own formats open no other door.
    for name in ("evil.npz", "evil.safetensors", "evil.csv"):
        (folder / name).write_bytes((folder / "evil.pkl").read_bytes())


NAMES = ("evil.joblib", "packed.joblib", "evil.pkl", "evil.npz", "evil.safetensors")


def test_the_payload_runs_where_somebody_does_unpack_it(tmp_path, marker):
    _files(tmp_path, marker)
    joblib.load(tmp_path / "evil.joblib")
    assert marker.exists()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["random_forest", "wave_u_net"])
@pytest.mark.parametrize("name", NAMES)
def test_a_model_with_a_payload_is_refused_and_the_payload_does_not_run(tmp_path, marker, method, name):
    study = tmp_path / "study"
    (study / "takes" / "one").mkdir(parents=True)
    noise = 0.1 * np.random.default_rng(1).standard_normal(44100)
    soundfile.write(study / "takes" / "one" / "kick.wav", noise, 44100)
    _files(study, marker)
    (study / "study.toml").write_text(STUDY.format(method=method, file=name), encoding="utf-8")
    result = CliRunner().invoke(main, ["render", str(study)])
    assert result.exit_code == 1
    assert name in result.output
    assert "Traceback" not in result.output
    assert not marker.exists()


@pytest.mark.parametrize("command", ["analyze", "import", "convert", "train show"])
def test_no_other_command_unpacks_one_either(tmp_path, marker, command):
    _files(tmp_path, marker)
    for name in (*NAMES, "evil.csv"):
        out = ["--out", str(tmp_path / "out")] if command in {"import", "convert"} else []
        result = CliRunner().invoke(main, [*command.split(), str(tmp_path / name), *out])
        assert result.exit_code != 0, result.output
        assert result.output.startswith("Error: "), result.output
    assert not marker.exists()
