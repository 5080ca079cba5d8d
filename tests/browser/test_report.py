"""The report as a reader sees it, judged by axe-core in Chromium: light and dark, wide and on a phone."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mixeval.study import AnalysisSection
from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.reporting.report_folder import write_report
from mixeval_analysis.selection import Selection

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async (tags) => (await axe.run(document, { runOnly: { type: "tag", values: tags } })).violations
  .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target }) => target).join(", ")}`)"""
WIDTH = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    random = np.random.default_rng(5)
    centres = {"anchor": 12, "mine": 55, "theirs": 58, "reference": 80}
    rows = [
        {"participant": f"P{p:02}", "item": f"item{i}", "condition": condition, "rating": float(value)}
        for p in range(12)
        for i in range(3)
        for condition, centre in centres.items()
        for value in [np.clip(round(random.normal(centre, 15)), 0, 100)]
    ]
    ratings = Ratings(
        rows=with_defaults(pd.DataFrame(rows)),
        labels={key: f"{key.capitalize()} of a rather long name" for key in centres},
        title="A panel",
        source="panel",
        scale=(0.0, 100.0),
        roles={"reference": "reference", "anchor": "anchor"},
        settings=AnalysisSection(margin=5.0),
    )
    simulated = replace(ratings, rows=ratings.rows.assign(simulated=True))
    return (
        write_report(Selection((simulated,)), tmp_path_factory.mktemp("report") / "out").folder
        / "report.html"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_report_has_no_fault_that_axe_finds_and_never_scrolls_sideways(tab, report, scheme, width):
    if not AXE.exists():
        reason = "axe-core is not installed; `npm ci` brings it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    tab.emulate_media(color_scheme=scheme)
    tab.set_viewport_size({"width": width, "height": 780})
    tab.goto(report.as_uri())
    # A script of the page's own would be refused nothing here; this one is the judge's.
    tab.evaluate(AXE.read_text(encoding="utf-8"))
    assert tab.evaluate(RUN, TAGS) == []
    scrolled, shown = tab.evaluate(WIDTH)
    assert scrolled <= shown


def test_folded_sentences_open_by_keyboard(tab, report):
    tab.goto(report.as_uri())
    assert not tab.locator("details li").first.is_visible()
    tab.locator("summary").focus()
    tab.keyboard.press("Enter")
    tab.locator("details li").first.wait_for()
