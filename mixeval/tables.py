"""A named table: what an analysis or a comparison gives, and how it is written as CSV, LaTeX and Markdown.

CSV files hold ids and every digit; LaTeX, Markdown and HTML hold labels and rounded numbers. A cell that is
undefined is empty, and a note says why. Captions carry how a table was made and at which level.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import pandas as pd

SIMULATED = "SIMULATED"
"""The word without which simulated ratings appear in no table and no figure."""


@runtime_checkable
class ExactNumber(Protocol):
    """A number that no float holds, such as a p below the smallest, and that writes itself."""

    def exact(self) -> str:
        """Write every digit, as a CSV cell."""
        ...

    def text(self) -> str:
        """Write it for readers."""
        ...


@dataclass(frozen=True, eq=False)
class Table:
    """A result with its name (of the file), what it shows, how it was made and at which level.

    Cells of `frame` are text, whole numbers, floats, ExactNumber, or None where undefined. The columns `naming`
    hold condition ids. A subclass gives its columns' headings in `HEADINGS`; other columns are headed by their names.
    In `DECIMALS` it may say how many are kept of a column.
    """

    HEADINGS: ClassVar[Mapping[str, str]] = {}
    DECIMALS: ClassVar[Mapping[str, int]] = {}

    name: str
    title: str
    frame: pd.DataFrame
    method: str
    level: str
    labels: Mapping[str, str]
    notes: tuple[str, ...] = ()
    simulated: bool = False
    naming: tuple[str, ...] = ("condition", "a", "b")

    @property
    def caption(self) -> str:
        words = f"{SIMULATED} listeners. " if self.simulated else ""
        return f"{words}{self.title}. {self.method} {self.level}".strip()

    @property
    def headings(self) -> list[str]:
        return [self.HEADINGS.get(name, name) for name in self.frame.columns]

    @property
    def text_columns(self) -> list[bool]:
        """Tell the columns that hold words, which are set flush left, from those that hold numbers."""
        return [any(isinstance(value, str) for value in self.frame[name]) for name in self.frame.columns]

    def cells(self, most: int | None = None) -> list[list[str]]:
        """Return the first `most` rows, or all, as readers see them: labels, rounded numbers, nothing where undefined."""
        columns = []
        for name in self.frame.columns:
            values = list(self.frame[name].iloc[:most])
            if name in self.naming:
                columns.append(
                    ["" if value is None else self.labels.get(str(value), str(value)) for value in values]
                )
            else:
                columns.append(_rounded(values, self.DECIMALS.get(str(name))))
        return [list(row) for row in zip(*columns, strict=True)]


def frame_of(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Make a frame of objects, in which None stays apart from NaN and whole numbers stay whole."""
    return pd.DataFrame([dict(row) for row in rows], dtype=object)


def to_csv(table: Table) -> str:
    """Write ids and full precision. A simulated table has one column more, which says so in each row."""
    frame = pd.DataFrame({name: [_exact(cell) for cell in table.frame[name]] for name in table.frame.columns})
    frame.columns = [_safe(str(name)) for name in frame.columns]
    if table.simulated:
        # A matrix may have a condition of that name.
        frame.insert(len(frame.columns), "simulated", SIMULATED, allow_duplicates=True)
    return str(frame.to_csv(index=False, lineterminator="\n"))


def to_markdown(table: Table) -> str:
    """Write a pipe table with its caption above and its notes below."""
    rows = [[_escape_markdown(cell) for cell in row] for row in [table.headings, *table.cells()]]
    aligned = [":---" if text else "---:" for text in table.text_columns]
    lines = [f"| {' | '.join(row)} |" for row in [rows[0], aligned, *rows[1:]]]
    notes = [f"\n{_escape_markdown(note)}" for note in table.notes]
    return "\n".join([f"**{_escape_markdown(table.caption)}**", "", *lines, *notes]) + "\n"


def to_latex(table: Table) -> str:
    r"""Write a `table` environment for \usepackage{booktabs}, with escaped labels."""
    align = "".join("l" if text else "r" for text in table.text_columns)
    body = [_latex_row(row) for row in [table.headings, *table.cells()]]
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_escape_latex(table.caption)}}}",
        rf"\label{{tab:{table.name.replace('_', '-')}}}",
        rf"\begin{{tabular}}{{{align}}}",
        r"\toprule",
        body[0],
        r"\midrule",
        *body[1:],
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\par\smallskip{{\footnotesize {_escape_latex(note)}\par}}" for note in table.notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _exact(cell: Any) -> str:
    match cell:
        case None:
            return ""
        case float():
            return repr(float(cell))
        case str():
            return _safe(cell)
        case ExactNumber():  # last, because it is asked for slowly
            return cell.exact()
        case _:
            return str(cell)


def _safe(text: str) -> str:
    """Put an apostrophe before a name that a spreadsheet would take for a formula and run."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _rounded(values: Sequence[Any], decimals: int | None) -> list[str]:
    if decimals is None:
        decimals = _decimals([value for value in values if isinstance(value, float) and math.isfinite(value)])
    texts = []
    for value in values:
        match value:
            case None:
                texts.append("")
            case float() if math.isinf(value):
                texts.append("\N{INFINITY}" if value > 0 else "-\N{INFINITY}")
            case float():
                # Adding zero turns -0.0 into 0.0.
                texts.append(f"{round(value, decimals) + 0.0:.{decimals}f}")
            case ExactNumber():
                texts.append(value.text())
            case _:
                texts.append(str(value))
    return texts


def _decimals(values: Sequence[float]) -> int:
    """Keep four digits of the column's largest number, so that a column's points stand under each other."""
    largest = max((abs(value) for value in values), default=0.0)
    if all(value == int(value) for value in values):
        return 0
    return min(3, max(1, 3 - math.floor(math.log10(largest))))


def _escape_markdown(text: str) -> str:
    # A dollar sign begins mathematics where Markdown is shown by GitHub, Pandoc or Jupyter; & an entity.
    return re.sub(r"([\\`*_{}\[\]<>|#~$&])", r"\\\1", text)


_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\N{MIDDLE DOT}": r"\textperiodcentered{}",
    "\N{INFINITY}": r"$\infty$",
}


def _latex_row(cells: list[str]) -> str:
    # A row that began with * or [ would be read as an argument of the line break above it.
    guard = "{}" if cells[0].startswith(("*", "[")) else ""
    return f"{guard}{' & '.join(_escape_latex(cell) for cell in cells)} \\\\"


def _escape_latex(text: str) -> str:
    if re.fullmatch(r"-\d+(\.\d+)?", text):
        return f"${text}$"  # a minus, not a hyphen
    power = re.fullmatch(r"(< )?(\d(?:\.\d+)?)e(-\d+)", text)
    if power:
        below, digits, exponent = power.groups()
        factor = "" if digits == "1" else rf"{digits}\times "
        return f"${'<' if below else ''}{factor}10^{{{int(exponent)}}}$"
    return "".join(_LATEX.get(character, character) for character in text)
