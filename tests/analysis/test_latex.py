"""Judge: LaTeX itself, where one is installed."""

import os
import shutil
import subprocess
from dataclasses import replace

import pytest

from mixeval.tables import to_latex
from mixeval_analysis.page_profiles import PROFILES, analyze_answers

pytestmark = pytest.mark.slow

DOCUMENT = r"""\documentclass[a3paper,landscape]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{booktabs}
\begin{document}
%s
\end{document}
"""
HOSTILE = {
    "anchor": "A $x_1$ & 50 %",
    "mine": "Mine ~ {best} #1",
    "theirs": r"back\slash ^ <b>",
    "reference": "Référence",
}


def test_all_tables_compile_in_one_document(panel, trials_of, tmp_path):
    latex = shutil.which("pdflatex")
    if latex is None:
        pytest.skip("pdflatex is not installed (TeX Live has it)")
    asked = {
        "ab": trials_of([("P1", "anchor", "mine", "mine"), ("P2", "anchor", "mine", "anchor")]),
        "abx": trials_of([("P1", "anchor", "mine", "mine", "mine")]),
        "bs1116": replace(panel, roles={"reference": "reference"}),
    }
    tables = {}
    for page in PROFILES:
        answers = asked.get(page, panel)
        labels = {condition: HOSTILE[condition] for condition in answers.labels}
        simulated = answers.rows.assign(simulated=True)
        tables |= analyze_answers(replace(answers, page=page, labels=labels, rows=simulated)).tables
    # Floats that find no place are set where a page is cleared; LaTeX holds only so many.
    body = "\n\\clearpage\n".join(to_latex(table) for table in tables.values())
    (tmp_path / "tables.tex").write_text(DOCUMENT % body, encoding="utf-8")
    ran = subprocess.run(
        [latex, "-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode", "tables.tex"],
        cwd=tmp_path,
        env={**os.environ, "max_print_line": "1000"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert (tmp_path / "tables.pdf").read_bytes().startswith(b"%PDF")
    assert "Missing character" not in (tmp_path / "tables.log").read_text(errors="replace")
