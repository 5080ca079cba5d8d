"""Components of variance from a pilot or an earlier study."""

from dataclasses import dataclass

from mixeval.errors import AnalysisError
from mixeval_analysis.answers import count_of
from mixeval_analysis.inference.variance_components import Estimate, components_table, estimate_components
from mixeval_analysis.load import load
from mixeval_analysis.ratings import Ratings
from mixeval_analysis.selection import select
from mixeval_analysis.tables import Table


@dataclass(frozen=True, eq=False)
class Pilot:
    """Ratings that tell how ratings vary, and what they tell."""

    ratings: Ratings
    estimate: Estimate
    notes: tuple[str, ...]

    @property
    def words(self) -> str:
        """Say where the components come from."""
        simulated = ", SIMULATED listeners" if self.ratings.simulated else ""
        return f"from {self.ratings.source}, {self.ratings.shape_in_words()}{simulated}"

    @property
    def table(self) -> Table:
        return components_table(self.estimate, self.ratings)


def read_pilot(source: str, *, scale: tuple[float, float] | None, attribute: str | None = None) -> Pilot:
    """Read ratings from whatever `mixeval analyze` reads, and estimate their components.

    Of sessions that heard different stimuli, the newest are taken. Raises AnalysisError when the answers are no
    ratings, are of another scale, or are too few.
    """
    groups = select(load(source), attribute=attribute).groups
    ratings = groups[-1]
    if not isinstance(ratings, Ratings) or ratings.page == "ranking":
        raise AnalysisError(
            f"{source} holds {ratings.NOUN}s of {ratings.page or 'another kind'}, which tell nothing of how ratings "
            "on a scale vary",
            remedy="name a source of ratings",
        )
    low, high = float(ratings.rows["rating"].min()), float(ratings.rows["rating"].max())
    known = ratings.scale
    if scale is not None and (known not in {None, scale} or low < scale[0] or high > scale[1]):
        found = f"{known[0]:g} to {known[1]:g}" if known else f"ratings from {low:g} to {high:g}"
        raise AnalysisError(
            f"{source} is of another scale ({found}) than the plan ({scale[0]:g} to {scale[1]:g})",
            remedy="give the plan's scale with --scale, or a pilot on the same",
        )
    estimate = estimate_components(ratings)
    notes = list(estimate.notes)
    if len(groups) > 1:
        notes.append(
            f"{ratings.source} holds sessions that heard different stimuli; only the newest are taken."
        )
    if ratings.participants < 10:
        notes.append(
            f"Standard deviations from {count_of(ratings.participants, 'participant')} are themselves uncertain: "
            "plan with larger ones too, and see what changes."
        )
    return Pilot(ratings, estimate, tuple(notes))
