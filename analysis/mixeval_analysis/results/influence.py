"""Whether a result is carried by one item or one person: counts of first places, and leaving out each."""

from typing import Any

import numpy as np

from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.inference.pairs import Pair, pair_differences, pair_notes, pairs_of
from mixeval_analysis.inference.signed_rank import DECIMALS
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.tables import Table


def first_places(ratings: Ratings) -> Table:
    """Count in how many items, and for how many participants, each condition has the highest mean, or the lowest.

    Only items and participants with every condition count; where means tie, each of them is first.
    """
    counted: dict[str, Values] = {}
    totals, notes = {}, []
    for by in ("item", "participant"):
        means = ratings.means(by).round(DECIMALS)
        complete = means[~np.isnan(means).any(axis=1)]
        totals[by] = len(complete)
        if len(complete) < len(means):
            missing = f"{len(means) - len(complete)} of {count_of(len(means), by)}"
            notes.append(f"{missing} lack a condition and are not counted.")
        for place, best in (("first", np.max), ("last", np.min)):
            extreme = best(complete, axis=1, keepdims=True) if len(complete) else complete
            counted[f"{by}s_{place}"] = (complete == extreme).sum(axis=0)
    rows = [
        {
            "condition": condition,
            "items_first": int(counted["items_first"][index]),
            "items_last": int(counted["items_last"][index]),
            "items": totals["item"],
            "participants_first": int(counted["participants_first"][index]),
            "participants_last": int(counted["participants_last"][index]),
            "participants": totals["participant"],
        }
        for index, condition in enumerate(ratings.labels)
    ]
    return Table(
        name="first_places",
        title="How often each condition comes first, and last",
        frame=frame_of(rows),
        method="Counts of the highest and the lowest mean; where means tie, each counts. No tests.",
        level="Means of items over participants, and of participants over items.",
        labels=ratings.labels,
        notes=tuple(notes),
        simulated=ratings.simulated,
    )


def leave_one_out(ratings: Ratings) -> Table:
    """Give each pair's mean difference a - b again without each item and without each participant.

    All differences are means over participants of their means over items, as in `wilcoxon`. `without_item_lo` and
    `_hi` are the lowest and the highest once an item is left out, `most_item` the item that changes it most; the
    same of participants. `items_a` counts the items whose mean is higher for a, `items_b` those for b.
    """
    pairs = pairs_of(ratings.labels)
    items, people = (pair_differences(ratings.means(by)) for by in ("item", "participant"))
    totals, counts = np.nansum(people, axis=0), (~np.isnan(people)).sum(axis=0)
    whole = _means(totals, counts)
    parts = {
        "item": (items.round(DECIMALS), _without_each_item(ratings), ratings.names("item")),
        "participant": (
            people.round(DECIMALS),
            _means(totals - np.nan_to_num(people), counts - ~np.isnan(people)),
            ratings.names("participant"),
        ),
    }
    rows: list[dict[str, Any]] = []
    problems: list[tuple[Pair, str]] = []
    for index, (a, b) in enumerate(pairs):
        row: dict[str, Any] = {"a": a, "b": b, "mean_diff": None}
        if counts[index]:
            row["mean_diff"] = float(whole[index])
        else:
            problems.append(((a, b), "nobody rated both"))
        for noun, (own, without, names) in parts.items():
            there = ~np.isnan(own[:, index])
            row |= {
                f"{noun}s_a": int((own[there, index] > 0).sum()),
                f"{noun}s_b": int((own[there, index] < 0).sum()),
                f"{noun}s": int(there.sum()),
                **_range(noun, float(whole[index]), np.where(there, without[:, index], np.nan), names),
            }
            if counts[index] and row[f"most_{noun}"] is None:
                problems.append(((a, b), f"without its only {noun} nothing is left"))
        rows.append(row)
    return Table(
        name="leave_one_out",
        title="Mean differences without one item, and without one participant",
        frame=frame_of(rows),
        method=(
            "Counts of the items, and of the participants, whose means favour a or b; lowest and highest mean difference "
            "when each item in turn, or each participant, is left out, and the one that changes it most. No tests."
        ),
        level=f"Means of {count_of(ratings.participants, 'participant')} over items.",
        labels=ratings.labels,
        notes=tuple(pair_notes(problems, ratings.labels)),
        simulated=ratings.simulated,
    )


def _range(noun: str, whole: float, without: Values, names: list[str]) -> dict[str, Any]:
    """Return the limits of `without`, shape (blocks,), and who moves it furthest from `whole`; ties by name."""
    if np.isnan(without).all():
        return dict.fromkeys((f"without_{noun}_lo", f"without_{noun}_hi", f"most_{noun}"))
    moved = np.abs(without - whole).round(DECIMALS)
    return {
        f"without_{noun}_lo": float(np.nanmin(without)),
        f"without_{noun}_hi": float(np.nanmax(without)),
        f"most_{noun}": str(names[int(np.nanargmax(moved))]),
    }


def _without_each_item(ratings: Ratings) -> Values:
    """Return the mean differences once each item is left out, shape (items, pairs), NaN where nobody is left."""
    sums, counts = ratings.cells("item", "participant")
    item, person = ratings.blocks("item", "participant")
    all_sums, all_counts = ratings.cells("participant")
    whole = pair_differences(_means(all_sums, all_counts))
    total, n = _sums_and_counts(whole)
    without = []
    for number in range(len(ratings.names("item"))):
        pages = np.flatnonzero(item == number)
        who = person[pages]
        changed = pair_differences(_means(all_sums[who] - sums[pages], all_counts[who] - counts[pages]))
        (old_total, old_n), (new_total, new_n) = _sums_and_counts(whole[who]), _sums_and_counts(changed)
        without.append(_means(total - old_total + new_total, n - old_n + new_n))
    return np.array(without)


def _sums_and_counts(differences: Values) -> tuple[Values, Values]:
    return np.nansum(differences, axis=0), (~np.isnan(differences)).sum(axis=0).astype(np.float64)


def _means(sums: Values, counts: Values) -> Values:
    found: Values = np.divide(sums, counts, out=np.full(np.shape(sums), np.nan), where=np.asarray(counts) > 0)
    return found
