"""Judge: the one sentence that a person reads who made a slip of the pen in study.toml (that of YAML: conversion)."""

import pytest
from click.testing import CliRunner

from mixeval.cli import main

STUDY = """[study]
title = "Drum mixes"
seed = 1

[stimuli]
dataset = { kind = "synthetic" }

[[stimuli.conditions]]
id = "first"
method = "sum"

[test]
page = "sliders"
minimum_seconds = 2.0
"""


@pytest.mark.parametrize(
    ("written", "instead", "where", "what_to_do"),
    [
        ("[test]", "[tests]", "tests is not a key", 'did you mean "test"'),
        ("[test]", "[test]\nrepeat = 3", "test.repeat is not a key", 'did you mean "repeats"'),
        ("[test]", "[test]\ntrails: 3", "line 13", "with an equals sign"),
        ("title =", "titel =", "study.titel is not a key", 'did you mean "title"'),
        ("seed = 1", 'seed = "1"', 'study.seed is "1"', "it should be an integer"),
        (
            "minimum_seconds = 2.0",
            "minimum_seconds = true",
            "test.minimum_seconds is true",
            "it should be a number",
        ),
        (
            "seed = 1",
            "seed = 1\nseed = 2",
            "line 4",
            "that key or table is there already: delete or rename one",
        ),
        ("[test]", "[study]\n[test]", "line 12", "that key or table is there already"),
        (
            'id = "first"',
            "id = no",
            "line 9",
            'text such as "no", "007" or "12:30" stands in quotation marks',
        ),
        ('id = "first"', "id = 007", "line 9", "stands in quotation marks"),
        ('id = "first"', "id = 12:30:00 h", "line 9", "stands in quotation marks"),
        ('id = "first"', "id = 7", "stimuli.conditions[0].id is 7", "it should be a string"),
        ('id = "first"', "id = false", "stimuli.conditions[0].id is false", "it should be a string"),
    ],
)
def test_a_slip_of_the_pen_is_told_with_its_place_and_what_was_meant(
    tmp_path, written, instead, where, what_to_do
):
    assert written in STUDY
    (tmp_path / "study.toml").write_text(STUDY.replace(written, instead, 1), encoding="utf-8")
    result = CliRunner().invoke(main, ["render", str(tmp_path)])
    assert result.exit_code == 1
    assert "study.toml" in result.output
    assert where in result.output
    assert what_to_do in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["study.toml"]


def test_the_study_without_the_slip_is_read(tmp_path):
    from mixeval.study import read_study

    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    assert read_study(tmp_path).test.minimum_seconds == 2.0
