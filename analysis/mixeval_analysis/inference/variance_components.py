"""Where ratings vary from: participants, items, their tastes, and what is left, as standard deviations in points.

A rating by participant p of item i in condition c is taken as

    mean of c + participant + item + participant x item + participant x condition + item x condition + residual

with conditions fixed, all else random and independent, and one rating per cell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from mixeval.errors import AnalysisError
from mixeval.tables import frame_of
from mixeval_analysis.answers import count_of
from mixeval_analysis.ratings import Ratings, Values
from mixeval_analysis.tables import Table

_FACTORS: Mapping[str, tuple[str, ...]] = {
    "participant": ("participant",),
    "item": ("item",),
    "participant_item": ("participant", "item"),
    "participant_condition": ("participant", "condition"),
    "item_condition": ("item", "condition"),
    "residual": (),
}
_WORST_CONDITION = 1e10
"""Of the equations: beyond it, two components cannot be told apart."""


@dataclass(frozen=True)
class Components:
    """Standard deviations in points of the scale."""

    participant: float = 0.0
    item: float = 0.0
    participant_item: float = 0.0
    participant_condition: float = 0.0
    item_condition: float = 0.0
    residual: float = 0.0

    def of_differences(self, items: int) -> float:
        """Return the sd, over participants, of the difference of two means over `items` items.

        Participant, item and participant x item are the same in both conditions and drop out; item x condition
        is the same for all participants.

        >>> round(Components(participant=10, participant_condition=6, residual=12).of_differences(6), 2)
        10.95
        """
        return float(np.sqrt(2 * (self.participant_condition**2 + self.residual**2 / items)))

    def of_items_luck(self, items: int) -> float:
        """Return the sd, over draws of other items, of the difference of two conditions."""
        return float(np.sqrt(2 * self.item_condition**2 / items))

    def as_dict(self) -> dict[str, float]:
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}


TYPICAL = Components(
    participant=12, item=2, participant_item=4, participant_condition=6, item_condition=5, residual=16
)
"""On a scale of 0 to 100, between what two published tests on sliders gave: of dynamic range compressors (19 listeners)
and of speech codecs (21 listeners). A stand-in for a pilot, no more."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Components found in ratings, how, and what has to be said about it."""

    components: Components
    method: str
    notes: tuple[str, ...] = ()
    squares: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    """Mean square and degrees of freedom by component, of complete data."""


def estimate_components(ratings: Ratings) -> Estimate:
    """Estimate components without assuming any distribution (method of moments).

    Complete data: the crossed analysis of variance, its mean squares set equal to their expectations (Searle,
    Casella and McCulloch, Variance Components, 1992, section 4.3). Incomplete data: MINQUE(0) (Rao, J. Multivariate
    Anal. 1, 1971), which gives the same where data are complete. Negative estimates become 0. With one item,
    participant x condition holds the residual too.

    Raises AnalysisError when there is one participant, or the design cannot tell two components apart.
    """
    people, items = ratings.participants, ratings.items
    if people < 2:
        raise AnalysisError(
            f"{ratings.source} has ratings by one participant, who shows nothing of how participants differ",
            remedy="give the standard deviations (--sd-residual ...) or ratings by more",
        )
    complete = len(ratings.rows) == people * items * len(ratings.labels)
    squares: dict[str, tuple[float, int]] = {}
    if complete:
        squares = _mean_squares(_cube(ratings))
        variances = _solved(squares, (people, items, len(ratings.labels)))
        method = "Crossed analysis of variance, mean squares set equal to their expectations."
    else:
        variances = minque0(ratings.rows, ("participant", "participant_condition") if items == 1 else None)
        method = "Incomplete data: quadratic forms set equal to their expectations (MINQUE(0))."
    notes = [
        f"{_in_words(name)}: the estimate is negative ({variance:.3g}), and 0 is taken."
        for name, variance in variances.items()
        if variance < 0
    ]
    if items == 1:
        notes.append(
            "With one item, participant x condition cannot be told from the residual; all of it is taken as "
            "participant x condition, which more items do not average out."
        )
    sds = {name: float(np.sqrt(max(0.0, variance))) for name, variance in variances.items()}
    return Estimate(Components(**sds), method, tuple(notes), squares)


def components_table(estimate: Estimate, ratings: Ratings) -> Table:
    """Show components as standard deviations, with the mean squares that complete data gave."""
    rows = []
    for name, sd in estimate.components.as_dict().items():
        square, df = estimate.squares.get(name, (None, None))
        rows.append({"component": name, "sd": sd, "mean_square": square, "df": df})
    notes = estimate.notes if estimate.squares else (*estimate.notes, "Incomplete data have no mean squares.")
    return Table(
        name="variance_components",
        title="Where ratings vary from",
        frame=frame_of(rows),
        method=estimate.method,
        level=f"{count_of(len(ratings.rows), 'rating')} by {ratings.shape_in_words()}, conditions fixed.",
        labels=ratings.labels,
        notes=notes,
        simulated=ratings.simulated,
    )


def minque0(rows: pd.DataFrame, names: Sequence[str] | None = None) -> dict[str, float]:
    """Return unbiased variances of the components `names` (left out: all) from any pattern of ratings.

    With Z_j the indicators of component j's levels and M the projection that takes out the conditions' means,
    E |Z_j' M y|^2 is the sum over k of variance_k |Z_j' M Z_k|^2. M is I less a matrix of rank k, so that nothing
    larger than the ratings themselves is formed. Raises AnalysisError when the equations have no one solution.
    """
    names = tuple(_FACTORS) if names is None else tuple(names)
    x = _indicators(rows, ("condition",))
    y = np.asarray(rows["rating"], dtype=np.float64)
    per_condition = np.asarray(x.sum(axis=0)).ravel()
    centred = y - x @ ((x.T @ y) / per_condition)
    scaled = x @ sparse.diags_array(1 / np.sqrt(per_condition))
    z = {name: _indicators(rows, _FACTORS[name]) for name in names}
    # Z_j' X of unit columns: small and dense, (levels, conditions).
    on_conditions = {name: np.asarray((of.T @ scaled).todense()) for name, of in z.items()}
    grams = {name: on.T @ on for name, on in on_conditions.items()}
    forms = np.array([float(((of.T @ centred) ** 2).sum()) for of in z.values()])
    expected = np.array(
        [
            [
                _squared_norm(z[a].T @ z[b], on_conditions[a], on_conditions[b], grams[a], grams[b])
                for b in names
            ]
            for a in names
        ]
    )
    size = np.sqrt(np.diag(expected))
    if (size == 0).any() or np.linalg.cond(expected / np.outer(size, size)) > _WORST_CONDITION:
        raise AnalysisError(
            "these ratings cannot tell the components of variance apart, because too few participants share items",
            remedy="give the standard deviations (--sd-residual ...) or ratings of more items per participant",
        )
    found = np.linalg.solve(expected / np.outer(size, size), forms / size) / size
    return {name: float(variance) for name, variance in zip(names, found, strict=True)}


def _squared_norm(common: sparse.csr_array, a: Values, b: Values, gram_a: Values, gram_b: Values) -> float:
    """Return |S - A B'|^2 of a sparse S and slim A, B, without forming A B'."""
    entries = common.tocoo()
    crossed = float((entries.data * (a[entries.row] * b[entries.col]).sum(axis=1)).sum())
    return float((entries.data**2).sum()) - 2 * crossed + float((gram_a * gram_b).sum())


def _indicators(rows: pd.DataFrame, by: tuple[str, ...]) -> sparse.csr_array:
    """Return one column per level, shape (ratings, levels); without `by` every rating is a level."""
    count = len(rows)
    codes = rows.groupby(list(by), sort=False).ngroup().to_numpy() if by else np.arange(count)
    return sparse.csr_array((np.ones(count), (np.arange(count), codes)), shape=(count, int(codes.max()) + 1))


def _cube(ratings: Ratings) -> Values:
    """Return complete ratings, shape (participants, items, conditions)."""
    ordered = ratings.rows.sort_values(["participant", "item", "condition"])
    shape = (ratings.participants, ratings.items, len(ratings.labels))
    return np.asarray(ordered["rating"], dtype=np.float64).reshape(shape)


def _mean_squares(cube: Values) -> dict[str, tuple[float, int]]:
    """Return mean square and degrees of freedom of each source but the conditions themselves."""
    n, i, k = cube.shape
    grand = cube.mean()
    p, t, c = (cube.mean(axis=axes) - grand for axes in ((1, 2), (0, 2), (0, 1)))
    pt = cube.mean(axis=2) - grand - p[:, None] - t
    pc = cube.mean(axis=1) - grand - p[:, None] - c
    tc = cube.mean(axis=0) - grand - t[:, None] - c
    rest = cube - grand - p[:, None, None] - t[:, None] - c - pt[:, :, None] - pc[:, None, :] - tc
    sums: dict[str, tuple[npt.NDArray[np.float64], int, int]] = {
        "participant": (p, i * k, n - 1),
        "item": (t, n * k, i - 1),
        "participant_item": (pt, k, (n - 1) * (i - 1)),
        "participant_condition": (pc, i, (n - 1) * (k - 1)),
        "item_condition": (tc, n, (i - 1) * (k - 1)),
        "residual": (rest, 1, (n - 1) * (i - 1) * (k - 1)),
    }
    return {
        name: (times * float((effect**2).sum()) / df, df)
        for name, (effect, times, df) in sums.items()
        if df > 0
    }


def _solved(squares: Mapping[str, tuple[float, int]], shape: tuple[int, int, int]) -> dict[str, float]:
    n, i, k = shape
    ms = {name: square for name, (square, _) in squares.items()}
    if i == 1:
        rest = ms["participant_condition"]
        return {"participant": (ms["participant"] - rest) / k, "participant_condition": rest}
    p, t, pt, pc, tc, rest = (ms[name] for name in _FACTORS)
    return {
        "participant": (p - pt - pc + rest) / (i * k),
        "item": (t - pt - tc + rest) / (n * k),
        "participant_item": (pt - rest) / k,
        "participant_condition": (pc - rest) / i,
        "item_condition": (tc - rest) / n,
        "residual": rest,
    }


def _in_words(name: str) -> str:
    return name.replace("_", " x ").capitalize()
