import numpy as np
import pytest

from mixeval.conditions import Condition
from mixeval_webapp.simulate.listeners import Opinion, condition_means, rate

PAPER = {
    "reference_dry": ("reference", "reference", 72.3),
    "reference_wet": ("reference", "reference", 77.0),
    "wave_u_net_dry": ("wave_u_net", "system", 69.0),
    "wave_u_net_wet": ("wave_u_net", "system", 74.0),
    "random_forest_dry": ("random_forest", "system", 50.0),
    "random_forest_wet": ("random_forest", "system", 6.0),
    "low_anchor": ("anchor", "anchor", 8.0),
}
CONDITIONS = [Condition(id=name, method=method, role=role) for name, (method, role, _) in PAPER.items()]


def ratings_of(condition, mean, *, items=6, seed=1):
    return np.array(
        [
            rate(Opinion(f"loop{item}", condition, mean), listener=listener, seed=seed)
            for listener in range(60)
            for item in range(items)
        ]
    )


def test_the_mixes_of_the_paper_are_rated_as_its_listeners_did():
    means = condition_means(CONDITIONS, seed=1)
    for name, (_, _, published) in PAPER.items():
        # The paper's figures, within what 60 listeners and 24 items, each with their own taste, leave open.
        assert ratings_of(name, means[name], items=24).mean() == pytest.approx(published, abs=6)


def test_ratings_are_whole_numbers_from_0_to_100_and_skewed_at_the_ends():
    low = ratings_of("low_anchor", 1.0)
    assert all(0 <= rating <= 100 and rating == int(rating) for rating in low)
    assert np.mean(low == 0) > 0.2
    assert low.mean() > np.median(low)


def test_listeners_differ_in_bias_beyond_their_residuals():
    by_listener = ratings_of("sum", 50.0).reshape(60, 6)
    between = by_listener.mean(axis=1).var(ddof=1)
    within = by_listener.var(axis=1, ddof=1).mean()
    assert between > 3 * within / 6


def test_the_same_seed_gives_the_same_rating_in_any_order_of_asking():
    opinions = [Opinion(item, mix, 60.0) for item in "ab" for mix in "xyz"]
    forwards = [rate(opinion, listener=3, seed=9) for opinion in opinions]
    backwards = [rate(opinion, listener=3, seed=9) for opinion in reversed(opinions)]
    assert forwards == backwards[::-1]
    assert forwards != [rate(opinion, listener=3, seed=10) for opinion in opinions]


def test_mixes_rendered_elsewhere_are_known_by_their_names():
    files = [
        Condition(id="rf", label="Random Forest Wet", method="files"),
        Condition(id="wave-u-net-dry", method="files"),
        Condition(id="human", method="files", role="reference", factors={"process": "wet"}),
        Condition(id="mine", method="files"),
    ]
    means = condition_means(files, seed=1)
    assert means["rf"] < 5 < means["mine"]
    assert means["wave-u-net-dry"] == condition_means(CONDITIONS, 1)["wave_u_net_dry"]
    assert means["human"] == condition_means(CONDITIONS, 1)["reference_wet"]
    assert 45 <= means["mine"] <= 75
