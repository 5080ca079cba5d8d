"""Judge: chance. With no difference between conditions, a test at 0.05 finds one in 5 of 100 studies, or it is the wrong test.

Studies of 20 participants, 6 items and 7 conditions on a scale of 0 to 100. No condition is better than another on
average over the people and the items that might have taken part; but people differ in level, and so do items; people have
favourites of their own; and items differ in which mix suits them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from mixeval_analysis.inference.pairs import pairs_of
from mixeval_analysis.inference.probability import holm
from mixeval_analysis.inference.signed_rank import signed_rank
from mixeval_analysis.ratings import Ratings, with_defaults
from mixeval_analysis.results.omnibus import friedman_row, kruskal_wallis
from mixeval_analysis.results.pairwise import mann_whitney

STUDIES = 1000
PEOPLE, ITEMS, CONDITIONS = 20, 6, 7
LEVEL = 0.05


@dataclass(frozen=True)
class World:
    """Standard deviations of what differs, and how often each test finds a difference that is not there.

    `kruskal`, `friedman_page`, `friedman_person` and `friedman_item` are one test each; `mann_whitney` is any of the 21
    pairs after Bonferroni's correction.
    """

    person: float
    item: float
    favourites: float
    suits: float
    kruskal: float
    mann_whitney: float
    friedman_page: float
    friedman_person: float
    friedman_item: float

    def study(self, random):
        """Draw ratings, shape (participants, items, conditions); a single rating has a deviation of 12."""
        ratings = (
            50
            + random.normal(0, self.person, (PEOPLE, 1, 1))
            + random.normal(0, self.item, (1, ITEMS, 1))
            + random.normal(0, self.favourites, (PEOPLE, 1, CONDITIONS))
            + random.normal(0, self.suits, (1, ITEMS, CONDITIONS))
            + random.normal(0, 12, (PEOPLE, ITEMS, CONDITIONS))
        )
        return np.clip(np.round(ratings), 0, 100)


# Rates of an independent simulation with SciPy's tests.
WORLDS = {
    "ratings are independent": World(0, 0, 0, 0, 0.044, 0.034, 0.045, 0.044, 0.034),
    "people and items differ in level": World(10, 5, 0, 0, 0.002, 0.003, 0.036, 0.042, 0.026),
    "people have favourites": World(10, 5, 6, 0, 0.123, 0.091, 0.329, 0.045, 0.337),
    "items suit some mixes": World(10, 5, 0, 4, 0.283, 0.223, 0.556, 0.587, 0.041),
    "both": World(10, 5, 6, 4, 0.423, 0.367, 0.678, 0.276, 0.105),
}
TESTS = ("kruskal", "mann_whitney", "friedman_page", "friedman_person", "friedman_item")


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_each_test_errs_as_often_as_its_assumptions_are_wrong(name):
    world = WORLDS[name]
    random = np.random.default_rng(20)
    errors = dict.fromkeys((*TESTS, "wilcoxon"), 0)
    for _ in range(STUDIES):
        for test, p in _smallest_p(world.study(random)).items():
            errors[test] += p < LEVEL
    rates = {test: count / STUDIES for test, count in errors.items()}
    for test in TESTS:
        expected = getattr(world, test)
        # Four standard errors of the difference of two simulations of this size.
        error = 4 * (2 * expected * (1 - expected) / STUDIES) ** 0.5
        assert rates[test] == pytest.approx(expected, abs=error), (test, rates)
    if world.suits == 0:
        # Participants' means are independent of each other, whatever their favourites.
        assert rates["friedman_person"] < 0.075
        assert rates["wilcoxon"] < 0.075
    if world.favourites == 0:
        assert rates["friedman_item"] < 0.075


_person, _item, _condition = (index.ravel().astype(str) for index in np.indices((PEOPLE, ITEMS, CONDITIONS)))
_ROWS = with_defaults(pd.DataFrame({"participant": _person, "item": _item, "condition": _condition}))
_LABELS = {str(index): str(index) for index in range(CONDITIONS)}
_PAIRS = [(int(a), int(b)) for a, b in pairs_of(_LABELS)]


def _smallest_p(values):
    """The smallest p of each family of tests, after its own correction."""
    ratings = Ratings(_ROWS.assign(rating=values.ravel()), _LABELS, "t", "s")
    people = values.mean(axis=1).round(10)
    signed = [signed_rank(people[:, a] - people[:, b]) for a, b in _PAIRS]
    found = {
        "kruskal": kruskal_wallis(ratings).frame["p"],
        "mann_whitney": mann_whitney(ratings).frame["p_bonferroni"],
        "friedman_page": [friedman_row(values.reshape(-1, CONDITIONS))["p"]],
        "friedman_person": [friedman_row(people)["p"]],
        "friedman_item": [friedman_row(values.mean(axis=0).round(10))["p"]],
        "wilcoxon": holm([None if one is None else one.p_exact for one in signed]),
    }
    return {test: min(float(p) for p in several if p is not None) for test, several in found.items()}
