"""Judge: the rule that every cell is a number or a name, or empty with a sentence that says why.

Every table of every type of page is made of every odd set of answers.
"""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mixeval.study import AnalysisSection
from mixeval.tables import to_csv, to_latex, to_markdown
from mixeval_analysis import ratings, trials
from mixeval_analysis.inference.probability import Probability
from mixeval_analysis.page_profiles import PROFILES, analyze_answers
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.selection import select
from mixeval_analysis.trials import Trials

RATED = ["sliders", "acr", "ranking", "bs1116"]
"""Pages that give ratings, one of each profile."""


def test_every_profile_is_tried():
    assert {id(PROFILES[page]) for page in [*RATED, "ab", "abx"]} == {
        id(profile) for profile in PROFILES.values()
    }


def _whole(random, *, people=6, items=3, conditions=4, low=0.0, high=100.0, steps=100):
    """Rows of a panel in which everybody rates everything on a scale of `steps` from low to high."""
    cells = [(p, i, c) for p in range(people) for i in range(items) for c in range(conditions)]
    return pd.DataFrame(
        [
            {
                "participant": f"P{p:02}",
                "item": f"item{i}",
                "condition": f"c{c}",
                "rating": low
                + (high - low)
                * np.clip(round(random.normal(0.4 + 0.3 * c / conditions, 0.2) * steps), 0, steps)
                / steps,
            }
            for p, i, c in cells
        ]
    )


def _some_missing(random):
    rows = _whole(random)
    return rows.loc[random.random(len(rows)) > 0.3]


def _nobody_rated_everything(random):
    rows = _whole(random, people=8)
    person, condition = (rows[name].str[1:].astype(int) for name in ("participant", "condition"))
    return rows.loc[(person + condition) % 4 < 2]


def _one_rating_by_one(random):
    rows = _whole(random)
    return rows.loc[(rows["participant"] != "P05") | (rows.index == rows.index[-1])]


def _groups_who_heard_other_items(random):
    rows = _whole(random, items=4)
    return rows.loc[(rows["participant"] < "P03") == (rows["item"] < "item2")]


def _pairs_that_nobody_rated_both_of(random):
    rows = _whole(random)
    return rows.loc[(rows["participant"] < "P03") == (rows["condition"] < "c2")]


def _unicode(random):
    rows = _whole(random)
    return rows.assign(
        participant="Zoë & 李 " + rows["participant"],
        item="Лупа_№" + rows["item"].str[-1],
        condition=rows["condition"].map({"c0": "Référence %", "c1": "混音", "c2": "=1+1", "c3": "مرجع"}),
    )


CASES = {
    "whole": _whole,
    "one participant": lambda random: _whole(random, people=1),
    "two participants": lambda random: _whole(random, people=2),
    "one item": lambda random: _whole(random, items=1),
    "one participant and one item": lambda random: _whole(random, people=1, items=1),
    "all ratings equal": lambda random: _whole(random).assign(rating=3.0),
    "all ratings equal, as a fraction": lambda random: _whole(random).assign(rating=1 / 3),
    "each participant without preferences": lambda random: _whole(random).assign(
        rating=lambda rows: 1.0 + rows["participant"].str[1:].astype(int) % 5
    ),
    "everybody the same": lambda random: _whole(random).assign(
        rating=lambda rows: 1.0 + rows["condition"].str[1:].astype(int)
    ),
    "levels that differ, and nothing else": lambda random: _whole(random).assign(
        rating=lambda rows: (
            0.1 * (1 + rows["condition"].str[1:].astype(int) + 3 * rows["participant"].str[1:].astype(int))
        )
    ),
    "some missing": _some_missing,
    "nobody rated everything": _nobody_rated_everything,
    "groups who heard other items": _groups_who_heard_other_items,
    "pairs that nobody rated both of": _pairs_that_nobody_rated_both_of,
    "a participant with one rating": _one_rating_by_one,
    "two conditions": lambda random: _whole(random, conditions=2),
    "two conditions, one participant, one item": lambda random: _whole(
        random, people=1, items=1, conditions=2
    ),
    "forty conditions": lambda random: _whole(random, people=3, items=2, conditions=40),
    "scale 0 to 1": lambda random: _whole(random, high=1.0),
    "scale 0 to 1 in tenths": lambda random: _whole(random, high=1.0, steps=10),
    "scale 1 to 5": lambda random: _whole(random, low=1.0, high=5.0, steps=4),
    "negative and very wide": lambda random: _whole(random, low=-1e9, high=1e9),
    "very narrow": lambda random: _whole(random, low=1.0, high=1.0 + 1e-7),
    "unicode": _unicode,
}


@pytest.mark.parametrize("page", RATED)
@pytest.mark.parametrize("case", CASES)
def test_every_table_of_ratings_is_defined_or_says_why(case, page):
    random = np.random.default_rng(11)
    usual = _notes_of(_ratings(_whole(random), page))
    _check(_ratings(CASES[case](random), page), usual)


def _rows_of_trials(random, *, people=5, trials_each=6, conditions=3):
    named = [f"c{index}" for index in range(conditions)]
    rows = []
    for person in range(people):
        for number in range(trials_each):
            a, b = (named[index] for index in sorted(random.choice(conditions, 2, replace=False)))
            rows.append((f"P{person}", f"item{number % 2}", a, b, [a, b][int(random.random() < 0.6)]))
    return pd.DataFrame(rows, columns=["participant", "item", "a", "b", "chosen"])


TRIALS = {
    "whole": _rows_of_trials,
    "one participant": lambda random: _rows_of_trials(random, people=1),
    "one trial": lambda random: _rows_of_trials(random, people=1, trials_each=1, conditions=2),
    "one trial each": lambda random: _rows_of_trials(random, trials_each=1),
    "two conditions": lambda random: _rows_of_trials(random, conditions=2),
    "forty conditions": lambda random: _rows_of_trials(random, conditions=40),
    "always the first": lambda random: _rows_of_trials(random).assign(chosen=lambda rows: rows["a"]),
    "always the second": lambda random: _rows_of_trials(random).assign(chosen=lambda rows: rows["b"]),
    "unicode": lambda random: _rows_of_trials(random).replace(
        {"c0": "Référence %", "c1": "混音", "P1": "Zoë"}
    ),
}


@pytest.mark.parametrize("case", TRIALS)
def test_every_table_of_choices_is_defined_or_says_why(case):
    random = np.random.default_rng(12)
    usual = _notes_of(_trials(_rows_of_trials(random), "ab"))
    _check(_trials(TRIALS[case](random), "ab"), usual)


def test_choices_of_no_preference_alone_are_defined_or_say_why():
    random = np.random.default_rng(12)
    usual = _notes_of(_trials(_rows_of_trials(random), "ab"))
    _check(_trials(_rows_of_trials(random).assign(chosen=""), "ab"), usual)


@pytest.mark.parametrize("case", TRIALS)
def test_every_table_of_identifications_is_defined_or_says_why(case):
    random = np.random.default_rng(13)
    usual = _notes_of(_trials(_rows_of_trials(random), "abx"))
    _check(_trials(TRIALS[case](random), "abx"), usual)


def _ratings(rows, page):
    names = list(dict.fromkeys(rows["condition"]))
    if page == "ranking":
        pages = rows.groupby(["participant", "item"])["rating"]
        rows = rows.assign(rating=pages.rank(method="first"))
    elif page in {"acr", "bs1116"}:
        low, span = rows["rating"].min(), rows["rating"].max() - rows["rating"].min() or 1.0
        grades = 1 + 4 * (rows["rating"] - low) / span
        rows = rows.assign(rating=grades.round() if page == "acr" else grades.round(1))
    return Ratings(
        rows=ratings.with_defaults(rows).assign(page_type=page),
        labels={name: name.capitalize() for name in names},
        roles={names[-1]: "reference"},
        settings=AnalysisSection(margin=5),
        title="Odd",
        source="odd",
    )


def _trials(rows, page):
    if page == "abx":
        rows = rows.assign(x=rows["a"])
    named = dict.fromkeys(name for column in ("a", "b") for name in rows[column])
    return Trials(
        rows=trials.with_defaults(rows.assign(x=rows["x"] if page == "abx" else "")).assign(page_type=page),
        labels={name: name.capitalize() for name in named},
        title="Odd",
        source="odd",
        page=page,
    )


def _notes_of(answers):
    return {name: set(table.notes) for name, table in _tables(answers).items()}


def _tables(answers):
    (group,) = select(answers).groups
    return analyze_answers(group).tables


def _check(answers, usual):
    for name, table in _tables(answers).items():
        for column in table.frame.columns:
            for cell in table.frame[column]:
                assert _is_sound(cell), (name, column, cell)
        if table.frame.isna().any(axis=None):
            # A sentence that stands there always does not say why.
            assert set(table.notes) - usual.get(name, set()), (
                f"{name}: an empty cell, and no sentence says why"
            )
        assert all(note.endswith(".") for note in table.notes), table.notes
        for write in (to_csv, to_markdown, to_latex):
            assert "nan" not in write(replace(table, labels=dict.fromkeys(table.labels, "x"))).lower().split()


def _is_sound(cell):
    if isinstance(cell, Probability):
        return 0 <= cell.value <= 1 and cell.ln <= 0 and math.isfinite(cell.ln)
    if isinstance(cell, float):
        return math.isfinite(cell)
    return cell is None or isinstance(cell, str | int)
