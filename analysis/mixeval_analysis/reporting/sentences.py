"""Results in plain words: pure functions from tables to sentences.

A test that finds nothing has not shown that there is nothing: no sentence here says that two conditions are equal.
Only a test of equivalence, against a margin that was stated, may say that a difference is small.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mixeval_analysis.answers import count_of
from mixeval_analysis.tables import Table

ALPHA = 0.05
NOT_EQUAL = "that does not show that they are equal"
MOST_DETAILS = 120
"""Pairs that are written out; tables hold them all."""


@dataclass(frozen=True)
class Words:
    """What was found, the most important first; `details` are those of all other pairs."""

    main: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    remark: str = ""
    """How to read them."""

    def __bool__(self) -> bool:
        return bool(self.main or self.details)


@dataclass(frozen=True)
class Asked:
    """What is to be said of: the condition that others are compared with, and what one answer is called."""

    reference: str | None = None
    higher: str = "rated higher"
    unit: str = "point"


def results_in_words(tables: Mapping[str, Table], asked: Asked) -> Words:
    """Say what the tables of an analysis found: whether conditions differ at all, then which pairs."""
    if "binomial" in tables:
        return Words(tuple(preferred(row, tables["binomial"]) for row in _rows(tables["binomial"])))
    if "d_prime" in tables:
        return Words(tuple(told_apart(row, tables["d_prime"]) for row in _rows(tables["d_prime"])))
    if "wilcoxon" not in tables:
        return Words()
    pairs = tables["wilcoxon"]
    margins = (
        {(row["a"], row["b"]): row for row in _rows(tables["equivalence"])} if "equivalence" in tables else {}
    )
    main = [omnibus(tables["friedman"])] if "friedman" in tables else []
    details: list[str] = []
    for row in _rows(pairs):
        sentence = pair(row, pairs.labels, asked)
        margin = margins.get((row["a"], row["b"]))
        apart = row["p_exact_holm"] is not None and float(row["p_exact_holm"]) < ALPHA
        if margin is not None and (within := equivalence(margin, asked, apart=apart)):
            sentence = f"{sentence} {within}"
        important = asked.reference is None or asked.reference in (row["a"], row["b"])
        (main if important else details).append(sentence)
    if len(details) > MOST_DETAILS:
        more = len(details) - MOST_DETAILS
        details = [*details[:MOST_DETAILS], f"{count_of(more, 'further pair')}: see the table {pairs.title}."]
    return Words(
        tuple(main),
        tuple(details),
        remark=(
            f"p (exact, Holm) is corrected for all {count_of(len(pairs.frame), 'pair')}; an interval is that of its "
            "own difference alone, so that it may leave out 0 where the corrected p is not below 0.05."
        ),
    )


def omnibus(friedman: Table) -> str:
    """Say whether the conditions differ at all, by the test in which each participant is one block."""
    row = next(row for row in _rows(friedman) if row["level"] == "participant_mean")
    if row["p"] is None:
        return "Whether the conditions differ at all could not be tested; the note under the Friedman test says why."
    p = row["p_F"] or row["p"]
    statistic = (
        f"chi-squared({row['df']}) = {row['Q']:.1f}"
        if row["p_F"] is None
        else f"F({row['df1']}, {row['df2']}) = {row['iman_davenport_F']:.1f}"
    )
    test = (
        f"Friedman test of the means of {count_of(row['blocks'], 'participant')}, {statistic}, {p_in_words(p)}, "
        f"Kendall's W = {row['kendall_W']:.2f}"
    )
    if float(p) < ALPHA:
        return f"The conditions were not all answered alike ({test})."
    return f"This test did not tell the conditions apart ({test}); {NOT_EQUAL}."


def pair(row: Mapping[str, Any], labels: Mapping[str, str], asked: Asked) -> str:
    """Say what a row of `wilcoxon` found, the condition that is ahead first."""
    a, b, p = labels[row["a"]], labels[row["b"]], row["p_exact_holm"]
    if not row["n"]:
        return f"Nobody rated both {a} and {b}."
    if p is None:
        return f"{a} and {b} could not be compared by a test: each participant's means are the same for both."
    if float(p) >= ALPHA:
        return (
            f"This test did not tell {a} and {b} apart (difference {_difference(row, 1, asked)}, "
            f"{p_in_words(p, _CORRECTED)}); {NOT_EQUAL}."
        )
    sign = 1 if row["rank_biserial"] > 0 else -1
    wins = _wins(row) if sign > 0 else row["n"] - _wins(row) - (row["n"] - row["n_nonzero"])
    ahead, behind = (a, b) if sign > 0 else (b, a)
    if sign * row["mean_diff"] <= 0 or 2 * wins <= row["n_nonzero"]:
        # Ranks, means and heads disagree: a few large differences one way, many small ones the other.
        return (
            f"{a} and {b} were answered differently ({p_in_words(p, _CORRECTED)}), but not one way: the test's ranks "
            f"favour {ahead}, {wins} of {count_of(row['n'], 'participant')} put it ahead, and the mean difference is "
            f"{_difference(row, sign, asked)}. Look at the participants one by one."
        )
    return (
        f"{ahead} was {asked.higher} than {behind} by {wins} of {count_of(row['n'], 'participant')}: "
        f"{_difference(row, sign, asked, between=' on average')}, {p_in_words(p, _CORRECTED)}."
    )


def equivalence(row: Mapping[str, Any], asked: Asked, *, apart: bool) -> str:
    """Say what a row of `equivalence` found of the stated margin, or nothing where it was not tested.

    `apart` tells that a test has told the two apart: that they are not within the margin too needs no words.
    """
    p = row["p_tost_holm"]
    if p is None or (apart and float(p) >= ALPHA):
        return ""
    margin = _margin(row["margin"], asked.unit)
    test = f"TOST, {p_in_words(p, 'p (Holm)')}"
    if row["ci90_lo"] is not None and row["ci90_hi"] is not None:
        low, high = numbers(row["ci90_lo"], row["ci90_hi"])
        test += f"; 90 % interval {low} to {high}"
    if float(p) < ALPHA:
        return f"{'Yet their' if apart else 'Their'} difference is within the margin of {margin} ({test})."
    return f"It is not shown either that their difference is within the margin of {margin} ({test})."


def preferred(row: Mapping[str, Any], binomial: Table) -> str:
    """Say what a row of `binomial` found: which of two is preferred, each participant counting once."""
    a, b = binomial.labels[row["a"]], binomial.labels[row["b"]]
    decided = row["chosen_a"] + row["chosen_b"]
    # Where everybody had one trial both tests agree; where not, trials of one participant are not independent.
    p, test = row["p_signed_rank_holm"], "p (participants, exact, Holm)"
    if p is None or not decided:
        return f"Nobody preferred {a} to {b} or {b} to {a}: there is nothing to test."
    a_ahead = row["chosen_a"] >= row["chosen_b"]
    ahead, behind, chosen = (a, b, row["chosen_a"]) if a_ahead else (b, a, row["chosen_b"])
    count = f"{chosen} of {count_of(decided, 'choice')}"
    low, high = row["ci95_lo"], row["ci95_hi"]
    share = f", {_percent(low, high) if a_ahead else _percent(1 - high, 1 - low)}" if low is not None else ""
    if float(p) < ALPHA:
        return f"{ahead} was preferred to {behind} in {count}{share}; {p_in_words(p, test)}."
    return (
        f"This test did not tell which of {a} and {b} is preferred ({ahead} in {count}{share}; "
        f"{p_in_words(p, test)}); that does not show that they are liked equally."
    )


def told_apart(row: Mapping[str, Any], d_prime: Table) -> str:
    """Say what a row of `d_prime` found: whether a difference was heard."""
    a, b = d_prime.labels[row["a"]], d_prime.labels[row["b"]]
    p, test = row["p_holm"], "p (trials, exact, one-sided, Holm)"
    count = f"{row['correct']} of {count_of(row['n'], 'trial')} right"
    share = f", {_percent(row['ci95_lo'], row['ci95_hi'])}" if row["ci95_lo"] is not None else ""
    if p is None:
        return f"Whether listeners tell {a} and {b} apart could not be tested ({count})."
    if float(p) < ALPHA:
        return f"Listeners told {a} and {b} apart ({count}{share}; {p_in_words(p, test)})."
    return (
        f"These trials did not show that listeners tell {a} and {b} apart ({count}{share}; {p_in_words(p, test)}); "
        "that does not show that the two sound the same."
    )


_CORRECTED = "p (exact, Holm)"


def p_in_words(p: Any, name: str = "p") -> str:
    """Say `p < 0.001`, `p = 0.031` or `p = 0.31`; one just below 0.05 is not printed as 0.050.

    >>> [p_in_words(p) for p in (0.0004, 0.0499, 0.0501, 0.31, 1.0)]
    ['p < 0.001', 'p < 0.05', 'p = 0.050', 'p = 0.31', 'p = 1']
    """
    value = float(p)
    if value < 0.001:
        return f"{name} < 0.001"
    if value > 0.995:
        return f"{name} = 1"
    if value < ALPHA and f"{value:.3f}" == f"{ALPHA:.3f}":
        return f"{name} < {ALPHA}"
    return f"{name} = {value:.3f}" if value < 0.1 else f"{name} = {value:.2f}"


def numbers(*values: float) -> list[str]:
    """Round the numbers of one sentence alike: as many digits as a listener can mean.

    >>> numbers(2.14, -1.0, 5.24), numbers(32.4, 27.2, 37.9)
    (['2.1', '-1.0', '5.2'], ['32', '27', '38'])
    """
    largest = max(abs(value) for value in values)
    decimals = 0 if largest >= 20 else 1 if largest >= 1 else 2
    # Adding zero turns -0.0 into 0.0.
    return [f"{round(value, decimals) + 0.0:.{decimals}f}" for value in values]


def _margin(value: float, unit: str) -> str:
    return f"{value:g} {unit}" if value == 1 else f"{value:g} {unit}s"


def _difference(row: Mapping[str, Any], sign: int, asked: Asked, *, between: str = "") -> str:
    """Say `2.1 points, 95 % interval -1.0 to 5.2`, of the difference taken the way of `sign`."""
    value, low, high = sign * row["mean_diff"], row["mean_diff_ci95_lo"], row["mean_diff_ci95_hi"]
    if low is None or high is None:
        return f"{numbers(value)[0]} {asked.unit}s{between}"
    limits = (low, high) if sign > 0 else (-high, -low)
    texts = numbers(value, *limits)
    return f"{texts[0]} {asked.unit}s{between}, 95 % interval {texts[1]} to {texts[2]}"


def _wins(row: Mapping[str, Any]) -> int:
    """Count the participants who put a above b; a tie counts half in `paired_superiority`."""
    wins: float = row["paired_superiority"] * row["n"] - (row["n"] - row["n_nonzero"]) / 2
    return round(wins)


def _percent(low: float, high: float) -> str:
    return f"95 % interval {100 * low:.0f} to {100 * high:.0f} %"


def _rows(table: Table) -> Sequence[dict[str, Any]]:
    return [{str(name): cell for name, cell in row.items()} for row in table.frame.to_dict(orient="records")]
