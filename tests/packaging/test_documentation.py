"""What users can write must be in what they can read."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from mixeval.cli import COMMANDS, main
from mixeval.conditions import Condition
from mixeval.listening_pages import LISTENING_PAGES, AttentionPages, Attribute
from mixeval.participant_steps import Checks, ConsentBox, Familiarisation, LevelStep
from mixeval.plan_section import PlannedSd, PlanSection
from mixeval.questions import OnlyIf, Question
from mixeval.recruitment import RecruitmentSection
from mixeval.retention import RetentionSection
from mixeval.stimuli_section import (
    EnstDataset,
    FilesDataset,
    FolderDataset,
    ItemSelection,
    KitDataset,
    StimuliSection,
    SyntheticDataset,
)
from mixeval.study import AnalysisSection, ParticipantsSection, StudySection
from mixeval_stimuli.methods.registry import METHODS

REPOSITORY = Path(__file__).parents[2]
GUIDES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
RUN_A_STUDY = (REPOSITORY / "docs" / "run-a-study.md").read_text(encoding="utf-8")
SECTIONS = [
    AnalysisSection,
    Condition,
    EnstDataset,
    FilesDataset,
    FolderDataset,
    ItemSelection,
    KitDataset,
    ParticipantsSection,
    PlannedSd,
    PlanSection,
    RecruitmentSection,
    RetentionSection,
    StimuliSection,
    StudySection,
    SyntheticDataset,
    Attribute,
    AttentionPages,
    Checks,
    ConsentBox,
    Familiarisation,
    LevelStep,
    OnlyIf,
    Question,
    *LISTENING_PAGES.values(),
]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_of_study_toml_is_explained(section):
    for name, field in section.model_fields.items():
        assert re.search(rf"\b{field.alias or name}\b", RUN_A_STUDY), f"{section.__name__}.{name}"


@pytest.mark.parametrize("name", METHODS)
def test_every_method_and_option_is_explained(name):
    assert f"`{name}`" in RUN_A_STUDY
    for option in METHODS[name].model_fields:
        assert f"`{option}" in RUN_A_STUDY, option


def test_every_environment_variable_is_explained():
    sources = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "mixeval").rglob("*.py"))
    for variable in set(re.findall(r"MIXEVAL_[A-Z_]+", sources)):
        assert f"`{variable}`" in RUN_A_STUDY, variable


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example_in_its_help_and_a_place_in_a_guide(command):
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0, result.output
    assert re.search(rf"Examples?: mixeval {command}", " ".join(result.output.split()))
    assert any(f"mixeval {command}" in guide.read_text(encoding="utf-8") for guide in GUIDES)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_links_between_guides_lead_somewhere(guide):
    for target in re.findall(r"\]\(([^)#]+)\)", guide.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (guide.parent / target).exists(), target
