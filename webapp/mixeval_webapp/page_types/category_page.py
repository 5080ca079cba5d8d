"""One mix at a time, in five categories (ITU-T P.800, absolute category rating; Annex B)."""

from collections.abc import Sequence

from mixeval.listening_pages import ListeningPage
from mixeval.study import Study
from mixeval_webapp.page_types.page_type import Missing, Presentation, Values
from mixeval_webapp.page_types.rating_page import RatingPageType
from mixeval_webapp.sheet import Sheet

SCORES = Values(1.0, 5.0)
"""P.800 scores Excellent 5, Good 4, Fair 3, Poor 2 and Bad 1."""


class AcrPageType(RatingPageType):
    template = "acr.html"

    def presentations(self, test: ListeningPage, conditions: Sequence[str]) -> tuple[Presentation, ...]:  # noqa: ARG002 - the same for every study
        return tuple(Presentation(rated=(condition,)) for condition in conditions)

    def values(self, sheet: Sheet) -> Values:  # noqa: ARG002 - the same for every page
        return SCORES

    def unanswered(self, study: Study, sheet: Sheet) -> Missing:
        return {"choose": ()} if self.unrated(study, sheet) else {}
