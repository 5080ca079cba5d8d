"""Choices between two mixes: how often each was preferred, and whether that is more than a coin's toss."""

from typing import Any

from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.inference.probability import holm
from mixeval_analysis.inference.proportions import clopper_pearson, two_sided_half, wilson
from mixeval_analysis.inference.signed_rank import sign_test, signed_rank
from mixeval_analysis.tables import Table
from mixeval_analysis.trials import Outcome, Trials

DEPENDENT = (
    "Trials of one participant are not independent of each other. Where participants have more than one trial, "
    "read the columns that count each participant once."
)
TIES = (
    "Answers of no preference count neither way: proportion, intervals and the binomial p are of the choices "
    "that were made. In the signed-rank test they count as half of each."
)


def binomial(trials: Trials) -> Table:
    """Test for each pair whether one mix is chosen more often than the other.

    p is exact and two-sided against 1/2, as R's `binom.test`, with Holm's correction over the pairs; intervals
    are Clopper and Pearson's and Wilson's. `p_sign` and `p_signed_rank` take one number from each participant:
    which of the two this one chose more often, and how much more often (exact, Holm).
    """
    rows: list[dict[str, Any]] = []
    notes = []
    for a, b in trials.pairs:
        outcome = trials.preferences(a, b)
        if not outcome.decided:
            notes.append(f"{trials.labels[a]} and {trials.labels[b]}: nobody preferred either.")
        rows.append({"a": a, "b": b, **_counted(outcome), **_by_participant(outcome)})
    for name in ("p", "p_signed_rank"):
        adjusted = holm([row[name] for row in rows])
        for row, p in zip(rows, adjusted, strict=True):
            row[f"{name}_holm"] = p
    return Table(
        name="binomial",
        title="Which of two is preferred",
        frame=frame_of([{name: row[name] for name in _COLUMNS} for row in rows]),
        method=(
            "Exact binomial test against 1/2, two-sided; 95 % intervals by Clopper and Pearson, and by Wilson; "
            f"exact sign test and Wilcoxon signed-rank test of participants; Holm over {count_of(len(rows), 'pair')}."
        ),
        level=f"Single trials of {trials.shape_in_words()}, taken as independent, and participants.",
        labels=trials.labels,
        notes=(*notes, *_ties(trials), *_dependent(trials)),
        simulated=trials.simulated,
    )


_COLUMNS = (
    "a",
    "b",
    "n",
    "chosen_a",
    "chosen_b",
    "ties",
    "proportion_a",
    "ci95_lo",
    "ci95_hi",
    "p",
    "p_holm",
    "participants",
    "prefer_a",
    "prefer_b",
    "p_sign",
    "p_signed_rank",
    "p_signed_rank_holm",
    "wilson95_lo",
    "wilson95_hi",
)


def choices(trials: Trials) -> Table:
    """Say for each mix how often it was chosen over all that it met."""
    rows = []
    for condition in trials.labels:
        outcome = trials.wins(condition)
        counted = _counted(outcome)
        lean = signed_rank(outcome.lean)
        rows.append(
            {
                "condition": condition,
                "n": outcome.n,
                "chosen": counted["chosen_a"],
                "ties": counted["ties"],
                "proportion": counted["proportion_a"],
                "ci95_lo": counted["ci95_lo"],
                "ci95_hi": counted["ci95_hi"],
                "p": counted["p"],
                "participants": len(outcome.first),
                "p_signed_rank": None if lean is None else lean.p_exact,
            }
        )
    shares = (
        "What one mix gains another loses: these proportions are not independent, and p is not corrected."
    )
    return Table(
        name="choices",
        title="How often each was preferred",
        frame=frame_of(rows),
        method=(
            "Exact binomial test against 1/2, two-sided; 95 % intervals by Clopper and Pearson; "
            "exact Wilcoxon signed-rank test of participants."
        ),
        level=f"Single trials of {trials.shape_in_words()}, taken as independent, and participants.",
        labels=trials.labels,
        notes=(shares, *_unequal(trials), *_ties(trials), *_dependent(trials)),
        simulated=trials.simulated,
    )


def _counted(outcome: Outcome) -> dict[str, object]:
    chosen, decided = int(outcome.first.sum()), outcome.decided
    counted: dict[str, object] = {
        "n": outcome.n,
        "chosen_a": chosen,
        "chosen_b": int(outcome.second.sum()),
        "ties": int(outcome.neither.sum()),
        **dict.fromkeys(("proportion_a", "ci95_lo", "ci95_hi", "wilson95_lo", "wilson95_hi", "p")),
    }
    if decided:
        exact, score = clopper_pearson(chosen, decided), wilson(chosen, decided)
        counted |= {
            "proportion_a": chosen / decided,
            "ci95_lo": exact.low,
            "ci95_hi": exact.high,
            "wilson95_lo": score.low,
            "wilson95_hi": score.high,
            "p": two_sided_half(chosen, decided),
        }
    return counted


def _by_participant(outcome: Outcome) -> dict[str, object]:
    more, less = sign_test(outcome.lean)
    lean = signed_rank(outcome.lean)
    return {
        "participants": len(outcome.first),
        "prefer_a": more,
        "prefer_b": less,
        "p_sign": two_sided_half(more, more + less) if more + less else None,
        "p_signed_rank": None if lean is None else lean.p_exact,
    }


def _ties(trials: Trials) -> tuple[str, ...]:
    return (TIES,) if (trials.rows["chosen"] == "").any() else ()


def _dependent(trials: Trials) -> tuple[str, ...]:
    return (DEPENDENT,) if trials.participants < len(trials.rows) else ()


def _unequal(trials: Trials) -> tuple[str, ...]:
    k = len(trials.labels)
    if len(trials.pairs) == k * (k - 1) // 2:
        return ()
    return ("Not every mix met every other, so that these proportions depend on whom each met.",)
