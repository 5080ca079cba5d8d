"""Judge: the options' own defaults."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval_stimuli.methods.wave_u_net.architecture import Architecture
from mixeval_stimuli.training.options import Options
from mixeval_stimuli.training.schedule import Epoch

GUIDE = (Path(__file__).parents[2] / "docs" / "train-a-model.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", GUIDE.split("### Options")[1], re.MULTILINE))


@pytest.mark.parametrize("name", Options.model_fields)
def test_every_option_is_explained_with_its_default(name):
    default = ROWS[name].strip().strip("`")
    field = Options.model_fields[name]
    if field.is_required():
        assert default == "required"
    elif field.default is None:
        assert default in {"none", "never"}
    elif name == "architecture":
        assert default == "the paper's"
    else:
        # Through TOML, as a user would write it.
        written = tomllib.loads(f"value = {default}")["value"]
        expected = list(field.default) if isinstance(field.default, tuple) else field.default
        assert written == expected


@pytest.mark.parametrize("name", [*Architecture.model_fields, *(field.name for field in fields(Epoch))])
def test_every_number_of_the_network_and_column_of_the_losses_is_named(name):
    assert f"`{name}`" in GUIDE


def test_the_options_recommended_for_cpus_can_be_read():
    (example,) = re.findall(r"```toml\n# small.toml\n(.*?)```", GUIDE, re.DOTALL)
    assert Options(variant="dry", **_tuples(tomllib.loads(example))).halve_every == 1100


def test_every_flag_is_named_or_says_all_in_its_help():
    shown = CliRunner().invoke(main, ["train", "wave-u-net", "--help"]).output
    flags = set(re.findall(r"--[a-z-]+", shown)) - {"--help"}
    assert {flag for flag in flags if flag not in GUIDE} == set()


def _tuples(document):
    return {name: tuple(value) if isinstance(value, list) else value for name, value in document.items()}
