"""Effects of factors, such as method and process, on what participants said of the conditions that cross them."""

import itertools
from typing import Any

import numpy as np

from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.inference.bootstrap import alone, mean_limits, replicates_of
from mixeval_analysis.inference.factorial import Effect, Factorial, Found, cell_means, factorial_part, lacking
from mixeval_analysis.inference.probability import holm
from mixeval_analysis.inference.repeated_measures import within_effect
from mixeval_analysis.inference.signed_rank import DECIMALS, signed_rank
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.results.describe import few
from mixeval_analysis.results.omnibus import friedman_row
from mixeval_analysis.tables import Table

SIGNED_RANK = "signed-rank (exact)"
FRIEDMAN = "Friedman"
_UNDEFINED = (
    "test",
    "statistic",
    "df",
    "p",
    "p_holm",
    "kendall_W",
    "rank_biserial",
    "F",
    "df1",
    "df2",
    "p_F",
    "gg_epsilon",
    "p_F_corrected",
    "partial_eta2",
    "generalised_eta2",
)


def factor_tables(ratings: Ratings) -> list[Table | None]:
    """Make the tables `factor_effects` and `factor_levels`; none where conditions carry no factors."""
    found = factorial_part(ratings)
    if not found.declared:
        return [None, None]
    return [_effects(ratings, found), _levels(ratings, found)]


def _effects(ratings: Ratings, found: Found) -> Table:
    """Test main effects and interactions of two factors on participants' means.

    A factor of two levels is tested by the exact signed-rank test of each participant's difference, one of more by
    Friedman's test of level means. Two factors of two levels interact where the difference of differences is not zero
    (signed-rank), a factor of two with one of k where the k differences are not alike (Friedman). Ranks have no test
    for the interaction of two larger factors: there, the analysis of variance stands alone.
    """
    rows: list[dict[str, Any]] = []
    notes = list(found.notes)
    if found.part is None:
        rows = [
            {"effect": name, "levels": None, "n": None, **dict.fromkeys(_UNDEFINED)}
            for name in found.declared
        ]
    else:
        values, left_out = cell_means(ratings, found.part)
        notes.extend(lacking(left_out))
        for effect in found.part.effects:
            row, note = _tested(values, found.part, effect)
            rows.append(row)
            notes.extend(note)
    for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = p
    return Table(
        name="factor_effects",
        title="Effects of factors",
        frame=frame_of(rows),
        method=(
            "Exact signed-rank test of a difference of two levels, Friedman's test of more; beside it the F of a "
            "repeated-measures analysis of variance (error: participant x effect), also with Greenhouse and "
            f"Geisser's correction; Holm over {count_of(len(rows), 'effect')}."
        ),
        level=f"Means of {count_of(ratings.participants, 'participant')} over items.",
        labels=ratings.labels,
        notes=tuple(notes),
        simulated=ratings.simulated,
    )


def _levels(ratings: Ratings, found: Found) -> Table | None:
    """Describe participants' means of each level, over the levels of the other factors."""
    if found.part is None:
        return None
    values, left_out = cell_means(ratings, found.part)
    places = [(place, level) for place, levels in enumerate(found.part.levels.values()) for level in levels]
    names = list(found.part.levels)
    columns = np.column_stack([_level_mean(values, found.part, place, level) for place, level in places])
    rows = [
        {
            "factor": names[place],
            "level": level,
            "n": len(column),
            "mean": float(column.mean()) if len(column) else None,
            "median": float(np.median(column)) if len(column) else None,
            "ci95_lo": low,
            "ci95_hi": high,
        }
        for (place, level), column, (low, high) in zip(
            places, columns.T, mean_limits(columns, ratings.seed), strict=True
        )
    ]
    return Table(
        name="factor_levels",
        title="Means by level of each factor",
        frame=frame_of(rows),
        method=(
            "Means over the levels of the other factors; 95 % interval of the mean by percentile bootstrap over "
            f"participants (B = {replicates_of(len(values))}, seed {ratings.seed})."
        ),
        level=f"Means of {count_of(len(values), 'participant')} over items.",
        labels=ratings.labels,
        notes=(*found.notes, *lacking(left_out), *few(ratings), *alone(ratings.participants)),
        simulated=ratings.simulated,
    )


def _tested(values: Values, part: Factorial, effect: Effect) -> tuple[dict[str, Any], list[str]]:
    sizes = [part.sizes[place] for place in effect.places]
    row: dict[str, Any] = {
        "effect": effect.name,
        "levels": " x ".join(map(str, sizes)),
        "n": len(values),
        **dict.fromkeys(_UNDEFINED),
    }
    notes = []
    compared = _compared(values, part, effect)
    if compared is None:
        notes.append(
            f"{effect.name}: no test by ranks, which would take a factor of two levels; read the F, which takes "
            "differences as normally distributed."
        )
    elif compared.shape[1] == 1:
        row["test"] = SIGNED_RANK
        result = signed_rank(compared[:, 0])
        if result is not None:
            row |= {"statistic": result.v, "p": result.p_exact, "rank_biserial": result.rank_biserial}
    else:
        tested = friedman_row(compared)
        row |= {"test": FRIEDMAN, "statistic": tested["Q"]}
        row |= {name: tested[name] for name in ("df", "p", "kendall_W")}
    if compared is not None and row["statistic"] is None:
        notes.append(f"{effect.name}: participants' means say nothing of it that ranks could test.")
    within = within_effect(values, part.contrasts(effect))
    if within is None:
        notes.append(f"{effect.name}: there is no variation between participants for an F to be measured by.")
    else:
        row |= {
            "F": within.f,
            "df1": within.df1,
            "df2": within.df2,
            "p_F": within.p,
            "gg_epsilon": within.epsilon,
            "p_F_corrected": within.p_corrected,
            "partial_eta2": within.partial_eta2,
            "generalised_eta2": within.generalised_eta2,
        }
    return row, notes


def _compared(values: Values, part: Factorial, effect: Effect) -> Values | None:
    """Return what ranks compare within participants: a difference (participants, 1), or k things alike if nothing is.

    None for an interaction of two factors of three or more levels.
    """
    names = list(part.levels)
    if len(effect.places) == 1:
        (place,) = effect.places
        compared = np.column_stack(
            [_level_mean(values, part, place, level) for level in part.levels[names[place]]]
        )
        two = compared.shape[1] == 2
        return np.round(compared[:, :1] - compared[:, 1:] if two else compared, DECIMALS)
    # The factor of two levels gives differences, which the other's levels may change.
    second, first = sorted(effect.places, key=lambda place: part.sizes[place])[::-1]
    if part.sizes[first] > 2:
        return None
    above, below = part.levels[names[first]]
    differences = np.column_stack(
        [
            _mean_of(values, part, {first: above, second: level})
            - _mean_of(values, part, {first: below, second: level})
            for level in part.levels[names[second]]
        ]
    )
    two = differences.shape[1] == 2
    return np.round(differences[:, :1] - differences[:, 1:] if two else differences, DECIMALS)


def _level_mean(values: Values, part: Factorial, place: int, level: str) -> Values:
    return _mean_of(values, part, {place: level})


def _mean_of(values: Values, part: Factorial, wanted: dict[int, str]) -> Values:
    """Return participants' means over the cells that have these levels, by place of the factor."""
    cells = list(itertools.product(*part.levels.values()))
    chosen = [all(cell[place] == level for place, level in wanted.items()) for cell in cells]
    return np.asarray(values[:, chosen].mean(axis=1))
