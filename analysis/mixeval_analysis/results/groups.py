"""The same questions by group of items: whether a result holds for every drummer, or every kit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mixeval.errors import AnalysisError
from mixeval.tables import frame_of
from mixeval.validation import closest
from mixeval_analysis import ratings as rating_rows
from mixeval_analysis import trials as trial_rows
from mixeval_analysis.answers import Answers, count_of
from mixeval_analysis.inference.bootstrap import alone, mean_limits, replicates_of
from mixeval_analysis.inference.probability import f_tail, holm
from mixeval_analysis.inference.repeated_measures import (
    crossed_contrasts,
    helmert,
    participant_means,
    within_effect,
)
from mixeval_analysis.inference.signed_rank import DECIMALS
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.results.describe import few
from mixeval_analysis.results.omnibus import friedman_row
from mixeval_analysis.tables import Table

MOST_VALUES = 8
"""Values up to which a fact is taken for a group where none was asked for."""
FEW = 3
"""Items below which a group is hardly more than its items."""

WITHIN = "friedman"
BY_PARTICIPANTS = "participants"
BY_ITEMS = "items"
_UNDEFINED = ("statistic", "df1", "df2", "p", "p_holm", "kendall_W", "partial_eta2")

Groups = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Items by value, by fact."""
Means = Mapping[str, Values]
"""Participants' means over the items of each group, (participants, groups, conditions), by fact."""


def facts_of(answers: Answers) -> tuple[str, ...]:
    """Name the facts about items that rows carry, in their order."""
    known = trial_rows.COLUMNS if isinstance(answers, trial_rows.Trials) else rating_rows.COLUMNS
    return tuple(str(name) for name in answers.rows.columns if name not in known)


def refuse_unknown_groups(answers: Answers) -> None:
    """Refuse a group that no item has a fact for. Raises AnalysisError."""
    facts = facts_of(answers)
    for name in answers.settings.groups or ():
        if name not in facts:
            meant = closest(name, facts)
            raise AnalysisError(
                f'"{name}" is no fact about the items of {answers.source}, and cannot group them',
                remedy=(f'did you mean "{meant}"' if meant else f"choose from {', '.join(facts)}")
                if facts
                else "add it to the items, as a column of the table or a fact in the manifest",
            )


def groups_of(ratings: Ratings) -> Groups:
    """Return the items of each value of each fact asked for.

    Left out, these are facts with 2 to 8 values, fewer than there are items: with an item of its own each, a value says
    what the item says. Items without a value belong to no group.
    """
    wanted = ratings.settings.groups
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for fact in facts_of(ratings) if wanted is None else wanted:
        told = ratings.rows[["item", fact]].drop_duplicates().sort_values([fact, "item"])
        told = told[told[fact].notna() & (told[fact] != "")]
        values = {str(value): tuple(own["item"]) for value, own in told.groupby(fact, sort=True)}
        apart = sum(map(len, values.values())) == told["item"].nunique()
        if (wanted is not None and values) or (
            apart and 2 <= len(values) <= MOST_VALUES and len(values) < len(told)
        ):
            found[fact] = values
    return found


def group_tables(ratings: Ratings) -> list[Table | None]:
    """Make the tables `by_group` and `group_tests`; none where items have no facts to group them by."""
    groups = groups_of(ratings)
    if not groups:
        return [None, None]
    means = {fact: _means(ratings, fact, values) for fact, values in groups.items()}
    return [_by_group(ratings, groups, means), _group_tests(ratings, groups, means)]


def _by_group(ratings: Ratings, groups: Groups, means: Means) -> Table:
    """Describe participants' means of each condition over the items of each group."""
    parts = [(fact, value, items) for fact, values in groups.items() for value, items in values.items()]
    everything = np.concatenate([own.reshape(len(own), -1) for own in means.values()], axis=1)
    limits = iter(mean_limits(everything, ratings.seed))
    columns = iter(everything.T)
    rows: list[dict[str, Any]] = []
    for fact, value, items in parts:
        for condition in ratings.labels:
            column = next(columns)
            own = column[~np.isnan(column)]
            low, high = next(limits)
            rows.append(
                {
                    "fact": fact,
                    "value": value,
                    "condition": condition,
                    "items": len(items),
                    "n": len(own),
                    "mean": float(own.mean()) if len(own) else None,
                    "median": float(np.median(own)) if len(own) else None,
                    "ci95_lo": low,
                    "ci95_hi": high,
                }
            )
    return Table(
        name="by_group",
        title="Conditions by group of items",
        frame=frame_of(rows),
        method=(
            "Mean and median of participants' means over the items of the group; 95 % interval of the mean by "
            f"percentile bootstrap over participants (B = {replicates_of(ratings.participants)}, seed {ratings.seed})."
        ),
        level=f"Means of {count_of(ratings.participants, 'participant')} over the items of a group.",
        labels=ratings.labels,
        notes=(*_small(groups), *few(ratings), *alone(ratings.participants)),
        simulated=ratings.simulated,
    )


def _group_tests(ratings: Ratings, groups: Groups, means: Means) -> Table:
    """Test conditions within each group, and whether their differences depend on the group.

    Within a group: Friedman's test of participants' means. Whether the differences depend on the group is asked twice, with
    an F each: of these participants' means (error: participant x group x condition, degrees of freedom by Greenhouse and
    Geisser), which holds for these items, and of items' means (error: item within group x condition), which is about other
    items of such groups.
    """
    rows: list[dict[str, Any]] = []
    notes = []
    for fact, values in groups.items():
        within = [
            _within(means[fact][:, place], fact, value, items)
            for place, (value, items) in enumerate(values.items())
        ]
        for row, p in zip(within, holm([row["p"] for row in within]), strict=True):
            row["p_holm"] = p
            if row["p"] is None:
                notes.append(
                    f"{fact} {row['value']}: nothing to test, since fewer than two participants rated every "
                    "condition, or each rates all alike."
                )
        depends = [_by_participants(means[fact], fact, values), _by_items(ratings, fact, values)]
        if depends[0]["p"] is None:
            notes.append(f"{fact}: what participants say gives no test of whether differences depend on it.")
        if depends[1]["p"] is None:
            notes.append(
                f"{fact}: whether differences depend on it for other items cannot be told from one item a group."
            )
        rows.extend([*within, *depends])
    return Table(
        name="group_tests",
        title="Tests by group of items",
        frame=frame_of(rows),
        method=(
            "Conditions within a group: Friedman's test, Kendall's W, Holm over the groups of a fact. Whether "
            "differences between conditions depend on the group: F of participants' means (Greenhouse and Geisser), "
            "and F of items' means."
        ),
        level="Means of participants over the items of a group; in rows of items, means of items.",
        labels=ratings.labels,
        notes=(*notes, *_small(groups)),
        simulated=ratings.simulated,
    )


def _within(means: Values, fact: str, value: str, items: tuple[str, ...]) -> dict[str, Any]:
    complete = means[~np.isnan(means).any(axis=1)]
    tested = friedman_row(complete)
    row = _row((fact, value), "conditions", WITHIN, blocks=len(complete), items=len(items))
    if tested["Q"] is None:
        return row
    return row | {
        "statistic": tested["Q"],
        "df1": tested["df"],
        "p": tested["p"],
        "kendall_W": tested["kendall_W"],
    }


def _by_participants(means: Values, fact: str, values: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    complete = means.reshape(len(means), -1)
    complete = complete[~np.isnan(complete).any(axis=1)]
    row = _row(
        (fact, None), f"condition x {fact}", BY_PARTICIPANTS, blocks=len(complete), items=_items(values)
    )
    if len(values) < 2:
        return row
    found = within_effect(complete, crossed_contrasts(means.shape[1:], (0, 1)))
    if found is None:
        return row
    return row | {
        "statistic": found.f,
        "df1": found.df1 * found.epsilon,
        "df2": found.df2 * found.epsilon,
        "p": found.p_corrected,
        "partial_eta2": found.partial_eta2,
    }


def _by_items(ratings: Ratings, fact: str, values: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Test items' profiles of conditions between groups, as many or few items as each has."""
    means = ratings.rows.groupby(["item", "condition"])["rating"].mean().unstack("condition")
    means = means.reindex(columns=list(ratings.labels)).round(DECIMALS).dropna()
    k = len(ratings.labels)
    profiles = [
        means.loc[[item for item in items if item in means.index]].to_numpy() @ helmert(k)
        for items in values.values()
    ]
    profiles = [own for own in profiles if len(own)]
    number = sum(map(len, profiles))
    row = _row((fact, None), f"condition x {fact}", BY_ITEMS, blocks=number, items=_items(values))
    if len(profiles) < 2 or number <= len(profiles):
        return row
    grand = np.concatenate(profiles).mean(axis=0)
    between = sum(len(own) * float(((own.mean(axis=0) - grand) ** 2).sum()) for own in profiles)
    error = sum(float(((own - own.mean(axis=0)) ** 2).sum()) for own in profiles)
    if error <= _rounding(means.to_numpy()):
        return row
    df1, df2 = (len(profiles) - 1) * (k - 1), (number - len(profiles)) * (k - 1)
    f = (between / df1) / (error / df2)
    return row | {
        "statistic": f,
        "df1": df1,
        "df2": df2,
        "p": f_tail(f, df1, df2),
        "partial_eta2": between / (between + error),
    }


def _row(of: tuple[str, str | None], effect: str, test: str, *, blocks: int, items: int) -> dict[str, Any]:
    return {
        "fact": of[0],
        "value": of[1],
        "effect": effect,
        "test": test,
        "blocks": blocks,
        "items": items,
        **dict.fromkeys(_UNDEFINED),
    }


def _means(ratings: Ratings, fact: str, values: Mapping[str, tuple[str, ...]]) -> Values:
    """Return participants' means over the items of each group, (participants, groups, conditions), by name."""
    group_of = {item: value for value, items in values.items() for item in items}
    means = participant_means(
        ratings.rows.assign(**{fact: ratings.rows["item"].map(group_of)}), (fact, "condition")
    )
    everybody = sorted(ratings.rows["participant"].unique())
    columns = pd.MultiIndex.from_product([list(values), list(ratings.labels)])
    found = np.asarray(means.reindex(index=everybody, columns=columns), dtype=np.float64)
    return found.reshape(len(everybody), len(values), len(ratings.labels))


def _items(values: Mapping[str, tuple[str, ...]]) -> int:
    return sum(map(len, values.values()))


def _rounding(values: Values) -> float:
    """Return a sum of squares that is nothing but rounding."""
    return values.size * (1e-10 * max(1.0, float(np.abs(values).max()))) ** 2


def _small(groups: Groups) -> tuple[str, ...]:
    notes = []
    for fact, values in groups.items():
        least = min(map(len, values.values()), default=0)
        if least < FEW:
            notes.append(
                f"{fact}: a group of {count_of(least, 'item')} says little about others of its kind, and what "
                "seems to be the group may be the item."
            )
    return tuple(notes)
