"""Where an analysis departed from its plan: a preregistration is worth what is said about it afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass

from mixeval.plan_section import PlanSection
from mixeval.study import AnalysisSection
from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.listeners.decided import EXCLUDED
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.tables import Table

_NONE = "none"


@dataclass(frozen=True)
class _Line:
    what: str
    planned: str
    done: str
    departed: bool | None
    """None where the source does not tell."""


def plan_departures(ratings: Ratings) -> Table | None:
    """Hold what was done against [analysis.plan]; None where there is no plan.

    What participants were served is known of studies alone: each version stores its [analysis], so that a plan or a
    margin that was first written down later shows.
    """
    plan = ratings.settings.plan
    if plan is None:
        return None
    lines = [_in_time(ratings, plan), *_size(ratings, plan), _margin(ratings, plan), *_rules(ratings, plan)]
    departures = sum(line.departed is True for line in lines)
    notes = [_counted(departures)]
    if any(line.departed is None for line in lines):
        notes.append(
            f"{ratings.source} does not hold the versions of the study that participants were served, so that it "
            "cannot be told what was written down before them."
        )
    return Table(
        name="plan",
        title="The plan and what was done",
        frame=frame_of(
            [
                {
                    "what": line.what,
                    "planned": line.planned,
                    "done": line.done,
                    "departed": None if line.departed is None else "yes" if line.departed else "no",
                }
                for line in lines
            ]
        ),
        method=f"Planned with {plan.made_with}, power {plan.power:g}, seed {plan.seed}.",
        level="",
        labels=ratings.labels,
        notes=tuple(notes),
        simulated=ratings.simulated,
        naming=(),
    )


def _in_time(ratings: Ratings, plan: PlanSection) -> _Line:
    served = _served(ratings)
    under = sum(analysis.plan == plan for analysis in served)
    return _before("plan stated", "before the first session", under, served)


def _size(ratings: Ratings, plan: PlanSection) -> list[_Line]:
    conditions = tuple(ratings.labels)
    pairs = len(conditions) * (len(conditions) - 1) // 2
    return [
        _number("participants who count", plan.participants, ratings.participants),
        _number("items per participant", plan.items, _items(ratings)),
        _names("conditions, in order", plan.conditions, conditions),
        _number("pairs compared", plan.comparisons, pairs),
        _Line(
            "attribute",
            plan.attribute or "any",
            ratings.attribute or "not named",
            plan.attribute is not None
            and ratings.attribute is not None
            and plan.attribute != ratings.attribute,
        ),
        _names("tests", plan.tests, _tests(ratings.settings)),
    ]


def _margin(ratings: Ratings, plan: PlanSection) -> _Line:
    margin = ratings.settings.margin
    planned, done = (_NONE if value is None else f"{value:g} points" for value in (plan.margin, margin))
    if margin is None or margin != plan.margin:
        return _Line("margin of equivalence", planned, done, margin != plan.margin)
    served = _served(ratings)
    stated = sum(_margin_of(analysis) == margin for analysis in served)
    line = _before("margin of equivalence", planned, stated, served)
    return _Line(line.what, planned, f"{done}, stated {line.done}", line.departed)


def _rules(ratings: Ratings, plan: PlanSection) -> list[_Line]:
    return [
        _names("contrasts", plan.contrasts, ratings.settings.contrasts),
        _names("rules of exclusion", sorted(plan.exclude), sorted(ratings.settings.exclude)),
        *_by_hand(ratings),
    ]


def _by_hand(ratings: Ratings) -> list[_Line]:
    left_out = {} if ratings.screening is None else ratings.screening.left_out
    people = [who for who, rules in left_out.items() if EXCLUDED in rules]
    done = count_of(len(people), "participant")
    return [_Line("excluded by hand", "nobody", done, departed=True)] if people else []


def _before(what: str, planned: str, in_time: int, served: Sequence[AnalysisSection]) -> _Line:
    if not served:
        return _Line(what, planned, "not known", None)
    if in_time == len(served):
        return _Line(what, planned, "before the first session", departed=False)
    told = f"in {in_time} of {count_of(len(served), 'version')} that participants were served"
    return _Line(what, planned, told if in_time else "after the data", departed=True)


def _served(ratings: Ratings) -> list[AnalysisSection]:
    return [version.analysis for version in ratings.versions if version.analysis is not None]


def _margin_of(analysis: AnalysisSection) -> float | None:
    return analysis.margin or (analysis.plan.margin if analysis.plan else None)


def _items(ratings: Ratings) -> int:
    # Of incomplete blocks the most that anybody rated.
    return int(ratings.rows.groupby("participant")["item"].nunique().max())


def _tests(settings: AnalysisSection) -> tuple[str, ...]:
    return ("friedman", "wilcoxon", *(("equivalence",) if settings.margin is not None else ()))


def _number(what: str, planned: int, done: int) -> _Line:
    return _Line(what, str(planned), str(done), planned != done)


def _names(what: str, planned: Sequence[str], done: Sequence[str]) -> _Line:
    return _Line(what, ", ".join(planned) or _NONE, ", ".join(done) or _NONE, list(planned) != list(done))


def _counted(departures: int) -> str:
    if departures:
        return f"The analysis departs from the plan in {count_of(departures, 'point')}: say so, and why, where you publish it."
    return "Nothing that is compared here departs from the plan."
