"""The table of a plan: power by test and number of participants."""

from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.plans.planning import Answer, Question
from mixeval_analysis.plans.power import ALPHA
from mixeval_analysis.tables import Table

NAMES = {
    "wilcoxon": "finds the difference",
    "friedman": "Friedman",
    "equivalence": "shows equivalence",
}


def power_table(answer: Answer, source: str) -> Table:
    """Show each point of the curves; `source` says where the components of variance come from."""
    question = answer.question
    rows = [
        {
            "test": test,
            "participants": power.participants,
            "power": power.power,
            "power_ci95_lo": power.low,
            "power_ci95_hi": power.high,
        }
        for test, curve in answer.curves.items()
        for power in curve
    ]
    return Table(
        name="power",
        title="Power by number of participants",
        frame=frame_of(rows),
        method=" ".join(_tests_in_words(answer)),
        level=(
            f"{count_of(question.simulations, 'simulated panel')} (seed {question.seed}), "
            f"{count_of(question.items, 'item')}, {count_of(question.conditions, 'condition')}; limits are those "
            f"of the simulation (Wilson). Standard deviations {deviations_in_words(question)} ({source})."
        ),
        labels={},
        notes=answer.notes,
        naming=(),
    )


def deviations_in_words(question: Question) -> str:
    """Say `participant 10, ..., residual 12 points`."""
    parts = [
        f"{name.replace('_', ' x ')} {sd:.3g}" for name, sd in question.components.as_dict().items() if sd > 0
    ]
    return f"{', '.join(parts)} points"


def _tests_in_words(answer: Answer) -> list[str]:
    question, words = answer.question, []
    if answer.pair_difference is not None:
        words.append(
            f"Two conditions {answer.pair_difference:.4g} points apart: exact Wilcoxon signed-rank test of "
            f"participants' means, Holm over {count_of(question.family, 'pair')}, and Friedman's test of all "
            f"conditions (F), at {ALPHA:g}."
        )
    if question.margin is not None:
        words.append(
            f"Two conditions that do not differ: equivalence within {question.margin:g} points (two one-sided "
            f"paired t tests at {ALPHA:g}, not corrected)."
        )
    return words
