"""docs/reliability.md promises; each promise names tests, and they are there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
GUIDE = (REPOSITORY / "docs" / "reliability.md").read_text(encoding="utf-8")
# What has to do with people, browsers and servers; the others are of rendering and analysis.
FAULTS = {*range(1, 34), *range(44, 49), 51, 53, 54}
_TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def _rows(heading):
    section = GUIDE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


FAULT_ROWS = {int(number): rest for number, *rest in _rows("Faults")}
THREAT_ROWS = {threat: rest for threat, *rest in _rows("Threats")}


@cache
def _tests_in(path):
    tree = ast.parse((REPOSITORY / "tests" / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_fault_has_a_row_and_no_row_comes_twice():
    assert set(FAULT_ROWS) >= FAULTS
    assert len(_rows("Faults")) == len(FAULT_ROWS)


@pytest.mark.parametrize("row", [*FAULT_ROWS, *THREAT_ROWS], ids=lambda row: f"{row}"[:40])
def test_a_row_says_what_happens_and_names_tests_that_are_there(row):
    *words, tests = {**FAULT_ROWS, **THREAT_ROWS}[row]
    assert all(words)
    named = _TEST.findall(tests)
    assert named
    # Nothing but names: a word such as "later" in their place would pass unseen.
    assert re.fullmatch(r"(`[\w/]+\.py::test_\w+`( <br> )?)+", tests), tests
    for path, name in named:
        assert name in _tests_in(path), f"{path}::{name}"


def test_a_name_that_is_not_there_would_be_noticed():
    assert "test_that_nobody_wrote" not in _tests_in("packaging/test_reliability.py")
    assert "test_a_name_that_is_not_there_would_be_noticed" in _tests_in("packaging/test_reliability.py")
