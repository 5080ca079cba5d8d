"""The paper's analysis: the tables of Martínez Ramírez, Stoller and Moffat (JAES 69(3), 2021).

It takes ratings as independent. They are not: the same people rated everything, and the error goes both ways.
It is offered because published results are compared with it, and it is labelled as what it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mixeval_analysis.describe import summary
from mixeval_analysis.normality import shapiro_wilk
from mixeval_analysis.omnibus import kruskal_wallis
from mixeval_analysis.pairwise import mann_whitney
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.symbols import symbol_matrix
from mixeval_analysis.tables import Table

LABEL = "replicates the paper; assumes independent ratings, which they are not"

TABLES: Mapping[str, Callable[[Ratings], Table]] = {
    "summary": summary,
    "shapiro_wilk": shapiro_wilk,
    "kruskal_wallis": kruskal_wallis,
    "mann_whitney": mann_whitney,
}
"""Every table that is made from ratings alone: a new one is a function and a line here."""


@dataclass(frozen=True, eq=False)
class Analysis:
    """Ratings and the tables made from them, by name and in the order in which they are read."""

    ratings: Ratings
    tables: Mapping[str, Table]


def analyze_ratings(ratings: Ratings) -> Analysis:
    """Make every table from ratings that were selected (see mixeval_analysis.selection)."""
    tables = {name: make(ratings) for name, make in TABLES.items()}
    matrix = symbol_matrix(tables["mann_whitney"])
    return Analysis(ratings, {**tables, matrix.name: matrix})
