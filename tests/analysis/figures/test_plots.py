"""Judges: the files themselves: their size, text, fonts and sameness."""

import re
import struct
import time

import pytest

from mixeval_analysis.figures.drawing import letters_missing
from mixeval_analysis.figures.plots import violin
from mixeval_analysis.ratings import with_defaults


def test_the_figure_is_183_mm_wide_and_its_text_is_text(panel):
    files = violin(panel)
    assert set(files) == {"pdf", "svg", "png"}
    svg = files["svg"].decode()
    width = float(re.search(r'<svg[^>]* width="([\d.]+)pt"', svg)[1])
    assert width == pytest.approx(183 / 25.4 * 72, abs=0.1)
    pixels = struct.unpack(">I", files["png"][16:20])[0]
    assert pixels == pytest.approx(183 / 25.4 * 300, abs=1)
    assert "12 participants x 3 items" in svg
    assert all(f">{label}<" in svg for label in panel.labels.values())
    assert b"/FontFile2" in files["pdf"]  # TrueType, embedded
    assert b"/Type3" not in files["pdf"]


def test_a_second_drawing_is_the_same_byte_for_byte(panel):
    first = violin(panel)
    time.sleep(1.1)  # a date in a file would now differ
    assert violin(panel) == first


def test_no_file_carries_a_date(panel):
    files = violin(panel)
    assert b"CreationDate" not in files["pdf"]
    assert b"<dc:date>" not in files["svg"]


def test_the_scale_is_whole_though_nobody_used_its_ends(panel):
    from dataclasses import replace

    middle = replace(panel, rows=panel.rows.assign(rating=40 + panel.rows["rating"] / 10))
    svg = violin(middle)["svg"].decode()
    assert all(f">{tick}<" in svg for tick in (0, 100))


def test_simulated_ratings_are_marked_in_the_figure(panel):
    from dataclasses import replace

    svg = violin(replace(panel, rows=panel.rows.assign(simulated=True)))["svg"].decode()
    assert "SIMULATED listeners" in svg
    assert "SIMULATED" not in violin(panel)["svg"].decode()


def test_four_times_the_participants_do_not_make_four_times_the_file(ratings_of):
    small, large = (violin(ratings_of({"a": range(n), "b": range(n)}))["svg"] for n in (1500, 6000))
    assert len(large) < 1.5 * len(small)
    assert b'href="http' not in large


@pytest.mark.parametrize(
    "values",
    [
        {"a": [5], "b": [5]},
        {"a": [3, 3, 3], "b": [1, 2, 3]},
        {f"$c_{i}<" * 6: [i, i + 1.5] for i in range(30)},
    ],
    ids=["one rating each", "all equal", "many long labels"],
)
def test_odd_ratings_are_drawn_without_a_warning(ratings_of, values):
    assert violin(ratings_of(values))["svg"].startswith(b"<?xml")


def test_letters_that_the_font_lacks_are_said_and_stay_in_the_svg(ratings_of):
    ratings = ratings_of({"日本語": [1, 2], "👩\N{ZERO WIDTH JOINER}🔬": [2, 3], "مرجع": [1, 3]})
    assert "日本語" in violin(ratings)["svg"].decode()
    assert "lacks 日本語👩🔬: take the SVG" in letters_missing(ratings)
    assert letters_missing(ratings_of({"é": [1, 2], "Ω": [2, 3]})) is None


def test_long_labels_of_many_conditions_take_one_line_each(ratings_of):
    labels = {f"c{place}": f"condition {place} " + "with many words " * 9 for place in range(40)}
    svg = violin(ratings_of({key: [1, 2, 3] for key in labels}, labels=labels))["svg"].decode()
    for place in range(40):
        (line,) = re.findall(rf">(condition {place} [^<]*)<", svg)
        assert line.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert svg.count("many words") <= 2 * 40


def test_labels_are_escaped_in_svg(ratings_of):
    ratings = ratings_of({"a": [1, 2], "b": [2, 3]}, labels={"a": "<script>", "b": "b"})
    assert "<script>" not in violin(ratings)["svg"].decode()
    assert with_defaults(ratings.rows).equals(ratings.rows)
