"""Forced choices between two mixes: which is preferred (`ab`), and which of them X is (`abx`)."""

import itertools
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from mixeval.listening_pages import AbPage, AbxPage, ListeningPage
from mixeval.seeds import derive_seed
from mixeval.study import Study
from mixeval_webapp.page_types.page_type import (
    Missing,
    Presentation,
    Response,
    SimulatedListener,
    Values,
)
from mixeval_webapp.page_types.rating_page import RatingPageType
from mixeval_webapp.sheet import Sheet

CHOSEN, NEITHER, NOT_CHOSEN = 1.0, 0.5, 0.0
SHARES = Values(NOT_CHOSEN, CHOSEN, NEITHER)
"""A choice is 1 for the mix that was chosen and 0 for the other; where neither is better both get 0.5."""

EAR_NOISE_SD = 8.0
"""Of simulated listeners, on their scale of 0 to 100: how differently they hear one sound each time."""


def x_places(pairs: Sequence[Collection[str]], seed: int) -> tuple[int, ...]:
    """Say for each trial of a session whether X is what is shown as A (0) or as B (1).

    `pairs` names the two conditions of each trial. X is each of the two equally often within the trials of a
    pair, in an order that follows from the seed; of an odd number the seed decides the last one.

    >>> sum(x_places([{"dry", "wet"}] * 10, seed=1))
    5
    """
    trials: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for trial, pair in enumerate(pairs):
        trials[tuple(sorted(pair))].append(trial)
    places = [0] * len(pairs)
    for pair, of_pair in trials.items():
        first = derive_seed(seed, "x", *pair) % 2
        shuffled = sorted(of_pair, key=lambda trial: derive_seed(seed, "x", *pair, trial))
        for turn, trial in enumerate(shuffled):
            places[trial] = (first + turn) % 2
    return tuple(places)


class _ForcedChoicePageType(RatingPageType):
    def presentations(self, test: ListeningPage, conditions: Sequence[str]) -> tuple[Presentation, ...]:
        if not isinstance(test, AbPage | AbxPage):
            raise TypeError(f"a choice between two was asked for by a {type(test).__name__}")
        pairs = test.pairs or tuple(itertools.combinations(conditions, 2))
        # Each pair once before any comes again.
        return tuple(Presentation(rated=tuple(pair)) for _ in range(test.trials_per_pair) for pair in pairs)

    def values(self, sheet: Sheet) -> Values:  # noqa: ARG002 - the same for every page
        return SHARES

    def unanswered(self, study: Study, sheet: Sheet) -> Missing:
        return {} if self._is_chosen(study, sheet) else {"choose": ()}

    def _is_chosen(self, study: Study, sheet: Sheet) -> bool:
        """Tell whether one mix is chosen and the other is not, or, where that may be, neither."""
        (attribute,) = self.attributes(study)
        given = sorted(value for sound in sheet.rated if (value := sheet.value(sound, attribute)) is not None)
        allowed = [[NOT_CHOSEN, CHOSEN]]
        if isinstance(study.test, AbPage) and study.test.no_preference:
            allowed.append([NEITHER, NEITHER])
        # Nobody can compare what does not play; but half a choice, or two, is none.
        return given in allowed or (not given and any(sheet.unplayable(sound) for sound in sheet.sounds))


class AbPageType(_ForcedChoicePageType):
    template = "ab.html"

    def data(self, study: Study, sheet: Sheet) -> dict[str, Any]:
        may_tie = isinstance(study.test, AbPage) and study.test.no_preference
        return super().data(study, sheet) | {"no_preference": may_tie}

    def simulate(self, data: Mapping[str, Any], listener: SimulatedListener) -> Response:
        first, second = (stimulus["token"] for stimulus in data["stimuli"])
        noise = listener.random.normal(0.0, EAR_NOISE_SD, 2)
        lead = listener.rate(first) + noise[0] - listener.rate(second) - noise[1]
        if data["no_preference"] and abs(lead) < EAR_NOISE_SD / 2:
            return _choice(data, {first: NEITHER, second: NEITHER})
        return _choice(data, {first: float(lead > 0), second: float(lead <= 0)})


class AbxPageType(_ForcedChoicePageType):
    """X is the file of A or of B once more, under a token of its own; all files of a page have one loudness."""

    template = "abx.html"

    def simulate(self, data: Mapping[str, Any], listener: SimulatedListener) -> Response:
        tokens = [stimulus["token"] for stimulus in data["stimuli"]]
        heard = dict(
            zip(
                tokens,
                np.array([listener.rate(token) for token in tokens])
                + listener.random.normal(0.0, EAR_NOISE_SD, len(tokens)),
                strict=True,
            )
        )
        first, second = (row["token"] for row in data["stimuli"] if row["role"] == "rated")
        (x,) = (row["token"] for row in data["stimuli"] if row["role"] == "x")
        x_is_first = abs(heard[x] - heard[first]) < abs(heard[x] - heard[second])
        return _choice(data, {first: float(x_is_first), second: float(not x_is_first)})


def _choice(data: Mapping[str, Any], shares: Mapping[str, float]) -> Response:
    (axis,) = data["axes"]
    return Response({(token, axis["attribute"]): share for token, share in shares.items()})
