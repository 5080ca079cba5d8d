"""The tables of screening: who meets which rule, the rules themselves, and what leaving out would change."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mixeval.tables import frame_of
from mixeval_analysis.answers import Answers, count_of
from mixeval_analysis.findings import Screening
from mixeval_analysis.inference.pairs import pair_differences, pairs_of
from mixeval_analysis.inference.probability import holm
from mixeval_analysis.inference.signed_rank import DECIMALS, signed_rank
from mixeval_analysis.listeners.repeated_pages import consistency
from mixeval_analysis.listeners.screening import screen
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.tables import Table

MOST_ROWS = 1000
"""Up to as many, the table of screening lists everybody, beyond them those who are flagged."""
ALPHA = 0.05


def screening_of(answers: Answers) -> Screening:
    """Return what was found when the rows were selected, or find it in rows that were not."""
    return answers.screening if answers.screening is not None else screen(answers)


def screening_rules(answers: Answers) -> Table | None:
    """List the rules that were asked, with how many participants each was asked of and how many it flags.

    None where no rule applies.
    """
    screening = screening_of(answers)
    if not screening.rules:
        return None
    rows = []
    for rule in screening.rules:
        own = screening.found.loc[screening.found["rule"] == rule.name]
        limits = own["threshold"].dropna().unique()
        flagged = set(own.loc[own["flagged"], "participant"])
        rows.append(
            {
                "rule": rule.name,
                "meaning": rule.meaning,
                "source": rule.source,
                "threshold": float(limits[0]) if len(limits) == 1 and rule.name != "repeats" else None,
                "asked": int(own["value"].notna().sum()),
                "flagged": len(flagged),
                "excluded": len(
                    {who for who in flagged if rule.name in screening.left_out.get(str(who), ())}
                ),
            }
        )
    return Table(
        name="screening_rules",
        title="Rules of screening",
        frame=frame_of(rows),
        method="A participant is flagged whose value is above the threshold; flagged is not left out.",
        level=f"Participants: {_everybody(answers, screening)}.",
        labels=answers.labels,
        notes=(*_own_thresholds(screening), *screening.undefined),
        simulated=answers.simulated,
    )


def _own_thresholds(screening: Screening) -> tuple[str, ...]:
    if not any(rule.name == "repeats" for rule in screening.rules):
        return ()
    return ("repeats has a threshold for each participant, which stands in the table screening.",)


def screening(answers: Answers) -> Table | None:
    """List each participant's value by rule, whether it flags, and whether the main tables leave the participant out.

    Who is flagged by any rule stands first. `excluded` is yes where this rule is why. Above 1000 rows only those are
    listed that are flagged.
    """
    found = screening_of(answers)
    if not found.rules:
        return None
    rows = found.found
    whole = len(rows) <= MOST_ROWS
    listed = rows if whole else rows.loc[rows["flagged"]]
    listed = listed.assign(unflagged=~listed["participant"].isin(found.anybody))
    listed = listed.sort_values(
        ["unflagged", "participant", "rule"], key=_in_rule_order(found), kind="stable"
    )
    excluded = [
        rule in found.left_out.get(str(who), ())
        for who, rule in zip(listed["participant"], listed["rule"], strict=True)
    ]
    frame = pd.DataFrame(
        {
            "participant": list(listed["participant"]),
            "rule": list(listed["rule"]),
            "value": _or_none(listed["value"]),
            "threshold": _or_none(listed["threshold"]),
            "flagged": ["yes" if flagged else "no" for flagged in listed["flagged"]],
            "excluded": ["yes" if out else "no" for out in excluded],
        },
        dtype=object,
    )
    return Table(
        name="screening",
        title="Screening, participant by participant",
        frame=frame,
        method="What each value is stands in screening_rules.",
        level=_who_is_flagged(found, _everybody(answers, found)),
        labels=answers.labels,
        notes=tuple(_notes(found, listed=len(listed))),
        simulated=answers.simulated,
    )


def _notes(found: Screening, *, listed: int) -> Iterable[str]:
    if listed < len(found.found):
        yield f"Only the {listed} of {len(found.found)} values are listed that flag somebody."
    if found.found["value"].isna().any() or found.found["threshold"].isna().any():
        yield "A value or threshold is empty where nothing that the rule looks at is known of the participant."
    if found.anybody and found.beside is None:
        yield "There are no results without the flagged: nothing would be left to compare."


def repeats(ratings: Ratings) -> Table | None:
    """Describe how alike two ratings of the same mix by the same participant are; None where no page came again."""
    found = consistency(ratings)
    if found is None:
        return None
    rows = [
        {
            "participant": str(participant),
            "n": int(own["pairs"]),
            **{name: _number(own[name]) for name in ("mean_abs_diff", "by_chance", "r", "icc")},
        }
        for participant, own in found.iterrows()
    ]
    some = any(row[name] is None for row in rows for name in ("by_chance", "r", "icc"))
    return Table(
        name="repeats",
        title="Consistency on pages that came again",
        frame=frame_of(rows),
        method=(
            "First and second rating of the same mix: mean absolute difference, the same between any two mixes of the "
            "page (by chance), Pearson's r and ICC(A,1)."
        ),
        level=f"{count_of(len(found), 'participant')}, {count_of(int(found['pairs'].sum()), 'pair')} of ratings.",
        labels=ratings.labels,
        notes=("Ratings that do not differ have no correlation, and nothing to be recognised by.",)
        if some
        else (),
        simulated=ratings.simulated,
    )


def beside(answers: Answers) -> Answers | None:
    """Return the other set of answers: without the flagged, or with those whom the main tables leave out."""
    screening = screening_of(answers)
    if screening.beside is None:
        return None
    rows = screening.beside.reset_index(drop=True)
    present = {condition for name in answers.NAMING for condition in rows[name].unique()}
    labels = {name: label for name, label in answers.labels.items() if name in present}
    return replace(answers, rows=rows, labels=labels, screening=None, panel=None, repeats=None)


def screening_effect(ratings: Ratings) -> list[Table | None]:
    """Set the results with everybody beside those without the flagged (or without those left out).

    `with` is always everybody whose answers would count, whichever of the two the main tables are.
    """
    other = beside(ratings)
    if not isinstance(other, Ratings):
        return [None, None]
    everybody, without = (other, ratings) if screening_of(ratings).left_out else (ratings, other)
    return [
        _effect_on_means(ratings, everybody, without),
        _effect_on_pairs(ratings, everybody, without),
    ]


def _effect_on_means(ratings: Ratings, everybody: Ratings, without: Ratings) -> Table:
    of_all, of_rest = everybody.by_condition(), without.by_condition()
    rows = []
    for condition in ratings.labels:
        all_values, rest = of_all.get(condition, np.empty(0)), of_rest.get(condition, np.empty(0))
        mean_all = float(all_values.mean()) if len(all_values) else None
        mean_rest = float(rest.mean()) if len(rest) else None
        rows.append(
            {
                "condition": condition,
                "n_with": len(all_values),
                "mean_with": mean_all,
                "n_without": len(rest),
                "mean_without": mean_rest,
                "change": None if mean_all is None or mean_rest is None else mean_rest - mean_all,
            }
        )
    return Table(
        name="screening_effect",
        title="Means with and without those who were screened out"
        if screening_of(ratings).left_out
        else "Means with and without the flagged",
        frame=frame_of(rows),
        method="Means of all ratings; of a condition that nobody rated there is none.",
        level=_levels(ratings, everybody, without),
        labels=ratings.labels,
        simulated=ratings.simulated,
    )


def _effect_on_pairs(ratings: Ratings, everybody: Ratings, without: Ratings) -> Table:
    with_all, with_rest = _by_pair(everybody), _by_pair(without)
    rows = []
    for pair in {**with_all, **with_rest}:
        one, other = with_all.get(pair), with_rest.get(pair)
        rows.append(
            {
                "a": pair[0],
                "b": pair[1],
                "mean_diff_with": one and one["mean_diff"],
                "p_exact_holm_with": one and one["p_exact_holm"],
                "mean_diff_without": other and other["mean_diff"],
                "p_exact_holm_without": other and other["p_exact_holm"],
                "verdict": _verdict(one, other),
            }
        )
    changed = sum(row["verdict"] not in {"the same", None} for row in rows)
    return Table(
        name="screening_effect_pairs",
        title="Tests of pairs with and without those who were screened out"
        if screening_of(ratings).left_out
        else "Tests of pairs with and without the flagged",
        frame=frame_of(rows),
        method=f"Exact Wilcoxon signed-rank tests of participants' means, Holm; the verdict is p below {ALPHA:g}.",
        level=_levels(ratings, everybody, without),
        labels=ratings.labels,
        notes=(
            f"The verdict changes in {changed} of {count_of(len(rows), 'pair')}.",
            *(
                ["A p is empty where nobody rated both or all means are equal, and then there is no verdict."]
                if any(row["verdict"] is None for row in rows)
                else []
            ),
        ),
        simulated=ratings.simulated,
    )


def _by_pair(ratings: Ratings) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return mean difference and p of each pair, which are those of the table `wilcoxon`, without its intervals."""
    pairs = pairs_of(ratings.labels)
    differences = pair_differences(ratings.means("participant")).round(DECIMALS)
    known = [column[~np.isnan(column)] for column in differences.T]
    tested = [signed_rank(column) if len(column) else None for column in known]
    corrected = holm([None if test is None else test.p_exact for test in tested])
    return {
        pair: {"mean_diff": float(column.mean()) if len(column) else None, "p_exact_holm": p}
        for pair, column, p in zip(pairs, known, corrected, strict=True)
    }


def _verdict(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> str | None:
    below = [
        float(row["p_exact_holm"]) < ALPHA
        for row in (one, other)
        if row is not None and row["p_exact_holm"] is not None
    ]
    if len(below) < 2:
        return None
    if below[0] == below[1]:
        return "the same"
    return "found only with all" if below[0] else "found only without"


def _levels(ratings: Ratings, everybody: Ratings, without: Ratings) -> str:
    main = "without" if screening_of(ratings).left_out else "with"
    return (
        f"{count_of(everybody.participants, 'participant')} with, {without.participants} without; "
        f"the main tables are those {main}."
    )


def _everybody(answers: Answers, screening: Screening) -> int:
    counted = set(answers.rows["participant"].unique()) | set(screening.left_out)
    return len(counted)


def _who_is_flagged(screening: Screening, everybody: int) -> str:
    flagged, out = len(screening.anybody), len(screening.left_out)
    left_out = f"{out} left out of the main tables" if out else "nobody is left out of the main tables"
    return f"{flagged} of {count_of(everybody, 'participant')} flagged by any rule, {left_out}."


def _in_rule_order(screening: Screening) -> Any:
    place = {rule.name: index for index, rule in enumerate(screening.rules)}

    def key(column: "pd.Series[Any]") -> "pd.Series[Any]":
        return column.map(place) if column.name == "rule" else column

    return key


def _or_none(values: "pd.Series[Any]") -> list[float | None]:
    return [_number(value) for value in values]


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
