"""How many participants a test needs: what is asked, the curves of power, and the smallest panel."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mixeval.errors import AnalysisError
from mixeval_analysis.inference.variance_components import Components
from mixeval_analysis.plans.power import MOST_PARTICIPANTS, Found, Goal, Power, Simulation
from mixeval_analysis.plans.simulated_panels import Design

SIMULATIONS = 2000
_FEWEST = 3
_POINTS = 10
_CLIPPED_WORTH_SAYING = 0.01


@dataclass(frozen=True)
class Question:
    """What is planned. Differences, margin, means and components are in points of the scale.

    At least one of `difference` and `margin` is there. `means` are true means of the conditions; left out, two
    conditions are `difference` apart and all others midway (of all means so far apart at most, these differ least:
    Cohen, Statistical Power Analysis, 1988, section 8.2.1), in the middle of the scale.
    `participants` are the first and last panel to be looked at; one and the same fixes the panel.
    """

    items: int
    conditions: int
    components: Components
    difference: float | None = None
    margin: float | None = None
    means: tuple[float, ...] = ()
    comparisons: int | None = None
    scale: tuple[float, float] | None = (0.0, 100.0)
    step: float = 1.0
    power: float = 0.8
    participants: tuple[int, int] | None = None
    simulations: int = SIMULATIONS
    seed: int = 0

    @property
    def family(self) -> int:
        """Return the number of pairs that Holm corrects over."""
        return self.comparisons or self.conditions * (self.conditions - 1) // 2

    @property
    def fixed(self) -> int | None:
        """Return the number of participants where it is not asked for but stated."""
        return self.participants[0] if self.participants and len(set(self.participants)) == 1 else None


@dataclass(frozen=True)
class Origin:
    """Where the components of variance come from, in words, and the hash of the ratings that gave them."""

    words: str
    sha256: str | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """Curves of power by test over participants, the smallest panel by test, and what has to be said."""

    question: Question
    pair_difference: float | None
    curves: Mapping[str, Sequence[Power]]
    found: Mapping[str, Found]
    notes: tuple[str, ...]

    @property
    def participants(self) -> int | None:
        """Return the panel that reaches the power in the test of each goal; None where one does not reach it.

        Friedman's test answers no goal, it stands beside.
        """
        if self.question.fixed is not None:
            return self.question.fixed
        needed = [found.participants for test, found in self.found.items() if test != "friedman"]
        return None if None in needed else max((n for n in needed if n is not None), default=None)

    @property
    def shown(self) -> list[int]:
        return [power.participants for power in next(iter(self.curves.values()))]

    def at(self, test: str, participants: int) -> Power:
        return next(power for power in self.curves[test] if power.participants == participants)


def answer(question: Question) -> Answer:
    """Simulate the tests of a question. Raises AnalysisError where it cannot be asked."""
    _refuse_impossible(question)
    simulations = _simulations(question)
    limits = _limits(question)
    found = {
        test: simulation.smallest(test, question.power, limits) for test, simulation in simulations.items()
    }
    needed = [f.participants for test, f in found.items() if test != "friedman"]
    reached = [n for n in needed if n is not None]
    chosen = question.fixed or (max(reached) if reached else None)
    grid = _grid(question, chosen, limits)
    curves = {test: [simulation.power(test, n) for n in grid] for test, simulation in simulations.items()}
    pair = next((s.goal for test, s in simulations.items() if test == "wilcoxon"), None)
    return Answer(
        question=question,
        pair_difference=None
        if pair is None
        else abs(pair.design.means[pair.pair[0]] - pair.design.means[pair.pair[1]]),
        curves=curves,
        found=found,
        notes=tuple(_notes(question, simulations)),
    )


def _simulations(question: Question) -> dict[str, Simulation]:
    goals: dict[str, Simulation] = {}

    def of(goal: Goal, name: str) -> Simulation:
        return Simulation(goal, question.simulations, question.seed, name)

    if question.difference is not None or question.means:
        means = question.means or _apart(question)
        goal = Goal(_design(question, means), _pair(means, question.difference), question.family)
        goals |= dict.fromkeys(("wilcoxon", "friedman"), of(goal, "difference"))
    if question.margin is not None:
        middle = _middle(question)
        equal = Goal(_design(question, (middle, middle)), margin=question.margin)
        goals["equivalence"] = of(equal, "equivalence")
    return goals


def _design(question: Question, means: tuple[float, ...]) -> Design:
    return Design(means, question.items, question.components, question.scale, question.step)


def _apart(question: Question) -> tuple[float, ...]:
    middle, half = _middle(question), (question.difference or 0.0) / 2
    return (middle + half, middle - half, *[middle] * (question.conditions - 2))


def _middle(question: Question) -> float:
    return 0.0 if question.scale is None else sum(question.scale) / 2


def _pair(means: Sequence[float], difference: float | None) -> tuple[int, int]:
    """Choose the pair whose means differ least, but by at least `difference`: the hardest that is to be found."""
    enough = difference or 0.0
    apart = {
        (a, b): abs(means[a] - means[b])
        for a, b in itertools.combinations(range(len(means)), 2)
        if abs(means[a] - means[b]) >= enough - 1e-9 and means[a] != means[b]
    }
    if not apart:
        raise AnalysisError(
            "no two of the means differ" + (f" by {enough:g} points" if enough else ""),
            remedy="correct --means or --difference",
        )
    return min(apart, key=lambda pair: apart[pair])


def _limits(question: Question) -> tuple[int, int]:
    if question.participants is None or question.fixed is not None:
        return _FEWEST, MOST_PARTICIPANTS
    return question.participants


def _grid(question: Question, chosen: int | None, limits: tuple[int, int]) -> list[int]:
    """Return the panels of the curve: those asked for, or some around the one that was found, itself among them."""
    if question.participants is not None and question.fixed is None:
        first, last = limits
    elif chosen is None:
        first, last = 10, limits[1]
    else:
        first, last = max(_FEWEST, round(chosen / 3)), max(chosen + 2, round(1.6 * chosen))
    points = {first + round(step * (last - first) / (_POINTS - 1)) for step in range(_POINTS)}
    return sorted(points | ({chosen} if chosen is not None else set()))


def _notes(question: Question, simulations: Mapping[str, Simulation]) -> list[str]:
    notes = []
    luck = question.components.of_items_luck(question.items)
    if luck > 0:
        notes.append(
            f"The power is for the difference over these items. Of other {question.items} items of their kind the "
            f"difference of two conditions would be another, with a standard deviation of {luck:.2g} points "
            "(item x condition): more participants do not lower it, more items do."
        )
    clipped = max(simulation.clipped for simulation in simulations.values())
    if clipped > _CLIPPED_WORTH_SAYING:
        notes.append(
            f"{clipped:.0%} of the simulated ratings lay beyond the scale and were set to its ends, which makes "
            "differences there smaller than stated."
        )
    if question.margin is not None:
        notes.append(
            "The power of the test of equivalence is for two conditions that do not differ at all; it is lower "
            "where they differ a little."
        )
    return notes


def _refuse_impossible(question: Question) -> None:
    if question.conditions < 2:
        raise AnalysisError("one condition has nothing to be compared with", remedy="plan with two or more")
    sd = question.components
    if question.difference is None and question.margin is None and not question.means:
        raise AnalysisError(
            "nothing says what is to be found", remedy="give --difference POINTS, --margin POINTS or both"
        )
    if sd.participant_condition == 0 and sd.residual == 0:
        raise AnalysisError(
            "without a residual and participant x condition all participants agree, and two of them are enough",
            remedy="give --sd-residual, --sd-participant-condition or both",
        )
    if question.means and len(question.means) != question.conditions:
        raise AnalysisError(
            f"there are {len(question.means)} means and {question.conditions} conditions",
            remedy="give --means one number for each condition",
        )
    pairs = question.conditions * (question.conditions - 1) // 2
    if question.family > pairs:
        raise AnalysisError(
            f"{question.conditions} conditions make {pairs} pairs, fewer than {question.family} comparisons",
            remedy="correct --comparisons",
        )
    if question.scale is not None:
        bottom, top = question.scale
        reach = max(question.difference or 0.0, question.margin or 0.0)
        if reach > top - bottom or any(not bottom <= mean <= top for mean in question.means):
            raise AnalysisError(
                f"the scale goes from {bottom:g} to {top:g}, and what is asked for lies beyond",
                remedy="give differences and means in points of the scale (--scale)",
            )
