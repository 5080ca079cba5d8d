"""Kendall's W: how far participants put the conditions of an item in the same order."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.inference.blocks import sums_of
from mixeval_analysis.inference.signed_rank import DECIMALS
from mixeval_analysis.ratings import Codes, Ratings, Values
from mixeval_analysis.tables import Table


@dataclass(frozen=True, eq=False)
class Concordance:
    """Kendall's W of each item, None where it is not defined, and their mean.

    `pages` counts the participants who rated every condition of an item. `participants` names those who did so of
    any, and `without`, of the same shape, is the mean without each of them, NaN where it is not defined then.
    """

    by_item: Mapping[str, float | None]
    pages: Mapping[str, int]
    mean: float | None
    participants: tuple[str, ...]
    without: Values


def concordance(ratings: Ratings) -> Concordance:
    """Measure the agreement of participants about the conditions of each item (Kendall and Babington Smith 1939).

    W is 1 where all rank the conditions alike and near 0 where they rank them at random; equal ratings share their
    mean rank, for which W is corrected. Only pages with every condition count.
    """
    pages = ratings.means("item", "participant").round(DECIMALS)
    complete = ~np.isnan(pages).any(axis=1)
    item, person = (number[complete] for number in ratings.blocks("item", "participant"))
    items, k = ratings.names("item"), pages.shape[1]
    counting, person = np.unique(person, return_inverse=True)
    people = [ratings.names("participant")[number] for number in counting]
    ranks = rankdata(pages[complete], axis=1) if complete.any() else np.empty((0, k))
    # From the mean rank on, so that sums of squares are spreads; halves and quarters are exact.
    ranks -= (k + 1) / 2
    spread = (ranks**2).sum(axis=1)
    sums = np.zeros((len(items), k))
    np.add.at(sums, item, ranks)
    spreads, n = sums_of(item, spread, len(items)), np.bincount(item, minlength=len(items))
    found = _w(sums, spreads, n)
    shorter = _w(sums[item] - ranks, spreads[item] - spread, n[item] - 1)
    defined, total = ~np.isnan(found), np.nan_to_num(found)
    # Without a participant, the items that he rated have another W, or none.
    change = np.nan_to_num(shorter) - total[item]
    fewer = defined[item].astype(np.int64) - (~np.isnan(shorter)).astype(np.int64)
    count = defined.sum() - np.bincount(person, fewer, len(people))
    sums_without = total.sum() + sums_of(person, change, len(people))
    return Concordance(
        by_item={name: None if np.isnan(w) else float(w) for name, w in zip(items, found, strict=True)},
        pages={name: int(m) for name, m in zip(items, n, strict=True)},
        mean=float(found[defined].mean()) if defined.any() else None,
        participants=tuple(people),
        without=np.divide(sums_without, count, out=np.full(len(people), np.nan), where=count > 0),
    )


def agreement_by_item(ratings: Ratings) -> Table:
    """Give Kendall's W of each item, and how its order of the conditions goes with that of all other items.

    `order_r` is Spearman's correlation of the item's mean ratings with the conditions' means over the other items,
    each item weighing alike.
    """
    found = concordance(ratings)
    means = ratings.means("item")
    rows, notes = [], []
    total, count = np.nansum(means, axis=0), (~np.isnan(means)).sum(axis=0)
    for own, (name, w) in zip(means, found.by_item.items(), strict=True):
        left = count - ~np.isnan(own)
        others = np.divide(total - np.nan_to_num(own), left, out=np.full(len(left), np.nan), where=left > 0)
        order = _spearman(own, others)
        if w is None:
            notes.append(
                f"{name}: Kendall's W takes two participants who rated every condition and told some apart."
            )
        if order is None:
            notes.append(f"{name}: there is no order of conditions here, or in other items, to compare.")
        rows.append({"item": name, "n": found.pages[name], "kendall_W": w, "order_r": order})
    return Table(
        name="agreement_by_item",
        title="Agreement about each item",
        frame=frame_of(rows),
        method=(
            "Kendall's W of participants, corrected for ties; Spearman's correlation of the item's mean ratings with "
            "the conditions' means over the other items. No tests."
        ),
        level=f"Participants who rated every condition of the item, of {count_of(ratings.participants, 'participant')}.",
        labels=ratings.labels,
        notes=tuple(notes),
        simulated=ratings.simulated,
    )


def _w(sums: Values, spreads: Values, n: Codes) -> Values:
    """Return W of rank sums, shape (items, conditions), from the mean; NaN of one page, or where all ratings tie."""
    defined = (n > 1) & (spreads > 0)
    found: Values = np.divide((sums**2).sum(axis=1), n * spreads, out=np.full(len(n), np.nan), where=defined)
    return found


def _spearman(a: Values, b: Values) -> float | None:
    both = ~np.isnan(a) & ~np.isnan(b)
    if both.sum() < 2:
        return None
    x, y = (rankdata(np.round(values[both], DECIMALS)) for values in (a, b))
    x, y = x - x.mean(), y - y.mean()
    size = float((x**2).sum() * (y**2).sum())
    return float((x * y).sum()) / size**0.5 if size > 0 else None
