"""Judges: the files on disk, every cell of every table, a CSV that goes the whole way."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.study import AnalysisSection
from mixeval_analysis.load import load
from mixeval_analysis.page_profiles import PROFILES, analyze_answers
from mixeval_analysis.selection import select

CENTRES = {"anchor": 1.5, "network": 3.0, "human": 4.2}


def _ratings_csv(folder, page_type):
    random = np.random.default_rng(6)
    rows = []
    for person in range(9):
        for item in ("loop1", "loop2"):
            heard = {name: random.normal(centre, 0.8) for name, centre in CENTRES.items()}
            order = sorted(heard, key=heard.get)
            for name, value in heard.items():
                rating = order.index(name) + 1 if page_type == "ranking" else int(np.clip(round(value), 1, 5))
                rows.append((f"P{person}", item, name, rating, page_type))
    path = folder / f"{page_type}.csv"
    columns = ["participant", "item", "condition", "rating", "page_type"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


def _trials_csv(folder, *, abx):
    random = np.random.default_rng(7)
    rows = []
    names = list(CENTRES)
    for person in range(9):
        for item in ("loop1", "loop2"):
            for i, a in enumerate(names):
                for b in names[i + 1 :]:
                    better = CENTRES[b] + random.normal(0, 1.5) > CENTRES[a]
                    x = str(random.choice([a, b])) if abx else ""
                    wrong = a if x == b else b
                    chosen = (x if random.random() < 0.8 else wrong) if abx else b if better else a
                    rows.append((f"P{person}", item, a, b, x, chosen))
    path = folder / ("abx.csv" if abx else "ab.csv")
    pd.DataFrame(rows, columns=["participant", "item", "a", "b", "x", "chosen"]).to_csv(path, index=False)
    return path


def _bs1116_csv(folder):
    random = np.random.default_rng(8)
    rows = []
    for person in range(9):
        for condition in ("anchor", "network"):
            grade = round(float(np.clip(random.normal(CENTRES[condition], 0.5), 1, 5)), 1)
            page = f"{person}-{condition}"
            rows += [
                (f"P{person}", "loop", condition, grade, page),
                (f"P{person}", "loop", "human", 5.0, page),
            ]
    frame = pd.DataFrame(rows, columns=["participant", "item", "condition", "rating", "page"])
    path = folder / "bs1116.csv"
    frame.assign(page_type="bs1116").to_csv(path, index=False)
    return path


FILES = {
    "ab": lambda folder: _trials_csv(folder, abx=False),
    "abx": lambda folder: _trials_csv(folder, abx=True),
    "acr": lambda folder: _ratings_csv(folder, "acr"),
    "ranking": lambda folder: _ratings_csv(folder, "ranking"),
    "bs1116": _bs1116_csv,
}
TABLES = {
    "ab": ["binomial", "choices", "bradley_terry"],
    "abx": ["d_prime", "listeners"],
    "acr": [
        *("mos", "summary", "friedman", "wilcoxon"),
        *("first_places", "leave_one_out", "by_item", "by_participant"),
        *("generalise", "generalise_pairs", "variance_components"),
        *("agreement", "agreement_by_item"),
    ],
    "ranking": ["mean_ranks", "friedman", "wilcoxon"],
    "bs1116": ["sdg", "summary"],
}


@pytest.fixture(params=FILES)
def page(request):
    return request.param


@pytest.fixture
def csv_file(page, tmp_path):
    return FILES[page](tmp_path)


def test_a_csv_of_each_type_goes_the_whole_way(page, csv_file, monkeypatch):
    monkeypatch.chdir(csv_file.parent)
    arguments = ["analyze", str(csv_file), "--json"]
    if page == "bs1116":
        arguments += ["--reference", "human"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    report = csv_file.parent / f"{page}-report"
    facts = json.loads((report / "report.json").read_text())
    assert facts["page"] == page
    assert facts["profile"] == PROFILES[page].label
    found = sorted(path.stem for path in (report / "tables").glob("*.csv"))
    assert found == sorted(TABLES[page])
    assert {path.name for path in (report / "figures").iterdir()} == {
        f"{figure.name}.{kind}"
        for figure in PROFILES[page].figures
        if not figure.needs
        for kind in ("pdf", "png", "svg")
    }
    for path in [report / "report.html", report / "report.json", *(report / "tables").iterdir()]:
        assert "nan" not in path.read_text().lower().replace("dominant", ""), path.name
    assert set(json.loads(result.output)["results"][0]["tables"]) == set(TABLES[page])


def test_the_terminal_shows_the_main_tables(page, csv_file, monkeypatch):
    monkeypatch.chdir(csv_file.parent)
    arguments = ["analyze", str(csv_file)]
    if page == "bs1116":
        arguments += ["--reference", "human"]
    result = CliRunner().invoke(main, arguments, env={"COLUMNS": "140"})
    assert result.exit_code == 0, result.output
    (group,) = select(
        load(str(csv_file), AnalysisSection(reference="human" if page == "bs1116" else None))
    ).groups
    tables = analyze_answers(group).tables
    for name in PROFILES[page].printed:
        # Comparisons and equivalence are printed where they were asked for.
        assert name in {"contrasts", "equivalence"} or tables[name].title in result.output


def test_no_cell_is_nan_even_where_next_to_nothing_is_known(page, csv_file, tmp_path):
    lines = csv_file.read_text().splitlines()
    few = tmp_path / "few.csv"
    few.write_text("\n".join(lines[: 3 if page in {"ab", "abx"} else 4 if page != "bs1116" else 3]) + "\n")
    answers = load(str(few), AnalysisSection(reference="human" if page == "bs1116" else None))
    (group,) = select(answers).groups
    for table in analyze_answers(group).tables.values():
        for column in table.frame:
            for cell in table.frame[column]:
                assert not (isinstance(cell, float) and math.isnan(cell)), (table.name, column)


def test_simulated_answers_are_marked_in_every_table_and_in_the_figure(csv_file, page, monkeypatch):
    frame = pd.read_csv(csv_file, keep_default_na=False).assign(simulated="true")
    frame.to_csv(csv_file, index=False)
    monkeypatch.chdir(csv_file.parent)
    arguments = ["analyze", str(csv_file)] + (["--reference", "human"] if page == "bs1116" else [])
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    report = csv_file.parent / f"{page}-report"
    for path in report.rglob("*"):
        if path.suffix in {".csv", ".md", ".tex", ".svg", ".html"}:
            assert "SIMULATED" in path.read_text(), path.name


def test_every_page_type_that_is_offered_has_a_profile():
    from mixeval.listening_pages import LISTENING_PAGES

    assert set(LISTENING_PAGES) <= set(PROFILES)
