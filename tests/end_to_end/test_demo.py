import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.database import open_database
from mixeval.manifest import read_manifest
from mixeval.models import Participant
from mixeval.settings import database_url
from mixeval.study import read_study


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path, study_folder):
    (tmp_path / "notes.txt").write_text("mine")
    for folder, words in ((tmp_path, "is not empty"), (study_folder, "holds another study")):
        result = CliRunner().invoke(main, ["demo", str(folder), "--no-serve"])
        assert result.exit_code == 1
        assert words in result.stderr
    assert sorted(path.name for path in study_folder.iterdir()) == ["mixes", "study.toml"]


@pytest.mark.slow
def test_the_demo_goes_from_synthetic_drums_to_a_report_and_keeps_what_is_there(tmp_path, run):
    folder = tmp_path / "demo"
    output = run("demo", folder, "--no-serve")
    for command in ("render", "simulate", "analyze"):
        assert f"mixeval {command}" in output
    assert "rendered 42, reused 0" in output

    study, manifest = read_study(folder), read_manifest(folder)
    assert [stimulus.condition for stimulus in manifest.of_item(manifest.items[0].item)] == [
        condition.id for condition in study.conditions
    ]
    assert sorted({item.facts["drummer"] for item in manifest.items}) == ["1", "2", "3"]
    # Nobody mixed these by hand, and no table may say so.
    assert all("scripted" in c.label for c in study.conditions if c.role == "reference")
    for path in (folder / "report").rglob("*"):
        if path.suffix in {".html", ".md", ".tex", ".svg"}:
            assert "SIMULATED" in path.read_text(encoding="utf-8"), path.name

    again = run("demo", folder, "--no-serve")
    assert "rendered 0, reused 42" in again
    assert "mixeval simulate" not in again
    database = open_database(database_url(folder))
    with database.read() as session:
        people = session.query(Participant).all()
    database.close()
    assert (len(people), all(person.simulated for person in people)) == (20, True)
