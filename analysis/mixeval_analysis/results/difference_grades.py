"""Subject difference grades of ITU-R BS.1116-3: how far below the hidden reference a mix was graded."""

import math

import numpy as np
import pandas as pd

from mixeval.errors import AnalysisError
from mixeval.tables import frame_of
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.results.opinion_scores import t_interval
from mixeval_analysis.tables import Table


def sdg(ratings: Ratings) -> Table:
    """Describe grade of the mix minus grade of the hidden reference on the same page (ITU-R BS.1116-3).

    0 is transparent and -4 very annoying; above 0 the listener took the reference for the mix. The interval is
    Student's over single grades. The reference is the condition of that role. Raises AnalysisError where no mix
    was graded beside it.
    """
    references = {key for key in ratings.labels if ratings.roles.get(key) == "reference"}
    grades = ratings.rows.assign(page=_pages(ratings.rows))
    hidden = grades.loc[grades["condition"].isin(references)].groupby("page")["rating"].first()
    rows, notes = [], []
    for condition in ratings.labels:
        if condition in references:
            continue
        own = grades.loc[grades["condition"] == condition]
        # Grades have one decimal; their difference has no more.
        values = np.round((own["rating"] - own["page"].map(hidden)).dropna().to_numpy(np.float64), 6)
        if not len(values):
            notes.append(f"{ratings.labels[condition]}: no page has a hidden reference.")
            continue
        low, high = t_interval(values)
        if low is None:
            notes.append(f"{ratings.labels[condition]}: one grade has no standard deviation and no interval.")
        rows.append(
            {
                "condition": condition,
                "n": len(values),
                "sdg": math.fsum(values) / len(values),
                "sd": float(values.std(ddof=1)) if len(values) > 1 else None,
                "ci95_lo": low,
                "ci95_hi": high,
                "right": int((values < 0).sum()),
                "equal": int((values == 0).sum()),
                "reversed": int((values > 0).sum()),
            }
        )
    if not rows:
        raise AnalysisError(
            f"{ratings.source} holds no grades beside a hidden reference",
            remedy='give a condition role = "reference", or name that of a CSV file with --reference',
        )
    return Table(
        name="sdg",
        title="Difference grades",
        frame=frame_of(rows),
        method="Grade of the mix minus grade of the hidden reference; 95 % interval by Student's t.",
        level=f"Single grades of {ratings.shape_in_words()}, taken as independent.",
        labels=ratings.labels,
        notes=tuple(notes),
        simulated=ratings.simulated,
    )


def partners(rows: pd.DataFrame) -> "pd.Series[str]":
    """Name for each row the other mixes of its page where that makes it another answer: on `bs1116` pages.

    There the hidden reference is graded anew beside each mix.
    """
    if "page" not in rows.columns or not (rows["page_type"] == "bs1116").any():
        return pd.Series("", index=rows.index)
    together = rows.groupby("page")["condition"].transform(lambda own: "\n".join(sorted(own)))
    return together.where(rows["page_type"] == "bs1116", "")


def _pages(rows: pd.DataFrame) -> "pd.Series[str]":
    if "page" in rows.columns:
        return rows["page"].astype(str)
    return rows["participant"].astype(str) + "\n" + rows["item"].astype(str)
