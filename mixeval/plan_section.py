"""[analysis.plan] of study.toml: what was decided before the data, as `mixeval plan --freeze` writes it."""

from typing import Annotated, Literal

from pydantic import Field

from mixeval.conditions import PlainText
from mixeval.section import Section

Points = Annotated[float, Field(ge=0)]
PlannedTest = Literal["friedman", "wilcoxon", "equivalence"]


class PlannedSd(Section):
    """Standard deviations that the power was simulated from, in points of the scale."""

    participant: Points = 0.0
    item: Points = 0.0
    participant_item: Points = 0.0
    participant_condition: Points = 0.0
    item_condition: Points = 0.0
    residual: Points = 0.0


class PlanSection(Section):
    """A preregistration: the report says where the analysis departed from it."""

    made_with: PlainText
    """The release of mixeval that made the plan, which can make it again from the seed."""
    participants: Annotated[int, Field(ge=2)]
    items: Annotated[int, Field(ge=1)]
    conditions: Annotated[tuple[PlainText, ...], Field(min_length=2)]
    """Condition ids in the order of tables."""
    attribute: PlainText | None = None
    tests: Annotated[tuple[PlannedTest, ...], Field(min_length=1)]
    comparisons: Annotated[int, Field(ge=1)]
    """Pairs that the tests are corrected over."""
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    difference: Annotated[float, Field(gt=0)] | None = None
    """The difference in points that the panel is to find."""
    margin: Annotated[float, Field(gt=0)] | None = None
    """Of the tests of equivalence; it is the margin of the analysis where [analysis] names none."""
    means: tuple[float, ...] = ()
    """True means that were simulated, where they were given."""
    contrasts: tuple[PlainText, ...] = ()
    exclude: tuple[PlainText, ...] = ()
    power: Annotated[float, Field(gt=0, lt=1)]
    """The power that was wanted."""
    simulations: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    sd_from: PlainText
    """Where the standard deviations come from."""
    sd: PlannedSd
