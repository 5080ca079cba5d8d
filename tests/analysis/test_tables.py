"""Judges: pandas reading the CSV back, LaTeX's own special characters, the rule that p is never 0."""

import io

import pandas as pd
import pytest

from mixeval.tables import frame_of, to_csv, to_latex, to_markdown
from mixeval_analysis.inference.probability import of_value, two_sided_normal
from mixeval_analysis.tables import Table

HOSTILE = r"50% & more_$x^2 {a|b} ~#1 \end <i>"


@pytest.fixture
def table():
    return Table(
        name="example",
        title="An example",
        frame=frame_of(
            [
                {"condition": "a", "n": 3, "mean": 0.1 + 0.2, "p": of_value(1.5e-7)},
                {"condition": "b", "n": 12, "mean": None, "p": two_sided_normal(60)},
            ]
        ),
        method="By hand.",
        level="Single ratings.",
        labels={"a": HOSTILE, "b": "*Plain"},
        notes=("A note.",),
    )


def test_csv_keeps_ids_every_digit_and_empty_cells(table):
    text = to_csv(table)
    assert text.splitlines()[0] == "condition,n,mean,p"
    back = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    assert back["condition"].tolist() == ["a", "b"]
    assert back["n"].tolist() == ["3", "12"]
    assert float(back["mean"][0]) == 0.1 + 0.2
    assert back["mean"][1] == ""
    assert back["p"][1].endswith("e-784")


def test_a_simulated_table_says_so_in_each_form(table):
    from dataclasses import replace

    simulated = replace(table, simulated=True)
    assert to_csv(simulated).splitlines()[1].endswith(",SIMULATED")
    assert "SIMULATED listeners." in to_markdown(simulated)
    assert "SIMULATED listeners." in to_latex(simulated)
    assert not any("SIMULATED" in write(table) for write in (to_csv, to_markdown, to_latex))


def test_latex_escapes_labels_and_writes_powers(table):
    text = to_latex(table)
    expected = (
        r"50\% \& more\_\$x\textasciicircum{}2 \{a\textbar{}b\} "
        r"\textasciitilde{}\#1 \textbackslash{}end \textless{}i\textgreater{}"
    )
    assert expected in text
    assert r"$1.5\times 10^{-7}$" in text
    assert r"$<10^{-300}$" in text
    assert "\n{}*Plain" in text  # \\* would be a line break with an option
    assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
    assert r"\caption{An example. By hand. Single ratings.}" in text


def test_markdown_escapes_what_would_be_markup(table):
    rows = [line for line in to_markdown(table).splitlines() if line.startswith("|")]
    assert rows[1] == "| :--- | ---: | ---: | ---: |"
    assert r"\|" in rows[2]
    assert r"\*Plain" in rows[3]
    assert r"\< 1e-300" in rows[3]


def test_a_dollar_sign_is_no_mathematics_in_markdown(table):
    from dataclasses import replace

    text = to_markdown(replace(table, labels={"a": "$x$ &lt;", "b": "b"}))
    assert r"| \$x\$ \&lt; |" in text.replace("\\<", "<")


def test_a_spreadsheet_runs_no_name_as_a_formula():
    rows = [{"condition": name, "=1+1": -1.5, "n": 2} for name in ("=1+1", "+6", "-3dB", "@SUM(A1)", "a=b")]
    lines = to_csv(Table("t", "t", frame_of(rows), "", "", {})).splitlines()
    assert lines[0] == "condition,'=1+1,n"
    assert [line.split(",")[0] for line in lines[1:]] == ["'=1+1", "'+6", "'-3dB", "'@SUM(A1)", "a=b"]
    assert lines[1].endswith(",-1.5,2")


def test_columns_are_rounded_to_four_digits_of_their_largest_number():
    frame = frame_of(
        [{"mean": 72.275, "W": 0.6983, "U_a": 13218.0}, {"mean": -0.0001, "W": 0.95, "U_a": 79.5}]
    )
    table = Table("t", "t", frame, "", "", {})
    assert table.cells() == [["72.28", "0.698", "13218.0"], ["0.00", "0.950", "79.5"]]
