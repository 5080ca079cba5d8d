"""The paper's symbols for adjusted p, and the matrix of pairs in which its Table 4 shows them."""

from typing import ClassVar

from mixeval.tables import frame_of
from mixeval_analysis.tables import Table

LEGEND = (
    "o: p >= 0.05; (*): 0.01 <= p < 0.05; *: p < 0.01; ***: p < 0.0001, all after Bonferroni's correction. "
    "The paper's key has no symbol between 0.01 and 0.05, which (*) fills, and does not use **."
)


def symbol(p: float) -> str:
    """Return the paper's symbol for an adjusted p.

    >>> [symbol(p) for p in (0.05, 0.049, 0.0099, 0.000099)]
    ['o', '(*)', '*', '***']
    """
    if p >= 0.05:
        return "o"
    if p >= 0.01:
        return "(*)"
    return "***" if p < 0.0001 else "*"


class Matrix(Table):
    """A table with one column per condition, headed by its label."""

    matrix: ClassVar[bool] = True

    @property
    def headings(self) -> list[str]:
        return ["Condition", *self.labels.values()]


def symbol_matrix(pairs: Table) -> Table:
    """Lay the symbols of a `mann_whitney` table out as a symmetric matrix, one row and column per condition."""
    conditions = list(pairs.labels)
    found: dict[tuple[str, str], str | None] = {}
    for a, b, mark in zip(pairs.frame["a"], pairs.frame["b"], pairs.frame["symbol"], strict=True):
        found[a, b] = found[b, a] = mark
    # The first column is `condition`, unless a condition is called that.
    first = "condition"
    while first in conditions:
        first += "_"
    rows: list[dict[str, object]] = [
        {first: a} | {b: "\N{MIDDLE DOT}" if a == b else found[a, b] for b in conditions} for a in conditions
    ]
    return Matrix(
        name="mann_whitney_symbols",
        title="Which conditions differ",
        frame=frame_of(rows),
        method=pairs.method,
        level=pairs.level,
        labels=pairs.labels,
        notes=(LEGEND, *(note for note in pairs.notes if note != LEGEND)),
        simulated=pairs.simulated,
        naming=(first,),
    )
