"""Judge: pandas' groupby, which is slow and obvious."""

import numpy as np
import pandas as pd
import pytest

from mixeval_analysis.ratings import Ratings, with_defaults


@pytest.fixture
def uneven():
    """Ratings with holes, repeated cells and names whose order is not that of the rows."""
    random = np.random.default_rng(8)
    rows = pd.DataFrame(
        {
            "participant": random.choice(["zoë", "Ali", "日本", "b"], 90),
            "item": random.choice(["loop 10", "loop 2", "loop 1"], 90),
            "condition": random.choice(["mine", "anchor", "ref"], 90),
            "rating": random.uniform(0, 1, 90).round(3),
        }
    )
    labels = {"ref": "Reference", "anchor": "Anchor", "mine": "Mine"}
    return Ratings(rows=with_defaults(rows), labels=labels, title="By chance", source="by chance")


@pytest.mark.parametrize(
    "by", [("participant",), ("item",), ("participant", "item"), ("item", "participant")]
)
def test_cells_hold_what_grouping_holds(uneven, by):
    grouped = uneven.rows.groupby([*by, "condition"])["rating"]
    sums, counts = (
        table.unstack("condition").sort_index()[list(uneven.labels)]
        for table in (grouped.sum(), grouped.count())
    )
    found = uneven.cells(*by)
    np.testing.assert_allclose(found[0], sums.fillna(0.0), rtol=1e-13)
    np.testing.assert_array_equal(found[1], counts.fillna(0))
    np.testing.assert_allclose(uneven.means(*by), sums / counts, rtol=1e-13)


def test_blocks_are_numbered_by_their_names_in_order(uneven):
    grouped = uneven.rows.groupby(["item", "participant"]).size().index
    items, people = uneven.names("item"), uneven.names("participant")
    assert (items, people) == (["loop 1", "loop 10", "loop 2"], ["Ali", "b", "zoë", "日本"])
    item, person = uneven.blocks("item", "participant")
    assert [(items[i], people[p]) for i, p in zip(item, person, strict=True)] == grouped.tolist()


def test_each_condition_has_its_ratings_in_the_order_of_rows(uneven):
    found = uneven.by_condition()
    assert list(found) == ["ref", "anchor", "mine"]
    for condition, values in found.items():
        np.testing.assert_array_equal(values, uneven.of(condition))


def test_histograms_count_every_value_that_occurs(uneven):
    values = np.unique(uneven.rows["rating"])
    for condition, counts in zip(uneven.labels, uneven.histograms, strict=True):
        np.testing.assert_array_equal(counts, [(uneven.of(condition) == value).sum() for value in values])
