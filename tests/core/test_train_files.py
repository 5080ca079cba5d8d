"""`mixeval train show`, `export` and `import-checkpoint`, from the command line to the file."""

import json

import pytest
from click.testing import CliRunner

from mixeval.cli import main

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

ARCHITECTURE = (
    "--architecture",
    "levels=2",
    "--architecture",
    "filters=4",
    "--architecture",
    "inputs=kick,snare",
)


@pytest.fixture
def pickled(tmp_path):
    from mixeval_stimuli.methods.wave_u_net.architecture import architecture_of
    from mixeval_stimuli.methods.wave_u_net.network import Network

    pairs = [text.split("=") for text in ARCHITECTURE[1::2]]
    torch.manual_seed(1)
    torch.save(Network(architecture_of(pairs)).state_dict(), tmp_path / "network.pt")
    return tmp_path / "network.pt"


@pytest.fixture
def checkpoint(tmp_path):
    """A checkpoint with a history, as training writes them."""
    from mixeval_stimuli.checkpoints import Card, write_checkpoint
    from mixeval_stimuli.methods.wave_u_net.architecture import Architecture
    from mixeval_stimuli.methods.wave_u_net.network import Network
    from mixeval_stimuli.methods.wave_u_net.weights import KIND, weights_of

    network = Network(Architecture(levels=2, filters=4))
    history = [{"epoch": epoch, "validation_loss": 0.1 / epoch, "best": True} for epoch in (1, 2, 3)]
    card = Card(
        kind=KIND,
        architecture=network.architecture.model_dump(mode="json"),
        training={
            "options": {"variant": "dry", "seed": 1337},
            "state": {"step": 460_000, "history": history},
        },
    )
    write_checkpoint(tmp_path / "best.safetensors", weights_of(network), card)
    return tmp_path / "best.safetensors"


def run(*arguments, fails=0):
    result = CliRunner().invoke(main, ["train", *map(str, arguments)])
    assert result.exit_code == fails, result.output
    return result.stdout if not fails else result.stderr


def test_a_pickle_becomes_a_checkpoint_that_shows_where_it_came_from(pickled, tmp_path):
    from mixeval.manifest import file_sha256

    out = tmp_path / "theirs.safetensors"

    said = run("import-checkpoint", pickled, out, *ARCHITECTURE, "--input-lufs", "-26")

    assert said == f"{out}: 3,130 weights imported from network.pt\n"
    facts = json.loads(run("show", out, "--json"))
    assert facts["kind"] == "wave-u-net"
    assert facts["weights"] == 124 + 488 + 1452 + 808 + 244 + 14
    assert facts["imported"]["sha256"] == file_sha256(pickled)
    assert facts["input_lufs"] == -26.0


def test_the_tensors_of_a_file_can_be_listed_beside_those_wanted(pickled, tmp_path):
    lines = run(
        "import-checkpoint", pickled, tmp_path / "out.safetensors", *ARCHITECTURE, "--list"
    ).splitlines()

    assert "found bottleneck.weight (12, 8, 15)" in lines
    assert "wanted bottleneck.weight (12, 8, 15)" in lines
    assert not (tmp_path / "out.safetensors").exists()


def test_another_architecture_is_refused_in_one_line_and_nothing_is_written(pickled, tmp_path):
    said = run("import-checkpoint", pickled, tmp_path / "out.safetensors", fails=1)

    assert said.startswith(
        f"Error: {pickled} holds no network of this architecture: wanted are down.0.weight (24, 8, 15)"
    )
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize(
    ("architecture", "said"),
    [
        ("layers=3", "layers: Extra inputs are not permitted"),
        ("levels=many", "levels: "),
        ("up_kernel=4", "odd"),
    ],
)
def test_an_architecture_that_cannot_be_says_which_key(architecture, said):
    told = run("import-checkpoint", "a.pt", "b.safetensors", "--architecture", architecture, fails=1)

    assert said in told
    assert "its keys are levels, filters, down_kernel, up_kernel, inputs, outputs." in told


@pytest.mark.parametrize("wrong", ["encoder", "=down"])
def test_a_pair_needs_a_key_and_an_equals_sign(wrong):
    assert f'"{wrong}" is not of the form OLD=NEW' in run(
        "import-checkpoint", "a.pt", "b.safetensors", "--rename", wrong, fails=2
    )


def test_a_card_is_shown_with_its_first_and_last_losses(checkpoint):
    lines = [" ".join(line.split()) for line in run("show", checkpoint).splitlines()]

    for line in (
        "kind wave-u-net",
        "bits 32",
        "levels 2",
        "seed 1337",
        "step 460000",
        "history 3 entries, first and last:",
        "- epoch 1, validation_loss 0.1, best yes",
        "- epoch 3, validation_loss 0.0333333, best yes",
    ):
        assert line in lines
    assert not any("epoch 2" in line for line in lines)
    assert any(line.startswith("weights_sha256 ") for line in lines)


def test_all_of_a_card_is_there_as_json(checkpoint):
    facts = json.loads(run("show", checkpoint, "--json"))

    assert [line["epoch"] for line in facts["training"]["state"]["history"]] == [1, 2, 3]
    assert facts["bytes"] == checkpoint.stat().st_size


def test_a_checkpoint_is_exported_with_notes_and_evaluation(checkpoint, tmp_path):
    (tmp_path / "evaluation.json").write_text('{"sdr_db": {"dry": 15.5}}', encoding="utf-8")
    out = tmp_path / "dry.safetensors"

    said = run(
        "export", checkpoint, out, "--half", "--note", "credit=A. Drummer, CC BY 4.0", "--note", "empty=",
        "--evaluation", tmp_path / "evaluation.json",
    )  # fmt: skip

    facts = json.loads(run("show", out, "--json"))
    assert facts["bits"] == [16]
    assert facts["notes"] == {"credit": "A. Drummer, CC BY 4.0", "empty": ""}
    assert facts["evaluation"] == {"sdr_db": {"dry": 15.5}}
    assert facts["weights_sha256"] in said
    assert "dB from the original's" in said


@pytest.mark.parametrize("text", ["", "[1]", '{"a": NaN}', "[" * 100_000])
def test_an_evaluation_that_is_no_table_is_refused(checkpoint, tmp_path, text):
    (tmp_path / "evaluation.json").write_text(text, encoding="utf-8")
    out = tmp_path / "dry.safetensors"

    said = run("export", checkpoint, out, "--evaluation", tmp_path / "evaluation.json", fails=1)

    assert len(said.splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize("command", ["show", "export", "import-checkpoint"])
def test_every_command_has_an_example(command):
    assert f"mixeval train {command} " in run(command, "--help")
