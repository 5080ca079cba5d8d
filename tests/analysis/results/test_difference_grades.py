"""Judge: grades by hand, after ITU-R BS.1116-3."""

from dataclasses import replace

import pandas as pd
import pytest

from mixeval.errors import AnalysisError
from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.results.difference_grades import sdg
from mixeval_analysis.selection import select


@pytest.fixture
def grades():
    # Three listeners; each page has the hidden reference and one codec. P3 takes the reference for codec x.
    given = {
        ("P1", "x"): (5.0, 3.4),
        ("P2", "x"): (5.0, 4.1),
        ("P3", "x"): (4.2, 5.0),
        ("P1", "y"): (5.0, 1.5),
        ("P2", "y"): (5.0, 2.0),
        ("P3", "y"): (5.0, 5.0),
    }
    rows = [
        {
            "participant": who,
            "item": "glockenspiel",
            "condition": condition,
            "rating": grade,
            "page": f"{who}-{codec}",
            "page_type": "bs1116",
        }
        for (who, codec), (reference, coded) in given.items()
        for condition, grade in (("ref", reference), (codec, coded))
    ]
    return Ratings(
        with_defaults(pd.DataFrame(rows)),
        {"ref": "Reference", "x": "X", "y": "Y"},
        "t",
        "s",
        roles={"ref": "reference"},
    )


def test_grades_are_differences_from_the_reference_of_their_own_page(grades):
    frame = sdg(grades).frame.set_index("condition")
    assert list(frame.index) == ["x", "y"]
    # -1.6, -0.9, +0.8 and -3.5, -3.0, 0.
    assert frame.loc["x", "sdg"] == pytest.approx(-1.7 / 3)
    assert frame.loc["y", "sdg"] == pytest.approx(-6.5 / 3)
    assert frame.loc["x", ["right", "equal", "reversed"]].tolist() == [2, 0, 1]
    assert frame.loc["y", ["right", "equal", "reversed"]].tolist() == [2, 1, 0]
    # sd 1.2342, t(0.975, 2) = 4.303.
    assert frame.loc["x", "ci95_hi"] == pytest.approx(-1.7 / 3 + 4.303 * 1.2342 / 3**0.5, abs=1e-3)


def test_the_reference_beside_each_codec_is_no_repeat(grades):
    (group,) = select(grades).groups
    assert len(group.rows) == 12
    assert (group.page, group.scale) == ("bs1116", (1.0, 5.0))
    assert sdg(group).frame["n"].tolist() == [3, 3]


def test_without_a_reference_there_is_a_remedy(grades):
    with pytest.raises(AnalysisError, match="--reference"):
        sdg(replace(grades, roles={}))


def test_a_mix_that_never_stood_beside_the_reference_is_named(grades):
    alone = grades.rows.loc[(grades.rows["condition"] != "ref") | (grades.rows["page"].str.endswith("x"))]
    table = sdg(replace(grades, rows=alone))
    assert table.frame["condition"].tolist() == ["x"]
    assert table.notes == ("Y: no page has a hidden reference.",)
