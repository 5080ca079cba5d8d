"""Judges: the files on disk before and after, and an HTML parser."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mixeval.errors import AnalysisError
from mixeval_analysis.collected import ratings_in_study
from mixeval_analysis.paper_profile import TABLES
from mixeval_analysis.report_folder import replace_files, write_report
from mixeval_analysis.selection import Selection, select

NAMES = (*TABLES, "mann_whitney_symbols")


def test_the_folder_holds_every_table_and_figure_in_every_form(panel, tmp_path):
    folder = write_report(Selection((panel,)), tmp_path / "out").folder
    assert _names(folder) == sorted(
        [
            "report.html",
            "report.json",
            *(f"tables/{name}.{kind}" for name in NAMES for kind in ("csv", "tex", "md")),
            *(f"figures/violin.{kind}" for kind in ("pdf", "svg", "png")),
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
    assert facts["profile"] == "replicates the paper; assumes independent ratings, which they are not"
    assert facts["data"] == "real"
    assert set(facts["libraries"]) == {"python", "numpy", "scipy", "pandas", "matplotlib", "seaborn"}


def test_the_report_needs_nothing_beside_it_and_runs_nothing(panel, tmp_path):
    folder = write_report(Selection((panel,)), tmp_path / "out").folder
    page = _Page.of(folder / "report.html")
    assert not page.tags & {"script", "link", "iframe", "img"}
    assert not [value for name, value in page.links if not value.startswith("#")]
    assert page.tags >= {"h1", "h2", "table", "svg"}


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
    with pytest.raises(AnalysisError, match=r"report\.html is there already and was not written by mixeval"):
        write_report(Selection((panel,)), other)
    assert (other / "report.html").read_text() == "mine"
    assert _names(other) == ["report.html"]


def test_what_an_earlier_run_wrote_and_this_one_did_not_is_removed(tmp_path):
    replace_files(
        tmp_path / "out", {"old/a.csv": b"1", "b.csv": b"2", "report.json": _list("old/a.csv", "b.csv")}
    )
    replace_files(tmp_path / "out", {"b.csv": b"3", "report.json": _list("b.csv")})
    assert _names(tmp_path / "out") == ["b.csv", "report.json"]
    assert not (tmp_path / "out" / "old").exists()


def test_what_somebody_removed_by_hand_is_not_missed(tmp_path):
    out = tmp_path / "out"
    replace_files(out, {"old/a.csv": b"1", "report.json": _list("old/a.csv")})
    (out / "old" / "a.csv").unlink()
    (out / "old").rmdir()
    replace_files(out, {"report.json": _list()})
    assert _names(out) == ["report.json"]


def test_a_list_that_points_outside_the_folder_is_not_believed(tmp_path):
    outside = tmp_path / "precious.csv"
    outside.write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.json").write_bytes(_list("../precious.csv", str(outside)))
    replace_files(tmp_path / "out", {"report.json": _list()})
    assert outside.read_text() == "mine"


def test_a_list_of_another_program_is_not_believed(tmp_path):
    (tmp_path / "mine.csv").write_text("mine")
    (tmp_path / "report.json").write_text('{"files": ["mine.csv", "report.json"]}')
    with pytest.raises(AnalysisError, match=r"report\.json is there already and was not written by mixeval"):
        replace_files(tmp_path, {"report.json": _list()})
    (tmp_path / "report.json").write_text('{"generator": {"mixeval": "1"}, "files": 3}')
    with pytest.raises(AnalysisError, match="was not written by mixeval"):
        replace_files(tmp_path, {"report.json": _list()})
    assert _names(tmp_path) == ["mine.csv", "report.json"]


@pytest.mark.parametrize(("moves", "again"), [(1, False), (2, True)], ids=["first run", "second run"])
def test_a_run_that_was_killed_is_taken_up_by_the_next(tmp_path, moves, again):
    out = tmp_path / "out"
    if again:
        replace_files(out, {"old.csv": b"0", "report.json": _list("old.csv")})
    files = {"a.csv": b"1", "b/c.csv": b"2", "report.json": _list("a.csv", "b/c.csv")}
    _killed_after(moves, out, files)
    replace_files(out, {"a.csv": b"3", "report.json": _list("a.csv")})
    assert sorted(path.name for path in out.iterdir()) == ["a.csv", "report.json"]
    assert (out / "a.csv").read_bytes() == b"3"


def test_two_runs_at_once_leave_the_files_of_one(tmp_path):
    names = [f"{number}.csv" for number in range(40)]

    def write(content):
        replace_files(tmp_path / "out", {**dict.fromkeys(names, content), "report.json": _list(*names)})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, [b"1", b"2", b"3", b"4"] * 5))
    assert len({(tmp_path / "out" / name).read_bytes() for name in names}) == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([*names, "report.json"])


def test_a_run_that_fails_leaves_the_last_report_whole(tmp_path, monkeypatch):
    out = tmp_path / "out"
    replace_files(out, {"a.csv": b"old", "report.json": _list("a.csv")})

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(AnalysisError, match="No space left on device"):
        replace_files(out, {"a.csv": b"new", "report.json": _list("a.csv")})
    assert _names(out) == ["a.csv", "report.json"]
    assert (out / "a.csv").read_text() == "old"


def test_a_place_that_is_a_file_is_refused(panel, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(AnalysisError, match="cannot be written"):
        write_report(Selection((panel,)), tmp_path / "out")


def test_versions_with_other_stimuli_have_reports_of_their_own(collected, tmp_path):
    for _ in range(3):
        collected.session(collected.version())
    for _ in range(2):
        collected.session(collected.version(audio="a new model"))
    ratings = ratings_in_study(collected.folder)
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
        self.tags, self.links = set(), []

    @classmethod
    def of(cls, path):
        page = cls()
        page.feed(path.read_text())
        return page

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [(n, v) for n, v in attrs if n in {"href", "src", "xlink:href"} or n.startswith("on")]


def _killed_after(moves, folder, files):
    """Run replace_files in a process of its own that ends, as if killed, after so many files are in place."""
    code = f"""
import os, pathlib
from mixeval_analysis.report_folder import replace_files

move, done = pathlib.Path.replace, []

def replace(draft, place):
    if len(done) == {moves}:
        os._exit(9)
    done.append(move(draft, place))

pathlib.Path.replace = replace
replace_files(pathlib.Path({str(folder)!r}), {files!r})
os._exit(0)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], check=False, env=environment)
    assert done.returncode == (0 if moves == len(files) else 9)


def _names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _list(*names):
    return json.dumps({"generator": {"mixeval": "1"}, "files": [*names, "report.json"]}).encode()
