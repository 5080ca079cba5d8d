"""Agreement: how alike participants rate."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from mixeval.tables import frame_of
from mixeval_analysis.inference.blocks import sums_of
from mixeval_analysis.inference.intraclass import MEASURES, Estimate, intraclass, mean_squares
from mixeval_analysis.inference.jackknife import jackknife_limits
from mixeval_analysis.inference.krippendorff import alpha_interval
from mixeval_analysis.ratings import Codes, Ratings, Values
from mixeval_analysis.results.concordance import concordance
from mixeval_analysis.tables import Table

_ROUNDING_ERROR = 1e-12
_FEWEST_MIXES = 3
"""Of a participant whose ratings are correlated with others': two points always lie on a line."""

_NO_REPLICATES = (
    "Whether participants agree with themselves (eGauge, ITU-R BS.2300) is undefined here: it takes repeated "
    "ratings of the same mix by the same participant."
)


@dataclass(frozen=True)
class Measured:
    """A row of the table: how many participants count, and what is wrong where a cell is not defined."""

    measure: str
    estimate: Estimate
    n: int
    problem: str = ""


def agreement(ratings: Ratings) -> Table:
    """Measure how far participants agree about the mixes, a mix being one condition of one item.

    `icc2_1` .. `icc3_k` are Shrout and Fleiss's (1979), over participants who rated every mix. `kendall_w` is
    Kendall's coefficient of concordance about the conditions of an item, corrected for ties, mean over items;
    `alpha_interval` Krippendorff's alpha of interval data; `loo_r` the correlation of each participant with the
    mean of the others, mean over participants. These three take what is there. Limits of Kendall's W and of alpha
    are by the jackknife over participants, those of `loo_r` by Student's t over participants.
    """
    cells = _cells(ratings)
    found = [*_intraclass(cells), _kendall(ratings), _alpha(cells), _with_the_others(cells)]
    rows: list[dict[str, object]] = [
        {
            "measure": one.measure,
            "value": one.estimate.value,
            "ci95_lo": one.estimate.low,
            "ci95_hi": one.estimate.high,
            "n": one.n,
        }
        for one in found
    ]
    return Table(
        name="agreement",
        title="Agreement of participants",
        frame=frame_of(rows),
        method=(
            "Intraclass correlations after Shrout and Fleiss (1979), limits by F; Kendall's W about the conditions of "
            "an item, corrected for ties, mean over items, and Krippendorff's alpha (interval), limits by the jackknife "
            "over participants; correlation of each participant with the mean of the others, limits by Student's t."
        ),
        level=f"Single ratings of {ratings.shape_in_words()}; n counts participants.",
        labels=ratings.labels,
        notes=(*dict.fromkeys(one.problem for one in found if one.problem), _NO_REPLICATES),
        simulated=ratings.simulated,
    )


@dataclass(frozen=True, eq=False)
class _Cells:
    """Ratings with the numbers of who rated which mix, by participant and mix, each of shape (cells,).

    A mix that a participant rated more than once is one cell, the mean.
    """

    person: Codes
    mix: Codes
    rating: Values
    people: int
    mixes: int


def _cells(ratings: Ratings) -> _Cells:
    means = ratings.means("participant", "item")
    person, item = ratings.blocks("participant", "item")
    page, condition = np.nonzero(~np.isnan(means))
    found, mix = np.unique(item[page] * means.shape[1] + condition, return_inverse=True)
    people = len(ratings.names("participant"))
    order = np.lexsort((mix, person[page]))
    return _Cells(person[page][order], mix[order], means[page, condition][order], people, len(found))


def _intraclass(cells: _Cells) -> list[Measured]:
    complete = np.bincount(cells.person) == cells.mixes
    n = int(complete.sum())
    # Cells are sorted by participant and mix.
    table = cells.rating[complete[cells.person]].reshape(n, cells.mixes).T
    found = mean_squares(table)
    if found is None:
        problem = "All ratings are equal, so that intraclass correlations are not defined."
        if n < 2:
            who = "nobody" if n == 0 else "one participant"
            problem = f"Intraclass correlations take two participants who rated every mix, and {who} did."
        return [Measured(measure, Estimate(None), n, problem) for measure in MEASURES]
    undefined = (
        "Intraclass correlations, or their limits, are not defined where participants differ in level alone, and those "
        "of means (k) not where participants disagree more than by chance."
    )
    return [
        Measured(measure, one, n, undefined if None in (one.value, one.low, one.high) else "")
        for measure, one in intraclass(found).items()
    ]


def _kendall(ratings: Ratings) -> Measured:
    found = concordance(ratings)
    n = len(found.participants)
    if found.mean is None:
        problem = (
            "Kendall's W takes an item of which two participants rated every condition and told some apart."
        )
        return Measured("kendall_w", Estimate(None), n, problem)
    low, high = jackknife_limits(found.mean, found.without)
    if low is None or high is None:
        problem = "Kendall's W: too few participants rated the same items for limits."
        return Measured("kendall_w", Estimate(found.mean), n, problem)
    return Measured("kendall_w", Estimate(found.mean, max(0.0, low), min(1.0, high)), n)


def _alpha(cells: _Cells) -> Measured:
    estimate, n = alpha_interval(cells.person, cells.mix, cells.rating)
    problem = ""
    if estimate.value is None:
        problem = "Krippendorff's alpha takes mixes that two participants rated, and ratings that differ."
    elif estimate.low is None:
        problem = "Krippendorff's alpha: too few participants rated the same mixes for limits."
    return Measured("alpha_interval", estimate, n, problem)


def _with_the_others(cells: _Cells) -> Measured:
    """Return the mean of participants' correlations with the mean of those others who rated the mix."""
    correlations = _correlations(cells)
    known = correlations[~np.isnan(correlations)]
    n = len(known)
    if n == 0:
        problem = f"The correlation with the others takes {_FEWEST_MIXES} mixes that others rated too, and ratings that differ."
        return Measured("loo_r", Estimate(None), n, problem)
    mean = float(known.mean())
    problems = []
    if n < cells.people:
        problems.append(
            f"{cells.people - n} of {cells.people} participants have no correlation with the others."
        )
    if n == 1:
        problems.append("One correlation with the others has no limits.")
        return Measured("loo_r", Estimate(mean), n, " ".join(problems))
    half = float(stdtrit(n - 1, 0.975)) * float(known.std(ddof=1)) / math.sqrt(n)
    return Measured(
        "loo_r", Estimate(mean, max(-1.0, mean - half), min(1.0, mean + half)), n, " ".join(problems)
    )


def _correlations(cells: _Cells) -> Values:
    """Return Pearson's correlation of each participant, shape (participants,), NaN where there is none."""
    raters = np.bincount(cells.mix)[cells.mix]
    shared = raters > 1
    person, x = cells.person[shared], cells.rating[shared]
    others = (sums_of(cells.mix, cells.rating, cells.mixes)[cells.mix][shared] - x) / (raters[shared] - 1)
    n = np.bincount(person, minlength=cells.people)
    at_least_one = np.maximum(n, 1)

    def centred(values: Values) -> Values:
        return values - (summed(values) / at_least_one)[person]

    def summed(values: Values) -> Values:
        return sums_of(person, values, cells.people)

    a, b = centred(x), centred(others)
    spread_a, spread_b = summed(a**2), summed(b**2)
    none = at_least_one * (_ROUNDING_ERROR * float(np.abs(cells.rating).max())) ** 2
    defined = (n >= _FEWEST_MIXES) & (spread_a > none) & (spread_b > none)
    size = np.sqrt(spread_a * spread_b)
    found: Values = np.divide(summed(a * b), size, out=np.full(cells.people, np.nan), where=defined)
    return found
