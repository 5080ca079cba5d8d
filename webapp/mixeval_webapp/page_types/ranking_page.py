"""All mixes of an item in an order, without ties; a mix's value is k + 1 - rank, k for the best of k."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mixeval.listening_pages import ListeningPage
from mixeval.study import Study
from mixeval_webapp.page_types.page_type import (
    Missing,
    Presentation,
    Response,
    SimulatedListener,
    Values,
)
from mixeval_webapp.page_types.rating_page import RatingPageType
from mixeval_webapp.sheet import Sheet


class RankingPageType(RatingPageType):
    """A listener's order grows from the top: the first m mixes that are placed have the values k to k + 1 - m."""

    template = "ranking.html"

    def presentations(self, test: ListeningPage, conditions: Sequence[str]) -> tuple[Presentation, ...]:  # noqa: ARG002 - the same for every study
        return (Presentation(rated=tuple(conditions)),)

    def values(self, sheet: Sheet) -> Values:
        return Values(1.0, float(len(sheet.rated)))

    def unanswered(self, study: Study, sheet: Sheet) -> Missing:
        """Name the mixes without a place, and those that share one: with none left it is an order of all."""
        (attribute,) = self.attributes(study)
        values = {sound: sheet.value(sound, attribute) for sound in sheet.rated}
        # Numbers may differ by a rounding error from the places that they stand for.
        given = {sound: None if value is None else round(value) for sound, value in values.items()}
        places = Counter(given.values())
        lacking = tuple(
            sound.shown_as
            for sound, value in given.items()
            if (value is None and not sheet.unplayable(sound)) or (value is not None and places[value] > 1)
        )
        return {"place": lacking} if lacking else {}

    def simulate(self, data: Mapping[str, Any], listener: SimulatedListener) -> Response:
        (axis,) = data["axes"]
        # Which of two that are liked the same comes first is left to chance.
        liking = {
            row["token"]: (listener.rate(row["token"]), listener.random.random()) for row in data["stimuli"]
        }
        worst_first = sorted(liking, key=lambda token: liking[token])
        return Response(
            {(token, axis["attribute"]): float(value) for value, token in enumerate(worst_first, start=1)}
        )
