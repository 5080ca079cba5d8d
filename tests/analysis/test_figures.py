"""Judges: the SVG's own text, the size of the files, a second drawing, Machado's simulation of colour vision."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mixeval.figures import BAND, COLUMN_WIDTH_MM, DIFFERENCE_COLOURS, INK, ROLE_COLOURS
from mixeval.study import AnalysisSection
from mixeval_analysis.figures.drawing import FIGURES, SINGLE_COLUMN, draw
from mixeval_analysis.figures.pair_matrix import COLOURS, MOST_WITH_NUMBERS
from mixeval_analysis.figures.panel_grid import MOST, too_many_items, too_many_participants
from mixeval_analysis.page_profiles import analyze_answers
from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.results.rankings import incomplete
from mixeval_analysis.selection import select

NAMES = ("violin", "pairs", "estimation", "ranks", "by_item", "by_participant")

# Machado, Oliveira and Fernandes (2009), doi:10.1109/TVCG.2009.113, table of severity 1.0; for linear RGB.
VISION = {
    "all cones": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}


def panel_of(participants, items, conditions, **details):
    """Make seeded ratings of any size on 0..100."""
    random = np.random.default_rng(participants + items + conditions)
    rows = [
        {"participant": f"P{p:03}", "item": f"i{i:02}", "condition": f"c{c:02}", "rating": float(value)}
        for p in range(participants)
        for i in range(items)
        for c, value in enumerate(np.clip(random.normal(np.linspace(20, 80, conditions), 15), 0, 100))
    ]
    labels = {f"c{c:02}": f"Condition {c}" for c in range(conditions)}
    details = {"labels": labels, "scale": (0.0, 100.0), **details}
    return Ratings(rows=with_defaults(pd.DataFrame(rows)), title="Made", source="made", **details)


@pytest.fixture(scope="module")
def analysis():
    return analyze_answers(panel_of(12, 3, 4, roles={"c03": "reference", "c00": "anchor"}))


@pytest.fixture(scope="module")
def hostile():
    """Figures in both widths of simulated listeners, and of labels that mean something to others."""
    labels = dict(
        zip(("c00", "c01", "c02", "c03"), ("A $x_1$ <b>", "Größe Ω", "C & d", "Référence"), strict=True)
    )
    made = panel_of(12, 3, 4, labels=labels)
    drawn = draw(analyze_answers(replace(made, rows=made.rows.assign(simulated=True))), single_column=True)
    # That of screening is about participants: no condition is named in it.
    return {name: files for name, files in drawn.items() if name != "screening"}


def test_every_figure_comes_in_both_widths_of_a_page_with_real_fonts(hostile):
    assert set(hostile) == {name + width for name in NAMES for width in ("", "-89mm")}
    for name, files in hostile.items():
        width_mm = COLUMN_WIDTH_MM if name.endswith("mm") else 183
        width_pt = float(re.search(r'<svg[^>]* width="([\d.]+)pt"', files["svg"].decode())[1])
        assert width_pt == pytest.approx(width_mm / 25.4 * 72, abs=0.1), name
        assert int.from_bytes(files["png"][16:20], "big") == pytest.approx(width_mm / 25.4 * 300, abs=1), name
        assert b"/FontFile2" in files["pdf"], name  # TrueType, embedded
        assert b"/Type3" not in files["pdf"], name
        assert b"CreationDate" not in files["pdf"], name
        assert b"<dc:date>" not in files["svg"], name


def test_simulated_listeners_are_marked_in_every_figure_of_every_width(hostile):
    for name, files in hostile.items():
        assert "SIMULATED listeners" in files["svg"].decode(), name
        assert "12 participants x 3 items" in files["svg"].decode(), name


def test_labels_are_written_as_they_are_in_every_figure(hostile):
    for name, files in hostile.items():
        svg = files["svg"].decode()
        assert "<b>" not in svg, name
        assert all(text in svg for text in ("x_1", "Ω", "&amp;", "Référence")), name


def test_every_figure_is_the_same_byte_for_byte_in_whatever_order_ratings_came():
    made = panel_of(6, 2, 3)
    shuffled = replace(made, rows=made.rows.sample(frac=1, random_state=1))
    one, other = (analyze_answers(select(ratings).groups[0]) for ratings in (made, shuffled))
    assert set(FIGURES) >= set(NAMES)
    for name in NAMES:
        assert FIGURES[name](one) == FIGURES[name](other), name


def test_the_matrix_holds_the_differences_of_the_table_row_minus_column(analysis):
    svg = FIGURES["pairs"](analysis)["svg"].decode().replace("\N{MINUS SIGN}", "-")
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    for row in analysis.tables["wilcoxon"].frame.to_dict(orient="records"):
        assert f"{-row['mean_diff']:+.1f}" in texts
        assert f"{-row['mean_diff_ci95_hi']:.1f} to {-row['mean_diff_ci95_lo']:.1f}" in texts
    assert texts.count("\N{MIDDLE DOT}") == 4


@pytest.mark.parametrize("conditions", [2, 12, 13])
def test_the_matrix_has_numbers_for_up_to_twelve_conditions(conditions):
    svg = FIGURES["pairs"](analyze_answers(panel_of(8, 1, conditions)))["svg"].decode()
    assert ("\N{MIDDLE DOT}" in svg) is (conditions <= MOST_WITH_NUMBERS)


@pytest.mark.parametrize("drawers", [FIGURES, SINGLE_COLUMN], ids=["183 mm", "89 mm"])
def test_the_matrix_of_many_conditions_keeps_colours_and_symbols(drawers):
    svg = drawers["pairs"](analyze_answers(panel_of(8, 1, 40)))["svg"].decode()
    assert all(text in svg for text in ("Below the diagonal", "row rated higher", "p &lt; 0.05"))


def test_the_estimation_plot_compares_with_the_reference_and_shows_the_margin(panel):
    figure = next(figure for figure in analyze_answers(panel).figures if figure.name == "estimation")
    with_role = replace(panel, roles={"reference": "reference", "mine": "reference"})
    named = replace(
        panel, settings=AnalysisSection(reference="theirs", margin=5.0), roles={"theirs": "reference"}
    )
    assert figure.remark(panel) == "No condition is the reference: all are compared with the first, Anchor."
    assert figure.remark(with_role) == "Of 2 references the first, Mine, is taken; --reference names another."
    assert figure.remark(named) == "All are compared with Theirs."
    svg = FIGURES["estimation"](analyze_answers(named))["svg"].decode()
    assert all(text in svg for text in ("margin, 5 either way", "Theirs"))
    assert "margin" not in FIGURES["estimation"](analyze_answers(panel))["svg"].decode()


def test_the_ranking_has_the_best_at_the_top(analysis):
    svg = FIGURES["ranks"](analysis)["svg"].decode()
    places = [svg.index(f">Condition {place}<") for place in (3, 2, 1, 0)]
    assert places == sorted(places)


def test_who_did_not_rate_everything_is_not_ranked(panel):
    rows = panel.rows
    gap = replace(panel, rows=rows[(rows["participant"] != "P03") | (rows["condition"] != "mine")])
    assert incomplete(gap) == "1 of 12 did not rate every condition and are not ranked here."
    assert incomplete(panel) == ""


def test_panels_are_named_up_to_a_number_and_summed_up_beyond():
    few, many = panel_of(MOST["participant"], 2, 3), panel_of(MOST["participant"] + 1, 2, 3)
    assert too_many_participants(few) == ""
    assert ">P059<" in FIGURES["by_participant"](analyze_answers(few))["svg"].decode()
    assert too_many_participants(many).startswith("61 participants are too many")
    assert ">P059<" not in FIGURES["by_participant"](analyze_answers(many))["svg"].decode()
    assert too_many_items(panel_of(2, MOST["item"], 3)) == ""
    assert too_many_items(panel_of(2, MOST["item"] + 1, 3)).startswith("31 items are too many")
    high = panel_of(MOST["participant"], 1, 40)
    assert too_many_participants(high).startswith("60 participants are too many")


@pytest.mark.parametrize(
    "values",
    [
        {"a": [5], "b": [5]},
        {"a": [3, 3, 3], "b": [3, 3, 3]},
        {"日本": [0.25, 0.5], "b": [0.75, 1.0]},
    ],
    ids=["one participant", "all equal", "0..1 and letters of Asia"],
)
def test_odd_ratings_are_drawn_without_a_warning(ratings_of, values):
    for name, files in draw(analyze_answers(ratings_of(values))).items():
        assert files["svg"].startswith(b"<?xml"), name


def test_nobody_rated_both_is_drawn(ratings_of):
    ratings = ratings_of({"a": [1, 2, 3, 4], "b": [2, 3, 4, 5]})
    apart = ratings.rows[(ratings.rows["participant"] < "P002") == (ratings.rows["condition"] == "a")]
    for files in draw(analyze_answers(replace(ratings, rows=apart))).values():
        assert files["svg"].startswith(b"<?xml")


@pytest.mark.parametrize("vision", VISION)
def test_colours_that_meet_in_a_figure_are_told_apart_with_any_colour_vision(vision):
    """Distances are CIE76 of CIELAB, in which about 2 is the least that is seen; printed dots are small: 15."""
    roles = [_lab(colour, VISION[vision]) for colour in ROLE_COLOURS.values()]
    for one, other in itertools.combinations(roles, 2):
        assert np.linalg.norm(one - other) > 15
    steps = [_lab(colour, VISION[vision]) for colour in DIFFERENCE_COLOURS]
    for one, other in itertools.pairwise(steps):
        assert np.linalg.norm(one - other) > 15
    below, _, _, _, above = steps
    assert np.linalg.norm(below - above) > 50
    band, paper = _lab(BAND, VISION[vision]), _lab("#ffffff", VISION[vision])
    assert np.linalg.norm(band - paper) > 10


def test_how_large_a_difference_is_reads_in_grey_and_so_do_the_numbers_in_it():
    """In grey the sign is in the number or the triangle; the size is in the lightness, alike on both sides."""
    grey = [_lab(COLOURS(place / 20)[:3], np.eye(3))[0] for place in range(21)]
    assert all(darker < lighter for darker, lighter in itertools.pairwise(grey[:11]))
    assert all(lighter > darker for lighter, darker in itertools.pairwise(grey[10:]))
    assert abs(grey[0] - grey[-1]) < 10
    ink = _luminance(INK)
    for place in range(21):
        # WCAG 2.2, success criterion 1.4.3.
        assert (_luminance(COLOURS(place / 20)[:3]) + 0.05) / (ink + 0.05) >= 4.5


def _linear(colour):
    """Return linear sRGB, shape (3,), of a hexadecimal colour or of three shares."""
    if isinstance(colour, str):
        colour = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    coded = np.asarray(colour, dtype=float)
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def _luminance(colour):
    return float(np.array([0.2126, 0.7152, 0.0722]) @ _linear(colour))


def _lab(colour, vision):
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(vision @ _linear(colour), 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
