"""The estimation plot: how far each condition lies from one of them, participant by participant."""

from mixeval.figures import FULL_WIDTH_MM, ROLE_COLOURS
from mixeval_analysis.figures.interval_plot import IntervalRow, Scale, interval_figure
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.results.paired_differences import compared_with, differences, participant_differences
from mixeval_analysis.tables import Table


def estimation(ratings: Ratings, wilcoxon: Table, *, width_mm: float = FULL_WIDTH_MM) -> dict[str, bytes]:
    """Draw mean paired differences with 95 % intervals, each participant's, and the margin where one was stated."""
    reference = compared_with(ratings)
    found, dots = differences(wilcoxon), participant_differences(ratings, reference)
    rows = []
    for condition, own in dots.items():
        difference = found[condition, reference]
        rows.append(
            IntervalRow(
                label=ratings.labels[condition],
                value=difference.value,
                low=difference.low,
                high=difference.high,
                dots=[float(dot) for dot in own],
                colour=ROLE_COLOURS[ratings.roles.get(condition, "system")],
            )
        )
    margin = ratings.settings.margin
    seen = [0.0, *(dot for row in rows for dot in row.dots), *((-margin, margin) if margin else ())]
    low, high = min(seen), max(seen)
    if low == high:
        low, high = -1.0, 1.0
    scale = Scale(
        f"Rated lower  \N{LEFTWARDS ARROW}  {ratings.labels[reference]}  \N{RIGHTWARDS ARROW}  rated higher"
        "\n(difference in points)",
        low,
        high,
        neutral=0.0,
        band=None if margin is None else (-margin, margin),
    )
    return interval_figure(rows, scale, ratings, width_mm=width_mm)
