"""The paper's analysis: the tables of Martínez Ramírez, Stoller and Moffat (JAES 69(3), 2021).

It takes ratings as independent. They are not: the same people rated everything, and the error goes both ways.
It is offered because published results are compared with it, and it is labelled as what it is.
"""

from mixeval_analysis.profile import Chapter
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.results.homogeneity import brown_forsythe
from mixeval_analysis.results.normality import shapiro_wilk
from mixeval_analysis.results.omnibus import kruskal_wallis
from mixeval_analysis.results.pairwise import mann_whitney
from mixeval_analysis.results.symbols import symbol_matrix
from mixeval_analysis.tables import Table

LABEL = "replicates the paper; assumes independent ratings, which they are not"


def paper_tables(ratings: Ratings) -> list[Table]:
    """Make the paper's tables from ratings that were selected."""
    pairs = mann_whitney(ratings)
    return [
        symbol_matrix(pairs),
        kruskal_wallis(ratings),
        shapiro_wilk(ratings),
        brown_forsythe(ratings),
        pairs,
    ]


PAPER = Chapter(
    title="The paper\N{RIGHT SINGLE QUOTATION MARK}s tests",
    make=paper_tables,
    warning=f"This profile {LABEL}.",
    text=(
        "Each test takes every rating as independent of all others. Ratings by the same listener, or of "
        "the same item, are not, so a p can be far too small or far too large. Read these tables to "
        "compare with published ones, not as the last word."
    ),
)
