"""Judges: SciPy's tests of each group, the analysis of variance written out, means by hand, invariances."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mixeval.errors import AnalysisError
from mixeval.study import AnalysisSection
from mixeval_analysis.load import load
from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.results.groups import group_tables, groups_of

DRUMMERS = ("bo", "bo", "di", "di", "di", "wu")


@pytest.fixture
def values():
    """Whole ratings of 9 participants x 6 items x 3 conditions."""
    return np.random.default_rng(5).integers(0, 101, (9, 6, 3)).astype(float)


def rated(values, facts=None, **settings):
    facts = {"drummer": DRUMMERS} if facts is None else facts
    rows = [
        {
            "participant": f"P{p}",
            "item": f"item{i}",
            "condition": f"c{c}",
            "rating": value,
            **{name: own[i] for name, own in facts.items()},
        }
        for (p, i, c), value in np.ndenumerate(values)
        if not np.isnan(value)
    ]
    return Ratings(
        rows=with_defaults(pd.DataFrame(rows)),
        labels={f"c{c}": f"C{c}" for c in range(values.shape[2])},
        title="By hand",
        source="by hand",
        settings=AnalysisSection(**settings),
    )


def test_each_group_has_its_means(values):
    frame = group_tables(rated(values))[0].frame
    assert list(frame["value"]) == ["bo"] * 3 + ["di"] * 3 + ["wu"] * 3
    assert list(frame["items"]) == [2] * 3 + [3] * 3 + [1] * 3
    assert list(frame["mean"][3:6]) == pytest.approx(values[:, 2:5].mean(axis=(0, 1)))
    assert list(frame["median"][3:6]) == pytest.approx(np.median(values[:, 2:5].mean(axis=1), axis=0))
    assert all(frame["ci95_lo"] <= frame["mean"])
    assert all(frame["mean"] <= frame["ci95_hi"])


def test_conditions_are_tested_within_each_group(values):
    frame = group_tables(rated(values))[1].frame
    for place, items in enumerate((slice(0, 2), slice(2, 5), slice(5, 6))):
        judge = stats.friedmanchisquare(*values[:, items].mean(axis=1).T)
        assert frame["statistic"][place] == pytest.approx(judge.statistic)
        assert float(frame["p"][place]) == pytest.approx(judge.pvalue)
        assert frame["kendall_W"][place] == pytest.approx(judge.statistic / (9 * 2))


def test_whether_differences_depend_on_the_group_is_the_interaction_of_both(values):
    by_participants, by_items = group_tables(rated(values))[1].frame.iloc[-2:].to_dict("records")
    cells = np.stack([values[:, :2].mean(axis=1), values[:, 2:5].mean(axis=1), values[:, 5]], axis=1)
    centred = cells
    for axis in (1, 2):
        centred = centred - centred.mean(axis=axis, keepdims=True)
    mean = centred.mean(axis=0)
    f = (9 * (mean**2).sum() / 4) / (((centred - mean) ** 2).sum() / (4 * 8))
    assert by_participants["statistic"] == pytest.approx(f)
    assert by_participants["df2"] / by_participants["df1"] == pytest.approx(8)
    # Of items: what is left of each item's means of conditions, between drummers against within.
    items = values.mean(axis=0)
    left = items - items.mean(axis=1, keepdims=True)
    own = np.array([left[np.array(DRUMMERS) == name].mean(axis=0) for name in DRUMMERS])
    between, error = ((own - left.mean(axis=0)) ** 2).sum(), ((left - own) ** 2).sum()
    assert by_items["statistic"] == pytest.approx((between / 4) / (error / 6))
    assert (by_items["df1"], by_items["df2"], by_items["blocks"]) == (4, 6, 6)
    assert by_items["partial_eta2"] == pytest.approx(between / (between + error))


def test_a_difference_that_one_drummer_makes_is_found(values):
    random = np.random.default_rng(1)
    ratings = 50 + random.normal(0, 5, values.shape)
    ratings[:, :2, 0] += 25
    frame = group_tables(rated(ratings))[1].frame
    assert float(frame["p"][3]) < 0.001
    assert float(frame["p"][4]) < 0.01


def test_without_being_asked_facts_of_a_few_values_group_the_items(values):
    facts = {
        "drummer": DRUMMERS,
        "name": ("a", "b", "c", "d", "e", "f"),
        "kit": ("k",) * 6,
        "room": ("", "", "x", "x", "y", "y"),
    }
    ratings = rated(values, facts)
    assert list(groups_of(ratings)) == ["drummer", "room"]
    assert groups_of(ratings)["room"] == {"x": ("item2", "item3"), "y": ("item4", "item5")}
    asked = replace(ratings, settings=AnalysisSection(groups=("name",)))
    assert list(groups_of(asked)) == ["name"]
    assert group_tables(replace(ratings, settings=AnalysisSection(groups=()))) == [None, None]


def test_one_item_a_group_is_said_to_say_little(values):
    table = group_tables(rated(values[:, :3], {"drummer": ("a", "b", "c")}, groups=("drummer",)))[1]
    assert table.frame["p"].iloc[-1] is None
    assert any("cannot be told from one item a group" in note for note in table.notes)
    assert any("says little about others of its kind" in note for note in table.notes)


def test_no_facts_make_no_table(panel):
    assert group_tables(panel) == [None, None]


def test_equal_ratings_and_missing_cells_have_sentences(values):
    holes = values.copy()
    holes[:, 0:2, 1] = np.nan
    for ratings in (np.full(values.shape, 20.1), holes, values[:1]):
        for table in group_tables(rated(ratings)):
            assert table.notes
            for column in table.frame:
                assert not any(isinstance(cell, float) and np.isnan(cell) for cell in table.frame[column])


def test_how_high_a_participant_rates_altogether_changes_no_test(values):
    shifts = np.arange(9.0)[:, None, None] * 7
    one, other = (group_tables(rated(own))[1].frame for own in (values, values + shifts))
    assert list(one["statistic"]) == pytest.approx(list(other["statistic"]))


def test_the_names_of_groups_change_no_test(values):
    renamed = {"drummer": [{"bo": "z", "di": "y", "wu": "x"}[name] for name in DRUMMERS]}
    one, other = (group_tables(own)[1].frame for own in (rated(values), rated(values, renamed)))
    assert list(one["statistic"][3:]) == pytest.approx(list(other["statistic"][3:]))
    assert list(one["statistic"][:3]) == pytest.approx(list(other["statistic"][:3])[::-1])


@pytest.mark.parametrize(
    ("header", "sentence"),
    [("drummer", 'did you mean "drummer"'), ("hat", "choose from hat"), (None, "add it to the items")],
)
def test_a_group_that_items_know_nothing_of_is_refused(tmp_path, header, sentence):
    path = tmp_path / "ratings.csv"
    names = "participant,item,condition,rating" + (f",{header}" if header else "")
    end = ",x" if header else ""
    path.write_text(f"{names}\nP1,loop,a,1{end}\nP1,loop,b,2{end}\n", encoding="utf-8")
    with pytest.raises(AnalysisError, match=f'"drumer" is no fact .*{sentence}'):
        load(str(path), AnalysisSection(groups=("drumer",)))
