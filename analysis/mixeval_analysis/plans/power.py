"""Power by simulation: how often the tests that will be run find a difference, or an equivalence, that is there."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import stats

from mixeval_analysis.inference.proportions import wilson
from mixeval_analysis.inference.signed_rank import DECIMALS
from mixeval_analysis.inference.signed_rank_batch import panels_of
from mixeval_analysis.plans.simulated_panels import Design, SimulatedPanels
from mixeval_analysis.ratings import Values

ALPHA = 0.05
MOST_PARTICIPANTS = 200
_FEWEST = 3
_MOST_DIFFERENCES = 4_000_000
"""Held at once: 32 MB."""

Decisions = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Goal:
    """What a test is to find: `pair` are the places of two conditions in the design's means.

    `comparisons` is the number of pairs that Holm corrects over, the pair itself among them; `margin` that of an
    equivalence, in points.
    """

    design: Design
    pair: tuple[int, int] = (0, 1)
    comparisons: int = 1
    margin: float | None = None
    alpha: float = ALPHA


@dataclass(frozen=True)
class Power:
    """The share of simulated panels of `participants` in which a test finds what is there, and its 95 % limits.

    The limits (Wilson) are those of the simulation: more simulations bring them closer.
    """

    participants: int
    power: float
    low: float
    high: float


@dataclass(frozen=True)
class Found:
    """The smallest panel that reaches the power wanted, None where none up to the limit does.

    `least` and `most` are the smallest panels whose upper and lower limits reach it.
    """

    participants: int | None
    least: int | None = None
    most: int | None = None


def wilcoxon_finds(means: Values, goal: Goal) -> Decisions:
    """Tell the panels in which the exact signed-rank test with Holm's correction finds the pair.

    `means` is (simulations, participants, conditions).
    """
    _, n, k = means.shape
    size = max(1, _MOST_DIFFERENCES // (n * min(goal.comparisons, k * (k - 1) // 2)))
    parts = [means[start : start + size] for start in range(0, len(means), size)]
    return np.concatenate([holm_finds_first(_differences(part, goal), goal.alpha) for part in parts])


def friedman_finds(means: Values, goal: Goal) -> Decisions:
    """Tell the panels in which Iman and Davenport's F of participants' means is significant."""
    _, n, k = means.shape
    ranks = stats.rankdata(np.round(means, DECIMALS), axis=2)
    spread = (ranks**2).sum(axis=(1, 2)) - n * k * (k + 1) ** 2 / 4
    between = ((ranks.sum(axis=1) - n * (k + 1) / 2) ** 2).sum(axis=1)
    limit = float(stats.f.isf(goal.alpha, k - 1, (k - 1) * (n - 1)))
    # F > limit, without dividing by 0 where all participants agree.
    return np.asarray((n - 1) * between > limit * (n * spread - between), dtype=np.bool_)


def equivalence_finds(means: Values, goal: Goal) -> Decisions:
    """Tell the panels in which two one-sided paired t tests both reject a difference as large as the margin."""
    a, b = goal.pair
    differences = means[:, :, a] - means[:, :, b]
    n = differences.shape[1]
    reach = stats.t.isf(goal.alpha, n - 1) * differences.std(axis=1, ddof=1) / np.sqrt(n)
    return np.asarray(np.abs(differences.mean(axis=1)) + reach < (goal.margin or 0.0), dtype=np.bool_)


TESTS: Mapping[str, Callable[[Values, Goal], Decisions]] = {
    "wilcoxon": wilcoxon_finds,
    "friedman": friedman_finds,
    "equivalence": equivalence_finds,
}


@dataclass
class Simulation:
    """The power of one goal's tests, simulated once per number of participants."""

    goal: Goal
    simulations: int
    seed: int
    name: str
    _panels: SimulatedPanels = field(init=False)
    _known: dict[tuple[str, int], Power] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._panels = SimulatedPanels(
            self.goal.design, simulations=self.simulations, seed=self.seed, name=self.name
        )

    @property
    def clipped(self) -> float:
        return self._panels.clipped

    def power(self, test: str, participants: int) -> Power:
        key = (test, participants)
        if key not in self._known:
            found = int(TESTS[test](self._panels.means(participants), self.goal).sum())
            limits = wilson(found, self.simulations)
            self._known[key] = Power(participants, found / self.simulations, limits.low, limits.high)
        return self._known[key]

    def smallest(
        self, test: str, wanted: float, limits: tuple[int, int] = (_FEWEST, MOST_PARTICIPANTS)
    ) -> Found:
        """Find the smallest panel within `limits` that reaches the power `wanted`, and that one more keeps.

        Doubling and halving finds the neighbourhood; its steps are then walked one by one, since the power of an
        exact test does not rise with every participant.
        """
        first, last = limits

        def reaches(n: int) -> bool:
            return self.power(test, n).power >= wanted

        above = first
        while above < last and not reaches(above):
            above = min(last, 2 * above)
        if not reaches(above):
            return Found(None)
        below = max(first - 1, above // 2)
        while above - below > 1:
            middle = (above + below) // 2
            above, below = (middle, below) if reaches(middle) else (above, middle)
        while above > first and reaches(above - 1):
            above -= 1
        while above < last and not (reaches(above) and reaches(above + 1)):
            above += 1
        least = next(
            (n + 1 for n in range(above - 1, first - 1, -1) if self.power(test, n).high < wanted), first
        )
        most = next((n for n in range(above, last + 1) if self.power(test, n).low >= wanted), None)
        return Found(above, least, most)


def holm_finds_first(differences: Values, alpha: float = ALPHA) -> Decisions:
    """Tell where Holm's correction leaves the first of several exact signed-rank tests significant.

    `differences` is (simulations, pairs, participants). What `probability.holm` of `signed_rank` would say: no p
    that falls makes Holm find less, so that limits of the p decide most simulations, and exact p the rest. Pairs
    whose differences are all 0 are no tests.
    """
    tests = (np.round(differences, DECIMALS) != 0).any(axis=2).sum(axis=1)
    low, high = panels_of(differences[:, 0]).bounds()
    found = high * np.maximum(tests, 1) < alpha
    open_ones = np.flatnonzero(~found & (low < alpha))
    if len(open_ones):
        found[open_ones] = _among_all(differences[open_ones], tests[open_ones], alpha)
    return np.asarray(found, dtype=np.bool_)


def _among_all(differences: Values, tests: npt.NDArray[np.int64], alpha: float) -> Decisions:
    simulations, pairs, participants = differences.shape
    panels = panels_of(differences.reshape(-1, participants))
    low, high = (limit.reshape(simulations, pairs) for limit in panels.bounds())
    places = np.arange(simulations * pairs).reshape(simulations, pairs)
    # First the pair's own p, then those of the others that could come before it.
    for wanted in (places == places[:, :1], np.ones_like(places, dtype=np.bool_)):
        undecided = _steps_reach(low, tests, alpha) & ~_steps_reach(high, tests, alpha)
        for place in places[undecided[:, None] & wanted & (low < high) & (low < alpha)]:
            low.flat[place] = high.flat[place] = panels.exact(place)
    return _steps_reach(high, tests, alpha)


def _steps_reach(p: Values, tests: npt.NDArray[np.int64], alpha: float) -> Decisions:
    """Tell where Holm's steps reach the first of p, shape (simulations, pairs), of which `tests` are tests."""
    before = (p < p[:, :1]).sum(axis=1)
    passed = np.sort(p, axis=1) * (tests[:, None] - np.arange(p.shape[1])) < alpha
    steps = np.where(passed.all(axis=1), p.shape[1], np.argmin(passed, axis=1))
    return np.asarray((before < steps) & (p[:, 0] < alpha), dtype=np.bool_)


def _differences(means: Values, goal: Goal) -> Values:
    """Return the differences of the goal's pair, then of the others, shape (simulations, comparisons, participants)."""
    pairs = [pair for pair in itertools.combinations(range(means.shape[2]), 2) if pair != goal.pair]
    family = [goal.pair, *pairs[: goal.comparisons - 1]]
    a, b = zip(*family, strict=True)
    return np.moveaxis(means[:, :, list(a)] - means[:, :, list(b)], 1, 2)
