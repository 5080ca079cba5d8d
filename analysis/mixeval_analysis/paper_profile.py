"""The paper's analysis: the tables of Martínez Ramírez, Stoller and Moffat (JAES 69(3), 2021).

It takes ratings as independent. They are not: the same people rated everything, and the error goes both ways.
It is offered because published results are compared with it, and it is labelled as what it is.
"""

from collections.abc import Callable, Mapping

from mixeval_analysis.describe import REPLICATES, summary
from mixeval_analysis.normality import shapiro_wilk
from mixeval_analysis.omnibus import kruskal_wallis
from mixeval_analysis.pairwise import mann_whitney
from mixeval_analysis.profile import Chapter, Profile, Tables
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


def paper_tables(ratings: Ratings) -> Tables:
    """Make every table from ratings that were selected (see mixeval_analysis.selection)."""
    tables = {name: make(ratings) for name, make in TABLES.items()}
    matrix = symbol_matrix(tables["mann_whitney"])
    return {**tables, matrix.name: matrix}


PAPER = Profile(
    label=LABEL,
    about="ratings",
    make=paper_tables,
    figure="violin",
    figure_title="Distribution by condition",
    figure_caption=(
        "Density of all ratings of {shape}, median, interquartile range, and the mean of each participant."
    ),
    first=("summary",),
    chapters=(
        Chapter(
            "The paper\N{RIGHT SINGLE QUOTATION MARK}s tests",
            ("mann_whitney_symbols", "kruskal_wallis", "shapiro_wilk", "mann_whitney"),
            warning=f"This profile {LABEL}.",
            text=(
                "Each test takes every rating as independent of all others. Ratings by the same listener, or of "
                "the same item, are not, so a p can be far too small or far too large. Read these tables to "
                "compare with published ones, not as the last word."
            ),
        ),
    ),
    printed=("summary", "shapiro_wilk", "kruskal_wallis", "mann_whitney_symbols"),
    correction="bonferroni",
    level="single ratings, pooled over participants and items",
    replicates=REPLICATES,
)
