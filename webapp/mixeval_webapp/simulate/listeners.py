"""How simulated listeners rate: a seeded model with the sources of variance that real tests show.

A rating is the mix's mean, plus what the listener, the item and their encounters add, as whole numbers from 0
to 100; clipping skews the ends as it does in real data. The means follow Table 3 of Martínez Ramírez, Stoller
and Moffat (2021) for the mixes of that paper; a mix that nobody has rated yet gets a mean from the seed.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from mixeval.conditions import Condition
from mixeval.seeds import generator

BIAS_SD = 6.0
"""Between listeners: some rate everything higher."""
SCALE_USE_SD = 0.12
"""Between listeners, of the natural logarithm: some use more of the scale."""
ITEM_SD = 3.0
ITEM_BY_MIX_SD = 5.0
LISTENER_BY_MIX_SD = 11.0
RESIDUAL_SD = 12.0

REFERENCE_MEANS = {"dry": 72.0, "wet": 78.0}
WAVE_U_NET_MEANS = {"dry": 69.0, "wet": 75.0}
RANDOM_FOREST_MEANS = {"dry": 50.0, "wet": -2.0}
LOW_ANCHOR_MEAN = 1.0
MID_ANCHOR_MEAN = 32.0
"""Means before clipping, which lifts those near 0 and lowers those near 100."""
UNKNOWN_MEANS = (45.0, 75.0)


@dataclass(frozen=True)
class Opinion:
    """What a mix is worth to the average listener; item and mix name the random effects."""

    item: str
    mix: str
    mean: float


def rate(opinion: Opinion, *, listener: int, seed: int) -> int:
    """Rate one mix: the same listener, opinion and seed give the same rating, in any order of asking."""

    def effect(sd: float, *names: object) -> float:
        return sd * float(generator(seed, *names).standard_normal())

    scale_use = math.exp(effect(SCALE_USE_SD, "scale", listener))
    worth = opinion.mean - 50.0
    worth += effect(ITEM_SD, "item", opinion.item)
    worth += effect(ITEM_BY_MIX_SD, "item by mix", opinion.item, opinion.mix)
    worth += effect(LISTENER_BY_MIX_SD, "listener by mix", listener, opinion.mix)
    rating = 50.0 + scale_use * worth
    rating += effect(BIAS_SD, "bias", listener)
    rating += effect(RESIDUAL_SD, "residual", listener, opinion.item, opinion.mix)
    return min(100, max(0, round(rating)))


def condition_means(conditions: Iterable[Condition], seed: int) -> dict[str, float]:
    """Give each condition its mean, by role and by the methods of the paper, else from the seed."""
    return {condition.id: _mean(condition, seed) for condition in conditions}


def _mean(condition: Condition, seed: int) -> float:
    # Mixes that were rendered elsewhere all have the method "files": their names tell what made them.
    options = " ".join(str(value) for value in condition.options.values())
    factors = " ".join(condition.factors.values())
    words = f"{condition.id} {condition.method} {condition.label} {options} {factors}"
    words = words.lower().replace("-", "_").replace(" ", "_")
    process = "wet" if "wet" in words else "dry"
    if condition.role == "anchor" or condition.method == "anchor":
        return MID_ANCHOR_MEAN if "mid" in words or "7000" in words else LOW_ANCHOR_MEAN
    if condition.role == "reference":
        return REFERENCE_MEANS[process]
    if "wave_u_net" in words:
        return WAVE_U_NET_MEANS[process]
    if "random_forest" in words:
        return RANDOM_FOREST_MEANS[process]
    low, high = UNKNOWN_MEANS
    return float(generator(seed, "mean", condition.id).uniform(low, high))
