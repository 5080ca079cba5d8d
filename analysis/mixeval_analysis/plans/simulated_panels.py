"""Panels of participants who never were: their ratings are drawn from components of variance, to plan a test."""

from dataclasses import dataclass

import numpy as np

from mixeval.seeds import generator
from mixeval_analysis.inference.variance_components import Components
from mixeval_analysis.ratings import Values

_PARTICIPANTS_AT_ONCE = 8
_MOST_CELLS = 4_000_000


@dataclass(frozen=True)
class Design:
    """A test to be simulated: true means of the conditions in points, items, and how ratings vary and are collected.

    Ratings beyond `scale` are set to its ends and rounded to whole multiples of `step` from its bottom; no scale, or
    a step of 0, leaves them as they are drawn.
    """

    means: tuple[float, ...]
    items: int
    components: Components
    scale: tuple[float, float] | None = None
    step: float = 0.0


class SimulatedPanels:
    """As many panels as `simulations`, whose participants' means over items are drawn as they are asked for.

    A panel of n is the first n participants of a larger one, so that a curve over n is smooth and the first
    participants are the same whatever else was asked. `name` keeps the streams of several designs under one seed
    apart.
    """

    def __init__(self, design: Design, *, simulations: int, seed: int, name: str) -> None:
        self.design = design
        self._seed, self._name = seed, name
        self._block = max(
            1, min(_PARTICIPANTS_AT_ONCE, _MOST_CELLS // (simulations * design.items * len(design.means)))
        )
        sd, shape = design.components, (simulations, 1, design.items, len(design.means))
        random = generator(seed, "plan", name, "items")
        item = random.normal(0.0, 1.0, (*shape[:3], 1)) * sd.item
        taste = random.normal(0.0, 1.0, shape) * sd.item_condition
        # Means are those over the items at hand, which the tests speak of: items shift no condition as a whole.
        self._items = np.asarray(design.means) + item + taste - taste.mean(axis=2, keepdims=True)
        self._means = np.empty((simulations, 0, len(design.means)))
        self._clipped = self._drawn = 0

    def means(self, participants: int) -> Values:
        """Return the means over items of panels of `participants`, shape (simulations, participants, conditions)."""
        while self._means.shape[1] < participants:
            self._means = np.concatenate([self._means, self._draw(self._means.shape[1])], axis=1)
        return self._means[:, :participants]

    @property
    def clipped(self) -> float:
        """Return the share of the ratings drawn so far that lay beyond the scale."""
        return self._clipped / max(1, self._drawn)

    def _draw(self, first: int) -> Values:
        simulations, _, items, k = self._items.shape
        people, sd = self._block, self.design.components
        random = generator(self._seed, "plan", self._name, first)
        ratings = random.normal(0.0, 1.0, (simulations, people, items, k)) * sd.residual
        ratings += self._items
        for size, shape in (
            (sd.participant, (simulations, people, 1, 1)),
            (sd.participant_item, (simulations, people, items, 1)),
            (sd.participant_condition, (simulations, people, 1, k)),
        ):
            ratings += random.normal(0.0, 1.0, shape) * size
        return np.asarray(self._collected(ratings).mean(axis=2), dtype=np.float64)

    def _collected(self, ratings: Values) -> Values:
        """Bring ratings to the scale, in place."""
        scale, step = self.design.scale, self.design.step
        self._drawn += ratings.size
        if scale is not None:
            bottom, top = scale
            self._clipped += int(((ratings < bottom) | (ratings > top)).sum())
            np.clip(ratings, bottom, top, out=ratings)
        if step:
            bottom = 0.0 if scale is None else scale[0]
            ratings -= bottom
            ratings /= step
            np.rint(ratings, out=ratings)
            ratings *= step
            ratings += bottom
        return ratings
