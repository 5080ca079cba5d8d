"""Kruskal-Wallis and Friedman: whether the conditions differ at all."""

import numpy as np
from scipy import stats

from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.inference.probability import chi_squared_tail, f_tail
from mixeval_analysis.inference.signed_rank import DECIMALS
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.tables import Table


def kruskal_wallis(ratings: Ratings) -> Table:
    """Test whether all conditions' pooled ratings come from one distribution.

    H is corrected for ties and compared with chi-squared, as R's `kruskal.test`; epsilon squared is
    H / (N - 1). The test takes all N ratings as independent, which repeated ratings by one panel are not.
    """
    counts = ratings.histograms
    k, total = len(counts), int(counts.sum())
    row: dict[str, object] = {"H": None, "df": k - 1, "p": None, "N": total, "k": k, "epsilon2": None}
    notes = []
    if counts.shape[1] == 1:
        notes.append("All ratings are equal: there is nothing to test.")
    else:
        statistic = _h(counts.astype(np.float64))
        row |= {
            "H": statistic,
            "p": chi_squared_tail(statistic, k - 1),
            "epsilon2": statistic / (total - 1),
        }
    return Table(
        name="kruskal_wallis",
        title="Kruskal-Wallis test of all conditions",
        frame=frame_of([row]),
        method="Corrected for ties, asymptotic (chi-squared), one test of all conditions.",
        level=f"Single ratings, pooled over {ratings.shape_in_words()}, taken as independent.",
        labels=ratings.labels,
        notes=tuple(notes),
        simulated=ratings.simulated,
    )


def _h(counts: Values) -> float:
    """Return Kruskal and Wallis's H, corrected for ties, of counts, shape (conditions, values).

    With ranks counted from their mean, it is (N - 1) times the share of their squares that conditions account for.
    """
    ties, sizes = counts.sum(axis=0), counts.sum(axis=1)
    n = float(ties.sum())
    midranks = np.cumsum(ties) - ties / 2 - n / 2
    between = float(((counts @ midranks) ** 2 / sizes).sum())
    return (n - 1) * between / float((ties * midranks**2).sum())


def friedman(ratings: Ratings) -> Table:
    """Test whether conditions differ within blocks, at three levels of what a block is.

    Q is corrected for ties, as R's `friedman.test`; Kendall's W is Q / (blocks (k - 1)); Iman and Davenport's F
    (Comm. Stat. A9, 1980) is (blocks - 1) Q / (blocks (k - 1) - Q). Only blocks with every condition count.
    `participant_x_item` takes each page as a block of its own, `participant_mean` each participant (means over
    items), `item_mean` each item (means over participants).
    """
    rows, notes = [], []
    for level, by in _LEVELS.items():
        blocks = ratings.means(*by).round(DECIMALS)  # equal means must tie
        complete = blocks[~np.isnan(blocks).any(axis=1)]
        if len(complete) < len(blocks):
            missing = f"{len(blocks) - len(complete)} of {count_of(len(blocks), 'block')}"
            notes.append(f"{level}: {missing} lack a condition and are not counted.")
        tested = friedman_row(complete)
        if tested["Q"] is None:
            notes.append(f"{level}: {_untestable(complete)}")
        elif tested["p_F"] is None:
            notes.append(f"{level}: every block has the same order, so that F has no limit.")
        rows.append({"level": level, "blocks": len(complete), "k": len(ratings.labels), **tested})
    return Table(
        name="friedman",
        title="Friedman test of all conditions",
        frame=frame_of(rows),
        method=(
            "Corrected for ties, asymptotic: Q by chi-squared, and Iman and Davenport's F; Kendall's W. One test at each "
            "level, not corrected for their number."
        ),
        level="Read participant_mean: pages of one participant are not independent blocks.",
        labels=ratings.labels,
        notes=tuple(notes),
        simulated=ratings.simulated,
    )


_LEVELS = {
    "participant_x_item": ["participant", "item"],
    "participant_mean": ["participant"],
    "item_mean": ["item"],
}


def friedman_row(values: Values) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(
        ("Q", "df", "p", "kendall_W", "iman_davenport_F", "df1", "df2", "p_F")
    )
    n, k = values.shape
    row["df"] = k - 1
    if n < 2:
        return row
    ranks = stats.rankdata(values, axis=1)
    # Ranks are whole or end in a half, so that these sums are exact.
    spread = float((ranks**2).sum() - n * k * (k + 1) ** 2 / 4)
    if spread == 0:
        return row
    between = float(((ranks.sum(axis=0) - n * (k + 1) / 2) ** 2).sum())
    q = (k - 1) * between / spread
    row |= {"Q": q, "p": chi_squared_tail(q, k - 1), "kendall_W": q / (n * (k - 1))}
    row |= {"df1": k - 1, "df2": (k - 1) * (n - 1)}
    # In ranks, n (k - 1) - Q is 0 exactly where all blocks agree.
    if between < n * spread:
        f = (n - 1) * between / (n * spread - between)
        row |= {"iman_davenport_F": f, "p_F": f_tail(f, k - 1, (k - 1) * (n - 1))}
    return row


def _untestable(complete: Values) -> str:
    if len(complete) < 2:
        return f"{count_of(len(complete), 'complete block')} cannot be tested, it takes at least 2."
    return "within each block all ratings are equal: there is nothing to test."
