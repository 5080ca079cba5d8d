"""How consistent participants are: what they said of a mix, and what they said when it came again."""

import numpy as np
import pandas as pd

from mixeval_analysis.ratings import Ratings

_KEY = ["participant", "item", "condition"]


def consistency(ratings: Ratings) -> pd.DataFrame | None:
    """Compare the first two ratings of each mix that came again; None where none did.

    A row per participant: `pairs` of ratings, `mean_abs_diff` between them, and `by_chance` the same between any mix
    of a page and any mix of the page that came again, which is what a participant can expect who does not
    recognise them. `r` is Pearson's correlation of first and second ratings, `icc` ICC(A,1) of McGraw and Wong
    (1996, Psychological Methods 1(1), 30-46): two-way, absolute agreement, single rating. NaN where undefined.
    """
    if ratings.repeats is None:
        return None
    again = ratings.repeats.loc[:, [*_KEY, "rating"]].drop_duplicates(_KEY)
    pairs = ratings.rows[[*_KEY, "rating"]].merge(again, on=_KEY, suffixes=("", "_again"))
    if pairs.empty:
        return None
    pairs = pairs.assign(apart=(pairs["rating"] - pairs["rating_again"]).abs())
    people = pairs.groupby("participant")
    found = people["apart"].agg(["size", "mean"]).rename(columns={"size": "pairs", "mean": "mean_abs_diff"})
    # Every first rating of a page with every second one, itself too: what matching them at random would give.
    crossed = pairs.merge(pairs, on=["participant", "item"], suffixes=("", "_other"))
    apart = (crossed["rating"] - crossed["rating_again_other"]).abs()
    page = apart.groupby([crossed["participant"], crossed["item"]]).mean()
    size = pairs.groupby(["participant", "item"]).size()
    by_chance = (page * size).groupby(level="participant").sum() / size.groupby(level="participant").sum()
    # Who rated all mixes of these pages alike has nothing to be recognised by.
    found["by_chance"] = by_chance.where(by_chance > 0)
    agreement = [_agreement(own) for _, own in people]
    found["r"], found["icc"] = [r for r, _ in agreement], [icc for _, icc in agreement]
    return found


def _agreement(pairs: pd.DataFrame) -> tuple[float, float]:
    """Return Pearson's r and ICC(A,1) of two ratings each of n mixes."""
    x = np.asarray(pairs[["rating", "rating_again"]], dtype=np.float64)
    n = len(x)
    if n < 2:
        return np.nan, np.nan
    deviations = x - x.mean(axis=0)
    spread = np.sqrt((deviations**2).sum(axis=0))
    products = float((deviations[:, 0] * deviations[:, 1]).sum())
    r = max(-1.0, min(1.0, products / float(spread.prod()))) if spread.all() else np.nan
    grand = x.mean()
    rows = 2 * float(((x.mean(axis=1) - grand) ** 2).sum()) / (n - 1)
    columns = n * float(((x.mean(axis=0) - grand) ** 2).sum())
    residual = float(((x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + grand) ** 2).sum()) / (n - 1)
    below = rows + residual + 2 * (columns - residual) / n
    return r, (rows - residual) / below if below > 0 else np.nan
