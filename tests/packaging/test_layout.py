"""The source roots stand in four places of pyproject.toml; they must agree."""

import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
ROOTS = {".", "stimuli", "webapp", "analysis", "migrations"}


def test_every_tool_knows_the_same_source_roots():
    mypy = {Path(path).name for path in PYPROJECT["mypy"]["mypy_path"].split(":")}
    wheel = {
        str(Path(package).parent) for package in PYPROJECT["hatch"]["build"]["targets"]["wheel"]["packages"]
    }
    assert set(PYPROJECT["pytest"]["ini_options"]["pythonpath"]) == ROOTS
    assert set(PYPROJECT["ruff"]["src"]) == ROOTS
    assert mypy == {"$MYPY_CONFIG_FILE_DIR", *(ROOTS - {"."})}
    assert wheel == ROOTS


def test_every_tool_knows_the_same_packages():
    packages = {Path(package).name for package in PYPROJECT["hatch"]["build"]["targets"]["wheel"]["packages"]}
    assert set(PYPROJECT["mypy"]["packages"]) == packages
    assert set(PYPROJECT["importlinter"]["root_packages"]) == packages
    assert set(PYPROJECT["coverage"]["run"]["source_pkgs"]) == packages


def test_every_package_is_typed():
    for package in PYPROJECT["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert (REPOSITORY / package / "py.typed").exists()


def test_pinned_packages_come_from_no_particular_place():
    assert "://" not in (REPOSITORY / "constraints.txt").read_text(encoding="utf-8")
    assert '"resolved"' not in (REPOSITORY / "package-lock.json").read_text(encoding="utf-8")
