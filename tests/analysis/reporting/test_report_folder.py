"""Judges: the files on disk before and after, and an HTML parser."""

import base64
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from mixeval.errors import ResultError
from mixeval_analysis.reporting.report_folder import write_report
from mixeval_analysis.scale_profile import SCALE
from mixeval_analysis.selection import Selection, select
from mixeval_analysis.sources.collected import answers_in_study

IN_BOTH_WIDTHS = ("violin", "estimation", "pairs", "ranks", "by_item", "by_participant")
FIGURES = (*IN_BOTH_WIDTHS, "screening")
NAMES = (
    "summary",
    "friedman",
    "wilcoxon",
    "first_places",
    "leave_one_out",
    "by_item",
    "by_participant",
    "generalise",
    "generalise_pairs",
    "variance_components",
    "agreement",
    "agreement_by_item",
    "mann_whitney_symbols",
    "kruskal_wallis",
    "shapiro_wilk",
    "brown_forsythe",
    "mann_whitney",
    "screening_rules",
    "screening",
)


def test_the_folder_holds_every_table_and_figure_in_every_form(panel, tmp_path):
    folder = write_report(Selection((panel,)), tmp_path / "out").folder
    assert _names(folder) == sorted(
        [
            "report.html",
            "report.json",
            "methods.txt",
            *(f"tables/{name}.{kind}" for name in NAMES for kind in ("csv", "tex", "md")),
            *(f"figures/{name}.{kind}" for name in FIGURES for kind in ("pdf", "svg", "png")),
        ]
    )


def test_a_second_run_writes_the_same_bytes(panel, tmp_path):
    folder = write_report(Selection((panel,)), tmp_path / "out").folder
    before = {name: (folder / name).read_bytes() for name in _names(folder)}
    write_report(Selection((panel,)), folder)
    assert {name: (folder / name).read_bytes() for name in _names(folder)} == before


def test_provenance_says_what_was_counted_and_how(panel, tmp_path):
    folder = write_report(Selection((panel,)), tmp_path / "out").folder
    facts = json.loads((folder / "report.json").read_text())
    assert (facts["participants"], facts["items"], facts["ratings"], facts["pairs"]) == (12, 3, 144, 6)
    assert facts["bootstrap"] == {"replicates": 10_000, "seed": 0, "unit": "participant"}
    assert facts["profile"] == SCALE.label
    assert facts["data"] == "real"
    assert set(facts["libraries"]) == {"python", "numpy", "scipy", "pandas", "matplotlib", "seaborn"}


def test_with_single_column_there_are_narrow_figures_too(panel, tmp_path):
    folder = write_report(Selection((panel,)), tmp_path / "out", single_column=True).folder
    assert {name for name in _names(folder) if "89mm" in name} == {
        f"figures/{name}-89mm.{kind}" for name in IN_BOTH_WIDTHS for kind in ("pdf", "svg", "png")
    }


def test_the_report_needs_nothing_beside_it_and_runs_nothing(panel, tmp_path):
    folder = write_report(Selection((panel,)), tmp_path / "out").folder
    page = _Page.of(folder / "report.html")
    assert not page.tags & {"script", "link", "iframe", "img", "object", "embed"}
    # What is fetched only when a reader asks for it: publications, and tables that the page holds itself.
    outward = [value for _, value in page.links if not value.startswith("#")]
    held = ("https://doi.org/", "data:text/csv;", "data:image/png;")
    assert [value for value in outward if not value.startswith(held)] == []
    assert "@import" not in (folder / "report.html").read_text()
    assert page.tags >= {"h1", "h2", "nav", "main", "table", "svg", "details"}


def test_every_table_can_be_taken_from_the_page_as_the_file_in_the_folder(panel, tmp_path):
    folder = write_report(Selection((panel,)), tmp_path / "out").folder
    page = _Page.of(folder / "report.html")
    files = {name: base64.b64decode(link.partition("base64,")[2]) for name, link in page.downloads}
    assert files == {f"{name}.csv": (folder / "tables" / f"{name}.csv").read_bytes() for name in NAMES}


def test_the_contents_lead_to_every_chapter_figure_and_table_and_no_id_is_there_twice(panel, tmp_path):
    folder = write_report(Selection((panel,)), tmp_path / "out").folder
    page = _Page.of(folder / "report.html")
    assert len(page.ids) == len(set(page.ids))
    assert {value[1:] for _, value in page.links if value.startswith("#")} <= set(page.ids)
    led = {value[1:] for name, value in page.links if name == "href" and value.startswith("#")}
    assert led >= {*(f"figure-{name}" for name in FIGURES), *(f"table-{name}" for name in NAMES), "methods"}


def test_the_report_says_results_in_sentences_and_the_methods_of_the_file(panel, tmp_path):
    folder = write_report(Selection((panel,)), tmp_path / "out").folder
    text = " ".join((folder / "report.html").read_text().split())
    assert "The conditions were not all answered alike (Friedman test of the means of 12 participants" in text
    assert "Methods" in text
    for line in (folder / "methods.txt").read_text().splitlines()[:3]:
        assert line.strip().replace("'", "&#39;") in text


def test_a_long_table_is_shown_in_part_and_is_whole_in_its_file(panel, tmp_path):
    copies = [panel.rows.assign(participant=panel.rows["participant"] + f"-{number}") for number in range(30)]
    folder = write_report(Selection((replace(panel, rows=pd.concat(copies)),)), tmp_path / "out").folder
    text = (folder / "report.html").read_text()
    assert "The first 1000 of 1440 rows; all are in tables/by_participant.csv." in text
    section = text[text.index('id="table-by_participant"') :]
    assert section[: section.index("</table>")].count("<tr>") == 1 + 1000
    assert len((folder / "tables" / "by_participant.csv").read_text().splitlines()) == 1 + 1440


def test_labels_and_titles_are_escaped(panel, tmp_path):
    hostile = replace(panel, labels=dict.fromkeys(panel.labels, "<script>x</script>"), title="<b>&")
    folder = write_report(Selection((hostile,)), tmp_path / "out").folder
    assert "script" not in _Page.of(folder / "report.html").tags


def test_simulated_ratings_are_marked_in_every_file_of_words(panel, tmp_path):
    simulated = replace(panel, rows=panel.rows.assign(simulated=True))
    folder = write_report(Selection((simulated,)), tmp_path / "out").folder
    for name in _names(folder):
        if Path(name).suffix not in {".pdf", ".png"}:
            assert "SIMULATED" in (folder / name).read_text(), name
    page = (folder / "report.html").read_text()
    # Once in the title, the heading and the banner, and once at each table and the figure.
    assert page.count("SIMULATED") >= 3 + len(NAMES) + 1


def test_files_of_others_stay_and_are_not_overwritten(panel, tmp_path):
    folder = tmp_path / "out"
    (folder / "tables").mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    (folder / "tables" / "mine.csv").write_text("mine")
    write_report(Selection((panel,)), folder)
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "tables" / "mine.csv").read_text() == "mine"
    other = tmp_path / "other"
    other.mkdir()
    (other / "report.html").write_text("mine")
    with pytest.raises(ResultError, match=r"report\.html is there already and was not written by mixeval"):
        write_report(Selection((panel,)), other)
    assert (other / "report.html").read_text() == "mine"
    assert _names(other) == ["report.html"]


def test_a_place_that_is_a_file_is_refused(panel, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ResultError, match="cannot be written"):
        write_report(Selection((panel,)), tmp_path / "out")


def test_versions_with_other_stimuli_have_reports_of_their_own(collected, tmp_path):
    for _ in range(3):
        collected.session(collected.version())
    for _ in range(2):
        collected.session(collected.version(audio="a new model"))
    ratings = answers_in_study(collected.folder)
    selection = select(ratings)
    out = tmp_path / "out"
    report = write_report(selection, out)
    folders = [f"version-{version.stimuli_id[:8]}" for version in ratings.versions]
    assert [path.name for path in report.analyses] == folders
    for name, participants in zip(folders, (3, 2), strict=True):
        assert json.loads((out / name / "report.json").read_text())["participants"] == participants
    index = (out / "report.html").read_text()
    assert all(f'href="{name}/report.html"' in index for name in folders)
    assert all(version.id[:12] in index for version in ratings.versions)
    assert "<code>net</code> in loop1</li>" in index
    assert not (out / "tables").exists()

    write_report(select(ratings, pool_versions=True), out)
    assert not (out / folders[0]).exists()
    pooled = (out / "report.html").read_text()
    assert "pooled here, because it was asked for" in pooled
    assert "<code>net</code> in loop1</li>" in pooled
    assert json.loads((out / "report.json").read_text())["pooled_versions"] is True


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links, self.ids, self.downloads = set(), [], [], []

    @classmethod
    def of(cls, path):
        page = cls()
        page.feed(path.read_text())
        return page

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        named = dict(attrs)
        self.ids += [named["id"]] if "id" in named else []
        self.downloads += [(named["download"], named["href"])] if "download" in named else []
        self.links += [(n, v) for n, v in attrs if n in {"href", "src", "xlink:href"} or n.startswith("on")]


def _names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
