import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.cli.new import TEMPLATES
from mixeval.listening_pages import LISTENING_PAGES
from mixeval.stimuli_section import EnstDataset, ItemSelection
from mixeval.study import read_study
from mixeval_stimuli.methods.registry import METHODS

PAGES = {"paper": "single_axis", "preference": "sliders", "mushra": "sliders"}
SEVEN = [
    *("reference_dry", "reference_wet", "wave_u_net_dry", "wave_u_net_wet"),
    *("random_forest_dry", "random_forest_wet", "anchor"),
]


def new(folder, template):
    return CliRunner().invoke(main, ["new", str(folder), "--template", template])


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_a_study_of_its_kind_with_methods_that_can_be_rendered(tmp_path, template):
    result = new(tmp_path / "study", template)
    assert result.exit_code == 0, result.output
    study = read_study(tmp_path / "study")
    assert study.test.page == PAGES.get(template, template)
    assert len(study.conditions) >= 2
    for condition in study.conditions:
        METHODS[condition.method].model_validate(dict(condition.options))
    for step in ("render", "serve", "simulate", "analyze"):
        assert f"mixeval {step} {tmp_path / 'study'}" in result.output


def test_every_kind_of_page_has_a_template():
    assert {PAGES.get(template, template) for template in TEMPLATES} == set(LISTENING_PAGES)


def test_the_papers_template_is_its_design(tmp_path):
    """Six loops in seven mixes at -28 LUFS (section 4 of the paper)."""
    new(tmp_path, "paper")
    study = read_study(tmp_path)
    assert [condition.id for condition in study.conditions] == SEVEN
    assert isinstance(study.stimuli.dataset, EnstDataset)
    assert study.stimuli.items == ItemSelection.model_validate(
        {"subset": "test", "per_drummer": 2, "not": ("hits",)}
    )
    assert study.stimuli.target_lufs == -28.0


def test_the_standards_template_hides_its_reference_and_both_anchors(tmp_path):
    """ITU-R BS.1534-3, section 5: the reference is open and hidden, with low-passes of it at 3.5 and 7 kHz."""
    new(tmp_path, "mushra")
    study = read_study(tmp_path)
    assert study.test.reference in {condition.id for condition in study.conditions}
    anchors = [dict(condition.options) for condition in study.conditions if condition.role == "anchor"]
    assert sorted(anchor["cutoff_hz"] for anchor in anchors) == [3500, 7000]
    assert {anchor["of"] for anchor in anchors} == {study.test.reference}
    assert (study.test.scale[0], study.test.scale[-1], study.test.scale_as) == (
        "Bad",
        "Excellent",
        "intervals",
    )


def test_a_study_that_is_there_is_never_overwritten(tmp_path):
    (tmp_path / "study.toml").write_text("mine", encoding="utf-8")
    result = new(tmp_path, "paper")
    assert result.exit_code == 1
    assert result.stderr == f"Error: {tmp_path / 'study.toml'} is there already; name another folder.\n"
    assert (tmp_path / "study.toml").read_text(encoding="utf-8") == "mine"


def test_what_is_no_folder_and_what_is_no_template_are_refused(tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    result = new(tmp_path / "file", "paper")
    assert (result.exit_code, "is not a folder" in result.stderr) == (1, True)
    assert new(tmp_path / "study", "mushroom").exit_code == 2
    assert not (tmp_path / "study").exists()
